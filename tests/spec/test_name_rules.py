"""Valid names of layers, and reserved words."""

from __future__ import annotations

import pytest

from archcalc.spec.name_rules import MODULE_NAMES, check_label, check_name
from archcalc.spec.words import reserved


@pytest.mark.parametrize(
    "name", ["conv1", "0", "3a", "Mixed_5b", "conv2d-3", "relu", "a b", "é", "a" * 200]
)
def test_good_names(name: str) -> None:
    assert check_name(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("a.b", "dot"),
        ("a\nb", "control"),
        ("\x1b[31m", "control"),
        (" a", "blanks"),
        ("a" * 201, "200"),
        ("train", "PyTorch"),
        ("forward", "PyTorch"),
        ("_modules", "underscore"),
    ],
)
def test_bad_names(name: str, reason: str) -> None:
    assert reason in str(check_name(name))


def test_labels_may_be_attributes_of_modules() -> None:
    assert check_label("train") is None
    assert check_label("_x") is None
    assert check_label("a.b") is not None


def test_the_reserved_module_attributes_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    owned = set(dir(torch.nn.Sequential())) | set(dir(torch.nn.Module()))
    assert {n for n in owned if not n.startswith("_")} == MODULE_NAMES
    for name in owned:
        assert check_name(name) is not None


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("conv", None),
        ("max", "a function"),
        ("same", "an enumeration word"),
        ("do", None),
        ("if", "a keyword"),
        ("index", "a value"),
        ("in_channels", "a value"),
        ("width", None),
        ("stride", None),
    ],
)
def test_reserved_words(word: str, what: str | None) -> None:
    assert reserved(word) == what
