"""Padding and cropping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Integers, Padding, PerAxis, Reference, Word
from archcalc.ops.axes import need_channels_first, times
from archcalc.ops.base import DiagnosticError, Operation, Tensor
from archcalc.ops.reach import Window
from archcalc.ops.sliding import describe_padding, per_axis

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.base import Shape
    from archcalc.ops.reach import Reach

Amounts = list[tuple[int, int]]


def need_same_rank(t: Tensor, like: Tensor) -> None:
    """Raises `DiagnosticError` unless `like` has as many spatial axes as the input."""
    if len(like.shape) != len(t.shape):
        raise DiagnosticError(
            "wrong-rank",
            "`like` needs a tensor with the same axes",
            attribute="like",
            label=f"the input is {times(t.shape)}, the reference {times(like.shape)}",
            help="refer to a layer that still has its spatial axes",
        )


def need_one_of(a: SimpleNamespace, *names: str) -> None:
    """Raises `DiagnosticError` unless exactly one of the attributes is given."""
    given = [name for name in names if getattr(a, name) is not None]
    ways = [f"{name}: …" for name in names]
    if len(given) != 1:
        raise DiagnosticError(
            "missing-attribute" if not given else "bad-value",
            f"exactly one of {', '.join(names)} must be given",
            attribute=given[1] if given else "",
            label=f"both {given[0]} and {given[1]} are given" if given else "none is given",
            help=f"leave out {given[1]}" if given else f"write {', or '.join(ways)}",
        )


class Pad(Operation):
    """[C, n, …] → [begin + C + end, n + p_begin + p_end, …]. With `like`, the difference d to the
    size of the reference tensor is split: ⌊d/2⌋ at the start, the rest at the end."""

    name = "pad"
    family = "resizing"
    summary = "Pads the spatial axes, and the channels with zeros."
    main = "padding"
    attributes = (
        Attribute("padding", Padding(), "Padding of the spatial axes.", None),
        Attribute("channels", Integers(0), "[begin, end]: zero channels added.", None),
        Attribute("like", Reference(), "Pad to the spatial size of this tensor.", None),
        Attribute("mode", Word("zeros", "reflect", "replicate"), "Padding mode.", "zeros"),
    )
    example = """\
name: a shortcut without parameters
input: [16, 32, 32]
layers:
  - slice: {axis: 1, step: 2}
  - slice: {axis: 2, step: 2}
  - pad: {channels: [8, 8]}
