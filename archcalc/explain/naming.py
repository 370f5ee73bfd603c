"""The attributes and inputs of a layer as numbers with names: k, s, p, c_in, H, W."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from archcalc.explain.written import Leaf, Term, Written, term_of
from archcalc.ops.base import CHANNELS, Tensor

_SHORT = {
    "kernel": "k",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
    "out": "c_out",
    "multiplier": "m",
    "output_padding": "o",
    "pieces": "pieces",
}

_SIDES = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}

MEANINGS = {
    "k": "kernel",
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "m": "multiplier",
    "o": "output_padding",
    "c_in": "input channels",
    "c_out": "output channels",
    "H": "height",
    "W": "width",
    "D": "depth",
    "L": "length",
    "H_out": "output height",
    "W_out": "output width",
    "D_out": "output depth",
    "L_out": "output length",
    "r": "receptive field of the layer before",
    "j": "stride of the receptive field of the layer before",
    "b": "offset of the receptive field of the layer before",
}


def named_attributes(attributes: SimpleNamespace) -> SimpleNamespace:
    """The attributes, every integer in them with a name. Numbers of 1 that only ever divide or
    multiply (`groups`) stay plain, so that no formula is cluttered with them."""
    fields = vars(attributes)
    return SimpleNamespace(**{name: _named(name, value) for name, value in fields.items()})


def _named(name: str, value: Any) -> Any:
    if name == "groups" and value == 1:
        return value
    short = _SHORT.get(name, name)
    if _is_count(value):
        return Written(value, Leaf(short, value))
    if isinstance(value, tuple) and value and all(_is_count(v) for v in value):
        return _axes(short, value)
    if name == "padding" and isinstance(value, tuple):
        return _paddings(short, value)
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _axes(short: str, values: tuple[int, ...]) -> tuple[Written, ...]:
    if len(set(values)) == 1:
        return tuple(Written(v, Leaf(short, v)) for v in values)
    sides = _SIDES.get(len(values)) or tuple(map(str, range(len(values))))
    return tuple(
        Written(v, Leaf(f"{short}_{side}", v)) for v, side in zip(values, sides, strict=True)
    )


def _paddings(short: str, values: tuple[tuple[int, int], ...]) -> tuple[tuple[Written, ...], ...]:
    sides = _SIDES.get(len(values)) or tuple(map(str, range(len(values))))
    same = len(set(values)) == 1
    made = []
    for (begin, end), side in zip(values, sides, strict=True):
        axis = short if same else f"{short}_{side}"
        if begin == end:
            made.append((Written(begin, Leaf(axis, begin)), Written(end, Leaf(axis, end))))
        else:
            made.append(
                (
                    Written(begin, Leaf(f"{axis}_begin", begin)),
                    Written(end, Leaf(f"{axis}_end", end)),
                )
            )
    return tuple(made)


def named_input(tensor: Tensor, number: int | None) -> Tensor:
    """A tensor whose sides have names; `number` tells the inputs of a join apart."""
    mark = "" if number is None else f"_{number}"
    spatial = [axis for axis in tensor.axes if axis != CHANNELS]
    names = iter(_SIDES.get(len(spatial)) or [f"n_{i}" for i in range(len(spatial))])
    sides = []
    for side, axis in zip(tensor.shape, tensor.axes, strict=True):
        name = ("c_in" if number is None else "c") if axis == CHANNELS else next(names)
        sides.append(Written(side, Leaf(name + mark, side)))
    return Tensor(tuple(sides), tensor.axes)


def named_output(tensor: Tensor, given: set[Term]) -> Tensor:
    """The output with a name for every side that was worked out: H_out. A side that is an input's
    own (in `given`) or an attribute keeps the name it has."""
    spatial = [axis for axis in tensor.axes if axis != CHANNELS]
    names = iter(_SIDES.get(len(spatial)) or [f"n_{i}" for i in range(len(spatial))])
    sides = []
    for side, axis in zip(tensor.shape, tensor.axes, strict=True):
        name = "c" if axis == CHANNELS else next(names)
        term = term_of(side)
        own = term in given or isinstance(term, Leaf)
        sides.append(side if own else Written(side, Leaf(f"{name}_out", int(side))))
    return Tensor(tuple(sides), tensor.axes)
