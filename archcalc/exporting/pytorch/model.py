"""The model itself: the class of the whole net."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from archcalc.exporting.expressions import Untranslatable, literal, translate
from archcalc.exporting.lanes import Lane, Wire, holds
from archcalc.exporting.layout import Line
from archcalc.exporting.pytorch.builder import Builder
from archcalc.exporting.pytorch.chain import write_chain
from archcalc.exporting.pytorch.forward import ForwardWriter
from archcalc.exporting.pytorch.scope import Here, Label, Scope
from archcalc.exporting.references import References

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.pytorch.program import Program
    from archcalc.spec.syntax import Spec


class ModelWriter:
    """Writes the model, once its blocks are written."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def write(self) -> Builder:
        """The model itself."""
        spec = self.program.spec
        lanes = [Lane(net, net.root, dict(net.variables), {}, "") for net in self.program.nets]
        builder = Builder(
            self.program, self.program.class_ids.take_class(_title(spec)), lanes, None
        )
        builder.base = "root"
        self.program.reserve_attributes(builder)
        env = self.program.variables_of(builder, lanes)
        references = References(spec.layers, spec.blocks)
        scope = Scope()
        entry = self._inputs(builder, lanes, env, references, scope)
        here = Here(lanes, env, scope)
        one = len(spec.inputs) == 1 and entry is not None
        if one and self.program.is_sequential(spec.layers, lanes):
            assert entry is not None
            write_chain(builder, spec.layers, here, entry)
            builder.inputs = []
            builder.base = "nn.Sequential"
        else:
            self._model_forward(builder, references, here, entry)
            builder.base = "nn.Module"
        self.program.add_class(builder)
        return builder

    def _inputs(
        self,
        builder: Builder,
        lanes: list[Lane],
        env: dict[str, Expr | None],
        references: References,
        scope: Scope,
    ) -> Wire | None:
        entry = None
        for declared in self.program.spec.inputs:
            single = len(self.program.spec.inputs) == 1
            if single and not references.tensor(declared.name):
                python = "x"
            else:
                word = "image" if declared.name == "input" else declared.name
                python = builder.forward_ids.take(word, "tensor")
            wire = Wire(python, simple=True, typed=True)
            for lane in lanes:
                lane.set(wire, lane.net.inputs[declared.name])
            shapes = [lane.tensor(wire).shape for lane in lanes]
            expr = None
            with suppress(Untranslatable, SyntaxError):
                expr = translate(declared.shape[0], env)
            values = [shape[0] for shape in shapes]
            if expr is None or not holds(expr, lanes, values):
                expr = literal(values[0]) if len(set(values)) == 1 else None
            if expr is not None:
                wire.dims[0] = expr
            builder.inputs.append((python, "Tensor"))
            scope.enter(declared.name, Label(wire, builder))
            entry = wire if single else None
        return entry

    def _model_forward(
        self, builder: Builder, references: References, here: Here, entry: Wire | None
    ) -> None:
        writer = ForwardWriter(builder, references)
        writer.kept |= {word for word, _ in builder.inputs if word != "x"}
        result = writer.body(self.program.spec.layers, here, entry)
        if not builder.gives_heads:
            self.program.close_forward(writer, result)
            return
        builder.forward.insert(0, Line("heads: dict[str, Tensor] = ", "{}"))
        if result is None:
            builder.returns = "dict[str, Tensor]"
            builder.forward.append(Line("return ", "heads"))
            return
        if not result.simple:
            result = writer.simple(here, result)
        whole = f'{{"output": {result.doc}, **heads}}'
        builder.returns = "dict[str, Tensor]"
        if self._training_heads():
            builder.returns = "Tensor | dict[str, Tensor]"
            whole += f" if heads else {result.doc}"
        builder.forward.append(Line("return ", whole))

    def _training_heads(self) -> bool:
        """Whether every head runs in training only, so that the model then gives one tensor."""
        net = self.program.nets[0]
        for word, tensor in net.outputs.items():
            producer = net.producers[tensor]
            if word == "output" or producer is None:
                continue
            if not net.nodes[producer].training_only:
                return False
        return True


def _title(spec: Spec) -> str:
    """The net's name; a text that has none is called Net."""
    return "Net" if spec.name.startswith("<") else spec.name
