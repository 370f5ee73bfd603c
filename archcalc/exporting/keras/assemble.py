"""The generated file from its parts: docstring, imports, helpers, functions, and a main block."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.heading import heading
from archcalc.exporting.keras.helpers import HELPERS, with_needed

if TYPE_CHECKING:
    from archcalc.exporting.keras.function import Function
    from archcalc.exporting.keras.program import Program
    from archcalc.graph import Net

NOTE = "Channels last: shapes here are those of the spec with the channels moved to the end."
FLATTENED = (
    " Flatten follows that order, so that weights of a Dense layer after it fit no other framework."
)


def assemble(net: Net, program: Program, build: Function) -> str:
    """The whole file as text."""
    functions = [*program.functions.values(), build]
    written = [line for f in functions for line in ["", "", *f.lines()]]
    helpers = [line for h in with_needed(program.needed) for line in _helper(h)]
    body = "\n".join([*helpers, *written, "", "", *_main()])
    notes = NOTE + (FLATTENED if "layers.Flatten(" in body and "layers.Dense(" in body else "")
    lines = [*_docstring(net, program, build, notes), "", *_imports(body)]
    return "\n".join(lines) + "\n" + body + "\n"


def _helper(word: str) -> list[str]:
    return ["", "", *HELPERS[word].strip().split("\n")]


_FROM = {
    "collections.abc": ("Callable", "Sequence"),
    "typing": ("Any",),
    "keras": ("layers", "ops"),
}


def _imports(body: str) -> list[str]:
    """What the code reads: texts and comments in it name nothing."""
    read = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    found = {m: [w for w in words if w in read] for m, words in _FROM.items()}
    lines = {m: f"from {m} import {', '.join(words)}" for m, words in found.items() if words}
    ours = ["import keras", *filter(None, [lines.pop("keras", None)])]
    others = [*(f"import {m}" for m in ("itertools", "math", "sys") if m in read), *lines.values()]
    return [*others, "", *ours] if others else ours


def _docstring(net: Net, program: Program, build: Function, note: str) -> list[str]:
    from textwrap import wrap

    arguments = {q.word: p for p, q in build.parameters.items() if q.kind == "var"}
    renamed = {word: python for word, python in arguments.items() if word != python}
    told = heading(net, program.frozen, renamed)
    notes = wrap(note, 100, break_on_hyphens=False)
    command = next(i for i, line in enumerate(told) if line.startswith("Made by:"))
    made = [line.replace("archcalc export", "archcalc export --target keras") for line in told]
    return [*made[:command], *made[command:-1], "", *notes, made[-1]]


def _main() -> list[str]:
    return ['if __name__ == "__main__":', "    build().summary()"]
