"""Valid input sizes: compared with brute force, and hand-derived cases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from archcalc.cli import app
from archcalc.diagnostics import Diagnostics
from archcalc.elaborate import elaborate
from archcalc.pipeline import check, parse
from archcalc.symbols.formula import formulas
from archcalc.symbols.region_cover import Exploration, explore
from archcalc.symbols.report_inputs import as_dict, text
from archcalc.symbols.size_sets import described
from archcalc.symbols.valid_sizes import (
    is_valid,
    padding_symmetric,
    reasons,
    same_weights,
    strides_divide_evenly,
)
from tests.symbols.graphs import specs


def explored(source: str) -> Exploration:
    spec, diagnostics = parse(source, False)
    assert spec is not None
    assert not diagnostics.failed
    return explore(spec, {}, {})


def works(found: Exploration, sides: tuple[int, ...]) -> bool:
    """The result of `check` for one size."""
    diagnostics = Diagnostics()
    elaborate(found.spec, diagnostics, inputs={"input": (3, *sides)})
    return not diagnostics.failed


def words(found: Exploration) -> list[str]:
    return [described(s, a.name) for s, a in zip(found.valid, found.axes, strict=True)]


@settings(max_examples=25)
@given(specs())
def test_the_valid_sizes_are_those_that_check_accepts(source: str) -> None:
    found = explored(source)
    assert found.complete
    (valid,) = found.valid
    wrong = [n for n in range(1, 601) if (n in valid) != works(found, (n,))]
    assert not wrong


@settings(max_examples=12)
@given(specs(axes=2))
def test_the_valid_sizes_of_two_axes(source: str) -> None:
    found = explored(source)
    assert found.complete
    for h in [*range(1, 26, 3), 31, 64]:
        for w in [*range(1, 26, 4), 32, 47]:
            expected = works(found, (h, w))
            assert is_valid(found, (h, w)) == expected
            if not found.coupled:
                assert all(n in s for n, s in zip((h, w), found.valid, strict=True)) == expected


SQUARES = """\
input: [3, 8, 8]
layers:
  - add: [[], [permute: [0, 2, 1]]]
"""

# Each with its derivation.
CASES = [
    # one window: H + 2·0 ≥ 3
    ("input: [3, 9]\nlayers: [conv: {out: 4, kernel: 3}]\n", ["L ≥ 3"]),
    # after two halvings at least 3 remain: ⌊L/4⌋ ≥ 3
    ("input: [3, 64]\nlayers: [maxpool: 2, maxpool: 2, conv: {out: 4, kernel: 3}]\n", ["L ≥ 12"]),
    # halved and doubled again, 2·⌊L/2⌋ = L; both poolings need L ≥ 2
    (
        "input: [3, 8]\nlayers:\n  - add: [[], [maxpool: 2, upsample: 2]]\n",
        ["L ≡ 0 (mod 2)"],
    ),
    # ⌈L/3⌉ = ⌊L/3⌋ if 3 divides L; with 3 to 5 the first branch has size 1, which an add broadcasts
    (
        (
            "input: [3, 9]\nlayers:\n  - add:\n"
            "      - [maxpool: 3]\n      - [{avgpool: {kernel: 3, ceil: true}}]\n"
        ),
        ["L ≥ 6 and L ≡ 0 (mod 3), or L = 3 to 5"],
    ),
    # the sum must be 2·⌊L/2⌋ + 3 = L + 3, or have size 1 (it never has)
    (
        (
            "input: [3, 8]\nlayers:\n  - add:\n      - [pad: [[0, 3]]]\n"
            "      - [maxpool: 2, upsample: 2, pad: [[0, 3]]]\n"
        ),
        ["L ≡ 0 (mod 2)"],
    ),
]


SEGMENTATION = """\
input: [3, 64, 64]
layers:
  - {as: low, conv: {out: 8, kernel: 3, stride: 2, padding: 1}}
  - conv: {out: 8, kernel: 3, stride: 2, padding: 1}
  - upsample: {like: low, mode: MODE}
  - concat: [{from: low}, []]
  - upsample: {like: input, mode: MODE}
