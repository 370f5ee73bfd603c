"""Checked specs for the tests of reports."""

from __future__ import annotations

from functools import cache

from archcalc.pipeline import check
from tests.catalogue.support import FAMILIES

CATALOGUE = FAMILIES


@cache
def catalogue(name):
    """A net of the catalogue, checked once for all tests."""
    return check(name)


RESIDUAL = """
name: Small residual net
source: nobody, nowhere
input: [3, 32, 32]
vars: {classes: 10}
blocks:
  residual:
    with: {width: , act: {type: operation, default: relu}}
    do:
      - add:
          body:
            - conv: {out: width, kernel: 3, padding: 1, bias: false}
            - batchnorm
            - apply: act
            - conv: {out: width, kernel: 3, padding: 1, bias: false}
          shortcut: []
      - relu
layers:
  - {name: stem, conv: {out: 16, kernel: 3, padding: 1}}
  - repeat: 3
    do: [residual: 16]
  - residual: {width: 16, act: sigmoid}
  - global_avgpool
  - flatten
  - {name: fc, linear: classes}
expect:
  - {output: [10], params: 19_178, source: by hand}
  - {set: {classes: 100}, params: 20_708}
"""
"""stem 3·3·3·16 + 16 = 448; a block 2·(16·16·9) + 2·16 = 4,640, four of them 18,560; fc 16·10 + 10
= 170; in all 19,178."""

INVALID = """
name: InvalidValue
input: [3, 8, 8]
layers:
  - {name: first, conv: {out: 4, kernel: 3}}
  - {name: second, conv: {out: 4, kernel: 7}}
  - relu
  - flatten
"""
"""After the first layer the size is 8 − 3 + 1 = 6: a window of 7 is too large."""
