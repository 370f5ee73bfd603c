"""A global pooling and the flatten right after it: Keras pools to the vector itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.codegen.references import References
    from archcalc.exporting.keras.op_context import OpContext
    from archcalc.spec.syntax import Layer, Spec

Pair = tuple["Layer", "Layer"]


def pools_to_vector(site: OpContext) -> bool:
    """Whether the layer is one of such a pair, of which nothing is read or called elsewhere."""
    pair = site.writer.program.pooled_flat.get(id(site.layer), ())
    return bool(pair) and not any(_is_named(layer, site.writer.references) for layer in pair)


def pooled_flat(spec: Spec) -> dict[int, Pair]:
    """The pairs, by the ids of both layers. Neighbours in a body, neither under a condition, so
    that the one is never there without the other."""
    whole = [spec.layers, *(block.body for block in spec.blocks.values())]
    return {
        id(layer): pair
        for body in whole
        for layers in _bodies(body)
        for pair in pairwise(layers)
        if _is_pair(pair)
        for layer in pair
    }


def _bodies(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, ...]]:
    yield layers
    for layer in layers:
        for body in (layer.body, *(branch.body for branch in layer.branches)):
            yield from _bodies(body)


def _is_pair(pair: Pair) -> bool:
    pool, flatten = pair
    plain = all(one.kind == "operation" and one.when is None and not one.head for one in pair)
    pools = pool.word in ("global_avgpool", "global_maxpool")
    follows = flatten.word == "flatten" and not flatten.arguments and flatten.source is None
    return plain and pools and follows


def _is_named(layer: Layer, references: References) -> bool:
    """Whether something may name the layer."""
    names = [name for name in (layer.name, layer.label) if name is not None]
    return any(references.any_templated or references.may_name(name) for name in names)
