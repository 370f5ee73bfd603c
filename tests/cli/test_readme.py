"""The README is true: its files and commands give the output that it shows.

After a wanted change `GOLDEN=write pytest tests/cli/test_readme.py` puts in the new output.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.support import run

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
OUTPUT = re.compile(r"<!-- output: (.+) -->\n```text\n((?:.*\n)*?)```\n")
FILE = re.compile(r"<!-- file: (.+) -->\n```yaml\n((?:.*\n)*?)```\n")
CODE = re.compile(r"<!-- code: export (.+), (.+) -->\n```py\n((?:.*\n)*?)```\n")
PYTHON = re.compile(r"```python\n((?:.*\n)*?)```\n")


@pytest.fixture(autouse=True)
def beside(tmp_path, monkeypatch):
    """A folder that holds the README's files."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILE.findall(TEXT):
        (tmp_path / name).write_text(text)


@pytest.mark.parametrize("command", [command for command, _ in OUTPUT.findall(TEXT)])
def test_output(command):
    if command.startswith("verify"):
        pytest.importorskip("torch", reason="PyTorch is not installed")
    found = run(*shlex.split(command))
    assert found.exit_code in (0, 1)
    if os.environ.get("GOLDEN") == "write":
        block = f"<!-- output: {command} -->\n```text\n"
        start = README.read_text(encoding="utf-8").index(block) + len(block)
        text = README.read_text(encoding="utf-8")
        end = text.index("```\n", start)
        README.write_text(text[:start] + found.stdout + text[end:], encoding="utf-8")
    shown = dict(OUTPUT.findall(README.read_text(encoding="utf-8")))
    assert found.stdout == shown[command]
    assert all(len(line) <= 80 for line in found.stdout.splitlines())


def test_python(capsys):
    """What a comment claims of a line is what the line prints."""
    for block in PYTHON.findall(TEXT):
        exec(block, {})  # noqa: S102  # the README is ours
        said = re.findall(r"print\(.*\) +# (.*)", block)
        assert capsys.readouterr().out.splitlines() == said


def test_exported_code():
    """A class that is shown is one of the file that `export` writes."""
    shown = CODE.findall(TEXT)
    assert shown
    for spec, name, code in shown:
        exported = run("export", spec).stdout
        assert code in exported
        assert code.startswith(f"class {name}(")


def test_the_commands_are_there():
    """`.ci/run` takes them from here by these marks."""
    for mark in ("install", "test"):
        assert len(re.findall(rf"^<!-- {mark} -->\n```sh\n.+\n```$", TEXT, re.MULTILINE)) == 1
