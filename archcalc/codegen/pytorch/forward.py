"""A body as attributes in `__init__` and statements in `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import show, variables
from archcalc.codegen.ir import (
    Again,
    Factory,
    Head,
    Invoke,
    Join,
    Let,
    Level,
    Loop,
    Operation,
    Tensor,
    When,
)
from archcalc.codegen.layout import Line, Nest, assign, call, flat
from archcalc.codegen.pytorch.classes import guess
from archcalc.codegen.pytorch.control import write_loop, write_when
from archcalc.codegen.pytorch.emitted import Run
from archcalc.codegen.pytorch.joins import write_join
from archcalc.codegen.pytorch.sequence import key_text
from archcalc.codegen.pytorch.tensors import TensorText, always_heads, every_read, reads_of_body
from archcalc.codegen.refusal import refused
from archcalc.ops.registry import OPERATIONS

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Body, Module, Path
    from archcalc.codegen.layout import Doc, Statement
    from archcalc.codegen.pytorch.classes import ClassText
    from archcalc.codegen.pytorch.printer import Printer

LONG = 68
"""A longer expression gets a name before it is used in another."""

TEXT, CALL = 76, 88
"""A longer expression reads its tensor from a variable."""


class ForwardWriter:
    """Writes one class. `outer` is the writer of the enclosing class, for a level of it."""

    def __init__(self, printer: Printer, made: ClassText, outer: ForwardWriter | None) -> None:
        self.printer = printer
        self.made = made
        self.outer = outer
        self.at: Any = None  # the current layer
        self.init: list[Statement] = made.init
        self.forward: list[Statement] = made.forward
        self.wires: dict[int, TensorText] = {}
        self.modules: dict[
            int, tuple[str, tuple[str, ...]]
        ] = {}  # how a statement's module is called
        self.levels: dict[int, ForwardWriter] = {}
        self.captured: dict[str, Tensor] = {}
        self.passed: dict[str, Any] = {}  # modules of the enclosing class, by argument
        self.kept: set[str] = set()  # variables that are assigned once
        self.typed: set[str] = set()
        self.target = "x"
        self.loops: set[str] = set()
        self.indices: tuple[str, ...] = ()
        self.nested = 0
        self.inner: set[str] = set()  # variables that inner loops and conditions define
        self.heads = False
        self.released: set[str] = set()  # variables of branches, which may be assigned again

    # -- whole classes ----------------------------------------------------------------------

    def module(self, module: Module, *, whole: bool) -> None:
        names = ["x"] if len(module.inputs) == 1 else [t.label or "x" for t in module.inputs]
        self._reserve(module.body)
        if not whole and module.inputs:
            names = [t.label or "x" for t in module.inputs]
        self._inputs(module.inputs, names)
        if len(module.inputs) == 1 and whole:
            self._keep_input(module.inputs[0], module.body)
        self.heads = module.heads
        self.body(module.body)
        if whole:
            self._return_whole(module)
            return
        if module.heads:
            self.made.inputs.append("heads: dict[str, Tensor]")
        self._return(module.output)

    def level(self, s: Level) -> None:
        self._reserve(s.body)
        self._inputs(() if s.input is None else (s.input,), ["x"])
        self._keep_input(s.input, s.body)
        self.heads = s.heads
        self.body(s.body)
        self._return(s.output)
        self.made.inputs += [f"{word}: Tensor" for word in self.captured]
        self.made.inputs += [f"{word}: nn.Module" for word in self.passed]
        if s.heads:
            self.made.inputs.append("heads: dict[str, Tensor]")

    def _inputs(self, tensors: tuple[Tensor, ...], names: list[str]) -> None:
        for tensor, word in zip(tensors, names, strict=True):
            python = "x" if word == "x" else self.made.locals.take(word, "tensor")
            if python != "x":
                self.kept.add(python)
            self.typed.add(python)
            self.wires[id(tensor)] = TensorText(python, typed=True)
            self.made.inputs.append(f"{python}: Tensor")

    def _keep_input(self, tensor: Tensor | None, body: Body) -> None:
        """An input that is read by its label has a separate variable, since `x` is overwritten."""
        if tensor is None or not tensor.label or not body:
            return
        whole = isinstance(body[0], When | Loop | Head | Level | Join)
        if any(t is tensor for t in every_read(body if whole else body[1:])):
            kept = self.made.locals.take(tensor.label, "tensor")
            self.kept.add(kept)
            self.wires[id(tensor)] = self.put(kept, "x", typed=True)

    def _return(self, output: Tensor | None) -> None:
        if output is None:
            self.made.returns = "None"
            if not self.forward:
                self.forward.append(Line("", "pass"))
            return
        wire = self.wire(output)
        if not wire.typed:
            self.put("x", wire.doc, typed=True, annotate="x" not in self.typed)
            wire = TensorText("x", typed=True)
        self.forward.append(Line("return ", wire.doc))

    def _return_whole(self, module: Module) -> None:
        if not self.heads:
            self._return(module.output)
            return
        self.forward.insert(0, Line("heads: dict[str, Tensor] = ", "{}"))
        always = always_heads(module.body)
        if module.output is None:
            self.made.returns = "dict[str, Tensor]"
            self.forward.append(Line("return ", "heads"))
            return
        wire = self.simple(module.output)
        doc = f'{{"output": {flat(wire.doc)}, **heads}}'
        self.made.returns = "dict[str, Tensor]" if always else "Tensor | dict[str, Tensor]"
        if not always:
            if not wire.typed:
                wire = self.put("x", wire.doc, typed=True, annotate="x" not in self.typed)
            doc += f" if heads else {flat(wire.doc)}"
        self.forward.append(Line("return ", doc))

    def _reserve(self, body: Body) -> None:
        """Keeps the names of submodules separate from those of stored numbers."""
        for s in body:
            path = getattr(s, "path", None)
            if path is not None and path.fixed is not None and (path.named or path.auto):
                self.made.attributes.used.add(path.fixed)
            if isinstance(s, When | Loop | Head):
                self._reserve(s.body)
            for branch in getattr(s, "branches", ()):
                self._reserve(branch.body)

    # -- tensors ----------------------------------------------------------------------------

    def wire(self, tensor: Tensor) -> TensorText:
        found = self.wires.get(id(tensor))
        if found is None:  # of the enclosing class
            word = self.made.locals.take(tensor.label or "skip", "tensor")
            self.captured[word] = tensor
            self.kept.add(word)
            self.typed.add(word)
            found = self.wires[id(tensor)] = TensorText(word, typed=True)
        return found

    def simple(self, tensor: Tensor) -> TensorText:
        """The tensor in a variable."""
        wire = self.wire(tensor)
        if not wire.simple:
            wire = self.put(self.target, wire.doc, typed=wire.typed)
            self.wires[id(tensor)] = wire
        return wire

    def put(self, variable: str, doc: Doc, *, typed: bool, annotate: bool = False) -> TensorText:
        """Assigns to a variable, which is a Tensor from then on if it was one before."""
        known = variable in self.typed
        if flat(doc) != variable:
            before = f"{variable}: Tensor = " if annotate else f"{variable} = "
            self.forward.append(Line(before, doc))
        if typed:
            self.typed.add(variable)
        return TensorText(variable, typed=typed or known or annotate)

    def give(self, tensor: Tensor, doc: Doc, *, typed: bool) -> None:
        """The output of a statement: named by its label if something reads it by that."""
        if tensor.label and id(tensor) not in self.wires:
            variable = self.made.locals.take(tensor.label, "tensor")
            self.kept.add(variable)
            self.wires[id(tensor)] = self.put(variable, doc, typed=typed)
            return
        self.wires[id(tensor)] = TensorText(doc, typed=typed)

    def use(self, expr: Expr, hint: str) -> str:
        """A number of the constructor in the forward pass."""
        expr = self.made.opened(expr)
        inner = set(variables(expr)) & self.inner - self.loops
        if not inner:
            return self.made.at_run_time(expr, hint, self.loops)
        word = self.made.attributes.take(hint)
        if not self.indices:  # of a condition: it exists if the condition holds
            self.init.append(Line(f"self.{word} = ", show(expr)))
            return f"self.{word}"
        if len(self.indices) == 1 == self.nested:
            found = guess(expr)
            self.made.init.append(Line(f"self.{word}: list[{found}] = ", "[]"))
            self.init.append(Line("", call(f"self.{word}.append", show(expr))))
            return f"self.{word}[{self.indices[0]}]"
        raise refused(self.at, "a number that changes within loops here", target="PyTorch")

    # -- statements -------------------------------------------------------------------------

    def body(self, body: Body) -> None:
        for s in body:
            self.statement(s)

    def statement(self, s: Any) -> None:
        self.at = getattr(s, "layer", self.at)
        match s:
            case Let():
                self.made.optional.add(s.name)
                self.made.variables[s.name] = s.value
                if self.nested:
                    self.made.lets[s.name] = s.value
                self.init.append(Line(f"{s.name} = ", show(s.value)))
            case Operation():
                self._operation(s)
            case Factory():
                called = self.register(s, self.printer.module_doc(s, self.made))
                wire = self._argument(s.input, weighted=False)
                self.give(s.output, call(called, wire.doc), typed=False)
            case Invoke() | Level():
                self._invoke(s)
            case Again():
                self._again(s)
            case Head():
                self._head(s)
            case Join():
                write_join(self, s)
            case When():
                write_when(self, s)
            case Loop():
                write_loop(self, s)
            case _:
                raise TypeError(s)

    def _source(self, s: Operation) -> None:
        """A bare parameter, repeated for every sample of the batch."""
        doc = self.printer.module_doc(s, self.made)
        target, called = self.place(s.path, s.layer.word)
        if target.endswith(", "):
            self.init.append(Line("", call("self.register_parameter", target[:-2], doc)))
            called = called.replace("get_submodule", "get_parameter")
        else:
            self.init.append(Line(target, doc))
        samples = f"{flat(self.simple(s.inputs[0]).doc)}.shape[0]"
        sides = ("-1",) * len(s.outputs[0].sizes)
        self.give(s.outputs[0], call(f"{called}.expand", samples, *sides), typed=False)

    def _operation(self, s: Operation) -> None:
        if not OPERATIONS[s.op].reads_input:
            self._source(s)
            return
        form = s.emitted
        free = any(variables(e) for e in form.uses)
        native = form.module is not None and not callable(form.module)
        named = s.path.named and native
        if s.weighted or form.function is None or named or (free and native and not self.indices):
            called = self.register(s, self.printer.module_doc(s, self.made))
            op = OPERATIONS[s.op]
            read = s.inputs if op.reads_all else s.inputs[:1]
            wires = [self._argument(t, weighted=op.weighted) for t in read]
            self.give(s.outputs[0], call(called, *(w.doc for w in wires)), typed=False)
            return
        doc, wires = self._function(s)
        if s.labels:
            words = [self.made.locals.take(word) for word in s.labels]
            self.forward.append(assign(", ".join(words), doc))
            for word, tensor in zip(words, s.outputs, strict=True):
                self.kept.add(word)
                self.typed.add(word)
                self.wires[id(tensor)] = TensorText(word, typed=True)
            return
        text = flat(doc)
        typed = form.typed
        if typed and not text.startswith(("torch.", "nn.")):
            typed = wires[0].typed
        self.give(s.outputs[0], doc, typed=typed)

    def _argument(self, tensor: Tensor, *, weighted: bool) -> TensorText:
        wire = self.wire(tensor)
        if not wire.simple and (weighted or len(flat(wire.doc)) > LONG):
            return self.simple(tensor)
        return wire

    def _function(self, s: Operation) -> tuple[Doc, list[TensorText]]:
        wires = [self.wire(t) for t in s.inputs]
        if len(wires) > 1 or len(flat(wires[0].doc)) > LONG:
            wires = [self.simple(t) for t in s.inputs]

        def use(expr: Expr, hint: str) -> str:
            return self.use(expr, hint)

        def written() -> Doc:
            made: Doc = s.emitted.function(Run(tuple(flat(w.doc) for w in wires), use))
            return made

        doc = written()
        inside = isinstance(doc, str) and not wires[0].simple and isinstance(wires[0].doc, str)
        # An operand of a sum or product needs its own name here. Text cannot be broken into lines;
        # a call can.
        if inside or len(flat(doc)) > (TEXT if isinstance(doc, str) else CALL):
            wires = [self.simple(t) for t in s.inputs]
            doc = written()
        return doc, wires

    # -- submodules -------------------------------------------------------------------------

    def register(self, s: Any, doc: Doc) -> str:
        """Makes a statement's module an attribute; returns how the forward pass calls it."""
        target, called = self.place(s.path, s.layer.word)
        if target.endswith(", "):
            self.init.append(Line("", call("self.add_module", target[:-2], doc)))
        else:
            self.init.append(Line(target, doc))
        self.modules[id(s)] = (called, ())
        return called

    def place(self, path: Path, word: str) -> tuple[str, str]:
        """Where a module is stored, and how it is called: `self.conv = ` and `self.conv`, or the
        name of an `add_module` that ends in a comma."""
        fixed = path.fixed
        if not path.parts or (fixed is not None and not path.named and fixed == word):
            fixed = self.made.attributes.take(word or "layer", "layer")
            if self.indices:
                turns = "_".join(f"{{{index}}}" for index in self.indices)
                key = f'f"{fixed}_{turns}"'
                return f"{key}, ", f"self.get_submodule({key})"
        if fixed is not None and is_attribute(fixed):
            return f"self.{fixed} = ", f"self.{fixed}"
        if fixed is not None and not path.named and not path.auto:
            fixed = self.made.attributes.take(fixed, "layer")
            return f"self.{fixed} = ", f"self.{fixed}"
        return f"{key_text(path)}, ", f"self.get_submodule({self.key(path)})"

    def key(self, path: Path) -> str:
        """A name in the forward pass, where loops around the class are stored numbers."""

        def text(expr: Expr) -> str:
            return self.use(expr, "index")

        return key_text(path, text)

    def _invoke(self, s: Any) -> None:
        extra: tuple[str, ...] = ()
        heads = s.heads if isinstance(s, Level) else s.module.heads
        if isinstance(s, Level) and not s.sequential:
            doc: Doc = self.printer.level(s, self.made, self)
            inner = self.levels[id(s)]
            extra = (
                *(self._passed_on(t) for t in inner.captured.values()),
                *(self.called(one)[0] for one in inner.passed.values()),
            )
        else:
            doc = self.printer.module_doc(s, self.made, self.init)
        called = self.register(s, doc)
        inputs = (s.input,) if isinstance(s, Level) else s.inputs
        given = [self._argument_doc(t) for t in inputs if t is not None]
        if heads:
            self.heads = True
            extra = (*extra, "heads")
        self.modules[id(s)] = (called, extra)
        made = call(called, *given, *extra)
        if s.output is None:
            self.forward.append(Line("", made))
        else:
            self.give(s.output, made, typed=False)
            if heads:  # which it returns whether or not its tensor is read
                self.simple(s.output)

    def _argument_doc(self, tensor: Tensor) -> Doc:
        return self.simple(tensor).doc

    def _passed_on(self, tensor: Tensor) -> str:
        return flat(self.simple(tensor).doc)

    def called(self, statement: Any) -> tuple[str, tuple[str, ...]]:
        """How a module is called here; one of the enclosing class is passed on."""
        if id(statement) in self.modules:
            return self.modules[id(statement)]
        word = self.made.locals.take(statement.path.fixed or "layer", "layer")
        self.passed[word] = statement
        self.modules[id(statement)] = (word, ())
        return self.modules[id(statement)]

    def _again(self, s: Again) -> None:
        called, extra = self.called(s.target)
        given = [self._argument_doc(t) for t in s.inputs]
        made = call(called, *given, *extra)
        if s.output is None:
            self.forward.append(Line("", made))
        else:
            self.give(s.output, made, typed=False)

    # -- heads ------------------------------------------------------------------------------

    def _head(self, s: Head) -> None:
        """The output of a head gets its own variable: the current tensor stays."""
        self.heads = True
        current = [t for t in reads_of_body(s.body, s.value) if id(t) in self.wires]
        for tensor in current:
            self.simple(tensor)
        kept, self.forward = self.forward, []
        target, self.target = self.target, self.made.locals.take("head")
        try:
            self.body(s.body)
        finally:
            self.made.locals.used.discard(self.target)
            self.target = target
        self.forward.append(assign(f"heads[{self.key(s.key)}]", self.wire(s.value).doc))
        inside, self.forward = self.forward, kept
        last = self.forward[-1] if self.forward else None
        if not s.training_only:
            self.forward += inside
        elif isinstance(last, Nest) and last.doc == "self.training":
            last.body.extend(inside)
        else:
            self.forward.append(Nest("if ", "self.training", inside))

    # -- conditions and loops -----------------------------------------------------------------


def is_attribute(word: str) -> bool:
    from keyword import iskeyword

    return word.isidentifier() and word.isascii() and not iskeyword(word)
