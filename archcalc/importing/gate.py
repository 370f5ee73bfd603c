"""Compares a spec with the model that it was imported from: weights, output shapes of all modules,
outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.graph import Group
from archcalc.importing.graph import Capture, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import Report
    from archcalc.report.checked import Checked


UNCOUNTED = ".num_batches_tracked"
"""A buffer of PyTorch's batch normalization that is not part of the totals."""


def differences(checked: Checked, capture: Capture) -> list[str]:
    """The differences between a spec and a model, most important first; empty if they are equal."""
    if checked.report is None or any(d.severity == "error" for d in checked.diagnostics):
        return [d.message for d in checked.diagnostics if d.severity == "error"]
    report = checked.report
    return [*_weights(report, capture), *_shapes(report, capture), *_outputs(report, capture)]


def _weights(report: Report, capture: Capture) -> Iterator[str]:
    ours = {
        f"{node.path}.{weight.name}": tuple(weight.shape)
        for node in report.net.nodes
        if node.shared is None and node.facts is not None
        for weight in node.facts.weights
    }
    if not any(key.endswith(UNCOUNTED) for key in capture.weights):  # ONNX has no such counter
        ours = {key: shape for key, shape in ours.items() if not key.endswith(UNCOUNTED)}
    for key in {**capture.weights, **ours}:
        if ours.get(key) != capture.weights.get(key):
            yield f"{key} is {capture.weights.get(key)} in the model, {ours.get(key)} in the spec"


def _shapes(report: Report, capture: Capture) -> Iterator[str]:
    """Output shapes by path; a module that is called several times has several."""
    ours = {
        layer.node.path: layer.output
        for layer in report.layers
        if layer.output is not None and layer.node.shared is None
    }
    ours |= dict(_groups(report.net.root, report))
    for scope in _scopes(capture.root):
        if len(scope.outputs) == 1 and scope.path in ours and scope.path not in capture.inlined:
            shape = ours.pop(scope.path)
            if shape != scope.outputs[0].shape:
                theirs = scope.outputs[0].shape
                yield f"{scope.path} gives {theirs} in the model, {shape} in the spec"


def _groups(group: Group, report: Report) -> Iterator[tuple[str, tuple[int, ...]]]:
    for child in group.children:
        if isinstance(child, Group):
            tensor = None if child.output is None else report.net.tensors[child.output]
            if child.level and tensor is not None:
                yield child.path, tensor.shape
            yield from _groups(child, report)


def _scopes(scope: Scope) -> Iterator[Scope]:
    for child in scope.children:
        if isinstance(child, Scope):
            yield child
            yield from _scopes(child)


def _outputs(report: Report, capture: Capture) -> Iterator[str]:
    net = report.net
    ours = [t.shape for i in net.outputs.values() if (t := net.tensors[i]) is not None]
    theirs = [value.shape for value in capture.outputs.values()]
    if sorted(ours) != sorted(theirs):
        yield f"the outputs are {theirs} in the model, {ours} in the spec"
