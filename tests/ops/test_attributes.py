"""Reading attributes: kinds, defaults, and errors."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from archcalc.diagnostics import DiagnosticError
from archcalc.ops.attributes import (
    Boolean,
    Integer,
    Integers,
    Kind,
    Labels,
    Number,
    Padding,
    PerAxis,
    Reference,
    Table,
    Word,
    shown,
)
from archcalc.ops.read import read_attributes
from archcalc.ops.registry import OPERATIONS

THIRD = Fraction(1, 3)

READ: list[tuple[Kind, Any, int | None, Any]] = [
    (Integer(), 3, 2, 3),
    (Integer(None), -3, 2, -3),
    (Number(), THIRD, 2, 1 / 3),
    (Number(), 2, 2, 2),
    (Boolean(), False, 2, False),
    (Word("a", "b"), "b", 2, "b"),
    (PerAxis(), 3, 2, (3, 3)),
    (PerAxis(), 3, None, (3,)),
    (PerAxis(), 3, 0, ()),
    (PerAxis(), (1, 7), 2, (1, 7)),
    (PerAxis(), "1x7", 2, (1, 7)),
    (PerAxis(), "3x3x5", 3, (3, 3, 5)),
    (Padding("same"), "same", 2, "same"),
    (Padding(), 1, 2, ((1, 1), (1, 1))),
    (Padding(), (1, (0, 2)), 2, ((1, 1), (0, 2))),
    (Padding(), "1x0", 2, ((1, 1), (0, 0))),
    (Integers(), 5, 2, (5,)),
    (Integers(-1), (-1, 5), 2, (-1, 5)),
    (Table(), ((0, 1), (2,)), 2, ((0, 1), (2,))),
    (Labels(), ("a", "b"), 2, ("a", "b")),
    (Labels(), "a", 2, ("a",)),
    (Reference(), "enc1", 2, "enc1"),
]


@pytest.mark.parametrize(("kind", "value", "rank", "expected"), READ)
def test_read(kind: Kind, value: Any, rank: int | None, expected: Any) -> None:
    read = kind.read(value, rank)
    assert read == expected
    assert type(read) is type(expected)


REFUSED: list[tuple[Kind, Any, str, str]] = [
    (Integer(), 0, "bad-value", "got 0"),
    (Integer(), True, "wrong-type", "got true"),
    (Integer(), None, "wrong-type", "got empty"),
    (Integer(), (1, 2), "wrong-type", "got [1, 2]"),
    (Integer(), "widht", "unknown-name", "expected an integer"),
    (Integer(), Fraction(56, 5), "not-an-integer", "evaluates to 11.2"),
    (Number(0, 1), Fraction(3, 2), "bad-value", "got 1.5"),
    (Number(), True, "wrong-type", "got true"),
    (Boolean(), 1, "wrong-type", "got 1"),
    (Word("a", "b"), "c", "bad-value", "got c"),
    (PerAxis(), (3, 3, 3), "wrong-rank", "3 entries, but the input has 2 spatial axes"),
    (PerAxis(), "1xx", "unknown-name", "expected an integer"),
    (PerAxis(), 0, "bad-value", "got 0"),
    (Padding(), -1, "bad-value", "got -1"),
    (Padding(), (1, (0, 1, 2)), "bad-value", "3 entries for one axis"),
    (Padding("same"), "some", "unknown-name", "expected an integer"),
    (Table(), (1, 2), "wrong-type", "got [1, 2]"),
    (Labels(), (1,), "wrong-type", "got 1"),
    (Reference(), 3, "wrong-type", "got 3"),
]


@pytest.mark.parametrize(("kind", "value", "code", "label"), REFUSED)
def test_rejected_values(kind: Kind, value: Any, code: str, label: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        kind.read(value, 2)
    assert (caught.value.code, caught.value.label) == (code, label)


def test_defaults_fill_in() -> None:
    a = read_attributes(OPERATIONS["conv"], {"out": 8, "kernel": 3}, 2)
    assert vars(a) == {
        "out": 8,
        "kernel": (3, 3),
        "stride": (1, 1),
        "padding": ((0, 0), (0, 0)),
        "dilation": (1, 1),
        "groups": 1,
        "bias": True,
        "connections": None,
    }


def test_defaults_are_not_shared() -> None:
    one = read_attributes(OPERATIONS["dropout"], {}, 2)
    one.p = 1
    assert read_attributes(OPERATIONS["dropout"], {}, 2).p == 0.5


def test_errors_name_the_attribute() -> None:
    conv = OPERATIONS["conv"]
    cases = {
        "stride": {"out": 8, "kernel": 3, "stride": 0},
        "out": {"kernel": 3},
        "kernal": {"out": 8, "kernel": 3, "kernal": 3},
    }
    for name, raw in cases.items():
        with pytest.raises(DiagnosticError) as caught:
            read_attributes(conv, raw, 2)
        assert caught.value.attribute == name
    assert caught.value.help == "did you mean kernel?"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "empty"), (True, "true"), (THIRD, "0.333333"), ((1, ("a",)), "[1, [a]]"), (7, "7")],
)
def test_shown(value: Any, text: str) -> None:
    assert shown(value) == text
