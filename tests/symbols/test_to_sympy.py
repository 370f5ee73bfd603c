"""SymPy expressions: their values, and those of their source."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import archcalc
from archcalc.symbols.division import floor_div, largest, rounded
from archcalc.symbols.terms import Poly, number, symbol
from archcalc.symbols.to_sympy import Round, expression, latex, source
from tests.cli.support import run

H = symbol("H")
W = symbol("width", whole=False, least=0)

# SymPy's own namespace, as after `from sympy import *`.
NAMES: dict[str, Any] = {}
exec("from sympy import *", NAMES)  # noqa: S102  # our own text


def evaluated(text: str, symbols: dict[str, Any]) -> Any:
    return eval(text, NAMES | symbols)  # noqa: S307  # our own text


@st.composite
def terms(draw: st.DrawFn) -> Poly:
    """A term with floors, rounding and fractions in it."""
    small = st.integers(-9, 9)
    poly = number(draw(small))
    for _ in range(draw(st.integers(1, 4))):
        one = draw(st.sampled_from([H, W, H * W]))
        part = one.scaled(draw(small)) + number(Fraction(draw(small), draw(st.integers(1, 6))))
        kind = draw(st.sampled_from(["floor", "round", "plain", "max"]))
        if kind == "floor":
            part = floor_div(part, number(draw(st.integers(1, 8))))
        elif kind == "round":
            part = rounded(part)
        elif kind == "max":
            part = largest(part, poly)
        poly = poly + part * draw(st.sampled_from([H, number(1), number(Fraction(3, 4))]))
    return poly


def exact(poly: Poly, h: int, w: Fraction) -> Any:
    from archcalc.symbols.division import replaced

    values = {next(iter(H.symbols())): number(h), next(iter(W.symbols())): number(w)}
    return replaced(poly, values).constant


@settings(max_examples=60)
@given(terms(), st.integers(1, 300), st.fractions(0, 4, max_denominator=16))
def test_an_expression_and_its_source_have_the_value_of_the_term(
    poly: Poly, h: int, w: Fraction
) -> None:
    built = expression(poly)
    names = {str(s): s for s in (expression(H), expression(W))}
    read = evaluated(source(built), names)
    put = {names["H"]: h, names["width"]: sympy.Rational(w.numerator, w.denominator)}
    value = exact(poly, h, w)
    assert value is not None
    for one in (built, sympy.sympify(read)):
        found = one.subs(put)
        assert found == sympy.Rational(value.numerator, value.denominator)
    assert read == built.rewrite(sympy.floor)


@pytest.mark.parametrize("n", range(-12, 13))
def test_rounding_written_with_floors_rounds_halves_to_even(n: int) -> None:
    x = sympy.Symbol("x")
    quarter = sympy.Rational(n, 4)
    assert Round(x).rewrite(sympy.floor).subs(x, quarter) == round(Fraction(n, 4))
    assert Round(quarter) == round(Fraction(n, 4))


def test_a_maximum_is_kept() -> None:
    # SymPy's own simplification of this takes a second, and minutes for larger nets.
    one = archcalc.formula("resnet152", of="memory")
    assert evaluated(source(one.expression), one.symbols) == one.expression


def test_symbols_have_assumptions() -> None:
    h, w = expression(H), expression(W)
    assert h.is_integer
    assert h.is_positive
    assert w.is_real
    assert w.is_nonnegative
    assert w.is_integer is None


def test_latex() -> None:
    side = floor_div(H + number(7), number(8))
    assert latex(expression(side * side)) == (r"\left\lfloor{\frac{H + 7}{8}}\right\rfloor^{2}")
    assert latex(expression(rounded(W.scaled(32)) * symbol("rho"))) == (
        r"\rho \operatorname{round}\left(32 \mathrm{width}\right)"
    )
    one = archcalc.formula("resnet50", "layer2", of="output")
    floor = r"\left\lfloor{{\frac{{{} + 7}}{{8}}}}\right\rfloor"
    assert one.latex == rf"512 \times {floor.format('H')} \times {floor.format('W')}"


# The values that `check` gives at this size, each through a file of another format.
NETS = ["vgg16", "resnet50", "lenet5", "examples/unet_padded.yaml", "mobilenet"]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("of", ["macs", "output", "memory", "params"])
def test_json_source_evaluates_to_the_result_of_check(net: str, of: str) -> None:
    from tests.symbols.test_formula import checked

    found = json.loads(run("formula", net, "--of", of, "--format", "json").stdout)
    keys = {"spec", "layer", "of", "symbols", "expression", "latex", "valid_when"}
    assert keys <= set(found) <= keys | {"special"}
    symbols = {n: sympy.Symbol(n, **a) for n, a in found["symbols"].items()}
    read = evaluated(found["expression"], symbols)
    put = [(symbols[n], v) for n, v in (("H", 275), ("W", 310)) if n in symbols]
    channels = 1 if net in ("lenet5", "examples/unet_padded.yaml") else 3
    entries = read if of == "output" else (read,)
    assert tuple(sympy.sympify(e).subs(put) for e in entries) == checked(
        net, of, {}, (channels, 275, 310)
    )


def test_the_program_runs() -> None:
    names: dict[str, Any] = {}
    exec(run("formula", "mobilenet", "--free", "width,H,W", "--format", "sympy").stdout, names)  # noqa: S102  # our own text
    at = {names["width"]: sympy.Rational(1, 2), names["H"]: 192, names["W"]: 192}
    # Table 9 of Howard et al. has 149 million at 224; 110 at 192
    assert round(names["macs"].subs(at) / 10**6) == 110
    assert names["macs_special"].subs(at) == names["macs"].subs(at)
    assert names["output"] == (1000,)
