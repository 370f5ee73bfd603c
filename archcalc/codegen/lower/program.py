"""The whole program: its classes, and the vars that stay variable.

A block is lowered once for all its calls. If one class cannot serve them (`NotUniform`), or is only
valid for one value of a parameter (`Pin`), there is one class per kind of call; if it is only valid
for one value of a var, the var is fixed, and the program is lowered again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.callsite import CallSite, Disagreement, NotUniform, Pin, form_of, same
from archcalc.codegen.expressions import evaluate, literal, name, plain, translate, variables
from archcalc.codegen.ir import Choice, Module, Program, Tensor
from archcalc.codegen.lower.layers import lower_body
from archcalc.codegen.lower.levels import is_sequential
from archcalc.codegen.lower.module import ModuleLowering, parameter
from archcalc.codegen.lower.net_calls import NetCalls
from archcalc.codegen.lower.operands import key_of
from archcalc.codegen.lower.scope import Context, Label, Labels, Naming
from archcalc.codegen.lower.spec_text import SpecText
from archcalc.codegen.names import Identifiers, snake
from archcalc.codegen.references import References
from archcalc.codegen.refusal import refused
from archcalc.codegen.sizes import Opaque
from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.naming import is_chain
from archcalc.ops.attributes import split_by_x
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from archcalc.codegen.context import OpContext
    from archcalc.codegen.expressions import Expr
    from archcalc.graph import Group, Net
    from archcalc.spec.syntax import Block, Init, Layer

MAX_STEPS = 25_000
"""Maximum number of lowered layers: more would take seconds."""

MAX_CLASSES = 100
"""Maximum number of classes of one block."""


class Target(NamedTuple):
    """What lowering needs from a target. `emitters` write an operation; `reserved` are names that
    the code must not use; `initialised` adds initial weights; `module_text` is the text that
    creates an operation's module (None if it has none), and `factory` that of a function that
    creates it."""

    title: str
    reserved: frozenset[str]
    emitters: Mapping[str, Callable[[OpContext], Any]]
    initialised: Callable[[OpContext, Init, Any], Any]
    module_text: Callable[[Any], str | None]
    factory: Callable[[str, bool], str]


class Entry(NamedTuple):
    """A possible parameter of a class. `fixed`: the class is only valid for one value of it."""

    python: str
    kind: str  # channels, spec, var, operation
    word: str
    default: Expr | None
    fixed: bool


class Variant:
    """A class of a block, and the calls that it serves."""

    def __init__(self, lowering: ModuleLowering, fixed: dict[str, Any]) -> None:
        self.lowering = lowering
        self.module = lowering.module
        self.fixed = fixed
        self.roots: dict[int, CallSite] = {}


class _Fix(Exception):
    """Vars that cannot be arguments: the program is lowered again with their values."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__()
        self.words = frozenset(words)


class _Open(Exception):
    """A block whose callers can change a size that it assumed to be constant."""


def lower(net: Net, target: Target) -> Program:
    """The program of a net. Raises `DiagnosticError` for what the target cannot express."""
    fixed: frozenset[str] = frozenset()
    opened: set[str] = set()
    steps = 0
    while True:
        known = len(fixed) + len(opened)
        program = ProgramLowering(net, target, fixed, opened, steps)
        try:
            return program.lower()
        except _Fix as fix:
            words = fix.words
        except _Open:
            words = frozenset()
        except (NotUniform, Disagreement, Pin, RecursionError) as error:
            raise program.unproved(error) from error
        fixed |= words
        if len(fixed) + len(opened) == known:
            raise program.unproved(Pin(fixed))
        steps = program.steps


