"""Code in which as many vars as possible are arguments, and the rest the numbers they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.call_sites import NotUniform
from archcalc.exporting.runs import other_nets, together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from archcalc.exporting.runs import Other
    from archcalc.graph import Net

    Write = Callable[[list[Net], frozenset[str], dict[int, str]], tuple["T", Collection[str]]]

T = TypeVar("T")


def fewest_constants(net: Net, write: Write[T], target: str) -> T:
    """What `write` makes with the fewest vars frozen.

    It is given nets of one spec under other values of its vars, the vars to write as numbers, and
    which var is another one in a net (by the net's id). It gives the code, and the vars that may
    make layers appear that no net has; it raises `NotUniform` where no one code serves all the
    nets. Raises `DiagnosticError` where none does even with every var frozen.
    """
    others = other_nets(net)
    frozen = {word for word, some in others.items() if not some}
    written = _for_all(net, others, frozen, write)
    if written is None:
        # Some var changes what no one code can say: they are let go one by one.
        frozen = set(others)
        for word, some in others.items():
            if some and _for_all(net, others, frozen - {word}, write) is not None:
                frozen.discard(word)
        written = _for_all(net, others, frozen, write)
    if written is None:
        raise DiagnosticError(
            "not-exportable",
            f"{target} cannot express the structure of this net",
            label="no one piece of code serves all its places",
            help="write the part that differs from turn to turn, or from call to call, out",
            span=net.spec.span,
        )
    return written


def _for_all(
    net: Net, others: dict[str, list[Other]], fixed: set[str], write: Write[T]
) -> T | None:
    """The code, None where it cannot hold for all values of the vars that stay arguments."""
    frozen = set(fixed)
    while True:
        kept = {word: some for word, some in others.items() if word not in frozen}
        changed = {id(other.net): word for word, some in kept.items() for other in some}
        nets = [net, *(other.net for some in kept.values() for other in some)]
        joint = together(net, kept)
        changed.update({id(one): "" for one in joint})
        try:
            written, uncovered = write([*nets, *joint], frozenset(frozen), changed)
        except NotUniform:
            return None
        except DiagnosticError:
            if len(nets) == 1:
                raise
            return None  # the target may refuse another value alone, and not the net itself
        if not set(uncovered) - frozen:
            return written
        # A layer that no value tried makes appear: the vars that might are fixed.
        frozen |= set(uncovered)
