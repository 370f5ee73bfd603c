"""Block calls: an inline block is lowered in place, any other is a separate module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import Disagreement, NotUniform, mismatches, same
from archcalc.codegen.expressions import literal, plain, substitute, translate, variables
from archcalc.codegen.ir import Choice, Invoke, Let, Tensor
from archcalc.codegen.lower.layers import Made, hand_out, lower_body, path_of, take_group
from archcalc.codegen.lower.operands import key_of
from archcalc.codegen.lower.scope import Label, Labels
from archcalc.codegen.lower.unrolled import has_operand
from archcalc.codegen.sizes import Opaque, reads_of
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.program import Entry, Variant
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.sizes import Size
    from archcalc.graph import Group
    from archcalc.spec.syntax import Block, Layer


def invoke(
    m: ModuleLowering, layer: Layer, named: Layer, here: Context, start: Tensor | None
) -> Made:
    """A block call; `named` is the layer whose name it has."""
    block = m.program.net.spec.blocks[layer.word]
    groups = [take_group(site) for site in here.sites]
    further = []
    for word in block.inputs:
        label = here.labels.find(str(m.constant(layer.arguments[word], here)))
        assert label is not None
        assert label.tensor is not None
        further.append(label.tensor)
    if block.inline:
        return _inline(m, block, layer, here, start, groups, further)
    found = [m.program.variant(block, g, s) for g, s in zip(groups, here.sites, strict=True)]
    variant: Variant = same(here.sites, [v for v, _ in found])
    roots = [root for _, root in found]
    path = path_of(m, named, layer.word, here, groups, weighted=True)
    call = _Call(m, block, layer, here, start, further, variant, roots)
    arguments = call.arguments()
    module = variant.module
    inputs = tuple(t for t in (start, *further) if t is not None)
    output = None
    if module.output is not None:
        output = Tensor(call.sizes(groups), module.output.axes)
        for site, group in zip(here.sites, groups, strict=True):
            site.set(output, site.table[group.output or 0])
        call.check(output)
        m.bounded(output)
    if module.heads:
        m.module.heads = True
    statement = Invoke(module, path, arguments, inputs, output, named)
    m.out.append(statement)
    return Made(output, statement)


class _Call:
    """The arguments and sizes of a call, in the caller's symbols."""

    def __init__(
        self,
        m: ModuleLowering,
        block: Block,
        layer: Layer,
        here: Context,
        start: Tensor | None,
        further: list[Tensor],
        variant: Variant,
        roots: list[CallSite],
    ) -> None:
        self.m = m
        self.block = block
        self.layer = layer
        self.here = here
        self.variant = variant
        self.roots = roots
        self.tensors: dict[str, Tensor] = dict(zip(block.inputs, further, strict=True))
        if start is not None:
            self.tensors[""] = start
        self.known: dict[str, Expr] = {}
        self.reads: dict[str, frozenset[str]] = {}
        self.spec: dict[str, Expr | None] = {}

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments by parameter."""
        m, low = self.m, self.variant.lowering
        given: dict[str, Any] = {}
        for entry in low.entries:
            used = entry.python in low.used
            if entry.kind == "size":
                continue
            if entry.kind == "operation":
                made = self._operation(entry)
                if made is not None and used:
                    given[entry.python] = made
                continue
            if entry.kind == "channels":
                self._channels(entry, used, given)
                continue
            expr = self._number(entry)
            if entry.fixed or expr is None:
                if expr is not None:
                    m.pin(frozenset(variables(expr)))
                continue
            self.known[entry.python] = expr
            self.reads[entry.python] = frozenset(variables(expr))
            if used:
                expr = m.read(m.short(self._proved(entry, expr)))
                given[entry.python] = expr
                if entry.python in low.decimals:
                    m.decimal(expr)
        for symbol, tensor, axis in self._entries():
            self.reads[symbol] = reads_of(tensor.sizes[axis])
        self._pinned()
        for python, (values, symbols) in low.sizes.items():
            if python in low.used:
                given[python] = self._size(python, values, symbols)
        return given

    def _entries(self) -> list[tuple[str, Tensor, int]]:
        return [
            (f"@{word}{axis}", tensor, axis)
            for word, tensor in self.tensors.items()
            for axis in range(len(tensor.axes))
        ]

    def _pinned(self) -> None:
        """Sizes that the class takes as constants must be constant here."""
        m = self.m
        for symbol in self.variant.lowering.pinned:
            symbols = m.symbols(self.reads.get(symbol, frozenset()))
            if not symbols:
                continue
            own = m.module.block
            entries = all(s.startswith("@") for s in symbols)
            if own is not None and entries and own.name not in m.program.open_sizes:
                m.pinned |= symbols
                continue
            if symbol in self.variant.fixed:
                m.pin(self.reads[symbol])  # the class is only valid for this size
            m.program.open(self.block)

    def _channels(self, entry: Entry, used: bool, given: dict[str, Any]) -> None:
        tensor = self.tensors.get(entry.word)
        if tensor is None:
            return
        size = tensor.sizes[tensor.channel_axis]
        self.reads[entry.python] = reads_of(size)
        if entry.fixed:
            self.m.pin(reads_of(size))
            return
        if not isinstance(size, Opaque):
            self.known[entry.python] = size
        if used or isinstance(size, Opaque):
            actual = [s.shape(tensor).channels for s in self.here.sites]
            expr = self.m.size(size, self.here.sites, actual, "in_channels", self.layer)
            self.known[entry.python] = expr
            if used:
                given[entry.python] = expr

    def _number(self, entry: Entry) -> Expr | None:
        """The value of a parameter or var here, as an expression."""
        m, word = self.m, entry.word
        if entry.kind == "var":
            expr = self.here.env.get(word)
            self.spec[word] = expr
            return expr
        value = self.layer.arguments.get(word)
        tensor = self.tensors.get("")
        if value is not None:
            expr = m.translated(value, self.here, tensor)
            if expr is None and not self._held(entry):
                m.pin_value(value, self.here)
        else:
            default = next(p.default for p in self.block.parameters if p.name == word)
            assert default is not None
            inside = self.here._replace(env=self.spec)
            try:
                expr = translate(default, m.names(inside, tensor))
            except Exception:  # noqa: BLE001 (no expression: its value is)
                expr = None
        if expr is None and not self._held(entry):
            values = [r.names[word] for r in self.roots]
            expr = literal(plain(same(self.here.sites, values)))
        self.spec[word] = expr
        return expr

    def _held(self, entry: Entry) -> bool:
        return any(has_operand(r.names[entry.word]) for r in self.roots)

    def _proved(self, entry: Entry, expr: Expr) -> Expr:
        values = [root.py.get(entry.python) for root in self.roots]
        decimal = entry.python in self.variant.lowering.decimals
        if all(isinstance(v, int) and not isinstance(v, bool) for v in values) and not decimal:
            expr = self.m.integral(expr)
        if decimal:
            values = [float(v) if type(v) is int else v for v in values]
        wrong = mismatches(expr, self.here.sites, values)
        if wrong:
            raise Disagreement(expr, values[wrong[0]], self.layer.span)
        return expr

    def _operation(self, entry: Entry) -> Any:
        """An operation as an argument: the caller's own parameter, or a factory for the module."""
        m, word = self.m, entry.word
        value = self.layer.arguments.get(word)
        self.spec[word] = None
        if value is not None and value.layer is None and value.text in m.operations:
            python = m.operations[value.text]
            if entry.fixed:
                m.pin(frozenset((python,)))
            self._same_choice(m, python, entry)
            m.used.add(python)
            from archcalc.codegen.expressions import name

            return name(python)
        if value is not None and not value.constant:
            m.pin_value(value, self.here)
        if entry.fixed:
            same(self.here.sites, [key_of(r.names[word]) for r in self.roots])
            return None
        choices = self.variant.lowering.choices.get(entry.python)
        if choices is None:
            return None
        text = same(self.here.sites, [choices[id(root)] for root in self.roots])
        return None if value is None and text == choices.get("default") else Choice(text)

    def _same_choice(self, m: ModuleLowering, python: str, entry: Entry) -> None:
        """The caller's parameter is passed on to its callee."""
        inner = self.variant.lowering.choices.get(entry.python)
        if inner is None:
            return
        own = m.choices.setdefault(python, {"takes": inner["takes"]})
        for site, root in zip(self.here.sites, self.roots, strict=True):
            made = inner[id(root)]
            if own["takes"] != inner["takes"] or own.setdefault(id(site.root), made) != made:
                raise NotUniform(self.here.sites, [key_of(r.names[entry.word]) for r in self.roots])

    def _size(self, python: str, values: dict[int, int], symbols: frozenset[str]) -> Expr:
        """A number that the class leaves to its callers."""
        actual = []
        for root in self.roots:
            if id(root) not in values:
                raise NotUniform(self.here.sites, range(len(self.here.sites)))
            actual.append(values[id(root)])
        reads = frozenset(v for s in symbols for v in self.reads.get(s, frozenset()))
        return self.m.size(Opaque(reads), self.here.sites, actual, python, self.layer)

    def sizes(self, groups: list[Group]) -> tuple[Size, ...]:
        """The sizes of the block's output."""
        output = self.variant.module.output
        assert output is not None
        found: list[Size] = []
        for axis, size in enumerate(output.sizes):
            own = self._translated(size)
            if isinstance(own, Opaque) and not self.m.symbols(own.reads):
                actual = {
                    s.table[g.output or 0].shape[axis]
                    for s, g in zip(self.here.sites, groups, strict=True)
                }
                own = literal(actual.pop()) if len(actual) == 1 else own
            found.append(own)
        return tuple(found)

    def _translated(self, size: Size) -> Size:
        low = self.variant.lowering
        if not isinstance(size, Opaque):
            closed = low.close(size)
            if closed is not None:
                missing = set(variables(closed)) - set(self.known)
                if not missing:
                    return substitute(closed, self.known)
        symbols = low.symbols(reads_of(size))
        return Opaque(frozenset(v for s in symbols for v in self.reads.get(s, frozenset())))

    def check(self, output: Tensor) -> None:
        """Raises `Disagreement` if an output has another size than in the net."""
        for axis, size in enumerate(output.sizes):
            if isinstance(size, Opaque):
                continue
            actual = [s.shape(output).shape[axis] for s in self.here.sites]
            wrong = mismatches(size, self.here.sites, actual)
            if wrong:
                raise Disagreement(size, actual[wrong[0]], self.layer.span)


