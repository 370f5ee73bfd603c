"""Path components inside a module: groups and named joins, lowered in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import variables
from archcalc.codegen.ir import Level, bound_by
from archcalc.codegen.lower.layers import Made, hand_out, lower_body, path_of, take_group
from archcalc.codegen.lower.scope import Labels, Naming
from archcalc.codegen.references import escapes
from archcalc.codegen.sizes import Opaque
from archcalc.elaborate.naming import is_chain

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.ir import Tensor
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.sizes import Size
    from archcalc.spec.syntax import Layer


def group(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Made:
    """A `group`."""
    spec = m.program.net.spec
    chain = is_chain(layer.body, spec.blocks, m.program.chains)
    sequential = is_sequential(m, layer.body)

    def inside(there: Context, tensor: Tensor | None) -> Tensor | None:
        return lower_body(m, layer.body, there, tensor)

    def naming() -> Naming:
        return Naming(chain=chain, sequential=sequential)

    return level(m, layer, here, start, inside, naming, sequential=sequential)


def is_sequential(m: ModuleLowering, body: tuple[Layer, ...]) -> bool:
    """Whether the layers of a level are sequential, read nothing else, and have no heads."""
    spec = m.program.net.spec
    return (
        is_chain(body, spec.blocks, m.program.chains)
        and not escapes(body, spec.blocks)
        and not any(_reads_around(m, layer) for layer in body)
        and not m.program.text.gives_heads(body)
    )


def _reads_around(m: ModuleLowering, layer: Layer) -> bool:
    """Whether a group in a chain reads labels of the chain."""
    if layer.kind == "group":
        return escapes(layer.body, m.program.net.spec.blocks)
    if layer.kind == "block" and m.program.net.spec.blocks[layer.word].inline:
        return any(_reads_around(m, inner) for inner in m.program.net.spec.blocks[layer.word].body)
    return layer.kind == "do" and any(_reads_around(m, inner) for inner in layer.body)


def _outside(m: ModuleLowering, size: Size, bound: set[str]) -> Size:
    """A size as seen by the module around a level, which does not see the level's variables."""
    if isinstance(size, Opaque) or not bound & set(variables(size)):
        return size
    closed = m.close(size)
    if closed is not None and not bound & set(variables(closed)):
        return closed
    return Opaque(m.symbols(frozenset(variables(size))))


def level(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    start: Tensor | None,
    inside: Callable[[Context, Tensor | None], Tensor | None],
    naming: Callable[[], Naming],
    *,
    sequential: bool,
) -> Made:
    """A level: its layers with a common path prefix. `inside` lowers its contents."""
    groups = [take_group(site) for site in here.sites]
    path = path_of(m, layer, layer.word or "group", here, groups, weighted=True)
    sites = [site.inside(g) for site, g in zip(here.sites, groups, strict=True)]
    there = here._replace(sites=sites, labels=Labels(here.labels), naming=naming())
    heads = m.module.heads
    m.module.heads = False
    with m.body() as body:
        result = inside(there, start)
    own, m.module.heads = m.module.heads, heads or m.module.heads
    m.active = here.sites
    hand_out(here, sites, result)
    if result is not None and not sequential:
        result.sizes = tuple(_outside(m, size, bound_by(tuple(body))) for size in result.sizes)
    title = "".join(p for p in path.parts if isinstance(p, str)) if path.named else layer.word
    made = Level(path, tuple(body), sequential, start, result, own, title or "group", layer)
    m.out.append(made)
    return Made(result, made)
