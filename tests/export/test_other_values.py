"""The model with other arguments equals the spec with other vars, for values that were not known
when the code was generated."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

import archcalc
from tests.export.support import model_class

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
input: [3, 32, 32]
vars: {{plan: {rows}}}
layers:
  - for: [out, last]
    in: plan
    do: [{body}]
"""

DENSE = """\
input: [3, 32, 32]
vars: {growth: 8, depths: [2, 3]}
blocks:
  unit: {do: [concat: [[], [{name: conv, conv: {out: 8, kernel: 3, padding: 1}}]]]}
layers:
  - name: features
    group:
      - {name: conv0, conv: {out: 16, kernel: 3, padding: 1}}
      - for: n
        in: depths
        do:
          - {repeat: n, do: [unit]}
          - {when: index < len(depths) - 1, name: transition$(index + 1),
             conv: {out: in_channels//2, kernel: 1}}
"""

CASES: dict[str, tuple[str, dict[str, list[Any]]]] = {
    # title: (spec, the arguments that the model must have, with values to try)
    "a bound that no value near it reaches": (
        (
            "input: [3, 8, 8]\nvars: {n: 8}\nlayers:\n  - {conv: {out: 64, kernel: 1}}\n"
            '  - {repeat: 3, do: [conv: {out: "max(n, 64)", kernel: 1}]}'
        ),
        {"n": [60, 64, 100]},
    ),
    "a name that the loop counts": (DENSE, {"depths": [(2, 3, 4), (1,)]}),
    "decimals under floor": (
        "input: [3, 8, 8]\nvars: {c: 0.5}\nlayers: [conv: {out: floor(100*c), kernel: 1}]",
        {"c": [0.29, 0.57, 0.58, 1.13]},
    ),
    "decimals under ceil": (
        "input: [3, 8, 8]\nvars: {c: 0.5}\nlayers: [conv: {out: ceil(100*c), kernel: 1}]",
        {"c": [0.07, 0.14, 0.55]},
    ),
    "decimals under make_divisible": (
        (
            "input: [3, 8, 8]\nvars: {width: 0.5}\n"
            'layers: [conv: {out: "make_divisible(360*width, 8)", kernel: 1}]'
        ),
        {"width": [0.7, 0.35]},
    ),
    "a factor of 1": (
        "input: [3, 8, 8]\nvars: {width: 1.0}\nlayers: [conv: {out: 32*width, kernel: 1}]",
        {"width": [0.25, 2, 1.5]},
    ),
    "a rate of 0": (
        "input: [3, 8, 8]\nvars: {rate: 0}\nlayers: [{conv: {out: 2, kernel: 1}}, dropout: rate]",
        {"rate": [0.3]},
    ),
    "a factor that happens to be whole": (
        "input: [3, 8, 8]\nvars: {drop: 0.5}\nlayers: [{scale: 2*drop}, conv: {out: 2, kernel: 1}]",
        {"drop": [0.3]},
    ),
    "rows on one side": (
        (
            "input: [4, 64]\nvars: {d: 2}\nlayers:\n  - conv: {out: 4, kernel: 2, dilation: d, "
            "padding: [[d, 0]]}\n  - {pad: {padding: [[0, d]]}}\n"
            "  - {maxpool: {kernel: 7, stride: 1, padding: [[d, 0]]}}"
        ),
        {"d": [1, 3]},
    ),
    "sides that a pool gives": (
        "input: [4, 16, 16]\nvars: {k: 2}\nlayers: [{adaptive_avgpool: k}, flatten, linear: 10]",
        {"k": [3, 4]},
    ),
    "a table with words": (
        TABLE.format(
            rows="[[8, same], [16, valid]]",
            body="{conv: {out: out, kernel: 3, padding: last}}",
        ),
        {"plan": [((4, "valid"), (8, "same"), (6, "valid"))]},
    ),
    "a table with lists": (
        TABLE.format(rows="[[8, [3, 3]], [16, [5, 3]]]", body="{conv: {out: out, kernel: last}}"),
        {"plan": [((4, (1, 3)),)]},
    ),
    "vars by the names of Python's own functions": (
        (
            "input: [3, 8, 8]\nvars: {filter: 4, id: 2, type: 3, layers_: 5}\n"
            "layers: [{conv: {out: filter, kernel: id}}, {conv: {out: type + layers_, kernel: 1}}]"
        ),
        {"filter": [6], "id": [3], "type": [2], "layers_": [7]},
    ),
}


def weights(net: Any) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the spec's arrays."""
    return {
        f"{node.path}.{w.name}": tuple(w.shape)
        for node in net.nodes
        if node.shared is None
        for w in node.facts.weights
    }


@pytest.mark.parametrize("title", CASES)
def test_an_argument_is_equivalent_to_the_var(title: str, tmp_path: Path) -> None:
    text, arguments = CASES[title]
    made = model_class(archcalc.load(text), tmp_path)
    assert set(arguments) <= set(inspect.signature(made.__init__).parameters)
    for word, values in arguments.items():
        for value in values:
            other = archcalc.load(text, set={word: value})
            with torch.device("meta"):
                model = made(**{word: value}).eval()
                found = model(torch.rand(1, *other.tensors[1].shape))
            state = {name: tuple(t.shape) for name, t in model.state_dict().items()}
            assert state == weights(other), f"{word} = {value}"
            assert tuple(found.shape[1:]) == other.tensors[other.outputs["output"]].shape


def test_vars_in_comparisons_are_fixed(tmp_path: Path) -> None:
    """At n = 50 the stride is different, and so are the sizes that follow."""
    text = (
        "input: [3, 16, 16]\nvars: {n: 8}\nlayers:\n"
        '  - {conv: {out: 4, kernel: 3, stride: "1 if n < 50 else 2"}}\n  - flatten\n  - linear: n'
    )
    assert "n" not in inspect.signature(model_class(archcalc.load(text), tmp_path)).parameters


def test_a_renamed_argument_is_documented() -> None:
    """`nn` is PyTorch's here, and arguments are lower case."""
    text = "input: [3, 8, 8]\nvars: {nn: 4, O: 3}\nlayers: [conv: {out: nn, kernel: O}]"
    code = archcalc.export(archcalc.load(text))
    assert "def __init__(self, nn2: int = 4, o: int = 3) -> None:" in code
    assert "Arguments by other names than the spec's: nn is nn2, O is o." in code
