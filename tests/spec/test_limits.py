"""Untrusted specs: always a clear error. Limits are counts, so nothing is timed."""

from __future__ import annotations

import pytest
import yaml

from archcalc.spec import limits
from tests.spec.support import HEAD, read

LAYERS = HEAD + "layers:\n"

WHERE_LIBYAML_STOPS = ("unsupported-yaml", "nesting-too-deep")
"""The first limit may be a brace as a key, or the nesting limit of libyaml since 0.2.6."""

HOSTILE: dict[str, tuple[str, str | tuple[str, ...]]] = {
    "brackets 10,000 deep": (HEAD + "layers: " + "[" * 10_000 + "]" * 10_000, "nesting-too-deep"),
    "dashes without end": (HEAD + "layers:\n" + "- " * 100_000, "nesting-too-deep"),
    "braces without end": ("{" * 100_000, WHERE_LIBYAML_STOPS),
    "closing brackets": ("]" * 100_000, "yaml-syntax"),
    "question marks": ("? " * 100_000, "unsupported-yaml"),
    "colons": (":" * 100_000, "yaml-syntax"),
    "blanks": (" " * 1_000_000, "empty-spec"),
    "line breaks": ("\n" * 1_000_000, "empty-spec"),
    "many errors": (LAYERS + "  - covn: 3\n" * 10_000, "unknown-operation"),
    "many duplicate keys": (HEAD + "a: 1\n" * 10_000, "duplicate-key"),
    "a long unknown word": (LAYERS + f"  - {'c' * 1_000_000}\n", "unknown-operation"),
    "a long name": (LAYERS + f"  - {{name: {'$(1)' * 100}, relu: }}\n", "invalid-name"),
    "one long text again and again": (
        f"{HEAD}vars:\n  a: &a {'x' * 1_000_000}\n  b: [{'*a, ' * 10_000}]\n",
        "missing-key",
    ),
    "many different expressions": (
        LAYERS + "".join(f"  - linear: {i} + 10\n" for i in range(30_000)),
        "too-large",
    ),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts(text: str, code: str | tuple[str, ...]) -> None:
    diagnostics = read(text)[1]
    assert diagnostics[0].code in ((code,) if isinstance(code, str) else code)
    assert len(diagnostics) <= limits.MAX_ERRORS + 1
    assert all(len(d.message + d.label + d.help) < 4_000 for d in diagnostics)


def test_the_layers_and_blocks_of_one_file_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archcalc.spec.reader.MAX_LAYERS", 6)
    monkeypatch.setattr("archcalc.spec.parse.MAX_BLOCKS", 2)
    assert read(LAYERS + "  - relu\n" * 6)[1] == []
    assert read(LAYERS + "  - relu\n" * 7)[1][0].code == "too-large"
    # Layers in groups and branches count too.
    assert read(LAYERS + "  - group: [relu, relu]\n" * 3)[1][0].code == "too-large"
    assert read(LAYERS + "  - add: [[relu, relu], []]\n" * 3)[1][0].code == "too-large"
    blocks = "blocks: {a: {do: []}, b: {do: []}, c: {do: []}}\nlayers: [relu]\n"
    (found,) = read(HEAD + blocks)[1]
    assert (found.code, found.message) == ("too-large", "a spec has at most 2 blocks")


def test_words_do_not_count_as_expressions() -> None:
    words = ", ".join(f"word{i}" for i in range(30_000))
    assert read(f"{HEAD}vars: {{a: [{words}]}}\nlayers: [relu]\n")[1] == []


def test_long_lists_are_abbreviated() -> None:
    items = ", ".join(["x" * 90] * 20)
    spec, diagnostics = read(f"{HEAD}vars: {{a: [{items}], b: [1, [2, k]]}}\nlayers: [relu]\n")
    assert diagnostics == []
    assert spec is not None
    assert spec.variables["a"].text == "[…]"
    assert spec.variables["b"].text == "[1, [2, k]]"


def test_limits_are_lower_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python loader takes thirty times as long per node and a hundred times per character."""
    remark = LAYERS + "  - relu\n#" + "x" * limits.SLOW_CHARACTERS
    long = LAYERS + "  - {conv: {out: 3, kernel: 1}}\n" * 9_000
    if hasattr(yaml, "CSafeLoader"):
        assert read(remark)[1] == read(long)[1] == []
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    for text in (remark, long):
        (told,) = read(text)[1]
        assert told.code == "too-large"
        assert "without libyaml" in told.message
        assert "libyaml" in told.help
    assert read(LAYERS + "  - {conv: {out: 3, kernel: 1}}\n" * 5_000)[1] == []
