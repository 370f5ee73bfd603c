"""Sliding windows over the spatial axes, shared by convolution and pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.ops.arithmetic import ceil_div, maximum
from archcalc.ops.base import DiagnosticError
from archcalc.ops.reach import Window

if TYPE_CHECKING:
    from archcalc.ops.base import Shape

Paddings = str | tuple[tuple[int, int], ...]


def windows(
    sides: Shape,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Paddings,
    dilation: tuple[int, ...],
) -> tuple[Window, ...]:
    """One window per axis, with the padding as numbers."""
    if isinstance(padding, str):
        return tuple(
            [
                _worded(padding, n, k, s, d)
                for n, k, s, d in zip(sides, kernel, stride, dilation, strict=True)
            ]
        )
    return tuple(
        [
            Window(k, s, begin, end, d)
            for k, s, (begin, end), d in zip(kernel, stride, padding, dilation, strict=True)
        ]
    )


def _worded(word: str, n: int, k: int, s: int, d: int) -> Window:
    """The window for a padding word. `same` is as in ONNX: ⌈n/s⌉ outputs, so a total padding of
    max((⌈n/s⌉ − 1)·s + d·(k − 1) + 1 − n, 0), an odd row at the end (`same`, `same_upper`) or the
    start (`same_lower`)."""
    if word == "valid":
        return Window(k, s, 0, 0, d)
    room = d * (k - 1)
    if word == "full":
        return Window(k, s, room, room, d)
    total = maximum((ceil_div(n, s) - 1) * s + room + 1 - n, 0)
    half = total // 2
    if word == "same_lower":
        return Window(k, s, total - half, half, d)
    return Window(k, s, half, total - half, d)


def too_large(name: str, shape: Shape, axis: int, w: Window, *, may_pad: bool) -> DiagnosticError:
    """The error of a window that is larger than the padded axis `shape[axis]`."""
    n = shape[axis]
    padded = n + w.begin + w.end
    window = f"{w.kernel}" if w.dilation == 1 else f"{w.dilation}·({w.kernel} − 1) + 1 = {w.span}"
    side = f"{n}" if padded == n else f"{n} + {w.begin} + {w.end} = {padded}"
    most = (padded - 1) // w.dilation + 1
    ways = [f"a kernel of at most {most}"]
    if may_pad:
        ways.append(f"padding of at least {ceil_div(w.span - n, 2)} at both ends")
    ways.append("fewer or smaller strides before it")
    return DiagnosticError(
        "window-too-large",
        f"the kernel of {name} is larger than its padded input",
        attribute="kernel",
        label=f"window {window}, padded size {side} (axis {axis} of {'×'.join(map(str, shape))})",
        help="use " + ", or ".join(ways),
    )


def per_axis(values: tuple[Any, ...]) -> str:
    """One number if all axes agree, else all of them: "2", "2×1"."""
    if len(set(values)) == 1:
        return str(values[0])
    return "×".join(map(str, values))


def describe_kernel(a: Any) -> list[str]:
    """The kernel as a part of a description: "3×3"; none if the input has no spatial axes."""
    return ["×".join(map(str, a.kernel))] if a.kernel else []


def describe_window(a: Any) -> list[str]:
    """Stride, padding and dilation as the parts of a description: "/2", "pad 1", "dilation 2"."""
    parts = []
    if a.stride is not None and set(a.stride) - {1}:
        parts.append("/" + per_axis(a.stride))
    if a.padding != "valid" and a.padding:
        parts += describe_padding(a.padding)
    if hasattr(a, "dilation") and set(a.dilation) - {1}:
        parts.append("dilation " + per_axis(a.dilation))
    return parts


def describe_padding(padding: Paddings) -> list[str]:
    """ "pad 1", "pad 1×0", "pad [0, 1]", "same"; nothing if there is none."""
    if isinstance(padding, str):
        return [padding]
    if not any(map(any, padding)):
        return []
    sides = tuple([str(b) if b == e else f"[{b}, {e}]" for b, e in padding])
    return ["pad " + per_axis(sides)]
