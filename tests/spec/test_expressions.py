"""Scalars and expressions: the exact meaning of a text, and what is rejected."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archcalc.diagnostics import DiagnosticError, SourceFile
from archcalc.spec.expressions import Value
from tests.spec.support import evaluate, value

SCALARS: list[tuple[str, Any]] = [
    # YAML 1.2's core schema, with _ between digits
    ("3", 3),
    ("-3", -3),
    ("+3", 3),
    ("007", 7),
    ("25_557_032", 25557032),
    ("0x1F", 31),
    ("0.35", Fraction(7, 20)),
    ("1e-5", Fraction(1, 100000)),
    ("1.5e3", 1500),
    ("32.0", 32),
    ("true", True),
    ("false", False),
    ("", None),
    ("~", None),
    ("null", None),
    # texts
    ("no", "no"),
    ("on", "on"),
    ("True", "True"),
    ("1:30", "1:30"),
    ("1x7", "1x7"),
    ("same_upper", "same_upper"),
    ("Conv 1", "Conv 1"),
    ("4.09G", "4.09G"),
    ("layer1.0", "layer1.0"),
    ("a.b", "a.b"),
]


@pytest.mark.parametrize(("text", "expected"), SCALARS)
def test_scalars_follow_yaml_1_2(text: str, expected: Any) -> None:
    found = evaluate(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["true", "null", "~", ""])
def test_quoted_text_is_never_a_boolean_or_empty(text: str) -> None:
    assert isinstance(value(text, plain=False).evaluate({}), str)


def test_quoted_text_can_be_an_expression() -> None:
    assert value("max(1, 2)", plain=False).evaluate({}) == 2


EXPRESSIONS: list[tuple[str, Any]] = [
    ("4*width", 64),
    ("k//2", 1),
    ("-k//2", -2),
    ("7 % 4", 3),
    ("2**10", 1024),
    ("5**0", 1),
    ("2**1023 // 2**1020", 8),
    ("2**-2", Fraction(1, 4)),
    ("1/3", Fraction(1, 3)),
    ("6/3", 2),
    ("0.1 + 0.2", Fraction(3, 10)),
    ("width*0.25", 4),
    ("(1 + 2)*3", 9),
    ("1 < k < 3", False),
    ("1 < k <= 3", True),
    ("k != 3 or width == 16", True),
    ("not k", False),
    ("k and width", True),
    ("k - 3 or 0", False),
    ("8 if k > 2 else 9", 8),
    ("table[0]", 5),
    ("table[-1]", 7),
    ("k in [1, 3]", True),
    ("k not in [1, 3]", False),
    ("[k, 2*k]", (3, 6)),
    ("min(3, 1, 2)", 1),
    ("max(table)", 7),
    ("sum(table)", 18),
    ("len(table)", 3),
    ("abs(2 - k)", 1),
    ("floor(7/2)", 3),
    ("floor(-7/2)", -4),
    ("ceil(7/2)", 4),
    ("ceil(-7/2)", -3),
    # half to even
    ("round(0.5)", 0),
    ("round(1.5)", 2),
    ("round(2.5)", 2),
    ("round(2.51)", 3),
    ("stage$(k + 1)_$(k)", "stage4_3"),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS)
def test_expressions(text: str, expected: Any) -> None:
    assert evaluate(text, width=16, k=3, table=(5, 6, 7)) == expected


def make_divisible_as_published(v: float, divisor: int, min_value: int | None = None) -> int:
    """tensorflow/models, slim/nets/mobilenet: `_make_divisible`, word for word."""
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    if new_v < 0.9 * v:
        new_v += divisor
    return new_v


@given(st.integers(0, 4000), st.integers(1, 64), st.none() | st.integers(1, 64))
def test_make_divisible_is_the_published_one(v: int, divisor: int, least: int | None) -> None:
    # Quarters are exact in floats as well, and 0.9·v is where rounding matters least.
    text = f"make_divisible({v}/4, {divisor}" + (f", min_value={least})" if least else ")")
    if (v * 9) % 40:
        assert evaluate(text) == make_divisible_as_published(v / 4, divisor, least)


def test_make_divisible_is_exact_where_floats_are_not() -> None:
    # 0.9·10 is 9 exactly, and 9 is not below it: no step up.
    assert evaluate("make_divisible(10, 9)") == 9
    assert evaluate("make_divisible(32*0.35)") == 16  # 11.2 → 8, below 10.08 → 16


FAULTS = [
    ("9**9**9", "number-too-large"),
    ("10**400", "number-too-large"),
    ("2**1024", "number-too-large"),
    ("1e999999999", "number-too-large"),
    ("9" * 400, "number-too-large"),
    ("1/0", "division-by-zero"),
    ("k // (k - 3)", "division-by-zero"),
    ("k % 0", "division-by-zero"),
    ("0**-1", "division-by-zero"),
    ("2**0.5", "wrong-type"),
    ("2*widht", "unknown-name"),
    ("enc$(foo)", "unknown-name"),
    ("in_channels", "unknown-tensor"),
    ("2*in_channels", "unknown-tensor"),
    ("true + 1", "wrong-type"),
    ("table + 1", "wrong-type"),
    ("word < 2", "wrong-type"),
    ("k[0]", "wrong-type"),
    ("table[k]", "bad-index"),
    ("table[-4]", "bad-index"),
    ("table[true]", "wrong-type"),
    ("len(k)", "wrong-type"),
    ("min([])", "wrong-type"),
    ("min()", "bad-expression"),
    ("round(1, 2)", "bad-expression"),
    ("round(x=1)", "bad-expression"),
    ("make_divisible(divisor=8)", "bad-expression"),
    ("$()", "bad-expression"),
    ("make_divisible(8, v=8)", "bad-expression"),
    ("make_divisible(8, bits=8)", "bad-expression"),
    ("make_divisible(8, **k)", "bad-expression"),
    ("min(*table)", "bad-expression"),
    ("roundd(2)", "unknown-function"),
    ("k.real(2)", "unknown-function"),
    ("__import__('os')", "unknown-function"),
    ("lambda: 1", "bad-expression"),
    ("[x for x in table]", "bad-expression"),
    ("'a'", "bad-expression"),
    ("1j*2", "bad-expression"),
    ("k << 2", "bad-expression"),
    ("~k", "bad-expression"),
    ("k is 3", "bad-expression"),
    ("4*", "bad-expression"),
    ("3×4", "bad-expression"),
    ("(" * 300 + "1" + ")" * 300, "bad-expression"),
    ("-" * 900 + "1", "bad-expression"),
    ("1" + "+1" * 400, "bad-expression"),
    ("1+" * 4000 + "1", "bad-expression"),
    ("enc$(k", "bad-expression"),
    ("enc$(0.5)", "wrong-type"),
    ("word" + "$(word)" * 60, "too-large"),
]


@pytest.mark.parametrize(("text", "code"), FAULTS, ids=[t[:30] for t, _ in FAULTS])
def test_rejected_expressions(text: str, code: str) -> None:
    names = {"k": 3, "table": (5, 6, 7), "width": 4, "word": "w" * 30}
    for _ in range(2):  # the second time from the cache
        with pytest.raises(DiagnosticError) as caught:
            evaluate(text, **names)
        assert caught.value.code == code
        assert caught.value.span is not None


def test_an_unknown_name_is_underlined_and_the_nearest_one_suggested() -> None:
    file = SourceFile("main", "out: 4*(widht + 1)")
    with pytest.raises(DiagnosticError) as caught:
        Value("4*(widht + 1)", True, (file, 1, 6, 13)).evaluate({"width": 3})
    assert caught.value.span is not None
    assert caught.value.span[1:] == (1, 9, 5)
    assert caught.value.help == "did you mean width?"


def test_a_name_in_quoted_text_is_underlined_too() -> None:
    file = SourceFile("main", "out: 'max(widht, 1)'")
    with pytest.raises(DiagnosticError) as caught:
        Value("max(widht, 1)", False, (file, 1, 6, 15)).evaluate({"width": 3})
    assert caught.value.span is not None
    assert caught.value.span[1:] == (1, 11, 5)


def test_text_with_escapes_is_underlined_whole() -> None:
    file = SourceFile("main", r'out: "max(\x77idht, 1)"')
    with pytest.raises(DiagnosticError) as caught:
        Value("max(widht, 1)", False, (file, 1, 6, 18)).evaluate({})
    assert caught.value.span is not None
    assert caught.value.span[1:] == (1, 6, 18)


def test_operations_and_their_words_are_text_in_an_expression() -> None:
    assert evaluate("relu if k > 2 else gelu", k=3) == "relu"
    assert evaluate("same if k > 2 else valid", k=1) == "valid"


def test_only_values_without_names_are_constant() -> None:
    constant = {text: value(text).constant for text in ("3", "2*3", "true", "~", "1x7")}
    assert all(constant.values()), constant
    reading = {text: value(text).constant for text in ("k", "2*k", "min(k, 1)", "a$(k)")}
    assert not any(reading.values()), reading


def test_a_list_of_values() -> None:
    def listed(*items: Value) -> Value:
        return Value("[…]", True, (SourceFile("main", ""), 1, 1, 1), items)

    assert listed(value("3"), value("2*k")).evaluate({"k": 2}) == (3, 4)
    assert listed(value("3"), value("k")).constant is False
    assert listed(value("3"), listed(value("4"))).evaluate({}) == (3, (4,))
    assert listed(value("3")).constant is True


def test_doubling_lists_is_limited() -> None:
    def doubled(times: int) -> Any:
        held: Any = (0,)
        for _ in range(times):
            held = evaluate("[a, a]", a=held)
        return held

    assert doubled(2) == (((0,), (0,)), ((0,), (0,)))
    with pytest.raises(DiagnosticError) as caught:
        doubled(60)
    assert caught.value.code == "too-large"


def test_a_label_is_text_even_if_a_name_is_equal() -> None:
    assert value("k").label({"k": 3}) == "k"
    assert value("a-b").label({}) == "a-b"
    assert value("enc$(k)").label({"k": 3}) == "enc3"


class Traced(int):
    """A subclass of int that int() and abs() would lose."""

    def __new__(cls, number: int, trace: str) -> Self:
        self = super().__new__(cls, number)
        self.trace = trace
        return self

    trace: str

    def __mul__(self, other: Any) -> Traced:
        return Traced(int(self) * int(other), f"{self.trace}*{other}")

    def __rmul__(self, other: Any) -> Traced:
        return Traced(int(other) * int(self), f"{other}*{self.trace}")

    def __floordiv__(self, other: Any) -> Traced:
        return Traced(int(self) // int(other), f"{self.trace}//{other}")

    def __truediv__(self, other: Any) -> Traced:
        return Traced(int(self) // int(other), f"{self.trace}/{other}")

    def __round__(self, _digits: Any = None) -> Traced:
        return self

    def __neg__(self) -> Traced:
        return Traced(-int(self), f"-{self.trace}")


@pytest.mark.parametrize(
    ("text", "trace"),
    [
        ("w", "w"),
        ("2*w", "2*w"),
        ("w//2", "w//2"),
        ("w/2", "w/2"),
        ("round(w)", "w"),
        ("+w", "w"),
        ("abs(-w)", "--w"),
        ("max(w, 1)", "w"),
        ("[w][0]", "w"),
        ("w if w > 2 else 0", "w"),
    ],
)
def test_a_subclass_of_int_is_preserved(text: str, trace: str) -> None:
    found = evaluate(text, w=Traced(4, "w"))
    assert isinstance(found, Traced)
    assert found.trace == trace


def pairs() -> st.SearchStrategy[tuple[str, Fraction]]:
    """Random arithmetic as text, with its value."""

    def widen(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        def join(sign: str, a: tuple[str, Fraction], b: tuple[str, Fraction]) -> Any:
            text = f"({a[0]} {sign} {b[0]})"
            if sign in "+-*":
                return text, {"+": a[1] + b[1], "-": a[1] - b[1], "*": a[1] * b[1]}[sign]
            if b[1] == 0:
                return a
            return text, {"/": a[1] / b[1], "//": Fraction(a[1] // b[1]), "%": a[1] % b[1]}[sign]

        signs = st.sampled_from(["+", "-", "*", "/", "//", "%"])
        return st.builds(join, signs, inner, inner)

    numbers = st.integers(0, 50).map(lambda n: (str(n), Fraction(n)))
    decimals = st.integers(0, 500).map(lambda n: (f"{n // 100}.{n % 100:02}", Fraction(n, 100)))
    named = st.sampled_from([("a", Fraction(7)), ("b", Fraction(-3)), ("c", Fraction(5, 2))])
    return st.recursive(numbers | decimals | named, widen, max_leaves=12)


@given(pairs())
def test_arithmetic_is_exact(pair: tuple[str, Fraction]) -> None:
    text, expected = pair
    found = evaluate(text, a=7, b=-3, c=Fraction(5, 2))
    assert found == expected
    assert isinstance(found, int) == (expected.denominator == 1)


@given(st.text(max_size=60) | st.text(alphabet="0123456789+-*/%()[]<>=., eabk_'$\"", max_size=60))
def test_any_text_gives_a_value_or_an_error(text: str) -> None:
    try:
        found = evaluate(text, a=2, b=3, k=(1, 2))
    except DiagnosticError:
        return
    assert isinstance(found, int | Fraction | str | tuple | None)