expect: {output: [32, 16, 16], params: 0}
"""

    def _amounts(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Amounts:
        if a.like is not None:
            missing = [m - n for m, n in zip(x[1].shape[1:], x[0].shape[1:], strict=True)]
            return [(d // 2, d - d // 2) for d in missing]
        if a.padding is not None:
            return list(a.padding)
        return [(0, 0)] * (len(x[0].shape) - 1)

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 0, 3)
        if a.padding is None and a.like is None and a.channels is None:
            raise DiagnosticError(
                "missing-attribute",
                "pad needs padding, channels or like",
                help="write pad: 1 for one row on each side",
            )
        if a.channels is not None and len(a.channels) != 2:
            raise DiagnosticError(
                "bad-value",
                "`channels` must be [begin, end]",
                attribute="channels",
                label=f"got {len(a.channels)} entries",
                help="write channels: [0, 16] for 16 channels after the input's own",
            )
        if a.like is not None:
            if a.padding is not None:
                need_one_of(a, "padding", "like")
            need_same_rank(t, x[1])
        for (begin, end), n in zip(self._amounts(a, x), t.shape[1:], strict=True):
            if begin + end < 0:
                raise _too_small("pad", t, x[1].shape, "crop")
            if a.mode == "reflect" and (begin >= n or end >= n):
                raise DiagnosticError(
                    "bad-value",
                    "reflect padding must be smaller than the input",
                    attribute="padding",
                    label=f"padding {max(begin, end)} on a size of {n}",
                    help=f"use at most {n - 1}, or mode: replicate",
                )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        before, after = a.channels or (0, 0)
        pairs = zip(self._amounts(a, x), t.shape[1:], strict=True)
        sides = [n + begin + end for (begin, end), n in pairs]
        return (Tensor((before + t.shape[0] + after, *sides), t.axes),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return tuple([Window(1, 1, begin, end) for begin, end in self._amounts(a, x)])

    def describe(self, a: SimpleNamespace) -> str:
        parts = describe_padding(a.padding) if a.padding is not None else []
        if a.like is not None:
            parts.append(f"like {a.like}")
        if a.channels is not None:
            parts.append(f"channels {list(a.channels)}")
        if a.mode != "zeros":
            parts.append(a.mode)
        return ", ".join(parts)


class Crop(Operation):
    """[C, n, …] → [C, n − c_begin − c_end, …]. With `size` or `like`, a centre crop: of d rows to
    remove, ⌊d/2⌋ are at the start and the rest at the end."""

    name = "crop"
    family = "resizing"
    channels_read = "own"
    summary = "Crops the spatial axes."
    source = "Ronneberger, Fischer & Brox 2015, arXiv:1505.04597 (centre crop)"
    main = "cropping"
    view = True
    attributes = (
        Attribute("cropping", Padding(), "Rows removed at each end.", None),
        Attribute("size", PerAxis(), "Spatial size to keep, from the centre.", None),
        Attribute("like", Reference(), "Crop to the spatial size of this tensor.", None),
    )
    example = """\
name: a skip of the U-Net
input: [64, 64, 64]
layers:
  - {as: middle, crop: 4}
  - concat:
      - []
      - [{from: input}, {crop: {like: middle}}]
expect: {output: [128, 56, 56], params: 0}
"""

    def _amounts(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Amounts:
        if a.cropping is not None:
            return list(a.cropping)
        kept = a.size if a.size is not None else x[1].shape[1:]
        spare = [n - m for n, m in zip(x[0].shape[1:], kept, strict=True)]
        return [(d // 2, d - d // 2) for d in spare]

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 1, 3)
        need_one_of(a, "cropping", "size", "like")
        if a.like is not None:
            need_same_rank(t, x[1])
        for (begin, end), n in zip(self._amounts(a, x), t.shape[1:], strict=True):
            if begin + end < 0:
                kept = a.size if a.size is not None else x[1].shape[1:]
                raise _too_small("crop", t, (t.shape[0], *kept), "pad")
            if begin + end >= n:
                raise DiagnosticError(
                    "bad-value",
                    "crop leaves nothing of an axis",
                    attribute="cropping",
                    label=f"{n} − {begin} − {end} = {n - begin - end}",
                    help=f"crop at most {n - 1} in total",
                )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        pairs = zip(self._amounts(a, x), t.shape[1:], strict=True)
        sides = [n - begin - end for (begin, end), n in pairs]
        return (Tensor((t.shape[0], *sides), t.axes),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return tuple([Window(1, 1, -begin, -end) for begin, end in self._amounts(a, x)])

    def describe(self, a: SimpleNamespace) -> str:
        if a.like is not None:
            return f"like {a.like}"
        if a.size is not None:
            return "to " + per_axis(a.size)
        parts = describe_padding(a.cropping) if a.cropping is not None else []
        return ", ".join(parts).removeprefix("pad ")


def _too_small(name: str, t: Tensor, wanted: Shape, instead: str) -> DiagnosticError:
    """The error of a pad to a smaller size, or a crop to a larger one."""
    compared = "larger" if name == "pad" else "smaller"
    return DiagnosticError(
        "shape-mismatch",
        f"{name} cannot make its input {'smaller' if name == 'pad' else 'larger'}",
        label=f"the input is {times(t.shape[1:])}, {compared} than "
        f"{times(wanted[1:])} on some axis",
        help=f"use {instead} there",
    )
