"""Requirements of every operation: documentation, a passing example, formulas that work on
symbols."""

from __future__ import annotations

import inspect
from typing import Any, Self

import pytest

import archcalc
from archcalc.ops.attributes import REQUIRED
from archcalc.ops.base import CHANNELS, Operation, Tensor
from archcalc.ops.read import read_attributes
from archcalc.ops.registry import ALL, OPERATIONS

FAMILIES = [
    "convolution",
    "linear",
    "pooling",
    "resizing",
    "normalisation",
    "regularisation",
    "activation",
    "join",
    "shape",
    "arithmetic",
    "tokens",
    "opaque",
]
WORDS = list(OPERATIONS)


def test_names_are_unique() -> None:
    assert len(ALL) == len(OPERATIONS)


def test_families_are_contiguous() -> None:
    assert list(dict.fromkeys(op.family for op in ALL)) == FAMILIES


@pytest.mark.parametrize("word", WORDS)
def test_documentation(word: str) -> None:
    op = OPERATIONS[word]
    assert op.summary.endswith(".")
    doc = inspect.getdoc(type(op))
    assert doc
    assert doc != inspect.getdoc(Operation)
    names = [attribute.name for attribute in op.attributes]
    assert len(set(names)) == len(names)
    assert op.main is None or op.main in names
    for attribute in op.attributes:
        assert attribute.doc.endswith("."), attribute.name
        assert attribute.kind.title, attribute.name


@pytest.mark.parametrize("word", WORDS)
def test_the_example_passes(word: str) -> None:
    example = OPERATIONS[word].example
    assert word in example
    report = archcalc.analyze(archcalc.load(example))
    assert report.diagnostics == ()
    assert report.expectations
    assert all(e.holds for e in report.expectations)
    assert word in [layer.node.op.name for layer in report.layers]


@pytest.mark.parametrize("word", WORDS)
def test_defaults_read(word: str) -> None:
    op = OPERATIONS[word]
    given = {a.name for a in op.attributes if a.default is not REQUIRED}
    for rank in (None, 0, 1, 2, 3):
        raw = {a.name: _any_value(a.kind) for a in op.attributes if a.default is REQUIRED}
        read = vars(read_attributes(op, raw, rank))
        assert list(read) == [a.name for a in op.attributes]
        hash(tuple(read.values()))
        assert given <= set(read)


def _any_value(kind: Any) -> Any:
    return {"list of labels": ("a", "b"), "module.Class": "package.Class"}.get(kind.title, 1)


class Symbol(int):
    """A number that records how it depends on the size n: a minimal symbol."""

    def __new__(cls, value: int, _formula: Any = None) -> Self:
        return super().__new__(cls, value)

    def __init__(self, _value: int, formula: Any = None) -> None:
        self.at = formula or (lambda n: n)

    def __add__(self, other: Any) -> Symbol:
        return combined(int.__add__, self, other)

    def __radd__(self, other: Any) -> Symbol:
        return combined(int.__add__, other, self)

    def __sub__(self, other: Any) -> Symbol:
        return combined(int.__sub__, self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return combined(int.__sub__, other, self)

    def __mul__(self, other: Any) -> Symbol:
        return combined(int.__mul__, self, other)

    def __rmul__(self, other: Any) -> Symbol:
        return combined(int.__mul__, other, self)

    def __floordiv__(self, other: Any) -> Symbol:
        return combined(int.__floordiv__, self, other)

    def __rfloordiv__(self, other: Any) -> Symbol:
        return combined(int.__floordiv__, other, self)

    def __neg__(self) -> Symbol:
        return combined(int.__sub__, 0, self)

    def maximum(self, other: Any) -> Symbol:
        return combined(lambda a, b: a if int.__gt__(a, b) else b, self, other)

    def minimum(self, other: Any) -> Symbol:
        return combined(lambda a, b: b if int.__gt__(a, b) else a, self, other)

    def gcd(self, other: Any) -> Symbol:
        from math import gcd

        return combined(lambda a, b: gcd(int(a), int(b)), self, other)

    def fixed(self) -> int:
        return int(self)


def at(number: Any, n: int) -> int:
    """The number for a value of n."""
    return number.at(n) if isinstance(number, Symbol) else number


def combined(do: Any, a: Any, b: Any) -> Symbol:
    return Symbol(do(int(a), int(b)), lambda n: do(at(a, n), at(b, n)))


SYMBOLIC: dict[str, dict[str, Any]] = {
    "conv": {"out": 8, "kernel": 3, "stride": 2, "padding": "same"},
    "depthwise_conv": {"kernel": 3, "stride": 2, "padding": "full"},
    "conv_transpose": {"out": 4, "kernel": 3, "stride": 2, "padding": 1},
    "linear": {"out": 5},
    "rbf": {"out": 5},
    "maxpool": {"kernel": 3, "stride": 2, "padding": 1, "ceil": True},
    "avgpool": {"kernel": 2, "padding": "same_lower"},
    "adaptive_avgpool": {"output": 5},
    "upsample": {"scale": 3, "mode": "linear"},
    "pixel_shuffle": {"factor": 2},
    "pixel_unshuffle": {"factor": 3},
    "pad": {"padding": 2},
    "crop": {"size": 4},
    "groupnorm": {"groups": 2},
    "drop_path": {"p": 0},
    "split": {"into": ("a", "b"), "axis": 1},
    "slice": {"axis": 1, "begin": 1, "step": 2},
    "channel_shuffle": {"groups": 2},
    "reshape": {"shape": (2, -1)},
    "permute": {"order": (1, 2, 0)},
    "scale": {"factor": 2},
    "attention": {"heads": 2},
    "parameter": {"shape": (1, 4)},
    "opaque": {"class": "a.B", "weights": (("weight", (4, 3)),), "macs": 5},
}


@pytest.mark.parametrize("word", WORDS)
def test_formulas_run_on_symbols(word: str) -> None:
    """With n = 36, the formulas found at size 24 give the result of size 36."""
    op = OPERATIONS[word]
    first = _facts(op, Symbol(24))
    then = _facts(op, 36)
    shapes = [tuple(at(n, 36) for n in t.shape) for t in first.outputs]
    assert shapes == [t.shape for t in then.outputs]
    weights = [tuple(at(n, 36) for n in w.shape) for w in first.weights]
    assert weights == [w.shape for w in then.weights]
    for figure in ("params", "buffers", "macs", "flops", "activations"):
        assert at(getattr(first, figure), 36) == getattr(then, figure), figure


def _facts(op: Operation, side: int) -> Any:
    axes = (CHANNELS, 0, 1)
    t = Tensor((4, side, side), axes)
    if op.name in ("linear", "rbf"):
        t = Tensor((side, side, 4), (0, 1, CHANNELS))
    if op.name == "attention":
        t = Tensor((side, 4), (None, CHANNELS))
    x = (t, t) if op.join else (t,)
    return op.facts(read_attributes(op, SYMBOLIC.get(op.name, {}), 2), x)
