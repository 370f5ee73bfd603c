"""Blocks: parameters and their types, static checks of calls, no recursion."""

from __future__ import annotations

import pytest

from tests.spec.support import HEAD, errors, good, read


def blocks(text: str, layers: str = "relu") -> str:
    """A spec with blocks, one per line."""
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    return f"{HEAD}blocks:\n{lines}layers:\n  - {layers}\n"


@pytest.mark.parametrize(
    ("default", "kind"),
    [
        ("", "number"),
        ("1", "number"),
        ("0.5", "number"),
        ("true", "boolean"),
        ("[1, 2]", "list"),
        ("relu", "operation"),
        ("first", "operation"),
        ("{leaky_relu: 0.1}", "operation"),
        ("1x7", "text"),
        ("wide", "boolean"),
        ("classes", "any"),
        ("2*k", "number"),
        ("{type: operation, default: relu}", "operation"),
        ("{type: operation}", "operation"),
        ("{type: any, default: 3}", "any"),
        ("{default: true}", "boolean"),
    ],
)
def test_a_default_gives_the_type(default: str, kind: str) -> None:
    spec = good(
        blocks(f"first: {{do: [relu]}}\nb:\n  with: {{wide: true, p: {default}}}\n  do: [relu]")
    )
    parameter = spec.blocks["b"].parameters[1]
    assert (parameter.name, parameter.type) == ("p", kind)
    assert (parameter.default is None) == (default in ("", "{type: operation}"))


def test_all_parts_of_a_block() -> None:
    spec = good(
        blocks(
            "b:\n"
            "  with: {w: }\n"
            "  let: {wide: 2*w, half: wide//4}\n"
            "  inputs: [skip]\n"
            "  inline: true\n"
            "  note: why\n"
            "  defaults: {conv: {kernel: 1}}\n"
            "  expect: {params: 8}\n"
            "  do: [conv: w]"
        )
    )
    block = spec.blocks["b"]
    assert [(name, value.text) for name, value in block.let] == [
        ("wide", "2*w"),
        ("half", "wide//4"),
    ]
    assert (block.inputs, block.inline, block.note) == (("skip",), True, "why")
    assert [f.text for case in block.expect for f in case.figures] == ["8"]
    assert list(block.body[0].arguments) == ["kernel", "out"]
    assert block.span[1:] == (3, 3, 1)


def test_a_blocks_defaults_take_precedence_over_the_files() -> None:
    spec = good(
        f"{HEAD}defaults: {{conv: {{kernel: 3, bias: false}}}}\n"
        "blocks: {b: {defaults: {conv: {kernel: 1}}, do: [conv: 8]}}\n"
        "layers: [b, conv: 8]\n"
    )
    inside, outside = spec.blocks["b"].body[0], spec.layers[1]
    assert [inside.arguments[k].text for k in ("kernel", "bias", "out")] == ["1", "false", "8"]
    assert outside.arguments["kernel"].text == "3"


CALLS = [
    ("b: 64", {"w": "64"}),
    ("b: {w: 64}", {"w": "64"}),
    ("b: {w: 2*k, act: {leaky_relu: 0.1}}", {"w": "2*k", "act": "leaky_relu"}),
    ("b: {w: 64, act: gelu}", {"w": "64", "act": "gelu"}),
]


@pytest.mark.parametrize(("call", "expected"), CALLS)
def test_calls(call: str, expected: dict[str, str]) -> None:
    spec = good(blocks("b:\n  with: {w: , act: relu}\n  do: [apply: act]", call))
    (found,) = spec.layers
    assert (found.kind, found.word) == ("block", "b")
    assert {name: value.text for name, value in found.arguments.items()} == expected


def test_an_operation_as_argument_is_a_layer() -> None:
    spec = good(
        blocks("b:\n  with: {act: relu}\n  do: [apply: act]", "b: {act: {leaky_relu: k/10}}")
    )
    operand = spec.layers[0].arguments["act"].evaluate({"k": 1, "unread": 2})
    assert (operand.layer.kind, operand.layer.word, operand.names) == (
        "operation",
        "leaky_relu",
        {"k": 1},
    )


def test_an_input_is_passed_like_an_argument() -> None:
    spec = good(blocks("b:\n  with: {w: 3}\n  inputs: [skip]\n  do: [relu]", "b: {skip: enc-1}"))
    assert spec.layers[0].arguments["skip"].label({}) == "enc-1"


