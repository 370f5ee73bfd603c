"""The result of a capture: the calls of a model as a tree of modules, independent of its source.

A `Scope` is one call of a module, with its calls in order; a `Call` is one function on tensors.
Tensors are `Value`s. Shapes have no batch axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Value:
    """A tensor of the forward pass. `constant` if it depends on no input."""

    shape: tuple[int, ...]
    constant: bool = False


@dataclass(eq=False)
class Call:
    """A function on tensors. `arguments` by name, with tensors as `Value` or `Weight`; `path` is
    the innermost module that called it."""

    function: str
    arguments: dict[str, Any]
    outputs: tuple[Value, ...]
    path: str

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The input tensors, in the order of the arguments."""
        return tuple(_values(list(self.arguments.values())))


@dataclass(frozen=True)
class Weight:
    """A parameter or buffer: its key in the state_dict and its shape."""

    key: str
    shape: tuple[int, ...]


@dataclass(eq=False)
class Scope:
    """One call of a module: `path` in the module tree, `kind` the name of its class.

    `is_library`: the class is the framework's (a Conv2d, a Sequential), not the user's;
    `origin` is the class with its module, "" if it cannot be imported. `settings` are the
    attributes of a layer without calls, such as the rate of a dropout.
    """

    path: str
    kind: str
    is_library: bool
    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()
    children: list[Scope | Call] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    origin: str = ""


@dataclass
class Capture:
    """A whole model: the call of its root, its inputs and outputs by name, and its weights.

    `weights` are all arrays of the state_dict in order; `trainable` the keys of parameters;
    `training_outputs` the outputs that only exist in training; `used` the weights that functions
    without a tensor of the forward pass read, `inlined` the modules that are several layers without
    a group, `warnings` the modules that could not be expressed.
    """

    name: str
    root: Scope
    inputs: dict[str, Value]
    outputs: dict[str, Value]
    weights: dict[str, tuple[int, ...]]
    trainable: frozenset[str]
    training_outputs: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    inlined: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


def _values(arguments: list[Any]) -> list[Value]:
    found: list[Value] = []
    for one in arguments:
        if isinstance(one, Value):
            found.append(one)
        elif isinstance(one, list | tuple):
            found += _values(list(one))
    return found
