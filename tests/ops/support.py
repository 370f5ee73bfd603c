"""Helpers for the tests of operations: facts and errors of one layer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from archcalc.diagnostics import DiagnosticError
from archcalc.ops.base import CHANNELS, Axis, Facts, Tensor
from archcalc.ops.read import read_attributes
from archcalc.ops.registry import OPERATIONS

Given = tuple[int, ...] | Tensor


def tensor(shape: Given) -> Tensor:
    """A tensor like a spec's input: channels first, then the spatial axes."""
    if isinstance(shape, Tensor):
        return shape
    labels: tuple[Axis, ...] = (CHANNELS, *range(len(shape) - 1))
    return Tensor(shape, labels)


def as_given(value: Any) -> Any:
    """A value as an expression returns it: lists are tuples, decimals exact."""
    if isinstance(value, list | tuple):
        return tuple(as_given(v) for v in value)
    if isinstance(value, float):
        exact = Fraction(str(value))
        return int(exact) if exact.denominator == 1 else exact
    return value


def run(word: str, *inputs: Given, **attributes: Any) -> Facts:
    """The facts of one layer."""
    op = OPERATIONS[word]
    x = tuple(map(tensor, inputs))
    raw = {name: as_given(value) for name, value in attributes.items()}
    return op.facts(read_attributes(op, raw, len(x[0].shape) - 1), x)


def shape(word: str, *inputs: Given, **attributes: Any) -> tuple[int, ...]:
    """The shape of the first output."""
    return run(word, *inputs, **attributes).outputs[0].shape


def connections(word: str, given: Given, **attributes: Any) -> int | None:
    """LeCun's count of one layer."""
    op = OPERATIONS[word]
    t = tensor(given)
    raw = {name: as_given(value) for name, value in attributes.items()}
    a = read_attributes(op, raw, len(t.shape) - 1)
    return op.connections(a, (t,), op.outputs(a, (t,))[0])


def error(word: str, *inputs: Given, **attributes: Any) -> DiagnosticError:
    """The error that a layer raises."""
    with pytest.raises(DiagnosticError) as caught:
        run(word, *inputs, **attributes)
    return caught.value


def describe(word: str, rank: int = 2, **attributes: Any) -> str:
    """The description of the layer in a table."""
    op = OPERATIONS[word]
    raw = {name: as_given(value) for name, value in attributes.items()}
    return op.describe(read_attributes(op, raw, rank))
