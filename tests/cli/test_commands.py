"""The command line around the commands: help, version, completion."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys

import pytest

import archcalc
from archcalc.commands import COMMANDS
from archcalc.report.stream import write_file
from tests.cli.support import environment, process, run


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
    word = f"{command}_" if command == "import" else command  # a word of Python's own
    module = importlib.import_module(f"archcalc.commands.{word}")
    assert callable(getattr(module, word))


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
def test_an_output_cannot_overwrite_its_spec(command, tmp_path):
    spec = tmp_path / "net.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers: [relu]\n", encoding="utf-8")
    done = run(*command, str(spec), "-o", str(tmp_path / "." / "net.yaml"))
    assert done.exit_code == 2
    assert "is the spec itself" in " ".join(done.stderr.split())
    assert spec.read_text(encoding="utf-8") == "input: [3, 8, 8]\nlayers: [relu]\n"


@pytest.mark.parametrize("name", ["vgg16", "VGG-16", "model.yaml", "nets/model.yml"])
def test_a_spec_in_place_of_a_command(name):
    found = run(name)
    assert found.exit_code == 2
    assert f"try `archcalc check {name}`" in " ".join(found.stderr.split())


def test_summaries_are_complete_sentences():
    section = run("--help").stdout.partition("Commands:\n")[2]
    lines = section.splitlines()
    assert len(lines) == len(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("..") for line in lines)


def test_metavars_are_alike():
    """A spec is SPEC, a layer LAYER, an output FILE, a setting NAME=VALUE, in every command."""
    for command in COMMANDS:
        text = run(command, "--help").stdout
        assert ("--output FILE" in text) == ("--output" in text)
        assert ("--set NAME=VALUE" in text) == ("--set" in text)
        for odd in ("PATH", "TEXT", "{SPEC}"):
            assert odd not in text, command


WRITERS = [
    ("export", "lenet5_modern", "-o"),
    ("render", "lenet5", "--style", "volumes", "-o"),
    ("new", "lenet5", "--force", "-o"),
]


@pytest.mark.parametrize("command", WRITERS, ids=lambda command: command[0])
def test_a_file_that_cannot_be_written_is_one_line(command, tmp_path):
    missing = str(tmp_path / "no" / "net.svg")
    done = run(*command, missing)
    assert done.exit_code == 2
    assert done.stderr == f"archcalc: cannot write {missing}: No such file or directory\n"
    if os.path.exists("/dev/full"):
        done = run(*command, "/dev/full", "--format", "svg") if command[0] == "render" else None
        done = done or run(*command, "/dev/full")
        assert done.exit_code == 2
        assert done.stderr == "archcalc: cannot write /dev/full: No space left on device\n"


@pytest.mark.parametrize("command", WRITERS, ids=lambda command: command[0])
def test_written_files_have_default_permissions(command, tmp_path):
    (tmp_path / "plain").write_text("")
    target = tmp_path / "net.svg"
    assert run(*command, str(target)).exit_code == 0
    assert target.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.svg", "plain"]


def test_a_file_is_replaced_completely_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "net.py"
    target.write_text("good")
    target.chmod(0o640)
    link = tmp_path / "link.py"
    link.symlink_to(target)
    write_file(str(link), b"better")
    assert link.is_symlink()
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("better", 0o640)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write_file(str(target), b"half")
    assert target.read_text() == "better"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.py", "net.py"]


EVERY_COMMAND = [
    ["check", "vgg16"],
    ["check", "vgg16", "--sort", "macs"],
    ["check", "vgg16", "--format", "json"],
    ["check", "vgg16", "--format", "csv"],
    ["check", "vgg16", "--format", "markdown"],
    ["check", "vgg16", "--format", "github"],
    ["compare", "vgg16", "vgg11"],
    ["explain", "vgg16", "features.0"],
    ["explain", "shape-mismatch"],
    ["explain", "conv"],
    ["export", "lenet5_modern"],
    ["formula", "lenet5", "--of", "macs"],
    ["inputs", "lenet5"],
    ["list", "--where", "family == vgg"],
    ["new", "vgg16", "-o", "-"],
    ["render", "lenet5", "--style", "volumes", "-o", "-"],
    ["--help"],
    ["--version"],
    ["check", "--help"],
]


@pytest.mark.slow
@pytest.mark.parametrize("command", EVERY_COMMAND, ids=" ".join)
def test_streams_and_terminals_of_every_kind(command, tmp_path):
    """A closed pipe, a full disk, ASCII, and 20 columns: a result or one line, never a
    traceback."""
    full = None
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as stream:
            full = process(*command, stdout=stream, cwd=tmp_path)
        assert full.returncode == 1, full.stderr
        assert (
            full.stderr == b"archcalc: cannot write to standard output: No space left on device\n"
        )
    pipe = [sys.executable, "-m", "archcalc", *command]
    reading, writing = os.pipe()
    os.close(reading)
    gone = subprocess.run(
        pipe, stdout=writing, stderr=subprocess.PIPE, env=environment(), cwd=tmp_path, check=False
    )
    os.close(writing)
    assert gone.stderr == b""
    ascii_ = process(*command, cwd=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (ascii_.returncode, ascii_.stderr) == (0, b"")
    narrow = process(*command, cwd=tmp_path, COLUMNS="20")
    assert (narrow.returncode, narrow.stderr) == (0, b"")
    assert narrow.stdout


@pytest.mark.slow
def test_an_interrupt_is_one_line(tmp_path):
    """Sent while the command waits for its spec on standard input."""
    command = [sys.executable, "-m", "archcalc", "check", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(), cwd=tmp_path, **pipes) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(2)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
        assert (child.stdout.read(), child.stderr.read()) == (b"", b"archcalc: interrupted\n")


def test_a_spec_from_standard_input(tmp_path):
    spec = b"name: Piped\ninput: [3, 8, 8]\nlayers: [conv: {out: 2, kernel: 3}]\n"
    command = [sys.executable, "-m", "archcalc", "check", "-"]
    found = subprocess.run(
        command, input=spec, capture_output=True, env=environment(), cwd=tmp_path, check=False
    )
    assert found.returncode == 0
    assert found.stdout.decode().startswith("Piped (<stdin>)\n")


def test_a_spec_cannot_inject_github_commands(tmp_path):
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "name: '::set-output name=x::y'\nsource: '##[error]gone'\n"
        "input: [1, 4, 4]\nlayers: [relu]\n"
    )
    for command in (["check"], ["explain"], ["export"]):
        found = process(*command, str(spec), GITHUB_ACTIONS="true")
        for line in (found.stdout + found.stderr).decode().splitlines():
            assert not line.lstrip().startswith("::"), command
            if command != ["export"]:
                assert "##[" not in line
    assert "\n::set-output" not in process("check", str(spec)).stdout.decode()[1:]