WRONG_CALLS = [
    ("b", ("missing-parameter", "b")),
    ("b: {x: 2}", ("unknown-parameter", "x")),
    ("b: {w: 1, skip: a, wdith: 2}", ("unknown-parameter", "wdith")),
    ("b: {w: 1}", ("missing-parameter", "b")),
    ("c: 3", ("wrong-type", "3")),
    ("b: {w: {cnov: 3}, skip: a}", ("unknown-operation", "cnov")),
]


@pytest.mark.parametrize(("call", "expected"), WRONG_CALLS)
def test_wrong_calls(call: str, expected: tuple[str, str]) -> None:
    text = blocks("b:\n  with: {w: }\n  inputs: [skip]\n  do: [relu]\nc: {do: [relu]}", call)
    assert errors(text) == [expected]


def test_a_missing_parameter_shows_the_call_to_write() -> None:
    (found,) = read(blocks("b:\n  with: {w: , d: , s: 1}\n  do: [relu]", "b: 3"))[1]
    assert (found.message, found.help) == ("missing parameter `d` of b", "write b: {w: …, d: …}")
    assert found.notes[0].span is not None
    assert found.notes[0].span.line == 3


WRONG_BLOCKS = [
    ("b: [relu]", [("wrong-type", "[relu]")]),
    ("b: {note: x}", [("missing-key", "b")]),
    ("b: {dp: [relu], do: []}", [("unknown-key", "dp")]),
    ("relu: {do: []}", [("reserved-name", "relu")]),
    ("when: {do: []}", [("reserved-name", "when")]),
    ("a.b: {do: []}", [("invalid-name", "a.b")]),
    ("b: {do: relu}", [("wrong-type", "relu")]),
    ("b: {with: [w], do: []}", [("wrong-type", "[w]")]),
    ("b: {with: {max: 1}, do: []}", [("reserved-name", "max")]),
    ("b: {with: {a-b: 1}, do: []}", [("invalid-name", "a-b")]),
    ("b: {with: {a: {type: nmber}}, do: []}", [("wrong-type", "nmber")]),
    ("b: {with: {a: {type: any, dflt: 1}}, do: []}", [("unknown-key", "dflt")]),
    ("b: {let: {in_channels: 1}, do: []}", [("reserved-name", "in_channels")]),
    ("b: {with: {w: }, let: {w: 1}, do: []}", [("duplicate-name", "w")]),
    ("b: {with: {w: }, inputs: [w], do: []}", [("duplicate-name", "w")]),
    ("b: {inputs: [s, s], do: []}", [("duplicate-name", "s")]),
    ("b: {inputs: [[s]], do: []}", [("wrong-type", "[s]")]),
    ("b: {inline: yes, do: []}", [("wrong-type", "yes")]),
    ("b: {with: {act: relu}, do: [act]}", [("unknown-operation", "act")]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG_BLOCKS, ids=[w[0] for w in WRONG_BLOCKS])
def test_wrong_blocks(text: str, expected: list[tuple[str, str]]) -> None:
    assert errors(blocks(text)) == expected


def test_an_invalid_block_is_not_reported_again_at_its_calls() -> None:
    assert errors(blocks("b: [relu]", "b: {w: 3}")) == [("wrong-type", "[relu]")]


def test_a_block_cannot_have_the_name_of_an_operation() -> None:
    spec, _ = read(blocks("relu: {do: [tanh]}"))
    assert spec is not None
    assert (spec.blocks, spec.layers[0].kind) == ({}, "operation")


def test_apply_is_suggested_for_a_parameter_used_as_an_operation() -> None:
    (found,) = read(blocks("b: {with: {act: relu}, do: [act]}"))[1]
    assert found.help == "write apply: act"


def test_a_block_can_only_use_earlier_blocks() -> None:
    text = "a: {do: [a]}\nb: {do: [a, c]}\nc: {do: [a, b, group: [c]]}"
    assert errors(blocks(text)) == [
        ("recursive-block", "a"),
        ("recursive-block", "c"),
        ("recursive-block", "c"),
    ]
    spec, diagnostics = read(blocks(text))
    assert [d.label for d in diagnostics] == [
        "a is this block itself",
        "c is defined later",
        "c is this block itself",
    ]
    assert spec is not None
    assert [layer.kind for layer in spec.blocks["b"].body] == ["block", "error"]


def test_a_block_cannot_call_itself_through_an_argument() -> None:
    text = "a: {with: {x: relu}, do: [apply: x]}\nb: {do: [a: {x: {b: }}]}"
    assert errors(blocks(text)) == [("recursive-block", "b")]
