"""The same numbers in another shape, in part, or in another order."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.exporting.expressions import binary, literal, show, variables
from archcalc.exporting.lanes import holds
from archcalc.exporting.layout import Items, call
from archcalc.exporting.pytorch.emitters.common import functional, kept
from archcalc.exporting.pytorch.site import Form
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.site import Run, Site


def identity(site: Site) -> Form:
    return Form(call("nn.Identity"), lambda run: run.x[0], (kept(site),))


def flatten(site: Site) -> Form:
    """Merged lengths are a product that stays written out: 512 * 7 * 7."""
    start = site.same([place_of(t, a, "start") for t, a in _pairs(site, "start")])
    end = site.same([place_of(t, a, "end") for t, a in _pairs(site, "end")])
    rank = site.same([len(t.shape) for t in site.inputs()])
    outputs: dict[int, Expr] = {}
    merged: Expr | None = None
    for axis in range(start, end + 1):
        length = site.known(0, axis)
        if length is None:
            merged = None
            break
        if merged is None:
            merged = length
        elif show(length) != "1":
            merged = length if show(merged) == "1" else ast.BinOp(merged, ast.Mult(), length)
    if merged is not None:
        outputs[start] = merged
    for axis, expr in kept(site).items():
        if axis < start:
            outputs[axis] = expr
        elif axis > end:
            outputs[axis - (end - start)] = expr
    tail = () if end == rank - 1 else (str(end + 1),)
    arguments = (str(start + 1), *tail)
    module = call("nn.Flatten", *(arguments if arguments != ("1",) else ()))
    return Form(
        module, lambda run: call("torch.flatten", run.x[0], *arguments), (outputs,), typed=True
    )


def _pairs(site: Site, attribute: str) -> Any:
    return zip(site.inputs(), site.values(attribute), strict=True)


def reshape(site: Site) -> Form:
    shape = site.attribute("shape")
    count = site.same([len(v) for v in site.values("shape")])
    outputs: dict[int, Expr] = {}
    entries = shape.elts if isinstance(shape, ast.Tuple) else None
    for axis in range(count):
        if entries is not None and show(entries[axis]) != "-1":
            outputs[axis] = entries[axis]

    def write(x: str, use: Callable[[Expr, str], str]) -> Doc:
        sizes = use(shape, "shape")
        if -1 in _flat(site):
            return call("torch.unflatten", call("torch.flatten", x, "1"), "1", sizes)
        inside = sizes[1:-1].rstrip(",") if sizes.startswith("(") else f"*{sizes}"
        return call("torch.reshape", x, f"(-1, {inside})")

    return functional(site, write, (shape,), (outputs,), typed=True)


def _flat(site: Site) -> set[int]:
    return {n for value in site.values("shape") for n in value}


def permute(site: Site) -> Form:
    order = site.same([tuple(place_of(t, a) for a in v) for t, v in _pairs(site, "order")])
    dims = kept(site)
    outputs = {new: dims[old] for new, old in enumerate(order) if old in dims}
    axes = ", ".join(str(old + 1) for old in order)
    return functional(
        site, lambda x, _: call("torch.permute", x, f"(0, {axes})"), (), (outputs,), typed=True
    )


def _axis(site: Site) -> int:
    found: int = site.same([place_of(t, a) for t, a in _pairs(site, "axis")])
    return found


def slice_(site: Site) -> Form:
    """x[:, begin:end:step] on any axis."""
    axis = _axis(site)
    begin, step = site.attribute("begin"), site.attribute("step")
    ends = site.values("end")
    end = None if site.same([e is None for e in ends]) else site.attribute("end")
    dims = {a: e for a, e in kept(site).items() if a != axis}
    lengths = [t.shape[axis] for t in site.output()]
    candidate = _length(site, axis, begin, end, step)
    if candidate is not None and holds(candidate, site.lanes, lengths):
        dims[axis] = candidate

    def write(x: str, use: Callable[[Expr, str], str]) -> str:
        first = "" if show(begin) == "0" else use(begin, "begin")
        last = "" if end is None else use(end, "end")
        pace = "" if show(step) == "1" else use(step, "step")
        return f"{x}[{':, ' * (axis + 1)}{_range(first, last, pace)}]"

    uses = (begin, step, *(() if end is None else (end,)))
    return functional(site, write, uses, (dims,), typed=True)


def _range(first: str, last: str, pace: str) -> str:
    """begin:end:step, with blanks where a part is more than a number or a name."""
    parts = [p.removeprefix("-") for p in (first, last, pace) if p]
    if all(p.isdecimal() or p.isidentifier() for p in parts):
        return f"{first}:{last}" + (f":{pace}" if pace else "")
    text = f"{first} :" if first else ":"
    text += f" {last}" if last else ""
    if pace:
        text += (" :" if last else ":") + f" {pace}"
    return text


def _length(site: Site, axis: int, begin: Expr, end: Expr | None, step: Expr) -> Expr | None:
    """end − begin, where the step is 1 and the ends count from the start."""
    last = end if end is not None else site.known(0, axis)
    if last is None or show(step) != "1":
        return None
    return binary(last, ast.Sub, begin)


def split(site: Site) -> Form:
    axis = _axis(site)
    parts: int = site.same([len(n.outputs) for n in site.nodes])
    dims = {a: e for a, e in kept(site).items() if a != axis}
    if site.same([v is None for v in site.values("sizes")]):
        length = site.known(0, axis)
        part = None if length is None else binary(length, ast.FloorDiv, literal(parts))
        outputs = tuple({**dims, axis: part} if part is not None else dims for _ in range(parts))
        return Form(
            None,
            lambda run: call("torch.chunk", run.x[0], str(parts), str(axis + 1)),
            outputs,
            typed=True,
        )
    sizes = site.attribute("sizes")
    entries = sizes.elts if isinstance(sizes, ast.Tuple) else []

    def function(run: Run) -> Doc:
        if entries and not variables(sizes):
            listed: Doc = Items("[", tuple(show(e) for e in entries), "]")
        else:
            listed = f"list({run.use(sizes, 'sizes')})"
        return call("torch.split", run.x[0], listed, str(axis + 1))

    outputs = tuple({**dims, axis: e} for e in entries) or (dims,) * parts
    return Form(None, function, outputs, (sizes,), typed=True)


def channel_shuffle(site: Site) -> Form:
    groups = site.attribute("groups")
    helper = site.need("channel_shuffle")
    return functional(
        site,
        lambda x, use: call(helper, x, use(groups, "groups")),
        (groups,),
        typed=True,
    )
