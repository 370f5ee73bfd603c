"""Formulas: evaluated they equal the result of check, SymPy accepts them, and hand-derived ones."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from archcalc.cli import app
from archcalc.diagnostics import SpecError
from archcalc.pipeline import check, parse
from archcalc.symbols.formula import FIGURES, Formula, formulas
from archcalc.symbols.region_cover import explore
from archcalc.symbols.symbolic_walk import Refused
from tests.symbols.graphs import specs


def formula(source: str, of: str, **more: Any) -> Formula:
    spec, _ = parse(source, False)
    assert spec is not None
    (one,) = formulas(spec, (of,), **more)
    return one


def put_in(one: Formula, values: dict[str, Any]) -> tuple[Any, ...]:
    """The formula with numbers for its symbols, one per axis."""
    found = one.at(**values)
    return found if isinstance(found, tuple) else (found,)


def checked(source: str, of: str, settings_: dict[str, Any], shape: tuple[int, ...]) -> Any:
    report = check(source, settings=settings_, inputs=shape).report
    assert report is not None
    net = report.net
    field = report.receptive_field_of(net.outputs["output"])
    tensor = net.tensors[net.outputs["output"]]
    return {
        "output": None if tensor is None else tensor.shape,
        "params": (report.totals.params,),
        "macs": (report.totals.macs,),
        "memory": (report.peak_activation_bytes,),
        "receptive_field": None if field is None else field.size,
    }[of]


@settings(max_examples=60)
@given(specs(), st.lists(st.integers(1, 400), min_size=4, max_size=4), st.integers(1, 40))
def test_a_formula_evaluates_to_the_result_of_check(
    source: str, sides: list[int], width: int
) -> None:
    spec, _ = parse(source, False)
    assert spec is not None
    for n in sides:
        for of in FIGURES:
            # At a valid size the formula is derived again: other sizes may make other decisions.
            try:
                one = formulas(spec, (of,), free=("L", "width"), inputs={"input": (3, n)})[0]
            except (SpecError, Refused):
                continue
            own = {"L": n, "width": 5}
            assert put_in(one, own) == checked(source, of, {}, (3, n))
            if not one.valid_when and of != "receptive_field":
                other = checked(source, of, {"width": width}, (3, n))
                assert put_in(one, own | {"width": width}) == other


@settings(max_examples=40)
@given(specs(), st.lists(st.integers(1, 600), min_size=6, max_size=6))
def test_a_formula_is_correct_at_every_size_it_claims(source: str, sides: list[int]) -> None:
    spec, _ = parse(source, False)
    assert spec is not None
    found = explore(spec, {}, {})
    region = found.regions[0]
    if not region.valid or region.coupled:
        return
    for of in ("output", "params", "macs", "memory"):
        one = formula(source, of)
        for n in sides:
            if n in region.sizes[0]:
                assert put_in(one, {"L": n}) == checked(source, of, {}, (3, n))
                if one.special is not None and n % 36 == 0:
                    assert put_in(one.special, {"L": n}) == put_in(one, {"L": n})


# Derived by hand from the tables of the papers.
BY_HAND = [
    # ⌊H/32⌋ after five poolings
    ("examples/vgg16_fixed.yaml", "features", "output", "512 × ⌊H/32⌋ × ⌊W/32⌋"),
    # stride 4 by conv1 and its pool, and 2 by the stage: ⌊(H + 7)/8⌋
    ("resnet50", "layer2", "output", "512 × ⌊(H + 7)/8⌋ × ⌊(W + 7)/8⌋"),
    # 3·3·3·64 weights at every position
    ("vgg16", "features.0", "macs", "1,728·H·W"),
]


@pytest.mark.parametrize(("source", "layer", "of", "expected"), BY_HAND)
def test_hand_derived_formulas(source: str, layer: str, of: str, expected: str) -> None:
    assert str(formula(source, of, layer=layer)) == expected


def test_vgg16_is_a_polynomial_for_multiples_of_32() -> None:
    one = formula("examples/vgg16_fixed.yaml", "macs")
    assert one.special is not None
    assert one.special.valid_when[0] == "H and W multiples of 32"
    # Column D at 224×224 has 15,346,630,656 MACs in its convolutions (15,470,264,320 less
    # 25,088·4,096 + 4,096·4,096 + 4,096·1,000 = 123,633,664): 305,856 per position of the input.
    # The first linear layer has 512·H/32·W/32·4,096 = 2,048·H·W.
    assert str(one.special) == "307,904·H·W + 20,873,216"
    assert put_in(one, {"H": 224, "W": 224}) == (15_470_264_320,)


def test_resnet_parameters_are_a_polynomial_in_its_expansion() -> None:
    one = formula("resnet50", "params", free=("expansion",))
    assert one.valid_when == ("expansion ≥ 2",)  # with 1, the first shortcut needs no convolution
    for e, params in ((4, 25_557_032),):
        assert put_in(one, {"expansion": e}) == (params,)
    assert put_in(one, {"expansion": 6}) == checked(
        "resnet50", "params", {"expansion": 6}, (3, 224, 224)
    )


def test_mobilenet_goes_with_the_square_of_width_and_resolution() -> None:
    one = formula("mobilenet", "macs", free=("width", "H", "W"))
    assert one.special is not None
    # Howard et al. 2017, equation 5, summed over Table 1: the pointwise layers take the square
    (poly,) = one.special.value
    squares = [c for m, c in poly.terms.items() if [a.text for a in m].count("width") == 2]
    assert squares == [
        sum(
            a * b // (stride * stride)
            for a, b, stride in (
                (32, 64, 2),
                (64, 128, 4),
                (128, 128, 4),
                (128, 256, 8),
                (256, 256, 8),
                (256, 512, 16),
                *[(512, 512, 16)] * 5,
                (512, 1024, 32),
                (1024, 1024, 32),
            )
        )
    ]
    for width, side in ((Fraction(3, 4), 160), (Fraction(1, 2), 192), (Fraction(3, 10), 224)):
        at = {"width": width, "H": side, "W": side}
        assert put_in(one, at) == checked("mobilenet", "macs", {"width": width}, (3, side, side))


def test_both_multipliers_as_the_paper_has_them() -> None:
    one = formula("examples/mobilenet_multipliers.yaml", "macs", free=("width", "rho"))
    assert one.special is not None
    assert str(one.special) == "539,492,352·rho²·width² + 28,224,000·rho²·width + 1,024,000·width"
    assert one.valid_when[:3] == ("rho ≥ 1/224", "width > 1/64", "rho a multiple of 1/224")
    at = {"width": Fraction(1, 2), "rho": Fraction(5, 7)}
    assert one.at(**at) == one.special.at(**at) == 76_524_800  # Table 9 has 76 million


def test_resnet_parameters_are_a_polynomial_in_its_width() -> None:
    one = formula("examples/resnet_width.yaml", "params", free=("width",))
    # 5,724 and 32,977 by hand, at the head of the example
    assert str(one) == "5,724·width² + 32,977·width + 1,000"
    assert one.valid_when == ()


# What one layer requires of a var: whether it may be a fraction, and when the formula is valid.
KINDS = [
    # every use of it is rounded
    ("1", "round(32*v)", False, ("v > 1/64",)),
    ("8", "round(v/2)", False, ("v > 1",)),
    # the spec gives a fraction: 16·v must be an integer
    ("1.5", "16*v", False, ("v ≥ 1/16", "v a multiple of 1/16")),
    # a multiplier: 1, and only multiples of it must be integers
    ("1", "16*v", False, ("v ≥ 1/16", "v a multiple of 1/16")),
    ("1", "6*v + 9*v", False, ("v ≥ 1/15", "v a multiple of 1/15")),
    # a count: it must itself be an integer, or differ from 1
    ("1", "v", True, ()),
    ("4", "16*v", True, ()),
    ("2", "v//2", False, ("v ≥ 2",)),
]


@pytest.mark.parametrize(("value", "out", "whole", "valid"), KINDS)
def test_a_var_is_an_integer_or_a_fraction(
    value: str, out: str, whole: bool, valid: tuple[str, ...]
) -> None:
    source = f"input: [3, 8]\nvars: {{v: {value}}}\nlayers: [conv: {{out: {out}, kernel: 1}}]\n"
    one = formula(source, "params", free=("v",))
    (name,) = one.free
    assert name.whole == whole
    assert one.valid_when == valid


def test_floors_over_a_var_are_one_floor() -> None:
    layer = "conv: {out: 3, kernel: 1, stride: stride}"
    source = f"input: [3, 32]\nvars: {{stride: 1}}\nlayers: [{layer}, {layer}, {layer}]\n"
    # ⌊(n − 1)/s⌋ + 1 three times: n − 1 = 31, ⌊31/s⌋, ⌊⌊31/s⌋/s⌋ = ⌊31/s²⌋, ⌊31/s³⌋
    one = formula(source, "output", free=("stride",))
    assert str(one) == "3 × (⌊31/stride³⌋ + 1)"


def test_a_number_is_needed_for_every_symbol() -> None:
    with pytest.raises(ValueError, match="a number for W"):
        formula("vgg16", "macs").at(H=224)


SHAPED = """\
input: [3, 32, 32]
vars: {depth: 3, stride: 1}
layers:
  - repeat: depth
    do:
      - conv: {out: 8, kernel: 3, padding: 1, stride: stride}
