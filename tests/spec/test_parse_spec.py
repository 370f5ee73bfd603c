"""The whole spec: its top level, inputs, vars, and `extends`."""

from __future__ import annotations

import pytest

from archcalc.spec.expressions import Value
from tests.spec.support import HEAD, errors, good, read


def test_the_top_level() -> None:
    spec = good(
        "name: Net\nsource: A paper\nnote: why\ninput: [3, side, side]\nvars: {side: 8}\n"
        "layers: [relu]\nexpect: {params: 0}\n"
    )
    assert (spec.name, spec.source, spec.note) == ("Net", "A paper", "why")
    assert [(i.name, [v.text for v in i.shape]) for i in spec.inputs] == [
        ("input", ["3", "side", "side"])
    ]
    assert spec.variables["side"].evaluate({}) == 8
    assert len(spec.layers) == len(spec.expect) == 1


def test_named_inputs() -> None:
    spec = good("input: {image: [3, 8, 8], state: [16]}\nlayers: [relu]\n")
    assert [(i.name, len(i.shape)) for i in spec.inputs] == [("image", 3), ("state", 1)]


def test_a_spec_without_a_name_has_its_file_name() -> None:
    assert good(HEAD + "layers: [relu]\n").name == "main"


WRONG = [
    ("", [("empty-spec", "")]),
    ("# nothing\n", [("empty-spec", "#")]),
    ("[relu]\n", [("wrong-type", "[relu]")]),
    ("relu\n", [("wrong-type", "relu")]),
    ("layers: [relu]\n", [("missing-key", "layers")]),
    (HEAD, [("missing-key", "input")]),
    (HEAD + "layer: [relu]\n", [("unknown-key", "layer")]),
    (HEAD + "layers: relu\n", [("wrong-type", "relu")]),
    (HEAD + "layers: {conv: 3}\n", [("wrong-type", "{conv: 3}")]),
    (HEAD + "layers: [relu]\nfoo: 1\n", [("unknown-key", "foo")]),
    (HEAD + "layers: [relu]\nname: [a]\nnote: {}\n", [("wrong-type", "[a]"), ("wrong-type", "{}")]),
    (HEAD + "layers: [relu]\nblocks: [a]\n", [("wrong-type", "[a]")]),
    (HEAD + "layers: [relu]\nvars: 3\n", [("wrong-type", "3")]),
    (
        HEAD + "layers: [relu]\nvars: {max: 1, x: {a: 1}}\n",
        [("reserved-name", "max"), ("wrong-type", "{a: 1}")],
    ),
    ("input: 784\nlayers: [relu]\n", [("wrong-type", "784")]),
    ("input: []\nlayers: [relu]\n", [("wrong-rank", "[]")]),
    ("input: [1, 2, 3, 4, 5]\nlayers: [relu]\n", [("wrong-rank", "[1, 2, 3, 4, 5]")]),
    ("input: [3, {}]\nlayers: [relu]\n", [("wrong-type", "{}")]),
    ("input: {}\nlayers: [relu]\n", [("wrong-type", "{}")]),
    ("input: {a.b: [3], c: 4}\nlayers: [relu]\n", [("invalid-name", "a.b"), ("wrong-type", "4")]),
    ("extends: [a]\n", [("wrong-type", "[a]")]),
    ("extends: nothing\n", [("file-not-found", "nothing")]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong_specs(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(text) == expected


def test_reading_stops_after_a_hundred_errors() -> None:
    diagnostics = read(HEAD + "layers:\n" + "  - covn\n" * 300)[1]
    assert [d.code for d in diagnostics] == ["unknown-operation"] * 100 + ["too-many-errors"]


BASE = """\
name: Base
source: A paper
note: of the base
input: [3, 8, 8]
vars: {a: 1, b: 2}
defaults: {conv: {bias: false}}
blocks:
  one: {with: {w: 1}, do: [conv: {out: w, kernel: 1}]}
  two: {do: [one: 2]}
layers: [two]
expect: {params: 3}
"""


def test_what_a_spec_inherits() -> None:
    spec = good("extends: base\nvars: {b: 3, c: 4}\ndefaults: {conv: {kernel: 3}}\n", base=BASE)
    assert (spec.name, spec.source, spec.note, spec.expect) == ("Base", "A paper", None, ())
    assert {k: v.text for k, v in spec.variables.items()} == {"a": "1", "b": "3", "c": "4"}
    assert [layer.word for layer in spec.layers] == ["two"]
    assert len(spec.inputs) == 1
    assert spec.file.name == "main"


def test_layers_and_input_replace_those_of_the_base() -> None:
    spec = good("extends: base\nname: Own\ninput: [1]\nlayers: [relu]\n", base=BASE)
    assert (spec.name, [layer.word for layer in spec.layers]) == ("Own", ["relu"])
    assert [v.text for v in spec.inputs[0].shape] == ["1"]


def test_defaults_stay_in_their_own_file() -> None:
    spec = good("extends: base\ndefaults: {conv: {kernel: 3}}\nlayers: [two, conv: 8]\n", base=BASE)
    assert list(spec.blocks["one"].body[0].arguments) == ["bias", "out", "kernel"]
    assert spec.blocks["one"].body[0].arguments["kernel"].text == "1"
    assert list(spec.layers[1].arguments) == ["kernel", "out"]


def test_the_base_calls_a_redefined_block() -> None:
    spec = good("extends: base\nblocks: {one: {with: {n: 1}, do: [relu]}}\n", base=BASE)
    assert spec.blocks["one"].body[0].word == "relu"
    # The single value is the new block's first parameter.
    assert list(spec.blocks["two"].body[0].arguments) == ["n"]
    assert [(b.name, b.position) for b in spec.blocks.values()] == [("one", 0), ("two", 1)]


def test_a_call_in_the_base_is_checked_against_the_redefined_block() -> None:
    found = errors("extends: base\nblocks: {one: {do: [relu]}}\n", base=BASE)
    assert found == [("wrong-type", "2")]


def test_new_blocks_can_use_the_bases_and_be_used_by_redefined_ones() -> None:
    spec = good(
        "extends: base\nblocks:\n  new: {do: [one: 3]}\n  two: {do: [new]}\n  last: {do: [two]}\n",
        base=BASE,
    )
    assert [(b.name, b.position) for b in spec.blocks.values()] == [
        ("one", 0),
        ("new", 1),
        ("two", 2),
        ("last", 3),
    ]


def test_calls_across_files_cannot_be_circular() -> None:
    spec, (found,) = read(
        "extends: base\nblocks:\n  new: {do: [two]}\n  one: {with: {w: 1}, do: [new]}\n", base=BASE
    )
    assert spec is None
    assert (found.code, found.label) == ("recursive-block", "one → new → two → one")
    assert len(found.notes) == 2


def test_a_chain_of_three() -> None:
    spec = good(
        "extends: middle\nvars: {a: 9}\n", middle="extends: base\nvars: {b: 5}\n", base=BASE
    )
    assert {k: v.text for k, v in spec.variables.items()} == {"a": "9", "b": "5"}


def test_an_error_in_the_base_points_into_the_base() -> None:
    (found,) = read("extends: base\n", base=BASE.replace("[two]", "[tow]"))[1]
    assert found.span is not None
    assert (found.span.file.name, found.span.line) == ("base", 10)


def test_circular_extends_shows_the_chain() -> None:
    spec, (found,) = read("extends: b\n", b="extends: c\n", c="extends: b\n")
    assert spec is None
    assert (found.code, found.label) == ("extends-cycle", "b → c → b")
    spec, (found,) = read("extends: main\n", main="extends: main\n")
    assert found.label == "main → main"


def test_the_length_of_a_chain_is_limited() -> None:
    files = {f"f{i}": f"extends: f{i + 1}\n" for i in range(100)}
    (found,) = read("extends: f0\n", **files)[1]
    assert found.code == "too-large"


def test_values_have_a_location() -> None:
    spec = good("input: [3, 8, 8]\nvars:\n  wide: 4 * 8\nlayers: [relu]\n")
    value = spec.variables["wide"]
    assert isinstance(value, Value)
    assert value.span[1:] == (3, 9, 5)
