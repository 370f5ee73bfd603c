"""`build`: the whole net as a function that makes a model, the spec's vars its arguments."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import Untranslatable, literal, quoted, translate
from archcalc.codegen.layout import Line, assign, call, flat
from archcalc.codegen.references import References
from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.naming import is_chain
from archcalc.exporting.call_sites import CallSite, NotUniform, SymbolicTensor, holds
from archcalc.exporting.keras.body import BodyWriter
from archcalc.exporting.keras.code import SEPARATOR, Path, keras_name
from archcalc.exporting.keras.function import Function
from archcalc.exporting.keras.layer_names import could_collide
from archcalc.exporting.keras.op_context import shape
from archcalc.exporting.keras.strategies import Level
from archcalc.exporting.keras.writer import Context, Label, Scope

if TYPE_CHECKING:
    from archcalc.exporting.keras.program import Program
    from archcalc.graph import Net
    from archcalc.spec.syntax import Input

DEEP = 400
"""Layers on a path that Keras walks within Python's own limit of 1,000 calls inside calls."""


def build(program: Program) -> Function:
    """The function `build`, its body written."""
    spec = program.spec
    lanes = [CallSite(net, net.root, dict(net.variables), {}, "") for net in program.nets]
    function = Function(program, "build", lanes, None)
    env = program.variables(function)
    function.variables = dict(env)
    function.claim()
    function.returns = "keras.Model"
    writer = BodyWriter(function, References(spec.layers, spec.blocks))
    level = Level(id(spec.layers), is_chain(spec.layers, spec.blocks, {}))
    # A first part that is ours alone, where Keras could give a layer's name to another.
    path = Path(("net",) if any(map(could_collide, program.nets)) else ())
    here = Context(lanes, env, Scope(), level, path)
    inputs, entry = _inputs(writer, here)
    start = len(function.statements)
    writer.start_counting(level)
    result = writer.body(spec.layers, here, entry)
    outputs = _outputs(program, function, None if result is None else flat(result.doc), start)
    if (longest := _longest_path(program.nets[0])) > DEEP:
        function.statements += _deeper(longest)
    made = call("keras.Model", inputs, outputs, name=quoted(_model_name(spec.name)))
    function.statements.append(Line("return ", made))
    function.finish()
    function.note = "The model, with the spec's vars as arguments." if function.keywords() else ""
    return function


def _model_name(name: str) -> str:
    """The net's name without what Keras does not take, `net` for a spec without one."""
    parts = [] if name.startswith("<") else re.findall("[A-Za-z0-9-]+", name)
    return SEPARATOR.join(parts) or "net"


# -- inputs -----------------------------------------------------------------------------------


def _inputs(writer: BodyWriter, here: Context) -> tuple[str, SymbolicTensor | None]:
    """Writes the inputs; gives them as the model takes them, and what the first layer reads."""
    declared = writer.program.spec.inputs
    wires = [_input(writer, here, one, single=len(declared) == 1) for one in declared]
    if len(wires) == 1:
        return flat(wires[0].doc), wires[0]
    return f"[{', '.join(flat(wire.doc) for wire in wires)}]", None


def _input(writer: BodyWriter, here: Context, declared: Input, *, single: bool) -> SymbolicTensor:
    python = (
        writer.function.own["inputs"]
        if single
        else writer.function.ids.take(declared.name, "tensor")
    )
    wire = SymbolicTensor(python)
    for lane in here.lanes:
        lane.set(wire, lane.net.inputs[declared.name])
    sizes = _sizes(writer, here, declared, wire)
    whole = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    named = None if single else quoted(keras_name(declared.name))
    writer.statements.append(assign(python, call("keras.Input", whole, name=named)))
    here.scope.labels[declared.name] = Label(wire)
    return wire


def _sizes(writer: BodyWriter, here: Context, declared: Input, wire: SymbolicTensor) -> list[str]:
    """The lengths of an input's axes, channels last, with the vars that are in them."""
    shapes = [shape(lane.tensor(wire)) for lane in here.lanes]
    sizes = []
    for position, axis in enumerate([*range(1, len(shapes[0])), 0]):
        actual = [s[position] for s in shapes]
        expr = None
        with suppress(Untranslatable, SyntaxError, DiagnosticError):
            expr = translate(declared.shape[axis], here.env)
        if expr is None or not holds(expr, here.lanes, actual):
            if len(set(actual)) > 1:
                raise NotUniform(here.lanes, actual)
            expr = literal(actual[0])
        sizes.append(writer.function.text(expr))
    return sizes


# -- outputs ----------------------------------------------------------------------------------


def _outputs(program: Program, function: Function, main: str | None, start: int) -> str:
    """The model's outputs: one tensor, or heads by name, gathered from `start` on."""
    net = program.nets[0]
    if main is not None and "output" in net.outputs and not program.heads:
        return main
    outputs = function.own["outputs"]
    function.statements.insert(start, assign(outputs, "{}"))
    if main is None or "output" not in net.outputs:
        return outputs
    function.statements.append(assign(f'{outputs}["output"]', main))
    if all(map(_only_training, program.nets)):
        return f"{outputs} if {function.own['training_heads']} else {main}"
    return outputs


def _only_training(net: Net) -> bool:
    """Whether every head is for training only."""
    producers = [net.producers[t] for word, t in net.outputs.items() if word != "output"]
    return all(p is not None and net.nodes[p].training_only for p in producers)


# -- deep nets --------------------------------------------------------------------------------


def _longest_path(net: Net) -> int:
    """The layers on the longest path through the net."""
    longest = [0] * len(net.tensors)
    for node in net.nodes:
        here = 1 + max((longest[i] for i in node.inputs), default=0)
        for i in node.outputs:
            longest[i] = here
    return max(longest)


def _deeper(longest: int) -> list[Line]:
    limit = -(-(1000 + 4 * longest) // 1000) * 1000
    return [
        Line("# ", "Keras walks a model by calls inside calls, and this one is deep."),
        Line("", f"sys.setrecursionlimit(max(sys.getrecursionlimit(), {limit:_}))"),
    ]
