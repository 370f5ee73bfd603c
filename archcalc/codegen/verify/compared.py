"""The results of running the generated code, compared with the report row by row.

Inference and training are compared separately, so that one does not hide errors of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.graph import Group
from archcalc.ops.base import key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import Report
    from archcalc.codegen.verify.measurable import Chosen
    from archcalc.graph import Net, Node

UNSEEN = ("rbf",)
"""Operations whose MACs PyTorch's counter does not see."""

MOST = 5
"""Differences that are listed; the rest are counted."""

MODES = ("eval", "train")


class Compared(NamedTuple):
    """One comparison: what, both values, and the differences."""

    what: str
    ours: str
    theirs: str
    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.differences


def compare(report: Report, told: dict[str, Any], chosen: Chosen | None = None) -> list[Compared]:
    """The results of the run, next to the report."""
    net = report.net
    parts = {mode: _taking_part(net, training=mode == "train") for mode in MODES}
    rows = [
        *(_shapes(net, mode, told[mode], parts[mode]) for mode in MODES),
        *(_outputs(net, mode, told[mode]) for mode in MODES),
        _counted(report, "parameters", "params", told["parameters"]),
        _counted(report, "buffers", "buffers", told["buffers"]),
        _state(net, told["state"]),
        _multiplies(report, told, parts["eval"]),
    ]
    if chosen is not None and "field" in told:
        rows.append(_field(chosen, told["field"]))
    return [*rows, *(_gradients(net, mode, told[mode]["trained"], parts[mode]) for mode in MODES)]


def _taking_part(net: Net, *, training: bool) -> set[int]:
    """The layers that an output depends on: others may be written whose tensor nothing reads."""
    waiting = list(net.outputs.values())
    seen: set[int] = set()
    found: set[int] = set()
    while waiting:
        tensor = waiting.pop()
        producer = net.producers[tensor]
        if tensor in seen or producer is None:
            continue
        seen.add(tensor)
        node = net.nodes[producer]
        if training or not node.training_only:
            found.add(node.index)
            waiting += node.op.read(node.inputs)
    return found


# -- shapes -----------------------------------------------------------------------------------


class Step(NamedTuple):
    """A layer or a level, as it is run: its path, its output, and its layers."""

    path: str
    shape: tuple[int, ...]
    nodes: tuple[Node, ...]
    weighted: bool = False


def _shapes(net: Net, mode: str, told: dict[str, Any], parts: set[int]) -> Compared:
    """Output shapes by path, call by call; layers that are function calls have no module."""
    expected: dict[str, list[list[int]]] = {}
    weighted: set[str] = set()
    idle: set[str] = set()  # unread layers may run or not
    for step in _steps(net.root, net):
        running = [n for n in step.nodes if mode == "train" or not n.training_only]
        if not running:
            continue
        if not any(node.index in parts for node in running):
            idle.add(step.path)
            continue
        expected.setdefault(step.path, []).append([told["batch"], *step.shape])
        weighted |= {step.path} if step.weighted else set()
    seen: dict[str, list[list[int]]] = told["shapes"]
    differences = []
    compared = 0
    for path, shapes in expected.items():
        run = seen.get(path, [])
        if path in idle or (not run and path not in weighted):
            continue
        compared += 1
        if run != shapes:
            differences.append(f"{path}: {_calls(shapes)} predicted, {_calls(run)} run")
    return Compared(
        f"output shapes, {mode} mode",
        f"{_many(len(expected), 'layer')} and groups",
        _many(compared, "module"),
        _few(differences),
    )


def _steps(group: Group, net: Net) -> Iterator[Step]:
    """Layers and the groups that are path components, in execution order."""
    for child in group.children:
        if isinstance(child, Group):
            yield from _steps(child, net)
            tensor = net.tensors[child.output] if child.output else None
            if child.level and tensor is not None:
                yield Step(child.path, tensor.shape, net.nodes[child.start : child.end])
        elif (child.path != group.path or not group.level) and len(child.outputs) == 1:
            tensor = net.tensors[child.outputs[0]]
            assert tensor is not None
            assert child.facts is not None
            own = child.op.reads_input and bool(child.facts.weights)  # else it is not a module
            yield Step(child.path, tensor.shape, (child,), own)


def _calls(shapes: list[list[int]]) -> str:
    """Shapes, call by call."""
    return ", ".join("x".join(map(str, s)) or "a number" for s in shapes) or "nothing"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _outputs(net: Net, mode: str, told: dict[str, Any]) -> Compared:
    expected: dict[str, list[int]] = {}
    for name, index in net.outputs.items():
        tensor, producer = net.tensors[index], net.producers[index]
        aside = producer is not None and net.nodes[producer].training_only
        if tensor is not None and (mode == "train" or not aside):
            expected[name] = [told["batch"], *tensor.shape]
    found: dict[str, list[int]] = told["outputs"]
    differences = [
        f"{name}: {_said(expected.get(name))} predicted, {_said(found.get(name))} given"
        for name in {**expected, **found}
        if expected.get(name) != found.get(name)
    ]
    return Compared(f"outputs, {mode} mode", _listed(expected), _listed(found), _few(differences))


def _listed(outputs: dict[str, list[int]]) -> str:
    if len(outputs) > 1:
        return _many(len(outputs), "output")
    return ", ".join(f"{name} {_calls([shape[1:]])}" for name, shape in outputs.items()) or "none"


