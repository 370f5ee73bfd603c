"""Proof by running: the generated PyTorch code against what was worked out from the text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.exporting import export
from archcalc.exporting.measurable import choose
from archcalc.exporting.module import need_torch
from archcalc.graph import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import Report
    from archcalc.exporting.measurable import Chosen
    from archcalc.graph import Net, Node

UNSEEN = ("rbf",)
"""Operations whose multiplies PyTorch's counter does not see."""

MOST = 5
"""Differences told one by one; the rest are counted."""


class Compared(NamedTuple):
    """One thing that was compared: what, how it reads on both sides, and what differs."""

    what: str
    ours: str
    theirs: str
    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.differences


class Verification(NamedTuple):
    """Everything that was compared. `failure` says why the code did not run, where it did not."""

    rows: tuple[Compared, ...]
    failure: str = ""

    @property
    def ok(self) -> bool:
        return not self.failure and all(row.equal for row in self.rows)


def verify(
    net: Net,
    *,
    batch: int = 2,
    device: str = "cpu",
    layer: str | None = None,
    text: str | None = None,
) -> Verification:
    """Exports a net, runs it in a process of its own, and compares.

    `device` is cpu, cuda, or meta (shapes and counts without numbers, in no time). `layer` is the
    path of the layer whose receptive field is measured, where it is not the last one that can be.
    `text` is the code, where it has been generated already.
    Raises `TorchMissing` without PyTorch, `SpecError` where the net cannot be exported, and
    `Unmeasurable` for a layer without a receptive field that a gradient shows.
    """
    from archcalc.analysis.analyze import analyze

    need_torch()
    report = analyze(net)
    chosen = choose(report, layer) if layer is not None or device != "meta" else None
    request = asked(net, chosen, batch=batch, device=device)
    with TemporaryDirectory() as folder:
        file = Path(folder, "generated.py")
        file.write_text(export(net) if text is None else text, encoding="utf-8")
        done = subprocess.run(
            # -P: nothing beside the probe may be taken for a module of Python's own.
            [sys.executable, "-P", str(Path(__file__).with_name("probe.py"))],
            input=json.dumps({**request, "file": str(file)}),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        return Verification((), done.stderr.strip() or f"exit status {done.returncode}")
    return Verification(tuple(compare(report, json.loads(done.stdout), chosen)))


def asked(
    net: Net, chosen: Chosen | None, *, batch: int = 2, device: str = "cpu"
) -> dict[str, Any]:
    """What the probe is asked to run, but for the file."""
    shapes = [list(tensor.shape) for i in net.inputs.values() if (tensor := net.tensors[i])]
    field = None if chosen is None else [chosen.path, list(chosen.position)]
    return {"inputs": shapes, "batch": batch, "device": device, "field": field}


def compare(report: Report, told: dict[str, Any], chosen: Chosen | None = None) -> list[Compared]:
    """What the run told, beside the report."""
    net = report.net
    rows = [
        _shapes(net, told),
        _outputs(net, told),
        _equal("parameters", _params(net), told["parameters"]),
        _equal("buffers", _buffers(net), told["buffers"]),
        _state(net, told["state"]),
        _multiplies(net, told["macs"], told["macs_of"]),
    ]
    if chosen is not None and "field" in told:
        rows.append(_field(chosen, told["field"]))
    return [*rows, *(_gradients(net, mode, told[mode]["idle"]) for mode in ("eval", "train"))]


def _equal(what: str, ours: int, theirs: int) -> Compared:
    differences = () if ours == theirs else (f"{ours:,} worked out, {theirs:,} counted",)
    return Compared(what, f"{ours:,}", f"{theirs:,}", differences)


def _weights(net: Net) -> list[tuple[str, tuple[int, ...], bool, bool]]:
    """Every named array: name, shape, whether it is trained, whether it is counted."""
    return [
        (f"{node.path}.{w.name}", tuple(w.shape), w.trainable, w.counted)
        for node in net.nodes
        if node.shared is None and node.facts is not None
        for w in node.facts.weights
    ]


def _params(net: Net) -> int:
    return sum(_size(shape) for _, shape, trainable, _ in _weights(net) if trainable)


def _buffers(net: Net) -> int:
    found = [shape for _, shape, trainable, counted in _weights(net) if counted and not trainable]
    return sum(map(_size, found))


def _size(shape: tuple[int, ...]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


def _multiplies(net: Net, counted: int, counted_of: dict[str, int]) -> Compared:
    """The multiplies of inference, layer by layer and in all, but for those that PyTorch's counter
    does not see, and those of layers whose tensor nothing reads: code need not run them."""
    run = [node for node in net.nodes if node.facts is not None and not node.training_only]
    read = {node.path for node in _taking_part(net, training=False)}
    unread = {node.path for node in run} - read
    unseen = sorted({node.op.name for node in run if node.path in read} & set(UNSEEN))
    apart = [*unseen, *(["what nothing reads"] if unread else [])]
    what = f"multiplies, {', '.join(apart)} left out" if apart else "multiplies"
    total = 0
    of: dict[str, int] = {}  # a layer that is called again has the multiplies of all its calls
    for node in run:
        if node.facts is None or node.op.name in UNSEEN or node.path in unread:
            continue
        total += node.facts.macs or 0
        if node.facts.weights:
            of[node.path] = of.get(node.path, 0) + (node.facts.macs or 0)
    differences = [
        f"{path}: {macs:,} worked out, {counted_of.get(path, 0):,} counted"
        for path, macs in of.items()
        if macs != counted_of.get(path, 0)
    ]
    row = _equal(what, total, counted - sum(counted_of.get(path, 0) for path in unread))
    return row._replace(differences=(*row.differences, *_few(differences)))


def _shapes(net: Net, told: dict[str, Any]) -> Compared:
    """Output shapes by path, call by call; layers that are function calls have no module."""
    expected: dict[str, list[list[int]]] = {}
    for path, shape in _levels(net.root, net):
        expected.setdefault(path, []).append(list(shape))
    seen = {**told["train"]["shapes"], **told["eval"]["shapes"]}
    differences = []
    compared = 0
    for path, shapes in expected.items():
        if path in seen:
            compared += 1
            if seen[path] != shapes:
                differences.append(f"{path}: {_calls(shapes)} worked out, {_calls(seen[path])} run")
    return Compared(
        "output shapes",
        f"{len(expected)} layers and groups",
        f"{compared} modules",
        _few(differences),
    )


def _levels(group: Group, net: Net) -> list[tuple[str, tuple[int, ...]]]:
    """Layers and the groups that are levels, with their output shapes, in order of execution."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for child in group.children:
        if isinstance(child, Group):
            found += _levels(child, net)
            tensor = net.tensors[child.output] if child.output else None
            if child.level and tensor is not None:
                found.append((child.path, tensor.shape))
        elif (child.path != group.path or not group.level) and len(child.outputs) == 1:
            found.append((child.path, _shape(child, net)))
    return found


def _shape(node: Node, net: Net) -> tuple[int, ...]:
    tensor = net.tensors[node.outputs[0]]
    assert tensor is not None
    return tensor.shape


def _calls(shapes: list[list[int]]) -> str:
    return ", ".join("x".join(map(str, s)) or "a number" for s in shapes)


def _outputs(net: Net, told: dict[str, Any]) -> Compared:
    expected = {}
    for name, index in net.outputs.items():
        tensor = net.tensors[index]
        expected[name] = [] if tensor is None else list(tensor.shape)
    found = {**told["train"]["outputs"], **told["eval"]["outputs"]}
    differences = [
        f"{name}: {expected.get(name)} worked out, {found.get(name)} given"
        for name in {**expected, **found}
        if expected.get(name) != found.get(name)
    ]
    ours = ", ".join(f"{n} {_calls([s])}" for n, s in expected.items())
    return Compared("outputs", ours, f"{len(found)} given", _few(differences))


def _state(net: Net, state: list[Any]) -> Compared:
    """Names, shapes and order of the state_dict."""
    ours = {name: list(shape) for name, shape, _, _ in _weights(net)}
    theirs = dict(state)
    differences = [
        f"{name}: {_said(ours.get(name))} worked out, {_said(theirs.get(name))} in the model"
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]
    if not differences:
        pairs = zip(ours, theirs, strict=True)
        differences = [f"{a}: in its place is {b}" for a, b in pairs if a != b]
    return Compared(
        "state_dict keys", f"{len(ours)} names", f"{len(theirs)} names", _few(differences)
    )


def _said(shape: list[int] | None) -> str:
    return "absent" if shape is None else "x".join(map(str, shape)) or "a number"


def _gradients(net: Net, mode: str, idle: list[str]) -> Compared:
    """A step forward and back: every weight that takes part gets a gradient, and no other."""
    parts = {node.path for node in _taking_part(net, training=mode == "train")}
    trained = [w[0] for w in _weights(net) if w[2]]
    expected = [name for name in trained if name.rpartition(".")[0] in parts]
    missing = [f"{name} gets no gradient" for name in expected if name in set(idle)]
    reached = len(trained) - len(idle)
    return Compared(
        f"gradients, {mode} mode",
        f"of {len(expected)} weights",
        f"of {reached} weights",
        _few(missing)
        or (("weights that should take no part do",) if reached > len(expected) else ()),
    )


def _taking_part(net: Net, *, training: bool) -> Iterator[Node]:
    """The layers that an output depends on: some may be written whose tensor nothing reads."""
    waiting = list(net.outputs.values())
    seen: set[int] = set()
    while waiting:
        tensor = waiting.pop()
        producer = net.producers[tensor]
        if tensor in seen or producer is None:
            continue
        seen.add(tensor)
        node = net.nodes[producer]
        if training or not node.training_only:
            yield node
            # A layer that is no join reads one tensor; a further one (`like`) gives only its sides.
            waiting += node.inputs if node.op.join else node.inputs[:1]


def _few(differences: list[str]) -> tuple[str, ...]:
    if len(differences) <= MOST:
        return tuple(differences)
    return (*differences[:MOST], f"and {len(differences) - MOST} more")


def _field(chosen: Chosen, found: list[Any]) -> Compared:
    ours, theirs = [list(r) for r in chosen.reaches], found
    differences = () if ours == theirs else (f"{ours} worked out, {theirs} by gradient",)
    sizes = "x".join(str(last - first + 1) for first, last in chosen.reaches)
    measured = "x".join(str(f[1] - f[0] + 1) if f else "0" for f in found)
    return Compared(f"receptive field of {chosen.path}", sizes, measured, differences)
