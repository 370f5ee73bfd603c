"""Static checks: only errors that occur with all settings are reported.

`tests/bad_specs/written.test` has the reported ones.
"""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.pipeline import check
from archcalc.spec.expressions import Value

HEAD = "input: [4, 8, 8]\n"

RIGHT = {
    "names from everywhere": """\
vars: {base: 8, kinds: [same, valid]}
blocks:
  unit:
    with: {width: , depth: 2*width, edge: {type: any, default: same}, act: {type: operation}}
    let: {wide: in_channels*base, wider: wide + depth}
    do:
      - {for: kind, in: kinds, do: [conv: {out: wider, kernel: 3, padding: kind}]}
      - conv: {out: width if edge == same else depth, kernel: 1x3, padding: edge}
      - {repeat: depth, do: [{name: c$(index), conv: {out: in_channels + index, kernel: 1}}]}
      - {when: act == relu, apply: act}
layers: [relu]
""",
    "an operation by default, which sees what the body sees": """\
blocks:
  unit:
    with:
      act: {type: operation, default: {conv: {out: width*wide, kernel: 1}}}
      width: 8
    let: {wide: 2}
    do: [apply: act]
layers: [unit]
""",
    "an operation that holds labels": """\
blocks:
  unit:
    with: {act: {type: operation}}
    do: [apply: act]
  caller:
    do:
      - unit: {act: {group: [{as: a, relu: }, {from: a, relu: }]}}
layers: [caller]
""",
    "words that are judged where they are used": """\
vars: {word: same, words: [relu, unit]}
blocks:
  unit: {do: [relu]}
  other:
    with: {kind: {type: text, default: nothing}, act: {type: operation, default: relu}}
    do:
      - {for: act, in: words, do: [apply: act]}
      - {for: [a, kind], in: [[relu, one], [unit, two]], do: [apply: a]}
  third: {do: [other: {kind: whatever}]}
layers: [relu]
""",
    "a label that a later turn reads": """\
blocks:
  unit:
    do:
      - repeat: 3
        do:
          - {when: index > 0, from: before, relu: }
          - {as: before, relu: }
layers: [relu]
""",
    "labels that names give": """\
vars: {parts: [left, right]}
blocks:
  by_var: {do: [{split: parts}, {from: left, relu: }]}
  by_parameter:
    with: {one: {type: text}, other: {type: text}}
    do: [{split: [one, other]}, {from: left, relu: }]
  by_loop:
    do:
      - {for: [one, other], in: [[a, b]], do: [{split: [one, other]}, {from: a, relu: }]}
  by_part:
    do: [{repeat: 2, do: [{as: tap$(index), relu: }]}, {from: tap1, relu: }]
layers: [relu]
""",
    "labels around a body": """\
blocks:
  unit:
    inputs: [skip]
    do:
      - {name: top, relu: }
      - {name: part, group: [{from: top, relu: }, add: [{from: skip}, {from: top}]]}
      - {reuse: part}
      - {from: skip, crop: {like: top}}
layers: [relu]
""",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_valid_with_some_settings_is_not_reported(text: str) -> None:
    assert check(HEAD + text).diagnostics == ()


def test_an_error_reported_by_the_walk_keeps_its_notes() -> None:
    text = "blocks: {unit: {do: [conv: {out: 2*fo, kernel: 1}]}}\nlayers: [unit]\n"
    (told,) = check(HEAD + text).diagnostics
    assert [note.message for note in told.notes] == ["in this call of unit"]


def test_a_part_of_a_text_is_underlined_at_its_position() -> None:
    text = 'vars: {n: 1}\nlayers:\n  - conv: {out: 4, kernel: 1, padding: "p$(n)q$(n + fo)"}\n'
    (told,) = check(HEAD + text).diagnostics
    assert told.span is not None
    line = told.span.file.line(told.span.line)
    assert line[told.span.column - 1 :][: told.span.length] == "fo"


def test_one_long_default_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by every layer that has it: the product of the two can be 10^10."""
    looked: list[Value] = []
    check_one = Value.check

    def counted(value: Value, names: dict[str, Any]) -> None:
        looked.append(value)
        check_one(value, names)

    monkeypatch.setattr(Value, "check", counted)
    layers = "      - conv: {out: 4, kernel: 1}\n" * 100
    text = (
        f"vars: {{w: 1}}\ndefaults: {{conv: {{connections: [{'[w], ' * 1_000}]}}}}\n"
        f"blocks:\n  unit:\n    do:\n{layers}"
        "layers: [relu]\n"
    )
    assert check(HEAD + text).diagnostics == ()
    assert 1_000 < len(looked) < 3_000
