"""Layers: what each form becomes, and the errors of invalid ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archcalc.diagnostics import DiagnosticError
from tests.spec.support import HEAD, errors, good, layer, layer_errors, read

if TYPE_CHECKING:
    from archcalc.spec.syntax import Layer


def arguments(found: Layer) -> dict[str, str]:
    return {name: value.text for name, value in found.arguments.items()}


@pytest.mark.parametrize(
    ("text", "kind", "word", "expected"),
    [
        ("relu", "operation", "relu", {}),
        ("relu:", "operation", "relu", {}),
        ("batchnorm: {}", "operation", "batchnorm", {}),
        ("linear: 4096", "operation", "linear", {"out": "4096"}),
        ("linear: 4*k", "operation", "linear", {"out": "4*k"}),
        ("maxpool: [2, 1]", "operation", "maxpool", {"kernel": "[2, 1]"}),
        ("conv: {out: 64, kernel: 1x7}", "operation", "conv", {"out": "64", "kernel": "1x7"}),
        ("reuse: conv1", "reuse", "conv1", {}),
        ("apply: act", "apply", "act", {}),
        ("from: enc4", "tensor", "", {}),
        ("group: [relu]", "group", "group", {}),
        ("do: [relu]", "do", "do", {}),
    ],
)
def test_forms(text: str, kind: str, word: str, expected: dict[str, str]) -> None:
    found = layer(text)
    assert (found.kind, found.word, arguments(found)) == (kind, word, expected)


def test_the_operation_key_is_what_is_underlined() -> None:
    found = layer("{name: a, conv: {out: 1, kernel: 1}}")
    assert found.span[1:] == (3, 15, 4)
    assert layer("relu").span[1:] == (3, 5, 4)


def test_modifiers() -> None:
    found = layer(
        "{name: a, as: b, from: c, when: k > 1, head: true, training_only: true, note: why,"
        " allow: [misaligned-branches], init: zeros, relu: }"
    )
    assert found.name is not None
    assert found.label is not None
    assert found.source is not None
    assert found.when is not None
    assert found.init is not None
    assert (found.name.parts, found.label.parts, found.source.parts) == (("a",), ("b",), ("c",))
    assert (found.when.text, found.head, found.training_only) == ("k > 1", True, True)
    assert (found.note, found.allow, found.init.method) == (
        "why",
        {"misaligned-branches"},
        "zeros",
    )


def test_modifiers_are_allowed_on_every_kind() -> None:
    for text in ("{from: x, name: y}", "{group: [relu], name: y}", "{add: [[], []], name: y}"):
        assert layer(text).name is not None


def test_names_take_expressions() -> None:
    found = layer("{name: denselayer$(index + 1), relu: }")
    assert found.name is not None
    first, second = found.name.parts
    assert first == "denselayer"
    assert not isinstance(second, str)
    assert second.evaluate({"index": 3}) == 4
    assert second.span[1:] == (3, 23, 11)


def test_an_error_in_a_names_expression_is_underlined() -> None:
    found = layer("{name: x$(3 + foo), relu: }").name
    assert found is not None
    assert not isinstance(found.parts[1], str)
    with pytest.raises(DiagnosticError) as caught:
        found.parts[1].evaluate({})
    assert caught.value.span is not None
    assert caught.value.span[1:] == (3, 19, 3)


def test_an_unknown_word_in_a_name_is_an_error() -> None:
    found = layer("{name: x$(foo), relu: }").name
    assert found is not None
    assert not isinstance(found.parts[1], str)
    with pytest.raises(DiagnosticError) as caught:
        found.parts[1].evaluate({})
    assert caught.value.code == "unknown-name"


def test_loops() -> None:
    repeat = layer("{repeat: depth - 1, do: [relu, relu]}")
    assert repeat.loop is not None
    assert repeat.loop.count is not None
    assert repeat.loop.table is None
    assert (repeat.loop.names, repeat.loop.count.text, len(repeat.body)) == ((), "depth - 1", 2)
    for text, names in (
        ("{for: k, in: [1, 3], do: []}", ("k",)),
        ("{for: [k, act], in: x, do: []}", ("k", "act")),
    ):
        found = layer(text)
        assert found.loop is not None
        assert found.loop.table is not None
        assert (found.loop.names, found.loop.count) == (names, None)


def test_a_table_can_contain_operations() -> None:
    found = layer("{for: act, in: [relu, {leaky_relu: 0.1}], do: [apply: act]}")
    assert found.loop is not None
    assert found.loop.table is not None
    word, operand = found.loop.table.evaluate({})
    assert word == "relu"
    assert (operand.layer.word, arguments(operand.layer)) == ("leaky_relu", {"slope": "0.1"})


JOINS = [
    ("add: [[relu], []]", [(None, 1), (None, 0)]),
    ("add: [relu, tanh]", [(None, 1), (None, 1)]),
    ("concat: [{from: enc4}, []]", [(None, 1), (None, 0)]),
    ("add: {body: [relu, relu], shortcut: []}", [("body", 2), ("shortcut", 0)]),
    ("mul: {gate: {group: [relu]}, identity: []}", [("gate", 1), ("identity", 0)]),
    ("concat: {branches: {a: relu, b: []}, axis: 0}", [("a", 1), ("b", 0)]),
    ("add: [{only_if: k, relu: }, {only_if: k, branch: [relu, relu]}]", [(None, 1), (None, 2)]),
    ("concat: [{for: r, in: [1, 2], branch: [relu]}]", [(None, 1)]),
]


@pytest.mark.parametrize(("text", "expected"), JOINS)
def test_branches(text: str, expected: list[tuple[str | None, int]]) -> None:
    found = layer(text)
    assert found.kind == "join"
    assert [(b.label, len(b.body)) for b in found.branches] == expected


def test_modifiers_of_a_branch() -> None:
    found = layer(
        "{concat: {branches: [{only_if: k > 1, relu: }, {for: r, in: t, branch: []}], axis: 1}}"
    )
    first, second = found.branches
    assert first.only_if is not None
    assert second.loop is not None
    assert (first.only_if.text, second.loop.names) == ("k > 1", ("r",))
    assert arguments(found) == {"axis": "1"}


def test_init_keeps_its_arguments() -> None:
    found = layer("{relu: , init: {normal: {std: 0.01}}}").init
    assert found is not None
    assert (found.method, found.arguments["std"].text) == ("normal", "0.01")
    short = layer("{relu: , init: {constant: 0.5}}").init
    assert short is not None
    assert (short.method, short.arguments["value"].text) == ("constant", "0.5")
    kaiming = layer("{relu: , init: kaiming}").init
    assert kaiming is not None
    assert (kaiming.method, kaiming.arguments) == ("kaiming_normal", {})


def test_expectations() -> None:
    found = layer(
        "{relu: , expect: [{params: 25_557_032, macs: 4.09G, source: here, rounding: down},"
        " {set: {w: 2*k}, input: [3, 9, 9], output: [1000]}]}"
    ).expect
    assert [(f.what, f.text) for f in found[0].figures] == [
        ("params", "25_557_032"),
        ("macs", "4.09G"),
    ]
    assert (found[0].source, found[0].rounding, found[0].settings, found[0].inputs) == (
        "here",
        "down",
        {},
        None,
    )
    assert found[1].settings["w"].text == "2*k"
    assert not isinstance(found[1].inputs, dict)
    assert found[1].inputs is not None
    assert found[1].inputs.evaluate({}) == (3, 9, 9)
    assert [f.text for f in found[1].figures] == ["[1000]"]


WRONG = [
    ("covn: 3", [("unknown-operation", "covn")]),
    ("3", [("unknown-operation", "3")]),
    ("~", [("no-operation", "~")]),
    ("[relu]", [("wrong-type", "[relu]")]),
    ("{}", [("no-operation", "{}")]),
    ("{name: a}", [("no-operation", "{name: a}")]),
    ("{relu: , tanh: }", [("several-operations", "tanh")]),
    ("{do: [], relu: }", [("several-operations", "relu")]),
    ("{conv: 3, kernel: 1, nmae: a}", [("misplaced-key", "kernel"), ("unknown-key", "nmae")]),
    ("conv", [("missing-attribute", "conv")]),
    ("conv: {out: 3}", [("missing-attribute", "conv")]),
    ("conv: {out: 3, kernal: 1}", [("unknown-attribute", "kernal")]),
    ("relu: 3", [("wrong-type", "3")]),
    ("conv: {out: {a: 1}, kernel: 1}", [("wrong-type", "{a: 1}")]),
    ("group", [("wrong-type", "group")]),
    ("group: relu", [("wrong-type", "relu")]),
    ("do: 3", [("wrong-type", "3")]),
    ("reuse: [a]", [("wrong-type", "[a]")]),
    ("{repeat: 3, relu: }", [("misplaced-key", "repeat")]),
    ("{repeat: 3, group: [relu]}", [("misplaced-key", "repeat")]),
    ("{for: x, in: [1], add: [[], []]}", [("misplaced-key", "for")]),
    ("{for: x, in: [1], repeat: 2, do: []}", [("misplaced-key", "for")]),
    ("{for: x, do: []}", [("missing-key", "for")]),
    ("{in: [1], do: []}", [("missing-key", "in")]),
    ("{for: [x, x], in: [1], do: []}", [("duplicate-name", "x")]),
    ("{for: max, in: [1], do: []}", [("reserved-name", "max")]),
    ("{for: [], in: [1], do: []}", [("wrong-type", "[]")]),
    ("{for: [[a]], in: [1], do: []}", [("wrong-type", "[a]")]),
    ("{only_if: k, relu: }", [("misplaced-key", "only_if")]),
    ("{training_only: true, relu: }", [("misplaced-key", "training_only")]),
    ("{head: yes, relu: }", [("wrong-type", "yes")]),
    ("{head: 'true', relu: }", [("wrong-type", "'true'")]),
    ("{name: a.b, relu: }", [("invalid-name", "a.b")]),
    ("{name: train, relu: }", [("invalid-name", "train")]),
    ("{name: [a], relu: }", [("wrong-type", "[a]")]),
    ("{name: '$(x', relu: }", [("invalid-name", "'$(x'")]),
    ("{as: a.b, relu: }", [("invalid-name", "a.b")]),
    ("{note: [a], relu: }", [("wrong-type", "[a]")]),
    ("{allow: {a: b}, relu: }", [("wrong-type", "{a: b}")]),
    ("{allow: misaligned, relu: }", [("unknown-code", "misaligned")]),
    ("{when: {a: b}, relu: }", [("wrong-type", "{a: b}")]),
    ("add", [("missing-branches", "add")]),
    ("add: []", [("missing-branches", "add")]),
    ("add: 3", [("missing-branches", "add")]),
    ("add: {body: , shortcut: []}", [("wrong-type", "body")]),
    ("add: {conv: {out: 3, kernel: 1}}", [("missing-branches", "conv")]),
    ("concat: {branches: [[]], axs: 0}", [("unknown-attribute", "axs")]),
    ("concat: [{branch: [], for: x}]", [("missing-key", "for")]),
    ("concat: [{branch: [], relu: }]", [("unknown-key", "relu")]),
    ("{relu: , init: kamiing}", [("unknown-init", "kamiing")]),
    ("{relu: , init: {normal: {sd: 1}}}", [("unknown-attribute", "sd")]),
    ("{relu: , init: {normal: 1}}", [("wrong-type", "1")]),
    ("{relu: , init: constant}", [("missing-attribute", "constant")]),
    ("{relu: , init: {zeros: , ones: }}", [("wrong-type", "{zeros: , ones: }")]),
    ("{relu: , expect: 3}", [("wrong-type", "3")]),
    ("{relu: , expect: {parms: 3}}", [("unknown-figure", "parms")]),
    ("{relu: , expect: {params: {a: 1}}}", [("wrong-type", "{a: 1}")]),
    ("{relu: , expect: {rounding: up}}", [("wrong-type", "up")]),
    ("{relu: , expect: {input: 3}}", [("wrong-type", "3")]),
    ("{relu: , expect: {set: 3}}", [("wrong-type", "3")]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[w[0] for w in WRONG])
def test_each_error_is_reported_at_its_location(text: str, expected: list[tuple[str, str]]) -> None:
    assert layer_errors(text) == expected


def test_an_invalid_layer_has_an_unknown_output() -> None:
    spec, diagnostics = read(HEAD + "layers: [{name: a, covn: 3}, relu, {add: []}]")
    assert spec is not None
    assert [found.kind for found in spec.layers] == ["error", "operation", "error"]
    assert spec.layers[0].name is not None
    assert len(diagnostics) == 2


HELP = [
    ("covn: {out: 3}", "did you mean conv?"),
    ("grup: [relu]", "did you mean group?"),
    ("linear: {out:64}", "a colon needs a space after it: out: 64"),
    ("conv: {out: 3, kernal: 1}", "did you mean kernel?"),
    ("conv: {kernel: 1}", "write conv: {out: …, kernel: …}"),
    ("{conv: {out: 3}, kernel: 3}", "write conv: {…, kernel: …}, or indent it further"),
    ("{repeat: 3, relu: }", "wrap it: {repeat: …, do: [relu: …]}"),
    ("{relu: , expect: {parms: 3}}", "did you mean params?"),
    ("{relu: , nmae: a}", "did you mean name?"),
]


@pytest.mark.parametrize(("text", "help"), HELP)
def test_help_says_what_would_fix_it(text: str, help: str) -> None:
    diagnostics = read(f"{HEAD}layers:\n  - {text}\n")[1]
    assert [d.help for d in diagnostics] == [help]


def test_all_independent_errors_are_reported() -> None:
    text = "layers:\n  - covn: 3\n  - conv: {out: 3}\n  - group: [{name: a.b, relu: }]\n"
    assert errors(HEAD + text) == [
        ("unknown-operation", "covn"),
        ("missing-attribute", "conv"),
        ("invalid-name", "a.b"),
    ]


def test_defaults_are_merged_and_never_override() -> None:
    spec = good(
        HEAD + "defaults: {conv: {bias: false, kernel: 3}}\n"
        "layers: [conv: 8, conv: {out: 8, bias: true}, conv: {out: 8, kernel: 1}, linear: 3]\n"
    )
    assert [arguments(found) for found in spec.layers] == [
        {"bias": "false", "kernel": "3", "out": "8"},
        {"bias": "true", "kernel": "3", "out": "8"},
        {"bias": "false", "kernel": "1", "out": "8"},
        {"out": "3"},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{cnov: {}}", ("unknown-operation", "cnov")),
        ("{conv: {bais: false}}", ("unknown-attribute", "bais")),
        ("{conv: 3}", ("wrong-type", "3")),
        ("[conv]", ("wrong-type", "[conv]")),
        ("{group: {}}", ("unknown-operation", "group")),
    ],
)
def test_wrong_defaults(text: str, expected: tuple[str, str]) -> None:
    assert errors(f"{HEAD}defaults: {text}\nlayers: [relu]\n") == [expected]
