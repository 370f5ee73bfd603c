"""archcalc: sizes, parameters, multiplies and receptive fields of a network, from its spec alone.

>>> import archcalc
>>> net = archcalc.load('''
... input: [3, 224, 224]
... layers:
...   - {name: conv1, conv: {out: 64, kernel: 3, padding: 1}}
... ''')
>>> report = archcalc.analyze(net)
>>> report.layers[0].output, report.totals.params, report.totals.macs
((64, 224, 224), 1792, 86704128)

`import archcalc` itself costs nothing: what a function needs is imported when it is called.
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

__all__ = ["__version__", "analyze", "export", "formula", "inputs", "load", "to_torch"]

__version__ = "0.1.0"


def load(
    source: str | PathLike[str],
    *,
    set: Mapping[str, Any] | None = None,
    input: tuple[int, ...] | Mapping[str, tuple[int, ...]] | None = None,
    allow_outside: bool = False,
) -> Net:
    """The network that a spec describes.

    `source` is a path, the name of a net in the catalogue (`"vgg16"`), or the text of a spec: text
    is what contains a line break. `set` overrides the spec's `vars`, `input` the shape of its input
    (channels first, no batch axis; by name where there are several). `allow_outside` lets
    `extends` read files outside the spec's folder tree.

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
    """Every figure of a network: one that is loaded, or what `load` takes. `dtype` is the type of
    a number in memory.

    Raises `archcalc.diagnostics.SpecError` for a spec with errors, and `ValueError` for a `dtype`
    that is none of float64, float32, float16, bfloat16 and int8.
    """
    from archcalc.analysis.analyze import analyze

    return analyze(_net(net), dtype)


def export(net: Net | str | PathLike[str], target: str = "pytorch") -> str:
    """The code of a network, or of what `load` takes, for another framework (`pytorch` or `keras`),
    as the text of one file.

    Raises `archcalc.diagnostics.SpecError` where the target cannot express a layer, and
    `ValueError` for a target that there is none of.

    >>> net = load("input: [3, 32, 32]\\nlayers: [conv: {out: 8, kernel: 3}, relu]")
    >>> print(export(net))
    \"\"\"...
    """
    from archcalc.exporting import export

    return export(_net(net), target)


def to_torch(net: Net | str | PathLike[str], /, **variables: Any) -> Any:
    """The network, or that of what `load` takes, as a `torch.nn.Module`, with other values for the
    spec's `vars` if given.

    It reads and gives [batch, channels, …], one tensor for each input of the spec; where there are
    heads, a dict of tensors by their names, the main one called "output" (heads that run in
    training only: a tensor in inference).

    Raises `archcalc.diagnostics.SpecError` and `ValueError` as `load` and `export`, and
    `ImportError` without PyTorch.
    The class is no part of an importable file: save its `state_dict`, or export a file and import
    the class from there, where the whole object is to be pickled.
    """
    from archcalc.exporting.module import to_torch

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
    """A figure as a closed formula, of a net or of the layer, block or group with the path `layer`.

    `source` is a net, or what `load` takes. `of` is output, params, macs, memory (bytes as float32)
    or receptive_field. `free` names what is a symbol, sides of the input and vars of the spec; the
    sides, where nothing is named. The formula's `expression` is SymPy's, `at` puts numbers in.

    Raises `archcalc.diagnostics.SpecError` for a spec with errors, and `ValueError` for a name that
    cannot be free (a var that shapes the graph is one) and an unknown layer or figure.

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
    """The exact set of input sizes that a net, or what `load` takes, is valid for.

    Raises `archcalc.diagnostics.SpecError` for a text that is no spec, and `ValueError` for a net
    without spatial axes.

    >>> found = inputs("vgg16")
    >>> found.axes["H"].smallest, 31 in found.axes["H"], (224, 32) in found
    (32, False, True)
    """
    from archcalc.symbols.api import inputs

    return inputs(source)
