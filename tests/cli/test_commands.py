"""The command line around the commands: help, version, completion."""

from __future__ import annotations

import importlib

import pytest

import archcalc
from archcalc.commands import COMMANDS
from tests.cli.support import process, run


def test_version():
    found = run("--version")
    assert (found.exit_code, found.stdout) == (0, f"archcalc {archcalc.__version__}\n")


def test_help_has_every_command_and_examples():
    found = run("--help")
    assert found.exit_code == 0
    assert "Examples:" in found.stdout
    for command in COMMANDS:
        assert f"\n  {command} " in found.stdout
    assert run("-h").stdout == found.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    found = run(command, "--help")
    assert found.exit_code == 0
    assert f"\n    archcalc {command} " in found.stdout
    assert all(len(line) <= 80 for line in found.stdout.splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_the_function_of_its_name_in_a_file_of_its_name(command):
    module = importlib.import_module(f"archcalc.commands.{command}")
    assert callable(getattr(module, command))


def test_a_misspelt_command():
    found = run("chek", "vgg16")
    assert found.exit_code == 2
    assert "No such command 'chek'. Did you mean 'check'?" in found.stderr


def test_python_m_archcalc():
    found = process("--version")
    assert found.stdout.decode() == f"archcalc {archcalc.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell):
    found = process("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert b"_ARCHCALC_COMPLETE" in found.stdout


def test_completion_of_names(tmp_path):
    (tmp_path / "vgg_of_mine.yaml").write_text("")
    (tmp_path / "vgg.txt").write_text("")
    found = process(
        cwd=tmp_path,
        _ARCHCALC_COMPLETE="complete_bash",
        COMP_WORDS="archcalc check vgg",
        COMP_CWORD="2",
    )
    names = found.stdout.decode().split()
    assert "vgg_of_mine.yaml" in names
    assert {"vgg16", "vgg11"} <= set(names)
    assert "vgg.txt" not in names
    assert "resnet50" not in names


@pytest.mark.parametrize(
    "command", [["export"], ["export", "--target", "keras"], ["render", "--format", "svg"]]
)
def test_no_output_takes_the_place_of_its_spec(command, tmp_path):
    spec = tmp_path / "net.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers: [relu]\n", encoding="utf-8")
    done = run(*command, str(spec), "-o", str(tmp_path / "." / "net.yaml"))
    assert done.exit_code == 2
    assert "is the spec itself" in " ".join(done.stderr.split())
    assert spec.read_text(encoding="utf-8") == "input: [3, 8, 8]\nlayers: [relu]\n"
