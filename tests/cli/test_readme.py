"""The README and the guide's page of commands show what the commands print.

`GOLDEN=write pytest tests/cli/test_readme.py` updates the outputs.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.support import run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = {
    page: page.read_text(encoding="utf-8") for page in (README, ROOT / "specs" / "commands.md")
}
TEXT = "\n".join(PAGES.values())
OUTPUT = re.compile(r"<!-- output: (.+) -->\n```text\n((?:.*\n)*?)```\n")
FILE = re.compile(r"<!-- file: (.+) -->\n```yaml\n((?:.*\n)*?)```\n")
ERROR = re.compile(r'<!-- error: (.+), with "(.+)" as "(.+)" -->\n```text\n((?:.*\n)*?)```\n')
CODE = re.compile(r"<!-- code: export (.+), (.+) -->\n```py\n((?:.*\n)*?)```\n")
PYTHON = re.compile(r"```python\n((?:.*\n)*?)```\n")


@pytest.fixture(autouse=True)
def beside(tmp_path, monkeypatch):
    """Runs in a folder with the files that the pages show."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILE.findall(TEXT):
        (tmp_path / name).write_text(text)


@pytest.mark.parametrize(
    ("page", "command"),
    [(page, command) for page, text in PAGES.items() for command, _ in OUTPUT.findall(text)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_output(page, command):
    if command.startswith("verify"):
        pytest.importorskip("torch", reason="PyTorch is not installed")
    found = run(*shlex.split(command))
    assert found.exit_code in (0, 1)
    text = page.read_text(encoding="utf-8")
    if os.environ.get("GOLDEN") == "write":
        block = f"<!-- output: {command} -->\n```text\n"
        start = text.index(block) + len(block)
        end = text.index("```\n", start)
        page.write_text(text[:start] + found.stdout + text[end:], encoding="utf-8")
        return
    assert found.stdout == dict(OUTPUT.findall(text))[command]
    assert all(len(line) <= 80 for line in found.stdout.splitlines())


def test_the_error_that_is_shown(tmp_path):
    """The diagnostic of a spec of the README after the change that the README describes."""
    text = README.read_text(encoding="utf-8")
    ((command, old, new, shown),) = ERROR.findall(text)
    arguments = shlex.split(command)
    spec = tmp_path / arguments[1]
    assert old in spec.read_text()
    spec.write_text(spec.read_text().replace(old, new))
    found = run(*arguments)
    assert found.exit_code == 1
    error = found.stdout[found.stdout.index("error[") :].rpartition("\n\n")[0] + "\n"
    if os.environ.get("GOLDEN") == "write":
        head = text[: text.index("<!-- error: ")]
        rest = text[len(head) :].replace(f"```text\n{shown}```", f"```text\n{error}```", 1)
        README.write_text(head + rest, encoding="utf-8")
        return
    assert error == shown


def test_python(capsys):
    """A line prints what its comment shows."""
    for block in PYTHON.findall(TEXT):
        exec(block, {})  # noqa: S102  # the README is ours
        said = re.findall(r"print\(.*\) +# (.*)", block)
        assert capsys.readouterr().out.splitlines() == said


def test_exported_code():
    """A class that a page shows is part of the file that `export` writes."""
    shown = CODE.findall(TEXT)
    assert shown
    for spec, name, code in shown:
        exported = run("export", spec).stdout
        assert code in exported
        assert code.startswith(f"class {name}(")


def test_the_commands_are_there():
    """`.ci/run` takes them from here by these marks."""
    for mark in ("install", "test"):
        block = rf"^<!-- {mark} -->\n```sh\n.+\n```$"
        assert len(re.findall(block, PAGES[README], re.MULTILINE)) == 1
