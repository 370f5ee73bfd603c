"""Calls of blocks that the net does not make.

A block's code is written from its calls. A condition in it that they all decide alike would be
gone from the code, and with it a part that other arguments ask for. So the block is elaborated in
a few calls more, with arguments near to those of the net's own calls, and those are kept in which
it comes out otherwise: an `if` that is proved in them can be written.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, islice, product, zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import Diagnostics
from archcalc.graph import Group, Node
from archcalc.spec.expressions import Operand, Value
from archcalc.spec.syntax import Input, Layer, Name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcalc.diagnostics import SourceFile
    from archcalc.graph import Net
    from archcalc.ops.base import Shape, Tensor

    Change = dict[str, Any]

CHANNELS = "in_channels"
"""Among the words of a change: the channels of the tensor that enters."""

TRIED = 60
"""At most so many calls are tried in place of one."""

CALLS, NODES = 400, 12_000
"""At most so many calls, and about so many layers, are elaborated for a net: export stays quick."""

ALIKE = 4
"""So many calls are kept of each way that a block can come out."""

_LEFT_OUT: Any = object()
"""In place of an argument: none is given."""


class Undecided(NamedTuple):
    """What the conditions of a block read that all its calls decide alike: parameters and the
    channels that enter, and the constants that they are compared with. Among the words are
    operations too that are the same in all calls, or whose default none of them shows."""

    words: frozenset[str]
    constants: tuple[int | str, ...]


class Trial(NamedTuple):
    """A net of one call of a block. `changed` is the var that is another one in it."""

    net: Net
    block: str
    changed: str | None


class Budget:
    """What all the trials of a net may cost together."""

    def __init__(self, calls: int, nodes: int) -> None:
        self.calls = calls
        self.nodes = nodes

    @property
    def spent(self) -> bool:
        return self.calls <= 0 or self.nodes <= 0

    def take(self, nodes: int) -> None:
        """A call of so many layers has been tried."""
        self.calls -= 1
        self.nodes -= nodes


class Trials:
    """The further calls, made once for all the ways in which a net is written."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str, Undecided], list[Net]] = {}
        self._budget = Budget(CALLS, NODES)

    def of(
        self, nets: Sequence[Net], changed: Mapping[int, str], wanted: Mapping[str, Undecided]
    ) -> list[Trial]:
        """Trials of these blocks, under one other value of every var too: a part that no other
        call has must not hold a var as a number. None where they would be too many."""
        under: dict[str | None, Net] = {}
        for net in nets:
            under.setdefault(changed.get(id(net)), net)
        found = [
            Trial(made, block, word)
            for block, undecided in wanted.items()
            for word, net in under.items()
            for made in self._of_block(net, block, undecided)
        ]
        return [] if self._budget.spent else found

    def _of_block(self, net: Net, block: str, undecided: Undecided) -> list[Net]:
        key = (id(net), block, undecided)
        if key not in self._made:
            self._made[key] = _further(net, block, undecided, self._budget)
        return self._made[key]


def calls_of(net: Net) -> dict[str, list[Group]]:
    """The calls of every block, in the order of the code."""
    found: dict[str, list[Group]] = {}
    stack = [net.root]
    while stack:
        one = stack.pop()
        if one.kind == "block" and one.block is not None:
            found.setdefault(one.block.name, []).append(one)
        stack.extend(child for child in reversed(one.children) if isinstance(child, Group))
    return found


def _further(net: Net, block: str, undecided: Undecided, budget: Budget) -> list[Net]:
    """Nets of one call in which the block comes out as it does in no call of the net."""
    ways: dict[object, Group] = {}
    for group in calls_of(net).get(block, ()):
        ways.setdefault((_inside(group), _operations(group)), group)
    counts = dict.fromkeys(ways, ALIKE)
    found: list[Net] = []
    for group in islice(ways.values(), 2):
        for change in islice(_changes(net, group, undecided), TRIED):
            if budget.spent:
                return []
            budget.take(group.end - group.start + 1)
            made = _elaborated(net, group, change)
            if made is None:
                continue
            call = calls_of(made)[block][0]
            way = (_inside(call), _operations(call))
            if _has_heads(call) and not _has_heads(group):
                continue  # the whole model would have to hand them on
            if counts.setdefault(way, 0) < ALIKE:
                counts[way] += 1
                found.append(made)
    return found


def _inside(group: Group) -> object:
    """How a part comes out: its layers, and of a loop each turn that differs from the others."""
    found = []
    for child in group.children:
        place = None if child.layer is None else (child.layer.span.line, child.layer.span.column)
        what = child.op.name if isinstance(child, Node) else (child.kind, _inside(child))
        found.append((place, what))
    return frozenset(found) if group.kind == "loop" else tuple(found)


def _operations(group: Group) -> tuple[str, ...]:
    """The operations that a call gives, and does not leave to their defaults."""
    assert group.layer is not None
    return tuple(p for p in _operation_parameters(group) if p in group.layer.arguments)


