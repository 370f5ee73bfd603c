"""Draws random layers, in the form of a spec and in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable


class Case(NamedTuple):
    """A layer in the form of a spec, and the same in PyTorch."""

    module: nn.Module
    shapes: list[tuple[int, ...]]
    attributes: dict[str, Any]
    gradients: bool = True  # whether they show what is read


class Call(nn.Module):
    """A function as a module, with the given parameters and buffers."""

    def __init__(
        self,
        function: Callable[..., Any],
        parameters: dict[str, tuple[int, ...]] | None = None,
        buffers: dict[str, tuple[int, ...]] | None = None,
    ) -> None:
        super().__init__()
        self.function = function
        for name, shape in (parameters or {}).items():
            self.register_parameter(name, nn.Parameter(torch.rand(shape) + 0.5))
        for name, shape in (buffers or {}).items():
            self.register_buffer(name, torch.rand(shape) + 0.5)

    def forward(self, *x: torch.Tensor) -> Any:
        own = [*self.parameters(), *self.buffers()]
        return self.function(*x, *own)


class Draw:
    """Draws the attributes of one case."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.rank = self.of(1, 2, 3)

    def of(self, *values: Any) -> Any:
        return self.data.draw(st.sampled_from(values))

    def integer(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))

    def axes(self, low: int, high: int) -> list[int]:
        return [self.integer(low, high) for _ in range(self.rank)]

    def shape(self, channels: int | None = None, low: int = 5, high: int = 9) -> tuple[int, ...]:
        return (channels or self.integer(1, 4), *self.axes(low, high))

    def any_shape(self) -> tuple[int, ...]:
        return self.of((6,), self.shape(6))


def by_rank(rank: int, *classes: type[nn.Module]) -> type[nn.Module]:
    return classes[rank - 1]


def torch_pads(pads: list[tuple[int, int]]) -> list[int]:
    """PyTorch's order: the last axis first."""
    return [amount for pair in reversed(pads) for amount in pair]
