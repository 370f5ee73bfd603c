"""Terms compared with integers, and the simplifications one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from archcalc.ops.arithmetic import ceil_div, common_divisor, maximum, minimum
from archcalc.ops.reach import Window
from archcalc.ops.sliding import windows
from archcalc.symbols.bounds import lower, upper
from archcalc.symbols.conditions import Condition
from archcalc.symbols.periodicity import evaluated, sizes_where
from archcalc.symbols.size_sets import SizeSet, Undecided, described
from archcalc.symbols.terms import number, symbol
from archcalc.symbols.text import written
from archcalc.symbols.traced import Traced, poly_of

H = symbol("H", most=2**24)
(NAME,) = H.symbols()


def side(value: int = 224) -> Traced:
    return Traced(value, H, lambda _: None)


# The size after each chain, derived by hand with ⌊(⌊(n + a)/b⌋ + c)/d⌋ = ⌊(n + a + bc)/(bd)⌋.
CHAINS = [
    # five halvings: ⌊⌊H/2⌋/2⌋ … = ⌊H/2^5⌋
    ([(2, 2, 0)] * 5, "⌊H/32⌋"),
    # a ResNet: ⌊(H + 6 − 7)/2⌋ + 1 = ⌊(H + 1)/2⌋, then ⌊(n + 2 − 3)/2⌋ + 1 = ⌊(n + 1)/2⌋:
    # ⌊(⌊(H + 1)/2⌋ + 1)/2⌋ = ⌊(H + 1 + 2)/4⌋, and so on to ⌊(H + 31)/32⌋
    ([(7, 2, 3), *[(3, 2, 1)] * 4], "⌊(H + 31)/32⌋"),
    # AlexNet's first: ⌊(H − 11)/4⌋ + 1 = ⌊(H − 7)/4⌋; a 3/2 pool: ⌊(⌊(H − 7)/4⌋ − 3)/2⌋ + 1
    # = ⌊(H − 7 − 12 + 8)/8⌋ = ⌊(H − 11)/8⌋, written with a constant of 0 to 7: ⌊(H + 5)/8⌋ − 2
    ([(11, 4, 0), (3, 2, 0)], "⌊(H + 5)/8⌋ − 2"),
    # a 3×3 with padding 1 keeps the size, a 5×5 without reduces it by 4
    ([(3, 1, 1), (5, 1, 0)], "H − 4"),
]


@pytest.mark.parametrize(("chain", "expected"), CHAINS)
def test_the_size_after_several_layers_is_one_floor(
    chain: list[tuple[int, int, int]], expected: str
) -> None:
    n = side()
    for kernel, stride, padding in chain:
        n = Window(kernel, stride, padding, padding).count(n)
    assert written(poly_of(n)) == expected


@pytest.mark.parametrize(
    ("kernel", "stride", "expected"),
    [(3, 2, "⌊(H + 1)/2⌋"), (1, 2, "⌊(H + 1)/2⌋"), (2, 3, "⌊(H + 2)/3⌋"), (5, 1, "H")],
)
def test_same_padding_gives_the_size_over_the_stride_rounded_up(
    kernel: int, stride: int, expected: str
) -> None:
    (window,) = windows((side(),), (kernel,), (stride,), "same", (1,))
    assert written(poly_of(window.count(side()))) == expected


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[str, int]]:
    steps = st.tuples(
        st.sampled_from(["+", "-", "*", "//", "ceil", "%", "max", "min", "gcd", "join"]),
        st.integers(1, 9),
    )
    return draw(st.lists(steps, min_size=1, max_size=7))


def run(program: list[tuple[str, int]], n: int) -> int:
    """The same steps on a plain or a symbolic number."""
    value = first = n
    for sign, k in program:
        if sign == "+":
            value = value + k
        elif sign == "-":
            value = value - k
        elif sign == "*":
            value = value * k
        elif sign == "//":
            value = value // k
        elif sign == "ceil":
            value = ceil_div(value, k)
        elif sign == "%":
            value = value % k + value
        elif sign == "max":
            value = maximum(value, k)
        elif sign == "min":
            value = minimum(value, first + k)
        elif sign == "gcd":
            value = value + common_divisor(maximum(value, 1), k)
        else:
            value = value + first // k
    return value


@settings(max_examples=200)
@given(programs(), st.lists(st.integers(1, 400), min_size=3, max_size=3))
def test_a_term_evaluates_like_the_numbers(
    program: list[tuple[str, int]], sizes: list[int]
) -> None:
    poly = poly_of(run(program, side()))
    assert evaluated(poly, NAME, sizes) == [run(program, n) for n in sizes]
    low, high = lower(poly), upper(poly)
    for n in sizes:
        assert low is None or low <= run(program, n)
        assert high is None or high >= run(program, n)


@settings(max_examples=150)
@given(programs(), st.sampled_from(["eq", "ne", "ge"]), st.integers(-20, 60))
def test_conditions_are_decided_for_every_size(
    program: list[tuple[str, int]], relation: str, bound: int
) -> None:
    poly = poly_of(run(program, side())) - number(bound)
    try:
        sides = sizes_where(Condition(relation, poly), NAME)
    except Undecided:  # ⌊n/9⁴⌋ = 60 is settled beyond the limit only
        reject()
    holds = {"eq": int.__eq__, "ne": int.__ne__, "ge": int.__ge__}[relation]
    for n in [*range(1, 200), 997, 5040, 10007]:
        assert (n in sides) == holds(run(program, n), bound)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # 16·⌊H/16⌋ = H
        (Condition("eq", poly_of(side() // 16 * 16) - H), "H ≡ 0 (mod 16)"),
        # ⌊H/32⌋ ≥ 1
        (Condition("ge", poly_of(side() // 32) - number(1)), "H ≥ 32"),
        # ⌊H/32⌋ = 7: 7·32 to 8·32 − 1
        (Condition("eq", poly_of(side() // 32) - number(7)), "H = 224 to 255"),
        # (H − 20)(H − 30) ≥ 0
        (Condition("ge", H * H - H.scaled(50) + number(600)), "H ≥ 30, or H = 1 to 20"),
    ],
)
def test_size_sets_as_text(condition: Condition, expected: str) -> None:
    assert described(sizes_where(condition, NAME), "H") == expected


@given(
    st.lists(st.booleans(), max_size=6),
    st.lists(st.booleans(), min_size=1, max_size=6),
    st.lists(st.booleans(), max_size=6),
    st.lists(st.booleans(), min_size=1, max_size=6),
)
def test_size_sets_are_sets(
    small: list[bool], residues: list[bool], other: list[bool], others: list[bool]
) -> None:
    a, b = SizeSet(small, residues), SizeSet(other, others)
    for n in range(1, 80):
        assert (n in a) == (small[n - 1] if n <= len(small) else residues[n % len(residues)])
        assert (n in a & b) == (n in a and n in b)
        assert (n in a | b) == (n in a or n in b)
        assert (n in ~a) == (n not in a)
    minimum, also = a.rule
    for n in range(1, 80):
        assert (n in a) == (a.residues[n % len(a.residues)] if n >= minimum else n in also)
