"""Untrusted specs: no text of a spec becomes code. The generated code is parsed and inspected."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

import pytest

import archcalc
from archcalc.diagnostics import SpecError

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = 'a; __import__("os").system("touch owned")'
TEXTS = [
    f'"""\n{PAYLOAD}\n"""',
    f"'''{PAYLOAD}'''",
    f'"); {PAYLOAD} #',
    f"\\\n{PAYLOAD}",
    "\\",
    f"\\u0022\\u0022\\u0022{PAYLOAD}",
    f"x\r{PAYLOAD}",
    f"x\x0c{PAYLOAD}",
    f"x\u2028{PAYLOAD}",
    f"{{{PAYLOAD}}}",
    f"$({PAYLOAD})",
    'a")); __import__("os")system("x") #',
    'a"]; __import__("os") #',
    'a"b',
    "a'b",
    "a\"b'c",
    "{i}",
    "%s",
    "\u202ereversed",
    "\U0001f600",
    "x" * 500,
]
ALLOWED_MODULES = {"torch", "math", "collections", "collections.abc", "typing"}


def surprises(code: str) -> list[str]:
    """Imports, calls and names in the code that no network needs."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name not in ALLOWED_MODULES]
        if isinstance(node, ast.ImportFrom) and node.module not in ALLOWED_MODULES:
            found.append(str(node.module))
        if isinstance(node, ast.Name) and node.id in ("__import__", "eval", "exec", "open", "os"):
            found.append(node.id)
        if isinstance(node, ast.Attribute) and node.attr in ("system", "__globals__", "__class__"):
            found.append(node.attr)
    return found


def exported(spec: dict[str, object]) -> str | None:
    """The code of a spec, None if the spec is rejected."""
    try:
        return archcalc.export(archcalc.load(json.dumps(spec, indent=1, ensure_ascii=False)))
    except SpecError:
        return None


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("place", ["name", "source", "note"])
def test_texts_about_the_net(place: str, text: str) -> None:
    code = exported(
        {place: text, "input": [3, 8, 8], "layers": [{"conv": {"out": 2, "kernel": 1}}]}
    )
    assert code is not None
    assert surprises(code) == []
    tree = ast.parse(code)
    assert isinstance(tree.body[0], ast.Expr)  # the docstring
    kinds = {type(node).__name__ for node in tree.body[1:]}
    assert kinds <= {"Import", "ImportFrom", "ClassDef", "If"}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("weights", [True, False])
def test_names_of_layers(text: str, weights: bool) -> None:
    operation = {"conv": {"out": 3, "kernel": 1}} if weights else {"relu": None}
    chain = {"name": "part", "group": [{"name": text, **operation}]}
    join = {"add": [[{"name": text, **operation}], []]}
    for layer in (chain, join):
        code = exported({"input": [3, 8, 8], "layers": [layer]})
        if code is not None:
            assert surprises(code) == []
            if layer is chain and weights:
                # A name with weights is never changed: it is in the code unmodified.
                texts = [n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant)]
                words = [n.arg for n in ast.walk(ast.parse(code)) if isinstance(n, ast.keyword)]
                assert text in texts + words


@pytest.mark.parametrize("text", TEXTS)
def test_names_of_blocks_vars_heads_labels_and_notes(text: str) -> None:
    specs: list[dict[str, object]] = [
        {
            "input": [3, 8, 8],
            "blocks": {text: {"do": ["relu"], "note": text}},
            "layers": [{text: None}],
        },
        {"input": [3, 8, 8], "vars": {text: 3}, "layers": [{"conv": {"out": text, "kernel": 1}}]},
        {"input": [3, 8, 8], "vars": {"act": text}, "layers": [{"apply": "act"}]},
        {"input": [3, 8, 8], "layers": [{"name": text, "head": True, "relu": None}, "relu"]},
        {"input": [3, 8, 8], "layers": [{"as": text, "relu": None}, {"from": text}, "tanh"]},
        {"input": {text: [3, 8, 8]}, "layers": [{"from": text, "relu": None}]},
        {"input": [3, 8, 8], "layers": [{"split": ["a", text], "note": text}, {"from": "a"}]},
        {
            "input": [3, 8, 8],
            "layers": [{"concat": {text: ["relu", "tanh"], "b": ["sigmoid", "abs"]}}],
        },
    ]
    for spec in specs:
        code = exported(spec)
        if code is not None:
            assert surprises(code) == [], spec


OWNED = ["train", "forward", "type", "training", "eval", "parameters", "state_dict", "_modules"]


@pytest.mark.parametrize("name", OWNED)
def test_attribute_names_of_modules_are_errors(name: str) -> None:
    spec = {"input": [3, 8, 8], "layers": [{"name": name, "conv": {"out": 2, "kernel": 1}}]}
    assert exported(spec) is None


WORDS = ["lambda", "self", "x", "nn", "torch", "super", "range", "len", "layers", "Tensor", "heads"]


@pytest.mark.parametrize("word", WORDS)
def test_python_keywords_as_names(word: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from tests.export.interpreter import largest_difference
    from tests.export.support import lint, model_class

    spec = {
        "name": word,
        "input": [3, 8, 8],
        "vars": {word: 4},
        "blocks": {f"{word}_": {"with": {f"{word}1": None}, "do": [
            {"name": "a", "conv": {"out": f"{word}1", "kernel": 1}}, {"as": word, "relu": None},
            {"add": [[{"from": word}], []]}]}},
        "layers": [
            {f"{word}_": {f"{word}1": word}},
            {"for": f"{word}2", "in": [2, 3], "do": [{"conv": {"out": f"{word}2", "kernel": 1}}]},
        ],
    }  # fmt: skip
    try:
        net = archcalc.load(json.dumps(spec, indent=1, ensure_ascii=False))
    except SpecError:
        pytest.skip("the language has no such name")
    assert largest_difference(model_class(net, tmp_path, "net")(), net) < 1e-9
    assert lint(tmp_path) == ""
    del torch


def test_a_spec_cannot_run_code(tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    payload = f'__import__("pathlib").Path({str(owned)!r}).touch()'
    code = exported({
        "name": payload, "source": payload, "note": payload, "input": [3, 8, 8],
        "layers": [{"name": "p", "group": [{"name": "a" + payload.replace(".", ""), "abs": None}]}],
    })  # fmt: skip
    assert code is not None
    exec(compile(code, "generated", "exec"), {"__name__": "generated"})  # noqa: S102 (the point)
    assert not owned.exists()
