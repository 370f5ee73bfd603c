"""The registry of diagnostic codes is complete, and each explanation is true."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import archcalc
from archcalc.diagnostic_codes import CODES, Code
from archcalc.explain.reference import code_text
from archcalc.pipeline import check
from archcalc.report.diagnostics import render
from archcalc.spec.words import ALLOWABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(archcalc.__file__).parent
ROOT = PACKAGE.parent

NEVER_TOLD = {"unknown-tensor"}
"""Consequences of an error: raised so that what depends on an unknown is unknown, never
reported."""

# The functions that take a code, and its position among their arguments.
REPORTING = {
    "DiagnosticError": 0,
    "Misplaced": 0,
    "Diagnostic": 0,
    "error": 0,
    "warning": 0,
    "_error": 0,
    "_stop": 0,
    "unknown": 0,
    "__init__": 0,
    "add_error": 1,
}
KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name != "diagnostic_codes":
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def texts(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """The texts that an argument can be: itself, a constant of the module, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, constants)
        yield from texts(node.orelse, constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]


def constants_of(tree: ast.Module) -> dict[str, str]:
    return {
        statement.targets[0].id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    }


def calls() -> Iterator[tuple[str, ast.Call, list[str]]]:
    """Every call of a function that takes a code: its name, and the possible codes."""
    for _, tree in modules():
        constants = constants_of(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = getattr(function, "id", None) or getattr(function, "attr", "")
            place = REPORTING.get(name)
            if place is None or len(node.args) <= place:
                continue
            found = [t for t in texts(node.args[place], constants) if KEBAB.fullmatch(t)]
            yield name, node, found


def emitted() -> set[str]:
    """`DiagnosticError.__init__` looks like other constructors: a word is only a code if it is
    registered."""
    known = {code.code for code in CODES}
    return {
        text
        for name, _, found in calls()
        for text in found
        if "-" in text or text in known or name != "__init__"
    }


def test_what_is_emitted_is_registered() -> None:
    assert emitted() - {code.code for code in CODES} - NEVER_TOLD == set()


def test_what_is_registered_is_emitted() -> None:
    assert {code.code for code in CODES} - emitted() == set()


OF_INPUTS = {"unlikely-input"}  # which have no `allow`
WARNINGS = OF_INPUTS | set(ALLOWABLE)


def test_allow_takes_the_codes_of_warnings() -> None:
    warnings = {
        text
        for name, node, found in calls()
        for text in found
        if name == "warning"
        or (name == "Diagnostic" and getattr(node.args[1], "value", "") == "warning")
    }
    assert warnings == WARNINGS


def test_each_has_its_own_title_and_an_explanation() -> None:
    assert len({code.code for code in CODES}) == len(CODES)
    assert len({code.title for code in CODES}) == len(CODES)
    for code in CODES:
        assert KEBAB.fullmatch(code.code)
        assert code.title[0].islower() or code.title[0] == "`"
        assert not code.title.endswith(".")
        assert code.why.strip().endswith(".")
        assert code.bad != code.good


IMPLEMENTATION = re.compile(
    r"\b(python|dict|tuple|exception|traceback|internal|parser|regex|ast|nonetype|libyaml)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_it_mentions_no_implementation(code: Code) -> None:
    text = code_text(code, 80)
    assert not IMPLEMENTATION.search(text)
    prose = text.partition("    ")[0]
    assert max(map(len, prose.splitlines())) <= 80
    for line in (*code.bad.splitlines(), *code.good.splitlines()):
        assert f"    {line}".rstrip() in text


SPECS = [code for code in CODES if not code.is_session]
ALONGSIDE = {
    "too-many-errors": {"unknown-operation"},  # the hundred errors before it
    "unknown-code": {"misaligned-branches"},  # the warning that should have been suppressed
}


@pytest.mark.parametrize("code", SPECS, ids=lambda code: code.code)
def test_the_bad_spec_has_this_error_and_no_other(code: Code) -> None:
    checked = check(code.bad)
    found = {d.code for d in checked.diagnostics}
    assert found == {code.code} | ALONGSIDE.get(code.code, set())
    assert checked.ok == (code.code in WARNINGS)
    for diagnostic in checked.diagnostics:
        if diagnostic.code != code.code:
            continue
        assert diagnostic.span is not None
        assert diagnostic.span.line <= len(code.bad.splitlines())
        # Which of two figures is right cannot be known; all others say how to fix it.
        assert diagnostic.help or code.code in ("expectation-failed", "bad-expectation")
        assert f"[{code.code}]" in render(diagnostic)


@pytest.mark.parametrize("code", SPECS, ids=lambda code: code.code)
def test_the_fixed_spec_has_none(code: Code) -> None:
    checked = check(code.good)
    assert checked.diagnostics == ()
    assert checked.ok


def test_each_has_a_case_among_the_bad_specs() -> None:
    """These compare the line and the words of the message."""
    texts = [path.read_text() for path in (ROOT / "tests" / "bad_specs").glob("*.test")]
    covered = set(re.findall(r"# E: (\S+)", "".join(texts)))
    assert {code.code for code in SPECS} - covered == {"too-many-errors"}  # has a hundred lines


SESSIONS = [code for code in CODES if code.is_session]


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment whose `archcalc` is this one, and a home without settings."""
    command = tmp_path / "bin" / "archcalc"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archcalc "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def session(commands: str, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """The status of the last command, and the whole output."""
    folder.mkdir()
    lines = commands.splitlines()
    assert all(line.startswith("$ ") for line in lines)
    script = "\n".join(line.removeprefix("$ ") for line in lines)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.mark.skipif(os.name == "nt", reason="the sessions are for sh")
@pytest.mark.parametrize("code", SESSIONS, ids=lambda code: code.code)
def test_sessions(code: Code, tmp_path: Path, shell: dict[str, str]) -> None:
    if code.code == "permission" and os.geteuid() == 0:
        pytest.skip("needs a user who can be refused")
    status, printed = session(code.bad, tmp_path / "bad", shell)
    assert (status, re.findall(r"error\[(.*?)\]", printed)) == (1, [code.code]), printed
    status, printed = session(code.good, tmp_path / "good", shell)
    assert (status, re.findall(r"error", printed)) == (0, []), printed


def test_a_check_does_not_import_them() -> None:
    """Nor does one that reports an error."""
    program = (
        "import sys; from archcalc.pipeline import check\n"
        "check('input: [3, 8, 8]\\nlayers: [cnov, {allow: x, relu: }]\\n')\n"
        "print([m for m in sys.modules if m.startswith('archcalc.diagnostic_codes')])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