"""


def test_a_var_that_changes_the_graph_is_rejected_but_can_be_tabulated() -> None:
    with pytest.raises(Refused, match="depth changes the graph") as refused:
        formula(SHAPED, "params", free=("depth",))
    assert "--table depth" in refused.value.help
    assert refused.value.span is not None
    assert refused.value.span.line == 5  # the do with this count


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["formula", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_tables(tmp_path: Any) -> None:
    path = tmp_path / "shaped.yaml"
    path.write_text(SHAPED)
    lines = run(str(path), "--of", "params", "--table", "depth=1..3").splitlines()
    # 3·3·3·8 + 8 = 224, then 8·8·9 + 8 = 584 a layer
    assert lines == ["params (depth=1) = 224", "params (depth=2) = 808", "params (depth=3) = 1,392"]


def test_tables_of_several_vars_and_of_words() -> None:
    tables = ("--table", "original=true,false", "--table", "depths=[3,4,6,3],[3,4,23,3]")
    found = json.loads(run("resnet50", "--of", "params", *tables, "--format", "json"))
    assert [row["set"]["depths"][2] for row in found] == [6, 23, 6, 23]
    assert [int(row["expression"]) for row in found] == [25_557_032, 44_549_160] * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--table", "n"], "is not NAME=VALUES"),
        (["--table", "m=1..3"], "no var 'm'"),
        (["--table", "n=5..3"], "must be ≤ the last"),
        (["--table", "n=1..2000"], "at most 1,000 rows"),
        (["--table", "n=1,2", "--free", "n"], "both in --free and in --table"),
    ],
)
def test_invalid_tables_are_reported(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["formula", "resnet20", *arguments])
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["vgg16", "features.3O"], "no layer"),
        (["vgg16", "--free", "widht"], "no spatial size or var widht"),
        (["resnet50", "--free", "depths"], "is not a number"),
    ],
)
def test_unknown_names_are_reported(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["formula", *arguments])
    assert result.exit_code == 1
    assert told in result.output
