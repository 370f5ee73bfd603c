"""A spec from a stranger never becomes Keras code: what comes out is parsed, and looked through."""

from __future__ import annotations

import ast
import json

import pytest

import archcalc
from archcalc.diagnostics import SpecError
from tests.export.test_hostile import TEXTS

ALLOWED = {"keras", "math", "collections.abc", "itertools", "typing"}


def surprises(code: str) -> list[str]:
    """Imports, statements and names in the code that no network needs."""
    tree = ast.parse(code)
    found = [
        type(node).__name__
        for node in tree.body[1:]
        if not isinstance(
            node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.If
        )
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name not in ALLOWED]
        if isinstance(node, ast.ImportFrom) and node.module not in ALLOWED:
            found.append(str(node.module))
        if isinstance(node, ast.Name) and node.id in ("__import__", "eval", "exec", "open", "os"):
            found.append(node.id)
        if isinstance(node, ast.Attribute) and node.attr == "system":
            found.append(node.attr)
    return found


def specs(text: str) -> list[dict[str, object]]:
    conv = {"conv": {"out": 3, "kernel": 1}}
    shape = [3, 8, 8]
    return [
        {"name": text, "source": text, "note": text, "input": shape, "layers": [conv]},
        {"input": shape, "layers": [{"name": "part", "group": [{"name": text, **conv}]}]},
        {"input": shape, "layers": [{"add": [[{"name": text, **conv}], []]}]},
        {
            "input": shape,
            "blocks": {text: {"do": ["relu"], "note": text}},
            "layers": [{text: None}],
        },
        {"input": shape, "vars": {text: 3}, "layers": [{"conv": {"out": text, "kernel": 1}}]},
        {"input": shape, "vars": {"act": text}, "layers": [{"apply": "act"}]},
        {"input": shape, "layers": [{"name": text, "head": True, "relu": None}, "relu"]},
        {"input": shape, "layers": [{"as": text, "relu": None}, {"from": text}, "tanh"]},
        {"input": {text: shape}, "layers": [{"from": text, "relu": None}]},
        {"input": {text: shape, "b": shape}, "layers": [{"from": text, "relu": None}]},
        {"input": shape, "layers": [{"concat": {text: ["relu"], "b": ["abs"]}}]},
        {
            "input": shape,
            "layers": [{"repeat": 2, "do": [{"name": text + "$(index)", **conv}]}],
        },
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_texts(text: str) -> None:
    written = 0
    for spec in specs(text):
        try:
            net = archcalc.load(json.dumps(spec, indent=1, ensure_ascii=False))
            code = archcalc.export(net, "keras")
        except SpecError:
            continue
        written += 1
        assert surprises(code) == [], spec
        compile(code, "generated.py", "exec")
    assert written  # the net's own name at least goes through
