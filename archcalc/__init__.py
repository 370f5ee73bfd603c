"""archcalc: shapes, parameters, MACs and receptive fields of a network, from its spec alone.

>>> import archcalc
>>> net = archcalc.load('''
... input: [3, 224, 224]
... layers:
...   - {name: conv1, conv: {out: 64, kernel: 3, padding: 1}}
... ''')
>>> report = archcalc.analyze(net)
>>> report.layers[0].output, report.totals.params, report.totals.macs
((64, 224, 224), 1792, 86704128)

`import archcalc` is fast: functions import what they need when they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from typing import Any

    from archcalc.analysis.figures import Report
    from archcalc.graph import Net
    from archcalc.symbols.api import Inputs
    from archcalc.symbols.formula import Formula

__all__ = [
    "__version__",
    "analyze",
    "export",
    "formula",
    "from_torch",
    "inputs",
    "load",
    "to_torch",
    "to_yaml",
]

__version__ = "0.1.0"


def load(
    source: str | PathLike[str],
    *,
    set: Mapping[str, Any] | None = None,
    input: tuple[int, ...] | Mapping[str, tuple[int, ...]] | None = None,
    allow_outside: bool = False,
) -> Net:
    """The network that a spec describes.

    `source` is a path, the name of a net in the catalogue (`"vgg16"`), or the text of a spec (with
    a line break). `set` overrides the spec's `vars`, `input` the shape of its input (channels
    first, no batch axis; by name if there are several). `allow_outside` lets `extends` read files
    outside the spec's folder tree.

    Raises `archcalc.diagnostics.SpecError` with every error found, and `ValueError` for a name in
    `set` or `input` that the spec does not have.

    >>> load("input: [3, 32, 32]\\nlayers: [conv: {out: 8, kernel: 33}]")
    Traceback (most recent call last):
        ...
    archcalc.diagnostics.SpecError: error[...
    """
    from archcalc.diagnostics import SpecError
    from archcalc.pipeline import open_spec

    opened = open_spec(source, dict(set or {}), input, allow_outside)
    if opened.net is None or any(d.severity == "error" for d in opened.diagnostics):
        raise SpecError(opened.diagnostics)
    return opened.net


def analyze(net: Net | str | PathLike[str], dtype: str = "float32") -> Report:
    """The report of a network: of a loaded one, or of anything that `load` accepts. `dtype` is the
    number type for memory: float64, float32, float16, bfloat16 or int8.

    Raises `archcalc.diagnostics.SpecError` for a spec with errors, and `ValueError` for another
    `dtype`.
    """
    from archcalc.analysis.analyze import analyze

    return analyze(_net(net), dtype)


def export(net: Net | str | PathLike[str], target: str = "pytorch") -> str:
    """The source code of a network, or of anything that `load` accepts, for a framework (`pytorch`
    or `keras`), as the text of one file.

    Raises `archcalc.diagnostics.SpecError` if the target cannot express a layer, and `ValueError`
    for an unknown target.

    >>> net = load("input: [3, 32, 32]\\nlayers: [conv: {out: 8, kernel: 3}, relu]")
    >>> print(export(net))
    \"\"\"...
    """
    from archcalc.codegen import export

    return export(_net(net), target)


def from_torch(model: Any, *example_inputs: Any) -> Net:
    """The network that a `torch.nn.Module` is, usable wherever a loaded one is.

    `example_inputs` are what its forward method takes: tensors [batch, channels, …], of which only
    the shapes count, or shapes without the batch, such as `(3, 224, 224)`. The model runs once on
    a copy without numbers, and stays as it is. `to_yaml` gives the spec.

    Raises `archcalc.importing.errors.ImportFailed` where the model cannot run so, or the language
    cannot express it.
    """
    from archcalc.importing import spec_of_model
    from archcalc.importing.locate import named_shapes
    from archcalc.importing.torch_capture import forward_arguments

    shapes = [tuple(one.shape[1:] if hasattr(one, "shape") else one) for one in example_inputs]
    given = dict(zip(forward_arguments(model), shapes, strict=False))
    return load(spec_of_model(model, named_shapes(model, given)))


def to_yaml(net: Net | str | PathLike[str]) -> str:
    """The text of the spec that a network, or what `load` takes, comes from."""
    return _net(net).spec.span.file.text


def to_torch(net: Net | str | PathLike[str], /, **variables: Any) -> Any:
    """The network, or anything that `load` accepts, as a `torch.nn.Module`, with other values for
    the spec's `vars` if given.

    Inputs and outputs are [batch, channels, …], one tensor per input of the spec. With heads, it
    returns a dict of tensors by name, the main one named "output" (a tensor in inference if all
    heads run in training only).

    Raises `archcalc.diagnostics.SpecError` and `ValueError` like `load` and `export`, and
    `ImportError` without PyTorch. The class is not in an importable file: to pickle the whole
    object instead of saving its `state_dict`, export a file and import the class from there.
    """
    from archcalc.codegen.module import to_torch

    return to_torch(_net(net), variables)


def _net(source: Net | str | PathLike[str]) -> Net:
    from archcalc.graph import Net

    return source if isinstance(source, Net) else load(source)


def formula(
    source: Net | str | PathLike[str],
    layer: str | None = None,
    of: str = "macs",
    free: tuple[str, ...] = (),
) -> Formula:
    """A metric as a closed formula, of a net or of the layer, block or group with path `layer`.

    `source` is a net, or anything that `load` accepts. `of` is output, params, macs, memory (bytes
    as float32) or receptive_field. `free` names the symbols: spatial sizes of the input and vars of
    the spec; by default the spatial sizes. `expression` of the formula is a SymPy expression, `at`
    substitutes numbers.

    Raises `archcalc.diagnostics.SpecError` for a spec with errors, and `ValueError` for a name that
    cannot be free (such as a var that changes the graph) and an unknown layer or metric.

    >>> one = formula("vgg16", "features.0")
    >>> one.expression, one.latex
    (1728*H*W, '1728 H W')
    >>> one.at(H=224, W=224)
    86704128
    >>> print(formula("resnet50", "layer2", of="output"))
    512 × ⌊(H + 7)/8⌋ × ⌊(W + 7)/8⌋
    """
    from archcalc.symbols.api import formula

    return formula(source, layer, of, free)


def inputs(source: Net | str | PathLike[str]) -> Inputs:
    """The exact set of valid input sizes of a net, or of anything that `load` accepts.

    Raises `archcalc.diagnostics.SpecError` for invalid text, and `ValueError` for a net without
    spatial axes.

    >>> found = inputs("vgg16")
    >>> found.axes["H"].smallest, 31 in found.axes["H"], (224, 32) in found
    (32, False, True)
    """
    from archcalc.symbols.api import inputs

    return inputs(source)