def _said(shape: list[int] | None) -> str:
    return "absent" if shape is None else "x".join(map(str, shape)) or "a number"


# -- weights ----------------------------------------------------------------------------------


def _counted(report: Report, what: str, figure: str, counted: int) -> Compared:
    """The net's total, plus what runs in training only, which PyTorch counts as well."""
    total = getattr(report.totals, figure)
    if total is None:
        return Compared(what, "?", f"{counted:,}", ())
    aside = sum(
        getattr(layer.totals, figure) or 0 for layer in report.layers if layer.node.training_only
    )
    # If a net only runs in training, its totals are those of training.
    aside = aside if any(not layer.node.training_only for layer in report.layers) else 0
    ours = f"{total:,}" + (f" + {aside:,}" if aside else "")
    what += " (+ in training)" if aside else ""
    differences = () if total + aside == counted else (f"{ours} predicted, {counted:,} counted",)
    return Compared(what, ours, f"{counted:,}", differences)


def _weights(net: Net) -> Iterator[tuple[str, tuple[int, ...], bool, str]]:
    """Every named array: name, shape, whether it is trainable, the path of its layer."""
    for node in net.nodes:
        if node.shared is None and node.facts is not None:
            for w in node.facts.weights:
                yield key(node.path, w.name), tuple(w.shape), w.trainable, node.path


def _state(net: Net, state: list[Any]) -> Compared:
    """Names, shapes and order of the state_dict: a module's own parameters come before those of
    its submodules."""
    own = {node.path for node in net.nodes if node.op.name == "parameter"}
    named = [(name, list(shape)) for name, shape, *_ in _weights(net)]
    for path in reversed([name for name, _ in named if name in own]):
        level = path.rpartition(".")[0]
        inside = f"{level}." if level else ""
        first = next(i for i, (name, _) in enumerate(named) if name.startswith(inside))
        named.insert(first, named.pop([name for name, _ in named].index(path)))
    ours = dict(named)
    theirs = dict(state)
    differences = [
        f"{name}: {_said(ours.get(name))} predicted, {_said(theirs.get(name))} in the model"
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]
    if not differences:
        pairs = zip(ours, theirs, strict=True)
        differences = [f"{a}: in its place is {b}" for a, b in pairs if a != b]
    return Compared(
        "state_dict keys", _many(len(ours), "name"), _many(len(theirs), "name"), _few(differences)
    )


def _gradients(net: Net, mode: str, trained: list[str], parts: set[int]) -> Compared:
    """A forward and backward pass: every weight that takes part gets a gradient, and no other."""
    paths = {node.path for node in net.nodes if node.index in parts}
    expected = [n for n, _, trains, path in _weights(net) if trains and path in paths]
    found = set(trained)
    differences = [f"{name} gets no gradient" for name in expected if name not in found]
    differences += [f"{name} takes part" for name in trained if name not in set(expected)]
    return Compared(
        f"gradients, {mode} mode",
        f"of {_many(len(expected), 'weight')}",
        f"of {_many(len(trained), 'weight')}",
        _few(differences),
    )


# -- MACs and receptive fields ------------------------------------------------------------------


def _multiplies(report: Report, told: dict[str, Any], parts: set[int]) -> Compared:
    """The MACs of inference, per layer and in total, except those that PyTorch's counter does not
    see, and those of layers whose tensor nothing reads: code need not run them."""
    run = [layer for layer in report.layers if not layer.node.training_only]
    unread = {layer.node.path for layer in run if layer.node.index not in parts}
    unseen = sorted({one.node.op.name for one in run if one.node.index in parts} & set(UNSEEN))
    apart = [*unseen, *(["unused layers"] if unread else [])]
    what = f"MACs, {', '.join(apart)} excluded" if apart else "MACs"
    # If a net only runs in training, its totals are those of training.
    total = (report.totals.macs or 0) if run else 0
    of: dict[str, int] = {}  # a reused layer has the MACs of all its calls
    for layer in run:
        node, macs = layer.node, layer.totals.macs or 0
        if node.op.name in UNSEEN or node.path in unread:
            total -= macs
        elif node.facts is not None and node.facts.weights:
            of[node.path] = of.get(node.path, 0) + macs
    share = 2 * told["batch"]  # a multiplication and an addition for each, and every sample
    counts = {path: flops / share for path, flops in told["flops_of"].items()}
    counted = told["flops"] / share - sum(counts.get(path, 0) for path in unread)
    differences = [] if total == counted else [f"{total:,} predicted, {counted:,.12g} counted"]
    differences += [
        f"{path}: {macs:,} predicted, {counts.get(path, 0):,.12g} counted"
        for path, macs in of.items()
        if macs != counts.get(path, 0)
    ]
    return Compared(what, f"{total:,}", f"{counted:,.12g}", _few(differences))


def _field(chosen: Chosen, found: list[Any]) -> Compared:
    ours, theirs = [list(r) for r in chosen.reaches], found
    differences = () if ours == theirs else (f"{ours} predicted, {theirs} by gradient",)
    sizes = "x".join(str(last - first + 1) for first, last in chosen.reaches)
    measured = "x".join(str(f[1] - f[0] + 1) if f else "0" for f in found)
    return Compared(f"receptive field of {chosen.path}", sizes, measured, differences)


def _few(differences: list[str]) -> tuple[str, ...]:
    if len(differences) <= MOST:
        return tuple(differences)
    return (*differences[:MOST], f"and {len(differences) - MOST} more")
