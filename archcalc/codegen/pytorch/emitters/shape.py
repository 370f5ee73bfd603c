"""Changes of shape, parts and order of axes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import show, variables
from archcalc.codegen.layout import Items, call
from archcalc.codegen.pytorch.emitted import Emitted
from archcalc.codegen.pytorch.emitters.common import functional
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext, Run


def identity(_: OpContext) -> Emitted:
    return Emitted(call("nn.Identity"), lambda run: run.x[0])


def flatten(site: OpContext) -> Emitted:
    start = site.same([place_of(t, a, "start") for t, a in _pairs(site, "start")])
    end = site.same([place_of(t, a, "end") for t, a in _pairs(site, "end")])
    site.pin("start")
    site.pin("end")
    rank = site.rank + 1
    tail = () if end == rank - 1 else (str(end + 1),)
    arguments = (str(start + 1), *tail)
    module = call("nn.Flatten", *(arguments if arguments != ("1",) else ()))
    return Emitted(module, lambda run: call("torch.flatten", run.x[0], *arguments), typed=True)


def _pairs(site: OpContext, attribute: str) -> Any:
    return zip(site.inputs(), site.values(attribute), strict=True)


def reshape(site: OpContext) -> Emitted:
    shape = site.attribute("shape")
    whole = site.same([-1 in v for v in site.values("shape")])

    def write(x: str, use: Callable[[Expr, str], str]) -> Doc:
        sizes = use(shape, "shape")
        if whole:
            return call("torch.unflatten", call("torch.flatten", x, "1"), "1", sizes)
        inside = sizes[1:-1].rstrip(",") if sizes.startswith("(") else f"*{sizes}"
        return call("torch.reshape", x, f"(-1, {inside})")

    return functional(site, write, (shape,), typed=True)


def permute(site: OpContext) -> Emitted:
    order = site.same([tuple(place_of(t, a) for a in v) for t, v in _pairs(site, "order")])
    site.pin("order")
    axes = ", ".join(str(old + 1) for old in order)
    return functional(site, lambda x, _: call("torch.permute", x, f"(0, {axes})"), typed=True)


def _axis(site: OpContext) -> int:
    found: int = site.same([place_of(t, a) for t, a in _pairs(site, "axis")])
    site.pin("axis")
    return found


def slice_(site: OpContext) -> Emitted:
    """x[:, begin:end:step] on any axis."""
    axis = _axis(site)
    begin, step = site.attribute("begin"), site.attribute("step")
    end = site.attribute("end") if site.given("end") else None

    def write(x: str, use: Callable[[Expr, str], str]) -> str:
        first = "" if show(begin) == "0" else use(begin, "begin")
        last = "" if end is None else use(end, "end")
        pace = "" if show(step) == "1" else use(step, "step")
        return f"{x}[{':, ' * (axis + 1)}{_range(first, last, pace)}]"

    uses = (begin, step, *(() if end is None else (end,)))
    return functional(site, write, uses, typed=True)


def _range(first: str, last: str, pace: str) -> str:
    """begin:end:step, with blanks if a part is more than a number or a name."""
    parts = [p.removeprefix("-") for p in (first, last, pace) if p]
    if all(p.isdecimal() or p.isidentifier() for p in parts):
        return f"{first}:{last}" + (f":{pace}" if pace else "")
    text = f"{first} :" if first else ":"
    text += f" {last}" if last else ""
    if pace:
        text += (" :" if last else ":") + f" {pace}"
    return text


def split(site: OpContext) -> Emitted:
    axis = _axis(site)
    parts: int = site.same([len(n.outputs) for n in site.nodes])
    if not site.given("sizes"):
        return Emitted(
            None,
            lambda run: call("torch.chunk", run.x[0], str(parts), str(axis + 1)),
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

    return Emitted(None, function, (sizes,), typed=True)


def channel_shuffle(site: OpContext) -> Emitted:
    groups = site.attribute("groups")
    helper = site.need("channel_shuffle")
    return functional(
        site,
        lambda x, use: call(helper, x, use(groups, "groups")),
        (groups,),
        typed=True,
    )
