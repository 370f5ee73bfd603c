"""Which layers differ between two nets, and by how much.

The entries at any depth add up to the difference of the totals: every layer of either net is in
exactly one of them, or in a row without a difference in cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.figures import Totals
from archcalc.compare.align import same
from archcalc.graph import Node
from archcalc.ops.attributes import shown
from archcalc.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.compare.data import Comparison, Match
    from archcalc.compare.items import Item

SCREEN = 24
"""The maximum number of entries that is readable."""

ALL = 10**6  # more than there can be levels


class Difference(NamedTuple):
    """Parts that differ between the first net and another one. For identical neighbours (`times`),
    the paths are the first one's, and `last` is the path of the last one. `amounts` is how much
    more the other net has in total."""

    paths: tuple[str | None, str | None]
    last: str
    change: str
    amounts: Totals
    times: int

    @property
    def weighs(self) -> bool:
        """Whether it is a difference in parameters, buffers or macs."""
        return any(self.amounts[:3])


class Differences(NamedTuple):
    """The differences of a net from the first. `quiet` layers differ only in tensor size."""

    entries: tuple[Difference, ...]
    quiet: int

    @property
    def lines(self) -> int:
        """The number of lines that they take."""
        return sum(e.weighs for e in self.entries) + len(self.slight)

    @property
    def slight(self) -> list[list[Difference]]:
        """The entries without a difference in cost, combined by kind."""
        kinds: dict[str, list[Difference]] = {}
        for entry in self.entries:
            if not entry.weighs:
                kinds.setdefault(entry.change, []).append(entry)
        return list(kinds.values())


def differences(found: Comparison, other: int, depth: int | None = None) -> Differences:
    """The differences between the first net and another one, down to a depth of levels (1: the
    nets' own layers and blocks); None: as deep as is readable."""
    if depth is not None:
        return _at(found, other, depth)
    best = _at(found, other, 1)
    for level in range(2, 100):
        deeper = _at(found, other, level)
        if deeper.lines > SCREEN or deeper == best:
            break
        best = deeper
    return best


def _at(found: Comparison, other: int, depth: int) -> Differences:
    entries: list[Difference] = []
    quiet = 0
    for match in _differing(found.rows, other, depth):
        a, b = match.items[0], match.items[other]
        amounts, change = _amounts(a, b), _change(found, match, other)
        # Activations, and the flops of layers without weights, follow from the shapes.
        if not any(amounts[:3]) and not change:
            quiet += max(item.layers for item in (a, b) if item is not None)
            continue
        paths = (_path(a), _path(b))
        last = paths[0] or paths[1] or ""
        entry = Difference(paths, last, change or _unchanged(a, b), amounts, 1)
        if entries and _alike(entries[-1], entry):
            before = entries.pop()
            amounts = Totals(*map(_sum, before.amounts, amounts))
            entry = before._replace(last=entry.last, times=before.times + 1, amounts=amounts)
        entries.append(entry)
    return Differences(tuple(entries), quiet)


def _path(item: Item | None) -> str | None:
    return None if item is None else item.path


def _differing(matches: tuple[Match, ...], other: int, depth: int) -> Iterator[Match]:
    """The matches that differ between the two nets, opened to a depth."""
    for match in matches:
        a, b = match.items[0], match.items[other]
        if (a is None and b is None) or same_in(match, other):
            continue
        if match.children and a is not None and b is not None and depth > 1:
            yield from _differing(match.children, other, depth - 1)
        else:
            yield match


def same_in(match: Match, other: int) -> bool:
    """Whether a match is the same in the first net and another one."""
    a, b = match.items[0], match.items[other]
    if match.same or (a is None and b is None):
        return True
    if a is None or b is None:
        return False
    if match.children:
        return all(same_in(child, other) for child in match.children)
    return same((a, b))


def _amounts(a: Item | None, b: Item | None) -> Totals:
    return Totals(*map(_less, _counted(b), _counted(a)))


def _counted(item: Item | None) -> Totals:
    """The contribution of a part to the net's totals."""
    return Totals(0, 0, 0, 0, 0) if item is None or item.training_only else item.totals


def _less(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _alike(before: Difference, entry: Difference) -> bool:
    """Whether an entry repeats those before it: adjacent in the same level."""
    return (
        before.change == entry.change
        and _level(before.last) == _level(entry.last)
        and [path is None for path in before.paths] == [path is None for path in entry.paths]
        and all(
            one == (None if amount is None else before.times * amount)
            for one, amount in zip(before.amounts, entry.amounts, strict=True)
        )
    )


def _level(path: str) -> str:
    return path.rpartition(".")[0]


def _change(found: Comparison, match: Match, other: int) -> str:
    """How the parts themselves differ; "" if only the spatial size of their input differs."""
    a, b = match.items[0], match.items[other]
    if a is None or b is None:
        item = a or b
        assert item is not None
        side = found.sides[0 if b is None else other]
        text = f"only in {name(side.spec, side.settings)}: {item.text}"
    elif not isinstance(a.part, Node) or not isinstance(b.part, Node):
        text = f"{a.text} → {b.text}" if a.text != b.text else ""
        if not text and not any(_amounts(a, b)[:3]) and _changes_inside(found, match, other):
            text = "layers inside it differ"
    else:
        text = f"{a.text} → {b.text}" if a.text != b.text else _entering(a, b) or _details(a, b)
    training = any(item is not None and item.training_only for item in (a, b))
    return f"{text} (training only)" if text and training else text


def name(spec: str, settings: tuple[str, ...]) -> str:
    """A net with its settings, as on the command line.

    >>> name("mobilenet", ("width=0.5",))
    'mobilenet:width=0.5'
    """
    return f"{spec}:{','.join(settings)}" if settings else spec


def _changes_inside(found: Comparison, match: Match, other: int) -> bool:
    return any(
        not same_in(child, other)
        and bool(_change(found, child, other) or _changes_inside(found, child, other))
        for child in match.children
    )


def _entering(a: Item, b: Item) -> str:
    """The input, if the layer's weights depend on it and it differs."""
    return _unchanged(a, b) if a.totals.params != b.totals.params else ""


def _details(a: Item, b: Item) -> str:
    """Attributes that a table does not show, such as a norm's eps."""
    assert isinstance(a.part, Node)
    assert isinstance(b.part, Node)
    if a.part.attributes is None or b.part.attributes is None:
        return ""
    one, two = vars(a.part.attributes), vars(b.part.attributes)
    differ = [key for key in one if key in two and one[key] != two[key]]
    texts = [f"{key} {shown(one[key])} → {shown(two[key])}" for key in differ]
    return f"{a.word}, {', '.join(texts)}" if texts else ""


def _unchanged(a: Item | None, b: Item | None) -> str:
    """The layer or block, and its input if that differs."""
    item = a or b
    assert item is not None
    if a is None or b is None or a.input is None or b.input is None or a.input == b.input:
        return item.text
    before, after = a.input, b.input
    if before[1:] != after[1:]:
        on = f"{numbers.shape(before)} → {numbers.shape(after)}"
    else:
        noun = "channels" if len(before) > 1 else "features"
        on = f"{before[0]:,} → {after[0]:,} {noun}"
    return f"{item.text}, on {on}" if item.text else f"on {on}"