# -- inline blocks ------------------------------------------------------------------------------


def _inline(
    m: ModuleLowering,
    block: Block,
    layer: Layer,
    here: Context,
    start: Tensor | None,
    groups: list[Group],
    further: list[Tensor],
) -> Made:
    env: dict[str, Expr | None] = {w: here.env.get(w) for w in m.program.net.variables}
    sites = []
    for site, group in zip(here.sites, groups, strict=True):
        inner = site.inside(group)
        inner.names = {**m.program.net.variables, **group.arguments}
        sites.append(inner)
    kept = dict(m.operations)
    for parameter in block.parameters:
        word = parameter.name
        value = layer.arguments.get(word)
        m.operations.pop(word, None)
        if value is not None and value.text in kept and value.layer is None:
            m.operations[word] = kept[value.text]
        expr: Expr | None = None
        if value is not None:
            expr = m.translated(value, here, start)
            if expr is None:
                m.pin_value(value, here)
        elif parameter.default is not None:
            expr = m.translated(parameter.default, here._replace(env=env), start)
        held = [s.names[word] for s in sites]
        if expr is None and not any(isinstance(h, Operand) for h in held):
            expr = literal(plain(same(here.sites, held)))
        elif expr is None:
            same(here.sites, [key_of(h) for h in held])
        env[word] = expr
    inside = here._replace(sites=sites, env=env, labels=Labels(None))
    for word, tensor in zip(block.inputs, further, strict=True):
        inside.labels.own[word] = Label(tensor)
    enter_lets(m, block, inside, start)
    references = m.references
    m.references = m.program.references(block)
    result = lower_body(m, block.body, inside, start)
    m.references = references
    m.operations = kept
    hand_out(here, sites, result)
    m.active = here.sites
    return Made(result)


def enter_lets(m: ModuleLowering, block: Block, here: Context, start: Tensor | None) -> None:
    """The block's `let`s: constructor variables, evaluated once."""
    env = here.env
    assert isinstance(env, dict)
    m.active = here.sites
    for word, value in block.let:
        actual = []
        for site in here.sites:
            names = site.names
            if start is not None:
                names = {**names, "in_channels": site.shape(start).channels}
            held = value.evaluate(names)
            site.names[word] = held
            actual.append(held)
        expr = m.translated(value, here, start)
        if expr is None:
            m.pin_value(value, here)
            expr = literal(plain(same(here.sites, actual)))
        if all(isinstance(v, int) and not isinstance(v, bool) for v in actual):
            expr = m.integral(expr)
        if not variables(expr):
            env[word] = expr
            continue
        python = m.ids.take(word)
        expr = m.fitting(m.read(m.prove(expr, here, actual, None)))
        m.out.append(Let(python, expr))
        m.bound(python, expr)
        env[word] = _name(python)


def _name(python: str) -> Expr:
    from archcalc.codegen.expressions import name

    return name(python)
