"""Receptive fields of random nets that move and mix positions, compared with PyTorch.

All layers are linear with positive weights, so output o depends on input i if and only if a one-hot
image at i gives a positive number at o. One batch of all one-hot images covers everything.
"""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own habit

import archcalc
from archcalc.analysis.receptive_field import Seen, Walk
from archcalc.diagnostics import Diagnostics, SpecError

if TYPE_CHECKING:
    from archcalc.analysis.layout import Layout


class RandomNet:
    """A spec, and the tensors that PyTorch computes for the same layers, by label."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        rank = self.draw.choice([1, 2, 2])
        shape = (self.draw.choice([1, 2]), *[self.draw.choice([4, 6, 8, 12])] * rank)
        if rank == 2 and self.draw.random() < 0.4:
            shape = (*shape[:2], self.draw.choice([4, 5, 6]))
        self.padded = self.draw.random() < 0.3
        self.shape = shape
        self.lines: list[str] = []
        count = int(torch.tensor(shape).prod())
        x = torch.eye(count, dtype=torch.double).reshape(count, *shape)
        self.tensors: dict[str, torch.Tensor] = {"input": x}
        self.steps = 0

    def text(self) -> str:
        return f"input: {list(self.shape)}\nlayers:\n" + "".join(self.lines)

    def add(self, source: str, text: str, make: Any) -> None:
        """Adds a layer that archcalc accepts."""
        label = f"t{self.steps}"
        line = f"  - {{from: {source}, as: {label}, {text}}}\n"
        net = _loaded(self.text() + line)
        if net is None:
            return
        self.lines.append(line)
        self.steps += 1
        self.tensors[label] = make(self.tensors[source])
        made = net.tensors[net.outputs["output"]]
        assert tuple(self.tensors[label].shape[1:]) == made.shape, self.text()

    def grow(self) -> None:
        source = self.draw.choice([*list(self.tensors)[-2:], list(self.tensors)[-1]])
        x = self.tensors[source]
        kinds = [
            self.conv,
            self.conv,
            self.pool,
            self.transposed,
            self.reshape,
            self.reshape,
            self.flatten,
            self.permute,
            self.permute,
            self.mean,
            self.cut,
            self.stack,
            self.add_up,
            self.shuffle,
            self.depthwise,
        ]
        if x[0].numel() <= 4000:
            self.draw.choice(kinds)(source, x)

    def conv(self, source: str, x: torch.Tensor) -> None:
        rank = x.dim() - 2
        if rank < 1:
            return
        k, s, d = self.draw.choice([1, 2, 3]), self.draw.choice([1, 1, 2]), self.draw.choice([1, 2])
        p = self.draw.choice([0, 1]) if self.padded else 0
        out = self.draw.choice([1, 2, 4])
        weight = torch.ones(out, x.shape[1], *[k] * rank, dtype=torch.double)
        run = (F.conv1d, F.conv2d, F.conv3d)[rank - 1] if rank <= 3 else None
        self.add(
            source,
            f"conv: {{out: {out}, kernel: {k}, stride: {s}, padding: {p}, dilation: {d}}}",
            lambda t: run(t, weight, None, s, p, d),
        )

    def depthwise(self, source: str, x: torch.Tensor) -> None:
        rank, c = x.dim() - 2, x.shape[1]
        if rank < 1:
            return
        weight = torch.ones(c * 2, 1, *[2] * rank, dtype=torch.double)
        run = (F.conv1d, F.conv2d, F.conv3d)[rank - 1] if rank <= 3 else None
        text = "depthwise_conv: {kernel: 2, multiplier: 2}"
        self.add(source, text, lambda t: run(t, weight, groups=c))

    def pool(self, source: str, x: torch.Tensor) -> None:
        rank = x.dim() - 2
        run = (None, F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank] if rank <= 3 else None
        self.add(source, "avgpool: 2", lambda t: run(t, 2))

    def transposed(self, source: str, x: torch.Tensor) -> None:
        rank = x.dim() - 2
        if rank < 1:
            return
        k, s = self.draw.choice([2, 3]), self.draw.choice([1, 2])
        weight = torch.ones(x.shape[1], 2, *[k] * rank, dtype=torch.double)
        run = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[min(rank, 3) - 1]
        self.padded = True  # at the border fewer positions are read than inside
        text = f"conv_transpose: {{out: 2, kernel: {k}, stride: {s}}}"
        self.add(source, text, lambda t: run(t, weight, None, s))

    def reshape(self, source: str, x: torch.Tensor) -> None:
        rest = x[0].numel()
        shape: list[int] = []
        while rest > 1 and len(shape) < 4:
            n = self.draw.choice([n for n in range(1, rest + 1) if rest % n == 0])
            if self.draw.random() < 0.5:
                n = self.draw.choice([m for m in (*x.shape[1:], 2, 4) if rest % m == 0] or [n])
            shape.append(n)
            rest //= n
        shape.append(rest)
        self.add(source, f"reshape: {shape}", lambda t: t.reshape(-1, *shape))

    def flatten(self, source: str, x: torch.Tensor) -> None:
        start = self.draw.randrange(x.dim() - 1)
        end = self.draw.randrange(start, x.dim() - 1)
        text = f"flatten: {{start: {start}, end: {end}}}"
        self.add(source, text, lambda t: t.flatten(start + 1, end + 1))

    def permute(self, source: str, x: torch.Tensor) -> None:
        order = list(range(x.dim() - 1))
        self.draw.shuffle(order)
        text = f"permute: {order}"
        self.add(source, text, lambda t: t.permute(0, *[i + 1 for i in order]))

    def mean(self, source: str, x: torch.Tensor) -> None:
        axis, keep = self.draw.randrange(x.dim() - 1), self.draw.random() < 0.5
        text = f"mean: {{axes: [{axis}], keepdim: {str(keep).lower()}}}"
        self.add(source, text, lambda t: t.mean(axis + 1, keepdim=keep))

    def cut(self, source: str, x: torch.Tensor) -> None:
        axis = self.draw.randrange(x.dim() - 1)
        n = x.shape[axis + 1]
        begin, step = self.draw.randrange(n), self.draw.choice([1, 1, 2])
        end = self.draw.randrange(begin, n) + 1
        text = f"slice: {{axis: {axis}, begin: {begin}, end: {end}, step: {step}}}"
        index = torch.arange(begin, end, step)
        self.add(source, text, lambda t: t.index_select(axis + 1, index))

    def _others(self, source: str, axis: int | None) -> list[str]:
        def key(t: torch.Tensor) -> list[int]:
            return [n for i, n in enumerate(t.shape) if i != axis]

        x = self.tensors[source]
        return [k for k, t in self.tensors.items() if t.dim() == x.dim() and key(t) == key(x)]

    def stack(self, source: str, x: torch.Tensor) -> None:
        axis = self.draw.randrange(x.dim() - 1)
        other = self.draw.choice(self._others(source, axis + 1))
        branches = f"[[{{from: {source}}}], [{{from: {other}}}]]"
        text = f"concat: {{axis: {axis}, branches: {branches}}}"
        self.add(source, text, lambda t: torch.cat([t, self.tensors[other]], axis + 1))

    def add_up(self, source: str, x: torch.Tensor) -> None:
        fits = [
            name
            for name, t in self.tensors.items()
            if t.dim() == x.dim()
            and all(n == m or 1 in (n, m) for n, m in zip(t.shape[1:], x.shape[1:], strict=True))
        ]
        other = self.draw.choice(fits)
        text = f"add: [[{{from: {source}}}], [{{from: {other}}}]]"
        self.add(source, text, lambda t: t + self.tensors[other])

    def shuffle(self, source: str, x: torch.Tensor) -> None:
        c = x.shape[1]

        def run(t: torch.Tensor) -> torch.Tensor:
            return t.reshape(-1, 2, c // 2, *t.shape[2:]).transpose(1, 2).reshape(t.shape)

        if c % 2 == 0:
            self.add(source, "channel_shuffle: 2", run)


def _loaded(text: str) -> Any:
    try:
        return archcalc.load(text)
    except SpecError:
        return None


def positions(layout: Layout, index: tuple[int, ...]) -> dict[Any, int]:
    """The position of an output: the value of every digit that counts positions."""
    found = {}
    for place, (i, digits) in enumerate(zip(index, layout, strict=True)):
        rest = i
        for number in reversed(range(len(digits))):
            rest, value = divmod(rest, digits[number].length)
            if digits[number].axis is not None and digits[number].weight:
                found[place, number] = value
    return found


def claimed(seen: Seen, layout: Layout, where: dict[Any, int], axis: int) -> tuple[int, int] | None:
    """The first and last input position in the field that archcalc computes for an output; None:
    unknown."""
    field = seen.fields[axis]
    position = 0
    for (place, number), value in where.items():
        digit = layout[place][number]
        if digit.axis == axis:
            position += value * digit.weight
    if field is None:
        return None
    turn, i = divmod(position, len(field.cells))
    cell = field.cells[i]
    return (
        None if cell is None else (cell[0] + turn * field.advance, cell[1] + turn * field.advance)
    )


def check(net: RandomNet, exact: list[int]) -> None:
    """Compares the fields of every tensor with what PyTorch computes."""
    loaded = archcalc.load(net.text())
    walk = Walk(loaded, Diagnostics())
    views = walk.views()
    tensors = {"input": 1} | {f"t{i}": n.outputs[0] for i, n in enumerate(loaded.nodes)}
    rank = len(net.shape) - 1
    for label, tensor in tensors.items():
        view, layout = views[tensor], walk.layouts[tensor]
        value = net.tensors[label]
        if not view or view[0].report.is_global:
            continue
        depends = value.reshape(*net.shape, *value.shape[1:]) > 1e-12
        depends = depends.any(dim=0)  # of the input's channels
        groups: dict[Any, Any] = {}  # channels, and axes derived from them, are combined
        for index in product(*[range(n) for n in depends.shape[rank:]]):
            where = positions(layout, index)
            key = tuple(where.items())
            groups.setdefault(key, []).append(depends[(..., *index)])
        for key, parts in groups.items():
            seen = torch.stack(parts).any(dim=0)
            for axis in range(rank):
                line = seen.any(dim=1 - axis) if rank == 2 else seen
                compare(net, view[0], layout, dict(key), axis, line, exact, label)


def compare(
    net: RandomNet,
    seen: Seen,
    layout: Layout,
    where: dict[Any, int],
    axis: int,
    line: torch.Tensor,
    exact: list[int],
    label: str,
) -> None:
    found = line.nonzero().flatten().tolist()
    cell = claimed(seen, layout, where, axis)
    if cell is None:
        return
    told = (net.text(), label, where, axis, seen.report, layout, cell, found)
    size = seen.report.size[axis]
    assert size is None or cell[1] - cell[0] + 1 <= size, told
    if found:
        low, high = max(cell[0], 0), min(cell[1], line.numel() - 1)
        assert low <= found[0] <= found[-1] <= high, told
        if not net.padded:
            exact.append(1)
            assert (low, high) == (found[0], found[-1]), told


def check_seed(seed: int) -> None:
    net = RandomNet(seed)
    for _ in range(12):
        if net.steps < 6:
            net.grow()
    check(net, [])


@settings(max_examples=50)
@given(st.integers(0, 10**9))
def test_fields_are_those_of_pytorch_or_unknown(seed: int) -> None:
    check_seed(seed)


@pytest.mark.slow
def test_fields_of_many_nets() -> None:
    for seed in range(1000):
        check_seed(seed)
