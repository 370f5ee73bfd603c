"""Which numbers of a spec are free, and their names: sides of inputs, and vars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import Diagnostics
from archcalc.elaborate import elaborate
from archcalc.symbols.terms import symbol
from archcalc.symbols.traced import is_number, trace

if TYPE_CHECKING:
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.terms import Poly
    from archcalc.symbols.trace import Recorder

MOST_SIDE = 2**24
"""Sides of inputs are at most this (`elaborate` refuses larger ones)."""

TAKEN = ("Max", "Rational")
"""What SymPy source calls, and the language lets a var be called."""

SPATIAL = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


class Axis(NamedTuple):
    """A side of an input: the input's name, its place in the shape, and what it is called."""

    input: str
    place: int
    name: str

    @property
    def poly(self) -> Poly:
        return symbol(self.name, most=MOST_SIDE)


def axes_of(shapes: dict[str, Shape], taken: dict[str, Any]) -> list[Axis]:
    """The axes of the inputs; their names carry the input's where there are several, or where
    a var is called so."""
    axes: list[Axis] = []
    for name, shape in shapes.items():
        for place, letter in enumerate(("C", *SPATIAL.get(len(shape) - 1, ()))):
            alone = len(shapes) == 1 and letter not in taken
            word = "".join(c if c.isalnum() else "_" for c in name)
            axes.append(Axis(name, place, letter if alone else f"{letter}_{word}"))
    return axes


def own_shapes(spec: Spec, settings: dict[str, Any], inputs: dict[str, Shape]) -> dict[str, Shape]:
    """The shapes of the inputs under these settings; those at fault are left out."""
    net = elaborate(spec._replace(layers=()), Diagnostics(), settings=settings, inputs=inputs)
    shapes = {name: net.tensors[index] for name, index in net.inputs.items()}
    return {name: tensor.shape for name, tensor in shapes.items() if tensor is not None}


def traced_inputs(
    shapes: dict[str, Shape], free: list[Axis], recorder: Recorder
) -> dict[str, Shape]:
    """The shapes with traced numbers for the free axes."""
    made = {name: list(shape) for name, shape in shapes.items()}
    for axis in free:
        side = made[axis.input][axis.place]
        made[axis.input][axis.place] = trace(side, axis.poly, recorder.note)
    return {name: tuple(shape) for name, shape in made.items()}


def variable(name: str, value: Any, whole: bool) -> Poly:
    """The symbol of a var that now has this value: a whole number, or any."""
    least = -MOST_SIDE if value < 0 else int(whole and value > 0)
    return symbol(f"{name}_" if name in TAKEN else name, whole=whole, least=least)


def numeric(variables: dict[str, Any]) -> dict[str, Any]:
    """The vars that hold a number."""
    return {n: v for n, v in variables.items() if is_number(v) and not isinstance(v, bool)}
