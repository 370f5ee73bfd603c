"""The names of modules: a layer's path is the path of its attribute."""

from __future__ import annotations

import ast
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.exporting.expressions import binary, evaluate, literal, name, quoted, show, variables
from archcalc.exporting.lanes import Differs, Unroll
from archcalc.exporting.layout import Line, assign, call

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane
    from archcalc.exporting.layout import Doc, Statement
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.pytorch.scope import Here
    from archcalc.exporting.pytorch.writer import Writer
    from archcalc.spec.syntax import Layer


class Attribute(NamedTuple):
    """A module's name: a word, or text with numbers that change from turn to turn, which makes
    all these `words`."""

    word: str
    template: tuple[str | Expr, ...] | None = None
    owner: Builder | None = None
    words: frozenset[str] = frozenset()
    passed: bool = False  # an argument of the forward pass

    @property
    def fixed(self) -> bool:
        return self.template is None

    @property
    def names(self) -> frozenset[str]:
        """Every name that the class gives with it."""
        return self.words or frozenset((self.word,))

    def in_place(self, lane: Lane) -> str:
        """The name that it has in a place."""
        if self.template is None:
            return self.word
        return "".join(
            p if isinstance(p, str) else str(evaluate(p, lane.py)) for p in self.template
        )

    def text(self, builder: Builder) -> str:
        """The module in the forward pass."""
        if self.passed:
            return self.word
        if self.template is None and _is_attribute(self.word):
            return f"self.{self.word}"
        return f"self.get_submodule({self.key(builder)})"

    def key(self, builder: Builder) -> str:
        """The name as text in the forward pass."""
        if self.template is None:
            return quoted(self.word)
        builder.forward_used |= self._read()
        return self._formatted()

    def register(self, doc: Doc) -> Statement:
        """The module made an attribute, in the constructor."""
        if self.template is None and _is_attribute(self.word):
            return assign(f"self.{self.word}", doc)
        if self.template is None:
            return Line("", call("self.add_module", quoted(self.word), doc))
        assert self.owner is not None
        self.owner.used |= self._read()
        return Line("", call("self.add_module", self._formatted(), doc))

    def slot(self) -> str:
        """The name as text in the constructor."""
        if self.template is None:
            return quoted(self.word)
        assert self.owner is not None
        self.owner.used |= self._read()
        return self._formatted()

    def _read(self) -> set[str]:
        assert self.template is not None
        return {v for part in self.template if not isinstance(part, str) for v in variables(part)}

    def _formatted(self) -> str:
        assert self.template is not None
        parts = []
        for part in self.template:
            if isinstance(part, str):
                parts.append(quoted('"' + part)[2:-1].replace("{", "{{").replace("}", "}}"))
            else:
                parts.append("{" + show(part) + "}")
        return 'f"' + "".join(parts) + '"'


def _is_attribute(word: str) -> bool:
    return word.isidentifier() and word.isascii() and not iskeyword(word)


def attribute_of(
    writer: Writer, layer: Layer, here: Here, paths: list[str], *, weighted: bool = True
) -> Attribute:
    """The name of a layer's module in its level. Raises `Unroll` or `Differs` where the places
    have names that no one text gives."""
    words = [p[len(lane.prefix) :] for lane, p in zip(here.lanes, paths, strict=True)]
    indices = {loop.variable for loop in here.loops}
    template = _written(writer, layer, here) if layer.name is not None and indices else None
    if template is not None and _moves(template) and _gives(template, here.lanes, words, indices):
        return Attribute("", template, writer.builder, frozenset(words))
    if len(set(words)) == 1:
        if not weighted and not _is_attribute(words[0]):
            # Nothing is saved under it, so that any name will do.
            return Attribute(writer.builder.attributes.take(layer.word, "layer"))
        return Attribute(words[0])
    if not indices:
        if not weighted and layer.name is None:
            return Attribute(writer.builder.attributes.take(layer.word, "layer"))
        raise Differs(here.lanes, words)
    template = None if layer.name is not None else _counted(here, words)
    if template is None or not _gives(template, here.lanes, words, indices):
        raise Unroll(here.lanes, words)
    return Attribute("", template, writer.builder, frozenset(words))


def _written(writer: Writer, layer: Layer, here: Here) -> tuple[str | Expr, ...] | None:
    """The parts of a name with `$(…)` in it."""
    assert layer.name is not None
    parts: list[str | Expr] = []
    for part in layer.name.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        expr = writer.translated(part, here, None)
        if expr is None:
            return None
        parts.append(expr)
    return tuple(parts)


def _counted(here: Here, words: list[str]) -> tuple[str | Expr, ...] | None:
    """A word and a number that grows evenly with the indices of the loops."""
    stem = words[0].rstrip("0123456789")
    numbers = [w[len(stem) :] for w in words]
    if not all(w.startswith(stem) and n.isdecimal() for w, n in zip(words, numbers, strict=True)):
        return None
    indices = [loop.variable for loop in here.loops]
    at: dict[tuple[Any, ...], int] = {}
    for lane, number in zip(here.lanes, numbers, strict=True):
        at.setdefault(tuple(lane.py[i] for i in indices), int(number))
    origin = (0,) * len(indices)
    if origin not in at:
        return None
    total: Expr = literal(0)
    for position, index in enumerate(indices):
        one = tuple(int(p == position) for p in range(len(indices)))
        step = at.get(one, at[origin]) - at[origin]
        if step:
            total = binary(total, ast.Add, binary(literal(step), ast.Mult, name(index)))
    return stem, binary(total, ast.Add, literal(at[origin]))


def _moves(template: tuple[str | Expr, ...]) -> bool:
    """Whether the name can change from turn to turn, if only in one turn the layer is there."""
    return any(not isinstance(part, str) and variables(part) for part in template)


def _gives(
    template: tuple[str | Expr, ...], lanes: list[Lane], words: list[str], indices: set[str]
) -> bool:
    """Whether the template gives these names, from the indices alone."""
    for part in template:
        if not isinstance(part, str) and not set(variables(part)) <= indices:
            return False
    made = Attribute("", template)
    return all(made.in_place(lane) == word for lane, word in zip(lanes, words, strict=True))
