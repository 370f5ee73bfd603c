"""Errors are reported once and cheaply, without consequential errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc import diagnostics
from archcalc.pipeline import check

if TYPE_CHECKING:
    import pytest

HEAD = "input: [3, 8, 8]\n"


def codes(text: str) -> list[str]:
    return [d.code for d in check(HEAD + text).diagnostics]


def test_reading_stops_at_a_hundred_errors() -> None:
    invalid = "".join(f"  - {{from: nobody{i}, relu: }}\n" for i in range(150))
    assert codes(f"layers:\n{invalid}") == ["unknown-label"] * 100 + ["too-many-errors"]
    invalid = "".join(f"  v{i}: 2*nobody{i}\n" for i in range(150))
    assert codes(f"vars:\n{invalid}layers: [relu]\n") == ["unknown-name"] * 100 + [
        "too-many-errors"
    ]
    invalid = "".join(f"  - {{relu: , expect: {{params: 2*nobody{i}}}}}\n" for i in range(150))
    assert codes(f"layers:\n{invalid}") == ["unknown-name"] * 100 + ["too-many-errors"]


def test_the_nearest_word_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search is slow with many names, and a loop repeats it."""
    asked: list[str] = []
    search = diagnostics.nearest

    def counted(word: str, candidates: list[str]) -> str | None:
        asked.append(word)
        return search(word, candidates)

    monkeypatch.setattr(diagnostics, "nearest", counted)
    looped = "[{from: strat, relu: }, {conv: {out: widht, kernel: 1}}]"
    text = (
        "vars: {width: 8}\nlayers:\n  - {as: start, relu: }\n"
        f"  - {{repeat: 50, do: {looped}}}\n"
    )
    assert codes(text) == ["unknown-label", "unknown-name"]
    assert set(asked) == {"strat", "widht"}
    assert len(asked) <= 4  # the walk that searches for valid sizes is a second one


def test_an_error_causes_no_second_one() -> None:
    text = """\
vars: {width: 2*nobody}
blocks:
  unit:
    with: {width: 8}
    let: {wide: 4*width}
    do: [{name: c, conv: {out: wide, kernel: 1}, init: {normal: {std: width}}}]
layers:
  - unit: width
  - {repeat: width, do: [relu]}
  - {name: n$(width), relu: }
  - conv: {out: 2*in_channels, kernel: 1}
  - add: [{only_if: width > 3, relu: }, []]
  - {for: w, in: [width, 3], do: [conv: {out: w, kernel: 1}]}
expect: {params: 2*width}
"""
    assert codes(text) == ["unknown-name"]


def test_heads_with_one_name_are_two_outputs() -> None:
    head = "{name: aux, head: true, group: [flatten, {linear: 10}]}"
    text = f"layers:\n  - {{name: a, group: [{head}]}}\n  - {{name: b, group: [{head}, relu]}}\n"
    report = check(HEAD + text).report
    assert report is not None
    assert list(report.net.outputs) == ["output", "aux", "b.aux"]


def test_in_channels_of_the_net_is_what_enters_it() -> None:
    """Not the input of its last layer."""
    text = "layers:\n  - conv: {out: 5, kernel: 1}\n  - relu\nexpect: {params: 5*in_channels + 5}\n"
    assert codes(text) == []
