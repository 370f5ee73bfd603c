"""From the IR to PyTorch: the modules of a program as classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import show
from archcalc.codegen.ir import Choice, Factory, Invoke, Level, Operation, bound_by
from archcalc.codegen.layout import Call, Line, Prefixed, call, flat
from archcalc.codegen.names import Identifiers
from archcalc.codegen.pytorch.classes import ClassText, guess, words_of
from archcalc.codegen.pytorch.forward import ForwardWriter
from archcalc.codegen.pytorch.helpers import NAMES
from archcalc.codegen.pytorch.sequence import SequenceWriter

if TYPE_CHECKING:
    from archcalc.codegen.ir import Module, Program
    from archcalc.codegen.layout import Doc, Statement


class Printer:
    """Prints a program's classes, callees first."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.helpers = set(program.helpers)
        self.classes: list[ClassText] = []
        self.made: dict[int, ClassText] = {}
        self.ids = Identifiers(NAMES)
        self.ids.used |= {module.name for module in program.modules}
        self.model: ForwardWriter | None = None

    def write(self) -> ClassText:
        """Writes all classes; returns the model's."""
        for module in self.program.modules:
            made = self._module(module)
            self.made[id(module)] = made
        return made

    def _module(self, module: Module) -> ClassText:
        made = ClassText(module.name, module.note)
        made.locals.used |= bound_by(module.body)
        for p in module.parameters:
            made.parameter(p)
        whole = module is self.program.model
        if module.sequential:
            made.base = "nn.Sequential"
            doc = SequenceWriter(self, made).document(module.body, made.init, "super().__init__")
            made.init.append(Line("", doc))
        else:
            writer = ForwardWriter(self, made, None)
            writer.module(module, whole=whole)
        made.prune()
        self.classes.append(made)
        return made

    # -- constructors -----------------------------------------------------------------------

    def module_doc(self, s: Any, owner: ClassText, around: list[Statement] | None = None) -> Doc:
        """What makes a statement's module in the constructor of `owner`; what it needs before it
        goes to `around`."""
        match s:
            case Operation():
                form = s.emitted
                doc: Doc = form.module() if callable(form.module) else form.module
                if callable(form.module):
                    self.helpers.add("Lambda")
                    doc = _bound(doc, owner)
                return doc
            case Factory():
                given = () if s.channels is None else (show(s.channels),)
                return Call(s.parameter, given)
            case Invoke():
                return self.instance(s)
            case Level():
                if s.sequential:
                    before = owner.init if around is None else around
                    return SequenceWriter(self, owner).document(s.body, before, "nn.Sequential")
                return self.level(s, owner, None)
        raise TypeError(s)

    def instance(self, s: Invoke) -> Doc:
        """A call of a module's class."""
        made = self.made[id(s.module)]
        given: list[Doc] = []
        for word in made.arguments():
            default = made.known[word][1]
            if word not in s.arguments:
                continue
            value = s.arguments[word]
            text = value.emitted if isinstance(value, Choice) else show(value)
            if default is None:
                given.append(text)
            elif text != default:
                given.append(Prefixed(f"{word}=", text))
        return Call(made.name, tuple(given))

    def level(self, s: Level, owner: ClassText, outer: ForwardWriter | None) -> Call:
        """A level as a separate class, and its call: what it uses of the enclosing class becomes
        its parameters."""
        made = ClassText(self.ids.take_class(s.title), "")
        made.locals.used |= owner.variables.keys() | bound_by(s.body)
        made.known = {w: (found, None) for w, (found, _) in owner.known.items()}
        for word in owner.known:
            made.locals.used.add(word)
        for word, value in owner.variables.items():
            made.known[word] = (guess(value), None)
        for word in bound_by(s.body):
            made.known.pop(word, None)
        made.lets = dict(owner.lets)
        writer = ForwardWriter(self, made, outer)
        writer.level(s)
        made.prune()
        self.classes.append(made)
        if outer is not None:
            outer.levels[id(s)] = writer
        return call(made.name, *made.arguments())


def _bound(doc: Doc, owner: ClassText) -> Doc:
    """A wrapped function that keeps the current values of variables that change."""
    if not isinstance(doc, Call) or not isinstance(doc.arguments[0], Prefixed):
        return doc
    function = doc.arguments[0]
    moving = sorted(words_of(flat(function.value)) & set(owner.variables))
    if not moving:
        return doc
    given = ", ".join(f"{word}={word}" for word in moving)
    return doc._replace(arguments=(function._replace(prefix=f"lambda x, {given}: "),))