def _operation_parameters(group: Group) -> list[str]:
    """The parameters of a block that hold operations."""
    assert group.block is not None
    return [p.name for p in group.block.parameters if p.type == "operation"]


def _has_heads(part: Group | Node) -> bool:
    if part.layer is not None and part.layer.head:
        return True
    return isinstance(part, Group) and any(map(_has_heads, part.children))


# -- other arguments ----------------------------------------------------------------------------


def _changes(net: Net, group: Group, undecided: Undecided) -> Iterator[Change]:
    """Other arguments: one of them, of each word in turn, and then two at once."""
    values = {
        word: _values(net, group, word, undecided.constants)
        for word in (*group.arguments, CHANNELS)
        if word in undecided.words
    }
    for turn in zip_longest(*([{word: held} for held in some] for word, some in values.items())):
        yield from (change for change in turn if change is not None)
    pairs = [
        (i + j, {this: own, that: other})
        for this, that in combinations(values, 2)
        for (i, own), (j, other) in product(enumerate(values[this]), enumerate(values[that]))
    ]
    yield from (change for _, change in sorted(pairs, key=itemgetter(0)))


def _values(net: Net, group: Group, word: str, constants: tuple[int | str, ...]) -> list[Any]:
    """Other values for a word, the likeliest to turn a condition first."""
    entering = net.tensors[group.input or 0]
    leaving = net.tensors[group.output or 0]
    around = [t.channels for t in (entering, leaving) if t is not None]
    if word == CHANNELS:
        own: Any = around[0]
        arguments = [v for v in group.arguments.values() if type(v) is int]
        return _unlike(own, [2 * own, *around, *arguments])
    own = group.arguments[word]
    found: list[Any] = []
    if group.layer is not None and word in group.layer.arguments:
        found.append(_LEFT_OUT)
    if isinstance(own, bool):
        found.append(not own)
    elif isinstance(own, int):
        numbers = [n for n in constants if type(n) is int]
        found += [2 * own, *around, own + 1, 1, *numbers, *(n + 1 for n in numbers)]
        found += [Fraction(1, 2)] if own == 0 else [0]
    elif isinstance(own, Fraction):
        found += [2 * own, own / 2, 0]
    elif word in _operation_parameters(group):
        found.append("tanh" if own != "tanh" else "relu")
    elif isinstance(own, str):
        found += [text for text in constants if isinstance(text, str)]
    return _unlike(own, found)


def _unlike(own: Any, values: list[Any]) -> list[Any]:
    return [v for v in dict.fromkeys(values) if v is _LEFT_OUT or v != own]


# -- the call -----------------------------------------------------------------------------------


def _elaborated(net: Net, group: Group, change: Change) -> Net | None:
    """A net of this call alone with other arguments, None where that has errors."""
    from archcalc.elaborate import elaborate

    shapes = _entering(net, group, change.get(CHANNELS))
    layer = _call(group, change)
    if shapes is None or layer is None:
        return None
    diagnostics = Diagnostics()
    inputs = tuple(Input(word, (), layer.span) for word in shapes)
    spec = net.spec._replace(layers=(layer,), inputs=inputs, expect=())
    made = elaborate(spec, diagnostics, settings=net.variables, inputs=shapes)
    return None if diagnostics.failed else made


def _entering(net: Net, group: Group, channels: int | None) -> dict[str, Shape] | None:
    """The shapes of the tensors that the block takes, None where an input cannot be like them."""
    shapes: dict[str, Shape] = {}
    for word, index in {CHANNELS: group.input or 0, **group.inputs}.items():
        tensor: Tensor | None = net.tensors[index]
        if tensor is None or tensor.channel_axis != 0:
            return None
        shapes[word] = tensor.shape
    if channels is not None:
        shapes[CHANNELS] = (channels, *shapes[CHANNELS][1:])
    return shapes


def _call(group: Group, change: Change) -> Layer | None:
    """The call as a layer that reads no names but the inputs'; None where nobody wrote it."""
    written, block = group.layer, group.block
    if written is None or block is None:
        return None
    place = (written.span.file, written.span.line, written.span.column, written.span.length)
    arguments = {word: Value(word, True, place) for word in block.inputs}
    own = {word: held for word, held in group.arguments.items() if word in written.arguments}
    changed = {word: held for word, held in change.items() if word in group.arguments}
    for word, held in {**own, **changed}.items():
        if held is not _LEFT_OUT:
            arguments[word] = _value(held, place)
    source = Name((CHANNELS,), written.span)
    return Layer("block", block.name, written.span, arguments, source=source)


def _value(held: Any, place: tuple[SourceFile, int, int, int]) -> Value:
    """A value as it could be written."""
    if isinstance(held, Operand):
        return Value("", True, place, layer=held.layer)
    if isinstance(held, tuple):
        return Value("", True, place, items=tuple(_value(item, place) for item in held))
    if held is None or isinstance(held, bool):
        return Value("" if held is None else str(held).lower(), True, place)
    return Value(str(held), True, place)
