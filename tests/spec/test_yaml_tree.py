"""From YAML to the tree: locations, scalars as text, and errors."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from archcalc.diagnostics import Diagnostics, SourceFile, Stop
from archcalc.spec.yaml_tree import Mapping, Node, Scalar, Sequence, parse_tree


@pytest.fixture(params=["C loader", "Python loader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both loaders give the same result: PyYAML may have been built without libyaml."""
    if request.param == "Python loader":
        monkeypatch.delattr(yaml, "CSafeLoader")


def plain(node: Node | None) -> Any:
    """A tree without its locations."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def read(text: str) -> tuple[Node | None, list[tuple[str, int, int, int]]]:
    """The tree, None if parsing stops, and the errors: code, line, column, length."""
    diagnostics = Diagnostics()
    tree = None
    try:
        tree = parse_tree(SourceFile("main", text), diagnostics)
    except Stop:
        assert diagnostics.items
    spans = [(d.code, d.span) for d in diagnostics.items]
    return tree, [(code, *span[1:]) for code, span in spans if span is not None]


def good(text: str) -> Node:
    tree, errors = read(text)
    assert errors == []
    assert tree is not None
    return tree


def places(node: Node) -> list[tuple[str, int, int, int]]:
    """Every text and bracket with its line, column and length, in order."""
    if isinstance(node, Scalar):
        return [(node.text, node.line, node.column, node.length)]
    if isinstance(node, Sequence):
        own = ("[]", node.line, node.column, node.length)
        return [own, *(p for item in node.items for p in places(item))]
    own = ("{}", node.line, node.column, node.length)
    pairs = node.entries.values()
    return [own, *(p for key, value in pairs for p in places(key) + places(value))]


def test_every_node_has_its_location() -> None:
    text = "layers:\n  - conv: {out: 64, note: 'é × 2', pad: 1}\n  - relu\n"
    assert places(good(text)) == [
        ("{}", 1, 1, 1),
        ("layers", 1, 1, 6),
        ("[]", 2, 3, 1),
        ("{}", 2, 5, 1),
        ("conv", 2, 5, 4),
        ("{}", 2, 11, 32),
        ("out", 2, 12, 3),
        ("64", 2, 17, 2),
        ("note", 2, 21, 4),
        ("é × 2", 2, 27, 7),
        ("pad", 2, 36, 3),
        ("1", 2, 41, 1),
        ("relu", 3, 5, 4),
    ]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_lines_are_counted_at_every_break(break_: str) -> None:
    text = break_.join(["a: 1", "", "b:", "  - x", "c: |", "  two", "  lines", "d: y", ""])
    found = {name: (line, length) for name, line, _, length in places(good(text))}
    assert (found["x"], found["y"]) == ((4, 1), (8, 1))
    assert found["two\nlines\n"] == (5, 1)


def test_scalars_stay_text() -> None:
    text = "[no, on, 1:30, 1e-5, 0o7, ~, 'true', \"a\\tb\"]"
    assert plain(good(text)) == ["no", "on", "1:30", "1e-5", "0o7", "~", "true", "a\tb"]


def test_quoted_scalars_are_not_plain() -> None:
    tree = good("[true, 'true', \"true\"]")
    assert isinstance(tree, Sequence)
    assert [n.plain for n in tree.items if isinstance(n, Scalar)] == [True, False, False]


def test_aliases_give_the_anchored_node() -> None:
    assert plain(good("a: &a [1, 2]\nb: *a\nc: &c x\n*c : y\n")) == {
        "a": ["1", "2"],
        "b": ["1", "2"],
        "c": "x",
        "x": "y",
    }


def test_an_empty_file_has_no_tree() -> None:
    assert read("") == (None, [])
    assert read("# only a remark\n") == (None, [])


def test_all_duplicate_keys_are_reported_and_the_first_is_kept() -> None:
    tree, errors = read("a: 1\nb: {c: 2, c: 3}\na: 4\n")
    assert plain(tree) == {"a": "1", "b": {"c": "2"}}
    assert errors == [("duplicate-key", 2, 11, 1), ("duplicate-key", 3, 1, 1)]


def test_a_duplicate_key_shows_both_locations() -> None:
    diagnostics = Diagnostics()
    parse_tree(SourceFile("main", "a: 1\na: 2\n"), diagnostics)
    (note,) = diagnostics.items[0].notes
    assert note.span is not None
    assert note.span[1:] == (1, 1, 1)


REFUSED = [
    ("a: 1\n---\nb: 2\n", ("unsupported-yaml", 2, 1, 3)),
    ("a: !!int 3\n", ("unsupported-yaml", 1, 4, 7)),
    ("a: !mine [3]\n", ("unsupported-yaml", 1, 4, 1)),
    ("{<<: {a: 1}}", ("unsupported-yaml", 1, 2, 2)),
    ("{[a]: 1}", ("unsupported-yaml", 1, 2, 1)),
    ("a: &x [*x]", ("unsupported-yaml", 1, 8, 2)),
    ("a: *nobody", ("yaml-syntax", 1, 4, 7)),
]


@pytest.mark.parametrize(("text", "error"), REFUSED)
def test_unsupported_parts_of_yaml(text: str, error: tuple[str, int, int, int]) -> None:
    assert read(text)[1] == [error]


SYNTAX = [
    # the text, the line and column, and words of the message and the help
    ("a:\n\t- b\n", (2, 1), "tab in the indentation", "spaces"),
    ("a:\n  - b\n\t- c\n", (3, 1), "tab in the indentation", "spaces"),
    ("a: {b: 1\nc: 2\n", (1, 4), "unclosed `{`", "`}`"),
    ("a: [1, 2\nc: 2\n", (1, 4), "unclosed `[`", "`]`"),
    ("a: {b: x[0]}\n", (1, 9), "unquoted expression", '"x[0]"'),
    ("a: {b: 2*x[0] + 1, c: 3}\n", (1, 11), "unquoted expression", '"2*x[0] + 1"'),
    ("a: [b: 2, c[1]]\n", (1, 12), "unquoted expression", '"c[1]'),
    ("a: b: c\n", (1, 5), "unexpected `: `", "quote"),
    ("a: @b\n", (1, 4), "cannot begin with @", "quote"),
    ("a: %b\n", (1, 4), "cannot begin with %", "quote"),
    ("a: 'b\n", (1, 4), "unclosed quote", "close the quote"),
    ('a: "\\q"\n', None, "escape", "single quotes"),
    ("a: *\n", None, "unquoted `*`", "quote the value"),
    ("a: 1\n  b: 2\n", None, "", ""),
    ("a:\n  - b\n - c\n", (3, 2), "inconsistent indentation", "same column"),
    ("a: 1\nb\n", None, "missing `:` after `b`", "write b: …"),
    ("{a: 1}}", (1, 7), "after the end", "brackets"),
    ("a: \x07", (1, 4), "U+0007", "remove it"),
    ("a: b\n\n  é\x00", (3, 4), "U+0000", "remove it"),
]


@pytest.mark.parametrize(("text", "place", "message", "help"), SYNTAX, ids=[s[0] for s in SYNTAX])
def test_yaml_errors_are_explained_by_both_loaders(
    text: str, place: tuple[int, int] | None, message: str, help: str
) -> None:
    diagnostics = Diagnostics()
    with pytest.raises(Stop):
        parse_tree(SourceFile("main", text), diagnostics)
    (found,) = diagnostics.items
    assert found.code == "yaml-syntax"
    assert found.span is not None
    assert place is None or (found.span.line, found.span.column) == place
    assert message in found.message
    assert help in found.help


TORN = [
    ("- conv: {out: max(1, 2), kernel: 3}", (1, 15, 5), '"max(1, 2)"'),
    ("- conv: {out: 2*max(1, min(2, 3))}", (1, 15, 7), '"2*max(1, min(2, 3))"'),
    ("a: [min(4, 5), 6]", (1, 5, 5), '"min(4, 5)"'),
    ("a: {note: see (a, b)}", (1, 11, 6), '"see (a, b)"'),
]


@pytest.mark.parametrize(("text", "place", "help"), TORN)
def test_an_expression_cut_at_its_comma_is_shown_quoted(
    text: str, place: tuple[int, int, int], help: str
) -> None:
    diagnostics = Diagnostics()
    with pytest.raises(Stop):
        parse_tree(SourceFile("main", text), diagnostics)
    (found,) = diagnostics.items
    assert found.code == "yaml-syntax"
    assert found.span is not None
    assert found.span[1:] == place
    assert found.help == f"quote the whole expression: {help}"


def test_a_merge_key_stops_the_parser() -> None:
    assert read("a: {<<: {b: 1}}\nc: {<<: {d: 1}}\n")[0] is None


def test_a_bracket_outside_of_flow_is_text() -> None:
    text = "note: see (a, b\nalso: 'max(1'\nflow: {a: 'max(1', b: f(2)}\n"
    assert plain(good(text)) == {
        "note": "see (a, b",
        "also": "max(1",
        "flow": {"a": "max(1", "b": "f(2)"},
    }


def test_nesting_is_bounded() -> None:
    assert good("[" * 100 + "]" * 100)
    assert read("[" * 101 + "]" * 101)[1] == [("nesting-too-deep", 1, 101, 1)]


def test_nesting_by_aliases_is_bounded_too() -> None:
    steps = "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 99))
    assert good("a0: &a0 [x]\n" + steps)
    steps += "a99: &a99 [*a98]\n"
    assert read("a0: &a0 [x]\n" + steps)[1] == [("nesting-too-deep", 100, 12, 4)]


def test_alias_expansion_is_limited() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for i in range(1, 20):
        text += f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n"
    ((code, line, _, _),) = read(text)[1]
    # 12 nodes, 122, 1222, 12222, 122222, 1222222
    assert (code, line) == ("too-large", 6 if hasattr(yaml, "CSafeLoader") else 5)


def test_lone_surrogates_are_an_error() -> None:
    assert [code for code, *_ in read("a: \ud800")[1]] == ["yaml-syntax"]
