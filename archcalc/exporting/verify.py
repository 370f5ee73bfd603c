"""Proof by running: the generated PyTorch code against what was worked out from the text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.exporting import export
from archcalc.exporting.module import need_torch
from archcalc.graph import Group
from archcalc.ops.reach import Periodic

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
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
    net: Net, *, batch: int = 2, device: str = "cpu", field: bool = True, text: str | None = None
) -> Verification:
    """Exports a net, runs it in a process of its own, and compares.

    `device` is cpu, cuda, or meta (shapes and counts without numbers, in no time). `field` asks for
    the receptive field by gradient too. `text` is the code, where it has been generated already.
    Raises `TorchMissing` without PyTorch, `SpecError` where the net cannot be exported.
    """
    from archcalc.analysis.analyze import analyze

    need_torch()
    report = analyze(net)
    chosen = _chosen(report) if field and device != "meta" else None
    shapes = []
    for index in net.inputs.values():
        tensor = net.tensors[index]
        assert tensor is not None
        shapes.append(list(tensor.shape))
    request = {"inputs": shapes, "batch": batch, "device": device, "field": None}
    if chosen is not None:
        request["field"] = [chosen.path, list(chosen.position)]
    with TemporaryDirectory() as folder:
        file = Path(folder, "generated.py")
        file.write_text(export(net) if text is None else text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("probe.py"))],
            input=json.dumps({**request, "file": str(file)}),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        return Verification((), done.stderr.strip() or f"exit status {done.returncode}")
    return Verification(tuple(compare(report, json.loads(done.stdout), chosen)))


class Chosen(NamedTuple):
    """The layer whose receptive field is measured, an output position, and what it should see."""

    path: str
    position: tuple[int, ...]
    reaches: tuple[tuple[int, int], ...]


def compare(report: Report, told: dict[str, Any], chosen: Chosen | None = None) -> list[Compared]:
    """What the run told, beside the report."""
    net = report.net
    rows = [
        _shapes(net, told),
        _outputs(net, told),
        _equal("parameters", _params(net), told["parameters"]),
        _equal("buffers", _buffers(net), told["buffers"]),
        _state(net, told["state"]),
        _equal("multiplies", _macs(net), told["macs"]),
    ]
    if chosen is not None and "field" in told:
        rows.append(_field(chosen, told["field"]))
    idle = tuple(f"{name} gets no gradient" for name in told["training"]["idle"])
    rows.append(Compared("training step", "every weight", "forward and backward", idle))
    return rows


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


def _macs(net: Net) -> int:
    """The multiplies of inference that PyTorch's counter can see."""
    return sum(
        node.facts.macs or 0
        for node in net.nodes
        if node.facts is not None and not node.training_only and node.op.name not in UNSEEN
    )


def _shapes(net: Net, told: dict[str, Any]) -> Compared:
    """Output shapes by path, call by call; layers that are function calls have no module."""
    expected: dict[str, list[list[int]]] = {}
    for path, shape in _levels(net.root, net):
        expected.setdefault(path, []).append(list(shape))
    seen = {**told["training"]["shapes"], **told["shapes"]}
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
    found = {**told["training"]["outputs"], **told["outputs"]}
    differences = [
        f"{name}: {expected.get(name)} worked out, {found.get(name)} given"
        for name in {**expected, **found}
        if expected.get(name) != found.get(name)
    ]
    ours = ", ".join(f"{n} {_calls([s])}" for n, s in expected.items())
    return Compared("outputs", ours, f"{len(found)} given", _few(differences))


def _state(net: Net, state: list[Any]) -> Compared:
    """Names and shapes of the state_dict. Their order is registration's: text order."""
    ours = {name: list(shape) for name, shape, _, _ in _weights(net)}
    theirs = dict(state)
    differences = [
        f"{name}: {_said(ours.get(name))} worked out, {_said(theirs.get(name))} in the model"
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]
    return Compared(
        "state_dict keys", f"{len(ours)} names", f"{len(theirs)} names", _few(differences)
    )


def _said(shape: list[int] | None) -> str:
    return "absent" if shape is None else "x".join(map(str, shape)) or "a number"


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


def _chosen(report: Report) -> Chosen | None:
    """The last layer that is a module and sees less than the input, away from the borders."""
    net = report.net
    if len(net.inputs) != 1:
        return None
    tensor = net.tensors[next(iter(net.inputs.values()))]
    assert tensor is not None
    best = None
    for layer in report.layers:
        node = layer.node
        facts = node.facts
        if facts is None or any(isinstance(r, Periodic) for r in facts.reach or ()):
            break
        field = layer.receptive_field
        if field is not None and field.is_global:
            break
        if field is None or node.shared is not None or not facts.weights or node.training_only:
            continue
        found = _interior(layer, tensor.shape[1:])
        if found is not None:
            best = found
    return best


def _interior(layer: Any, sides: tuple[int, ...]) -> Chosen | None:
    """A position in the middle whose window lies inside the input on every axis."""
    field, output = layer.receptive_field, layer.output
    if output is None or len(output) != len(sides) + 1:
        return None
    position, reaches = [], []
    axes = zip(field.size, field.stride, field.offset, output[1:], sides, strict=True)
    for size, stride, offset, count, side in axes:
        if not all(isinstance(n, int) for n in (size, stride, offset)):
            return None
        fits = [j for j in range(count) if 0 <= offset + j * stride <= side - size]
        if not fits:
            return None
        j = fits[len(fits) // 2]
        position.append(j)
        reaches.append((offset + j * stride, offset + j * stride + size - 1))
    return Chosen(layer.node.path, tuple(position), tuple(reaches))
