"""The class of a group (or named join) that is no plain chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.expressions import name, substitute, variables
from archcalc.exporting.lanes import Differs, Lane, Wire, settled
from archcalc.exporting.layout import Call
from archcalc.exporting.pytorch.builder import Builder, Parameter
from archcalc.exporting.pytorch.calls import Made
from archcalc.exporting.pytorch.scope import Scope
from archcalc.exporting.references import References

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.scope import Here
    from archcalc.exporting.pytorch.writer import Writer
    from archcalc.graph import Group
    from archcalc.spec.syntax import Layer


class InnerClass:
    """It takes the variables it reads from the class around it, and the tensors that it names."""

    def __init__(
        self, writer: Writer, layer: Layer, here: Here, start: Wire | None, groups: list[Group]
    ) -> None:
        self.writer = writer
        self.layer = layer
        self.here = here
        self.start = start
        self.groups = groups
        self.channels: Expr | None = None
        program = writer.program
        lanes = [
            Lane(lane.net, group, lane.names, dict(lane.py), group.path + ".")
            for lane, group in zip(here.lanes, groups, strict=True)
        ]
        title = groups[0].path.rpartition(".")[2]
        word = title if not title.isdecimal() else f"{layer.word or 'group'} {title}"
        self.builder = Builder(program, program.class_ids.take_class(word), lanes, writer.builder)
        self.builder.ids = writer.builder.ids.copy()
        self.builder.variables = writer.builder.variables
        self.builder.note = layer.note
        self.builder.around = here
        program.reserve_attributes(self.builder)

    def write(self) -> Made:
        try:
            return self._write()
        except Differs as differs:
            raise self._outside(differs) from differs

    def _outside(self, differs: Differs) -> Differs:
        """What differs between the places inside, told of the places around."""
        found: dict[int, list[object]] = {}
        for lane, value in differs.keys:
            found.setdefault(id(lane.root), []).append(value)
        keys = [tuple(map(repr, found.get(id(lane), []))) for lane in self.builder.lanes]
        return Differs(self.here.lanes, keys)

    def _write(self) -> Made:
        from archcalc.exporting.pytorch.forward import ForwardWriter
        from archcalc.exporting.pytorch.joins import join

        builder, layer, program = self.builder, self.layer, self.writer.program
        body = layer.body or tuple(one for b in layer.branches for one in b.body)
        inside = ForwardWriter(builder, References(body, program.spec.blocks))
        here = self.here._replace(lanes=builder.lanes, scope=Scope(self.here.scope), loops=())
        entry = self._entry()
        if layer.kind == "group":
            result = inside.body(layer.body, here, entry)
        else:
            result = join(inside, layer, here, entry, self.groups)
        program.close_forward(inside, result)
        builder.keep_read()
        self._outer_parameters(result)
        outputs = {} if result is None else self._outputs(result)
        builder.inputs += [(one.python, one.type) for one in builder.captured]
        extra = [one.outer for one in builder.captured]
        if builder.gives_heads:
            builder.inputs.append(("heads", "dict[str, Tensor]"))
            self.writer.builder.gives_heads = True
            extra.append("heads")
        program.add_class(builder)
        return Made(Call(builder.name, self._arguments()), outputs, tuple(extra))

    def _entry(self) -> Wire | None:
        """The tensor that enters, its channels a parameter unless they are one number or name."""
        start, builder = self.start, self.builder
        if start is None:
            return None
        builder.inputs.append(("x", "Tensor"))
        dims: dict[int, Expr] = {}
        axis_of = {lane.tensor(start).channel_axis for lane in self.here.lanes}
        for axis, known in start.dims.items():
            shapes = [lane.tensor(start).shape for lane in self.here.lanes]
            try:
                expr = settled(known, self.here.lanes, [shape[axis] for shape in shapes])
            except (Differs, IndexError):
                continue
            if axis_of == {axis} and len(variables(expr)) and not hasattr(expr, "id"):
                self.channels = expr
                values = [shape[axis] for shape in shapes]
                word = builder.parameter("in_channels", Parameter("channels", ""), values)
                expr = name(word)
            dims[axis] = expr
        entry = Wire("x", dims, simple=True, typed=True)
        for lane, outer in zip(builder.lanes, self.here.lanes, strict=True):
            lane.set(entry, outer.index(start))
        return entry

    def _outer_parameters(self, result: Wire | None) -> None:
        """Variables of the class around that the code reads become parameters."""
        builder = self.builder
        lets = {word for word, _ in builder.lets}
        outer = {v for v in self.here.lanes[0].py if v not in builder.parameters and v not in lets}
        read = set(builder.used)
        if result is not None:
            read |= {v for e in result.dims.values() for v in variables(e)}
        local = set(builder.lanes[0].py) - set(self.here.lanes[0].py)
        for word in sorted(read & outer - local):
            builder.parameters[word] = Parameter("outer", word)

    def _outputs(self, result: Wire) -> dict[int, Expr]:
        builder = self.builder
        known: dict[str, Expr] = dict(builder.closed)
        for word, parameter in builder.parameters.items():
            if parameter.kind == "channels" and self.channels is not None:
                known[word] = self.channels
        outputs = {}
        for axis, expr in result.dims.items():
            found = substitute(expr, known)
            if set(variables(found)) <= set(self.here.lanes[0].py):
                outputs[axis] = found
        return outputs

    def _arguments(self) -> tuple[Doc, ...]:
        given: list[Doc] = []
        for python in self.builder.ordered():
            parameter = self.builder.parameters[python]
            if parameter.kind == "channels":
                assert self.channels is not None
                given.append(self.writer.builder.text(self.writer.fitted(self.channels, self.here)))
            elif parameter.kind == "extra":
                actual = [lane.py[python] for lane in self.builder.lanes]
                expr = self.writer.number(self.here.lanes, actual, None, parameter.word)
                given.append(self.writer.builder.text(expr))
            else:
                given.append(self.writer.builder.text(name(python)))
        return tuple(given)