"""


@pytest.mark.parametrize("mode", ["nearest", "linear", "linear, align_corners: true"])
def test_resizing_to_a_tensor_accepts_every_size(mode: str) -> None:
    source = SEGMENTATION.replace("MODE", mode)
    assert words(explored(source)) == ["every H", "every W"]
    told = formulas(parse(source, False)[0], ("output", "macs", "receptive_field"))
    assert [one.valid_when for one in told[:2]] == [(), ()]
    # 216 weights a position of the half, 8·8·9 = 576 a position of the quarter
    assert str(told[1]) == "216·⌊(H + 1)/2⌋·⌊(W + 1)/2⌋ + 576·⌊(H + 3)/4⌋·⌊(W + 3)/4⌋"


def test_the_field_of_an_upsampling_depends_on_its_ratio() -> None:
    source = SEGMENTATION.replace("MODE", "linear")
    (one,) = formulas(parse(source, False)[0], ("receptive_field",))
    # The ratios at 64 are 2 and 2: those of every multiple of 4, and of no other size.
    assert one.valid_when == ("H, W ≡ 0 (mod 4)",)


def test_a_too_long_pattern_leaves_only_the_field_unknown() -> None:
    source = (
        "input: [3, 97]\nlayers: [upsample: {size: 10007, mode: linear, align_corners: true}]\n"
    )
    found = check(source)
    assert found.ok
    assert found.report is not None
    assert found.report.layers[0].output == (3, 10007)
    field = found.report.layers[0].receptive_field
    assert field is not None
    assert field.size == (None,)
    assert words(explored(source)) == ["every L"]


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_hand_derived_sets(source: str, expected: list[str]) -> None:
    assert words(explored(source)) == expected


def test_coupled_axes() -> None:
    found = explored(SQUARES)
    assert found.coupled
    assert is_valid(found, (24, 24))
    assert not is_valid(found, (24, 23))
    assert "H = W" in text(found, 80)


def test_a_unet_needs_multiples_of_16_and_names_the_layers() -> None:
    found = explored("examples/unet.yaml")
    assert words(found) == ["H ≡ 0 (mod 16)", "W ≡ 0 (mod 16)"]
    assert not found.coupled
    told = {(r.path, r.condition) for r in reasons(found)}
    # join k from the bottom compares 2·⌊n/2⌋ with n for n = ⌊H/2^(4 − k)⌋
    assert ("concat1", "H ≡ 0 (mod 16)") in told
    assert ("concat4", "H ≡ 0 (mod 2)") in told
    lines = found.spec.file.text.splitlines()
    assert all(
        "concat" in lines[r.span.line - 1] or "maxpool" in lines[r.span.line - 1]
        for r in reasons(found)
    )


DISAGREEMENTS = {
    # n = ⌊H/2⌋ is the size after the pooling, and the doubled size is 2n
    "an unnamed layer and the input": (
        "input: [3, 8, 9]\nlayers:\n  - add: [[], [maxpool: 2, upsample: 2]]\n",
        "input is H × W, upsample1 is 2·⌊H/2⌋ × 2·⌊W/2⌋",
    ),
    # a conv of 3 removes 2: a is L − 2, and its thirds and halves are padded again
    "one of three": (
        (
            "input: [3, 20]\nlayers:\n  - {as: a, conv: {out: 3, kernel: 3}}\n  - concat:\n"
            "      - []\n      - [maxpool: 2, {as: b, upsample: 2}]\n"
            "      - {name: c, group: [maxpool: 3, {name: up, upsample: 3}]}\n"
        ),
        "a is L − 2, c.up is 3·⌊(L + 1)/3⌋ − 3, upsample1 is 2·⌊L/2⌋ − 2",
    ),
    "a skip given to a block": (
        (
            "input: [3, 8]\nblocks:\n  merge: {inputs: [skip], do: [concat: [{from: skip}, []]]}\n"
            "layers:\n  - {as: early, relu: }\n  - maxpool: 2\n  - upsample: 2\n"
            "  - merge: {skip: early}\n"
        ),
        "skip is L, upsample1 is 2·⌊L/2⌋",
    ),
    "sides that are tied": (SQUARES, "input is H, permute1 is W"),
    # no formulas that fill a screen
    "long formulas": (
        (
            "input: [3, 27, 27]\nlayers:\n  - conv: {out: 3, kernel: 4}\n"
            "  - concat: {axis: 1, branches: [[], [maxpool: [2, 1]], [maxpool: [3, 1]]]}\n"
            "  - as: all\n"
            "    concat: {axis: 2, branches: [[], [maxpool: [1, 2]], [maxpool: [1, 3]]]}\n"
            "  - maxpool: 2\n  - upsample: 2\n  - add: [[], {from: all}]\n"
        ),
        "upsample1 and all are not equal",
    ),
}


@pytest.mark.parametrize(("source", "expected"), DISAGREEMENTS.values(), ids=DISAGREEMENTS.keys())
def test_a_join_names_the_tensors_that_disagree(source: str, expected: str) -> None:
    assert expected in " ".join(text(explored(source), 80).split())


def test_the_tensors_that_disagree_in_json() -> None:
    found = as_dict(explored("examples/unet.yaml"))
    compared = {r["layer"]: r["compared"] for r in found["reasons"]}
    # join k from the bottom: the skip is ⌊W/2^(4 − k)⌋, and the other branch twice its half
    assert compared["concat1"] == {"enc4": "⌊W/8⌋", "up4": "2·⌊W/16⌋"}
    assert compared["concat4"] == {"enc1": "W", "up1": "2·⌊W/2⌋"}
    assert compared["maxpool4"] == {}


@pytest.mark.parametrize("name", ["unet_padded", "unet_cropped"])
def test_with_padding_or_cropping_any_size_is_valid(name: str) -> None:
    # after four halvings something remains from 16 on
    assert words(explored(f"examples/{name}.yaml")) == ["H ≥ 16", "W ≥ 16"]


def test_a_classifier_fixes_the_input_and_global_pooling_does_not() -> None:
    fixed, pooled = explored("examples/vgg16_fixed.yaml"), explored("examples/vgg16_pooled.yaml")
    assert words(fixed) == words(pooled) == ["H ≥ 32", "W ≥ 32"]
    weights = same_weights(fixed)
    assert weights is not None
    # 512·⌊H/32⌋·⌊W/32⌋ = 25,088 with ⌊W/32⌋ = 7: ⌊H/32⌋ = 7
    assert [described(s, "n") for s in weights.sizes] == ["n = 224 to 255"] * 2
    assert weights.coupled
    assert {d.path for d in weights.binding} == {"classifier.0"}
    free = same_weights(pooled)
    assert free is not None
    assert not free.binding


def test_how_well_sizes_fit() -> None:
    resnet = explored("resnet50")
    # Alsallakh et al. 2021: padding is symmetric if (n + 2p − k) mod s = 0 in every strided layer,
    # that is if 2^5 divides n − 1: 225, not 224
    even = padding_symmetric(resnet)
    assert [described(s, "n") for s in even.sizes] == ["n ≡ 1 (mod 32)"] * 2
    assert even.failing
    # the five poolings of VGG-16 drop nothing if 32 divides the size
    assert described(strides_divide_evenly(explored("vgg16")).sizes[0], "n") == "n ≡ 0 (mod 32)"
    # a window of 3 with stride 2 and without padding reads all rows of odd sizes
    odd = explored("input: [3, 9]\nlayers: [maxpool: {kernel: 3, stride: 2}]\n")
    assert described(strides_divide_evenly(odd).sizes[0], "n") == "n ≥ 3 and n ≡ 1 (mod 2)"


def test_check_names_the_nearest_sizes() -> None:
    found = check("examples/unet.yaml", inputs=(1, 100, 96))
    (error,) = [d for d in found.diagnostics if d.severity == "error"]
    assert "1×96×96 or 1×112×96" in error.help
    (error,) = [d for d in check("vgg16", inputs=(3, 31, 64)).diagnostics if d.severity == "error"]
    assert error.help.endswith("or use an input of 3×32×64")
    # an error that no size fixes has no such help
    channels = "input: [3, 8]\nlayers:\n  - add: [[], [conv: {out: 4, kernel: 1}]]\n"
    assert "use an input" not in check(channels).diagnostics[0].help


def run_json(*arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_json() -> None:
    found = run_json("inputs", "examples/unet.yaml")
    assert found["axes"][0] | {"input": ""} == {
        "input": "",
        "axis": "H",
        "minimum": 16,
        "period": 16,
        "residues": [0],
    }
    assert found["coupled"] is False
    assert {"layer", "line", "condition"} <= set(found["reasons"][0])
    assert found["same_weights"]["always"] is True
    # receptive field 204 by Araujo's sum; the next multiple of 16 is 208
    assert found["quality"]["filled_from"] == [208, 208]
