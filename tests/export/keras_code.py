"""The Keras code of what several files of tests look at, each made once."""

from __future__ import annotations

from functools import cache

import archcalc
from archcalc.codegen import export
from archcalc.diagnostics import SpecError
from tests.export.random_specs import random_spec
from tests.export.test_keras_refusals import is_known

NETS = 60

NO_KERAS = ["convnext_tiny", "vit_b_16"]
"""Nets with attention or a learned tensor, which are refused at their line."""


@cache
def of_catalogue(name: str) -> str:
    return export(archcalc.load(name), "keras")


random_net = cache(random_spec)


@cache
def of_random_net(seed: int) -> str | None:
    """None for a net that is refused for a reason of Keras' own; any other is an error."""
    try:
        return export(archcalc.load(random_net(seed)), "keras")
    except SpecError as error:
        if is_known(error.diagnostics[0].message):
            return None
        raise
