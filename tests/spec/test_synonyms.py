"""The words of other libraries suggest words of the language."""

from __future__ import annotations

import pytest

from archcalc.ops.registry import OPERATIONS
from archcalc.spec.parse import KEYS
from archcalc.spec.parse_blocks import _KEYS as KEYS_OF_BLOCKS
from archcalc.spec.parse_expect import FIGURES
from archcalc.spec.synonyms import _MEANT, likely
from archcalc.spec.words import MODIFIERS, STRUCTURE

ATTRIBUTES = {a.name for operation in OPERATIONS.values() for a in operation.attributes}


def test_every_suggestion_exists() -> None:
    words = {*OPERATIONS, *ATTRIBUTES, *KEYS, *KEYS_OF_BLOCKS, *FIGURES, *MODIFIERS, *STRUCTURE}
    assert set(_MEANT) <= words


def test_no_operation_is_a_synonym_of_another() -> None:
    """An operation is never looked up as a synonym."""
    for meant, others in _MEANT.items():
        if meant in OPERATIONS:
            assert not set(others.split()) & set(OPERATIONS)


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("Conv2DTranspose", OPERATIONS, "conv_transpose"),
        ("BatchNorm2d", OPERATIONS, "batchnorm"),
        ("in_place", OPERATIONS, None),
        ("out_channels", ("out", "kernel"), "out"),
        ("size", ("kernel", "stride"), "kernel"),
        ("size", ("output",), "output"),
        ("kernal", ("out", "kernel"), "kernel"),
        ("layers", ("with", "do"), "do"),
    ],
)
def test_words(word: str, known: tuple[str, ...], meant: str | None) -> None:
    assert likely(word, known) == meant
