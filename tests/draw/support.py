"""Small nets to draw, and helpers."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

from archcalc.pipeline import check
from tests.catalogue.support import FAMILIES

EXAMPLES = Path(__file__).parents[2] / "examples"
CATALOGUE = FAMILIES
SVG = "{http://www.w3.org/2000/svg}"

RESIDUAL = """
name: residual
input: [3, 32, 32]
blocks:
  basic:
    with: {width: , stride: 1}
    do:
      - add:
          body:
            - {name: conv1, conv: {out: width, kernel: 3, stride: stride, padding: 1, bias: false}}
            - {name: bn1, batchnorm: }
            - relu
            - {name: conv2, conv: {out: width, kernel: 3, padding: 1, bias: false}}
            - {name: bn2, batchnorm: }
          shortcut:
            - name: downsample
              when: stride != 1
              conv: {out: width, kernel: 1, stride: stride}
      - relu
layers:
  - {name: stem, conv: {out: 16, kernel: 3, padding: 1}}
  - repeat: 3
    do: [basic: 16]
  - basic: {width: 32, stride: 2}
  - global_avgpool
  - flatten
  - {name: fc, linear: 10}
"""

INCEPTION = """
name: inception
input: [192, 28, 28]
blocks:
  inception:
    with: {a: , b: }
    do:
      - concat:
          1x1: [conv: {out: a, kernel: 1}, relu]
          3x3: [conv: {out: a, kernel: 1}, relu, conv: {out: b, kernel: 3, padding: 1}, relu]
          pool: [maxpool: {kernel: 3, stride: 1, padding: 1}, conv: {out: a, kernel: 1}]
layers:
  - {name: a, inception: {a: 64, b: 128}}
  - {name: b, inception: {a: 32, b: 64}}
"""

DENSE = """
name: dense
input: [16, 8, 8]
blocks:
  layer:
    with: {growth: 4}
    do:
      - concat:
          - []
          - [batchnorm, relu, conv: {out: growth, kernel: 3, padding: 1}]
layers:
  - name: dense
    group:
      - repeat: 5
        do: [layer]
  - conv: {out: 8, kernel: 1}
"""

GATE = """
name: gate
input: [64, 28, 28]
layers:
  - mul:
      body: []
      gate: [global_avgpool, conv: {out: 4, kernel: 1}, relu, conv: {out: 64, kernel: 1}, sigmoid]
"""

HEADS = """
name: heads
input: [3, 32, 32]
layers:
  - {name: conv, conv: {out: 8, kernel: 3}}
  - {name: aux, head: true, training_only: true, group: [global_avgpool, flatten, linear: 5]}
  - {name: side, head: true, conv: {out: 2, kernel: 1}}
  - maxpool: 2
  - flatten
  - linear: 5
"""

INVALID = """
name: two errors
input: [3, 32, 32]
layers:
  - {name: stem, conv: {out: 16, kernel: 3, padding: 1}}
  - add:
      body: [conv: {out: 32, kernel: 3, padding: 1}]
      short: []
  - relu
  - {name: lost, from: nowhere, conv: {out: 3, kernel: 1}}
  - {name: after, conv: {out: 3, kernel: 1}}
"""

PARALLEL = """
name: equal branches
input: [8, 16, 16]
layers:
  - add:
      - {for: i, in: [1, 2, 3, 4], branch: [conv: {out: 8, kernel: 3, padding: 1}, relu]}
"""

REPEATED = """
name: a repeat of two
input: [8, 16, 16]
layers:
  - repeat: 6
    do:
      - conv: {out: 8, kernel: 3, padding: 1}
      - {conv: {out: 8, kernel: 5, padding: 2}}
"""

SIGNAL = """
name: signal
input: [1, 400]
layers:
  - conv: {out: 16, kernel: 9, stride: 2}
  - relu
  - maxpool: 2
  - flatten
  - linear: 4
"""

HOSTILE = r"""
name: '</text><script>alert(1)</script> \N "q" <b>x</b> &amp;'
source: '\\N \G \E & <img src=x onerror=y> URL="javascript:x" ]]>'
note: '<script>'
input: [3, 32, 32]
blocks:
  weird:
    do:
      - concat:
          '</td></table>> \L "': [conv: {out: 4, kernel: 1}, relu]
          '': []
layers:
  - {name: '</td><b>"a" \N', conv: {out: 16, kernel: 3, padding: 1}, note: '-->'}
  - relu
  - {name: '\', maxpool: 2}
  - {name: '<script>', weird: }
  - {name: '&lt;\E', conv: {out: 4, kernel: 1}}
"""

NETS = {
    "residual": RESIDUAL,
    "inception": INCEPTION,
    "dense": DENSE,
    "gate": GATE,
    "heads": HEADS,
    "invalid": INVALID,
    "parallel": PARALLEL,
    "repeated": REPEATED,
    "signal": SIGNAL,
}


def report(source):
    found = check(source).report
    assert found is not None
    return found


def example(name):
    return report(str(EXAMPLES / f"{name}.yaml"))


def embedded_only(monkeypatch, tmp_path):
    """A machine without Graphviz."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("dot") is None


def parsed(svg):
    return ET.fromstring(svg)


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def elements(root, kind):
    """The titles of an SVG's nodes or edges, as graphviz writes them."""
    return sorted(
        group.find(f"{SVG}title").text
        for group in root.iter(f"{SVG}g")
        if (group.get("class") or "").split(" ")[0] == kind
    )