class ProgramLowering:
    """One attempt, with these vars fixed."""

    def __init__(
        self, net: Net, target: Target, fixed: frozenset[str], opened: set[str], steps: int
    ) -> None:
        self.net = net
        self.target = target
        self.fixed = fixed
        self.open_sizes = opened
        self.steps = steps
        self.at: Layer | None = None  # the layer being lowered
        self.helpers: set[str] = set()
        self.chains: dict[int, bool] = {}
        self.ids = Identifiers(target.reserved)
        self.modules: list[Module] = []
        self.variants: dict[str, list[Variant]] = {}
        self.by_group: dict[int, tuple[Variant, CallSite]] = {}
        self.kept: list[Any] = []
        self.numbered: set[str] = set()  # used names of outputs that have none of their own
        self._references: dict[str, References] = {}
        self.text = SpecText(net.spec)

    def unproved(self, error: Exception) -> DiagnosticError:
        """The error of code that could not be verified against the network."""
        told = str(error) if isinstance(error, Disagreement) else ""
        return DiagnosticError(
            "not-exportable",
            f"the {self.target.title} code of this layer could not be verified against the spec",
            label=told,
            help="write it in a simpler way, and report the spec: this is a limit of archcalc",
            span=self.at.span if self.at is not None else self.net.spec.span,
        )

    def step(self, layer: Layer) -> None:
        """Counts a layer. Raises `DiagnosticError` if there are too many."""
        self.steps += 1
        self.at = layer
        if self.steps > MAX_STEPS:
            raise refused(
                layer,
                f"more than {MAX_STEPS:,} layers and branches",
                "write what repeats as a loop or a block",
                self.target.title,
            )

    def open(self, block: Block) -> None:
        self.open_sizes.add(block.name)
        raise _Open

    def references(self, block: Block) -> References:
        if block.name not in self._references:
            self._references[block.name] = References(block.body, self.net.spec.blocks)
        return self._references[block.name]

    # -- the program ------------------------------------------------------------------------

    def lower(self) -> Program:
        calls = NetCalls(self.net, self.target.title)
        for word, groups in calls.by_block(self.net.spec.blocks).items():
            block = self.net.spec.blocks[word]
            distinct = self._distinct(block, groups)
            self._block(block, distinct, {}, self.net.tensors, real=True)
            for key, group, first in self._equal:
                del key
                self.by_group[id(group)] = self.by_group[id(first)]
        self._model()
        return Program(self.modules, self.fixed, frozenset(self.helpers))

    def _distinct(self, block: Block, groups: list[Group]) -> list[Group]:
        """One of several equal calls."""
        self._equal: list[tuple[object, Group, Group]] = []
        if self.text.gives_heads(block.body):
            return groups
        seen: dict[object, Group] = {}
        for group in groups:
            shapes = [self.net.tensors[i] for i in (group.input or 0, *group.inputs.values())]
            values = [(w, repr(key_of(v))) for w, v in group.arguments.items()]
            key = repr((values, shapes))
            first = seen.setdefault(key, group)
            if first is not group:
                self._equal.append((key, group, first))
        return list(seen.values())

    def variant(self, block: Block, group: Group, site: CallSite) -> tuple[Variant, CallSite]:
        """The class that serves a call, and the call's site in it."""
        found = self.by_group.get(id(group))
        if found is not None:
            return found
        # A call that the net does not make.
        if block.name not in self.variants:
            self.kept.append(group)
            self._block(block, [group], {}, site.table, real=False)
            return self.by_group[id(group)]
        for variant in self.variants[block.name]:
            if all(group.arguments.get(w) == v for w, v in variant.fixed.items()):
                if variant.lowering.sizes or variant.lowering.operations or variant.module.heads:
                    break
                root = self._root(group, site.table, real=False)
                self._bind(variant.lowering, root, group)
                if _alike(variant.lowering, root):
                    self.kept.append(group)
                    self.by_group[id(group)] = (variant, root)
                    return variant, root
        raise NotUniform([site], [0])

    # -- blocks -----------------------------------------------------------------------------

    def _block(
        self,
        block: Block,
        groups: list[Group],
        fixed: dict[str, Any],
        table: Any,
        *,
        real: bool,
    ) -> None:
        """The classes that serve these calls."""
        if len(self.variants.get(block.name, ())) > MAX_CLASSES:
            raise refused(
                block_layer(block),
                f"a block that needs more than {MAX_CLASSES} classes",
                "write more blocks",
                self.target.title,
            )
        module = Module("", block, block.note or "")
        roots = [self._root(g, table, real=real) for g in groups]
        m = ModuleLowering(self, module, roots)
        m.entries = self._entries(m, block, fixed)
        for root, group in zip(roots, groups, strict=True):
            self._bind(m, root, group)
        try:
            self._lower_block(m, block, fixed)
        except Pin as pin:
            self._split(m, block, groups, fixed, pin.variables, table, real=real)
            return
        except NotUniform as differs:
            if differs.within_a_call():
                raise refused(
                    block.body[0] if block.body else block_layer(block),
                    "a body whose turns differ so",
                    target=self.target.title,
                ) from differs
            keys = {id(site.root): key for site, key in differs.keys}
            parts: dict[str, list[Group]] = {}
            for root, group in zip(roots, groups, strict=True):
                parts.setdefault(repr(keys.get(id(root))), []).append(group)
            if len(parts) == 1:
                raise
            for some in parts.values():
                self._block(block, some, fixed, table, real=real)
            return
        module.name = self.ids.take_class(block.name)
        self.modules.append(module)
        variant = Variant(m, fixed)
        self.variants.setdefault(block.name, []).append(variant)
        for root, group in zip(roots, groups, strict=True):
            self.by_group[id(group)] = (variant, root)

    def _split(
        self,
        m: ModuleLowering,
        block: Block,
        groups: list[Group],
        fixed: dict[str, Any],
        pinned: frozenset[str],
        table: Any,
        *,
        real: bool,
    ) -> None:
        """One class per value of what is pinned."""
        kinds = {e.python: e for e in m.entries}
        words = [kinds[s].word for s in pinned if s in kinds and kinds[s].kind == "var"]
        if words:
            raise _Fix(words)
        parts: dict[str, tuple[dict[str, Any], list[Group]]] = {}
        for root, group in zip(m.sites, groups, strict=True):
            values = dict(fixed)
            for symbol in pinned:
                if symbol.startswith("@"):
                    values[symbol] = root.py[symbol]
                elif kinds[symbol].kind == "channels":
                    values["@in " + kinds[symbol].word] = root.py[symbol]
                else:
                    values[kinds[symbol].word] = root.names[kinds[symbol].word]
            key = repr({w: key_of(v) for w, v in values.items()})
            parts.setdefault(key, (values, []))[1].append(group)
        assert all(len(values) > len(fixed) for values, _ in parts.values()), "pinned already"
        for values, some in parts.values():
            self._block(block, some, values, table, real=real)

    def _entries(self, m: ModuleLowering, block: Block, fixed: Mapping[str, Any]) -> list[Entry]:
        take = m.ids.take_argument
        entries = [Entry(take("in_channels"), "channels", "", None, "@in " in fixed)]
        for word in block.inputs:
            python = take(f"{snake(word) or 'input'}_channels")
            entries.append(Entry(python, "channels", word, None, f"@in {word}" in fixed))
        for p in block.parameters:
            kind = "operation" if p.type == "operation" else "spec"
            default = None
            if p.default is not None and p.default.constant and kind == "spec":
                default = translate(p.default, {})
            entries.append(Entry(take(p.name), kind, p.name, default, p.name in fixed))
        own = {p.name for p in block.parameters} | set(block.inputs)
        for word, value in self.net.variables.items():
            if word in self.text.words_of(block) and word not in own:
                entries.append(self._var(m, word, value))
        return entries

    def _var(self, m: ModuleLowering, word: str, value: Any) -> Entry:
        return Entry(
            m.ids.take_argument(word), "var", word, literal(plain(value)), word in self.fixed
        )

    def _root(self, group: Group, table: Any, *, real: bool) -> CallSite:
        names = {**self.net.variables, **group.arguments}
        return CallSite(table, group, names, {}, real=real)

    def _bind(self, m: ModuleLowering, root: CallSite, group: Group) -> None:
        """The values of the class's parameters in a call."""
        for entry in m.entries:
            if entry.kind == "channels":
                index = group.inputs[entry.word] if entry.word else group.input
                tensor = root.table[index or 0]
                if tensor is not None:
                    root.py[entry.python] = tensor.channels
                    for axis, n in enumerate(tensor.shape):
                        root.py[f"@{entry.word}{axis}"] = n
            elif entry.kind != "operation":
                value = root.names[entry.word]
                if not _holds_operation(value):
                    root.py[entry.python] = plain(split_by_x(value))

    def _lower_block(self, m: ModuleLowering, block: Block, fixed: Mapping[str, Any]) -> None:
        module = m.module
        spec = self.net.spec
        env: dict[str, Expr | None] = {}
        tensors: dict[str, Tensor | None] = {}
        for entry in m.entries:
            if entry.kind == "channels":
                tensors[entry.word] = self._entry_tensor(m, entry, fixed)
            elif entry.kind == "operation":
                env[entry.word] = None
                if not entry.fixed:
                    m.operations[entry.word] = entry.python
                    self._default_operation(m, block, entry)
            elif entry.fixed:
                value = fixed.get(entry.word, self.net.variables.get(entry.word))
                env[entry.word] = (
                    None if _holds_operation(value) else literal(plain(split_by_x(value)))
                )
            else:
                env[entry.word] = name(entry.python)
                held = [r.names[entry.word] for r in m.sites]
                if entry.default is not None and _is_float(entry.default):
                    m.decimals.add(entry.python)
                if any(_is_fraction(v) for v in held) or self._written_decimal(entry):
                    m.decimals.add(entry.python)
        start = tensors[""]
        m.references = self.references(block)
        chain = is_chain(block.body, spec.blocks, self.chains)
        module.sequential = is_sequential(m, block.body) and self.text.has_numbered(
            block.body, m.sites
        )
        naming = Naming(chain=chain, sequential=module.sequential)
        labels = Labels(None)
        for word in block.inputs:
            labels.own[word] = Label(tensors[word])
            tensor = tensors[word]
            if tensor is not None:
                tensor.label = word
        here = Context(m.sites, env, labels, naming)
        from archcalc.codegen.lower.calls import enter_lets

        enter_lets(m, block, here, start)
        module.output = lower_body(m, block.body, here, start)
        module.inputs = tuple(t for t in tensors.values() if t is not None)
        self._finish(m)

    def _default_operation(self, m: ModuleLowering, block: Block, entry: Entry) -> None:
        default = next(p.default for p in block.parameters if p.name == entry.word)
        m.defaults[entry.python] = default

    def _written_decimal(self, entry: Entry) -> bool:
        """Whether a var is a decimal by its text, or a factor of something that is rounded."""
        if entry.kind != "var":
            return False
        value = self.net.spec.variables.get(entry.word)
        if value is not None and value.items is None and _DECIMAL.fullmatch(value.text):
            return True
        held = self.net.variables[entry.word]
        return type(held) is int and entry.word in self.text.rounded - self.text.bare

    def _entry_tensor(
        self, m: ModuleLowering, entry: Entry, fixed: Mapping[str, Any]
    ) -> Tensor | None:
        shapes = []
        for root in m.sites:
            index = root.group.inputs[entry.word] if entry.word else root.group.input
            shapes.append(root.table[index or 0])
        if any(t is None for t in shapes):
            return None
        same(m.sites, [form_of(t.axes) for t in shapes])
        sizes: list[Any] = []
        for axis in range(len(shapes[0].axes)):
            symbol = f"@{entry.word}{axis}"
            if axis == shapes[0].channel_axis:
                if entry.fixed:
                    sizes.append(literal(shapes[0].channels))
                else:
                    sizes.append(name(entry.python))
            elif symbol in fixed:
                m.pinned |= {symbol}
                sizes.append(literal(fixed[symbol]))
            else:
                sizes.append(Opaque(frozenset((symbol,))))
        tensor = Tensor(tuple(sizes), shapes[0].axes)
        for root, shape in zip(m.sites, shapes, strict=True):
            root.set(tensor, shape)
        return tensor

    def _finish(self, m: ModuleLowering) -> None:
        """The parameters that the code uses."""
        module = m.module
        module.body = tuple(m.out)
        for entry in m.entries:
            if entry.python not in m.used or entry.fixed:
                continue
            default: Any = entry.default
            values: list[Any] = [r.py.get(entry.python) for r in m.sites]
            if entry.kind == "operation":
                choices = m.choices.get(entry.python, {})
                default = Choice(choices["default"]) if "default" in choices else None
                values = []
            decimal = entry.python in m.decimals
            module.parameters.append(
                parameter(entry.python, entry.kind, entry.word, default, values, decimal)
            )
        for python, (known, _) in m.sizes.items():
            if python in m.used:
                module.parameters.append(
                    parameter(python, "size", "", None, list(known.values()), decimal=False)
                )

    # -- the model --------------------------------------------------------------------------

    def _model(self) -> None:
        net, spec = self.net, self.net.spec
        module = Module("", None, "")
        root = CallSite(net.tensors, net.root, dict(net.variables), {})
        m = ModuleLowering(self, module, [root])
        env: dict[str, Expr | None] = {}
        for word, value in net.variables.items():
            if word not in self.text.words:
                continue
            entry = self._var(m, word, value)
            m.entries.append(entry)
            root.py[entry.python] = plain(value)
            env[word] = literal(plain(value)) if entry.fixed else name(entry.python)
            if _is_fraction(value) or self._written_decimal(entry):
                m.decimals.add(entry.python)
        m.references = References(spec.layers, spec.blocks)
        labels = Labels(None)
        inputs = []
        for declared in spec.inputs:
            shape = net.tensors[net.inputs[declared.name]]
            assert shape is not None
            sizes: list[Any] = [literal(n) for n in shape.shape]
            for axis, value in enumerate(declared.shape[: len(sizes)]):
                expr = m.integral(translate(value, env))
                if variables(expr) and evaluate(expr, root) == shape.shape[axis]:
                    sizes[axis] = expr
            read = len(spec.inputs) > 1 or m.references.tensor(declared.name)
            tensor = Tensor(tuple(sizes), shape.axes, declared.name if read else "")
            root.set(tensor, shape)
            labels.own[declared.name] = Label(tensor)
            inputs.append(tensor)
        chain = is_chain(spec.layers, spec.blocks, self.chains)
        module.sequential = (
            len(inputs) == 1
            and is_sequential(m, spec.layers)
            and self.text.has_numbered(spec.layers, m.sites)
        )
        naming = Naming(chain=chain, sequential=module.sequential)
        here = Context([root], env, labels, naming)
        try:
            module.output = lower_body(
                m, spec.layers, here, inputs[0] if len(inputs) == 1 else None
            )
        except Pin as pin:
            kinds = {e.python: e.word for e in m.entries}
            raise _Fix(kinds[s] for s in pin.variables) from pin
        module.inputs = tuple(inputs)
        self._finish(m)
        module.name = self.ids.take_class(spec.name)
        self.modules.append(module)


_DECIMAL = re.compile(r"[-+]?\d*\.\d*(e[-+]?\d+)?")


def _is_fraction(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_fraction, value))
    return not (value is None or isinstance(value, str | int | Operand))


def _is_float(expr: Expr) -> bool:
    import ast

    return any(isinstance(n, ast.Constant) and isinstance(n.value, float) for n in ast.walk(expr))


def _holds_operation(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_holds_operation, value))
    return isinstance(value, Operand)


def _alike(m: ModuleLowering, root: CallSite) -> bool:
    """Whether a call passes values of the kinds with which the class was lowered."""
    for entry in m.entries:
        if entry.python in m.used and not entry.fixed and m.sites:
            known = {type(r.py.get(entry.python)) for r in m.sites}
            if type(root.py.get(entry.python)) not in known:
                return False
    return True


def block_layer(block: Block) -> Any:
    from archcalc.spec.syntax import Layer

    return Layer("block", block.name, block.span, {})
