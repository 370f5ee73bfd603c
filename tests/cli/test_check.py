"""`archcalc check`: options, exit statuses, streams."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.cli.support import environment, process, run

SPEC = """name: Small
input: [3, 8, 8]
vars: {width: 4, padding: 1}
layers:
  - {name: a, conv: {out: width, kernel: 3, padding: padding}}
  - relu
expect:
  - {params: 112}
  - {set: {width: 8}, params: 224}
  - {input: [3, 16, 16], output: [4, 16, 16]}
"""
INVALID = SPEC.replace("kernel: 3", "kernel: 30")


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "invalid.yaml").write_text(INVALID)
    return tmp_path


def test_everything_passes():
    found = run("check", "small.yaml")
    assert found.exit_code == 0
    assert found.stdout.endswith("ok: 1 expectation passed, 2 not checked (see --cases)\n")
    assert found.stderr == ""


def test_a_name_needs_no_extension_and_may_be_of_the_catalogue():
    assert run("check", "small").exit_code == 0
    assert "138,357,544" in run("check", "vgg16").stdout
    assert "138,357,544" in run("check", "vgg16.yaml").stdout


def test_an_error_exits_1_and_is_printed_below_the_table():
    found = run("check", "invalid.yaml")
    assert found.exit_code == 1
    head, error = found.stdout.split("\nerror[window-too-large]: ")
    assert "✗ conv 30×30" in head
    assert " --> invalid.yaml:5:" in error
    assert error.endswith("\n1 error; 1 unknown, 2 not checked (see --cases)\n")
    assert found.stderr == ""


def test_a_failed_expectation_exits_1(small):
    (small / "wrong.yaml").write_text(SPEC.replace("{params: 112}", "{params: 111}"))
    assert run("check", "wrong.yaml").exit_code == 1


@pytest.mark.parametrize("order", [("small", "invalid"), ("invalid", "small")])
def test_several_specs_exit_with_the_worst(order):
    found = run("check", *order)
    assert found.exit_code == 1
    assert "ok: 1 expectation" in found.stdout
    assert "1 error" in found.stdout


def test_set_and_input():
    found = run("check", "small", "--set", "width=8", "--input", "3x10x12", "--set", "padding=0")
    assert found.exit_code == 0
    assert "input 3×10×12, output 8×8×10" in found.stdout
    assert "with width=8, padding=0" in found.stdout
    assert re.search(r"^params +224 ", found.stdout, re.MULTILINE)


def test_a_named_input(small):
    (small / "two.yaml").write_text(
        "input: {left: [1, 4, 4], right: [1, 4, 4]}\nlayers:\n"
        "  - concat: [{from: left}, {from: right}]\n"
    )
    found = run("check", "two", "--input", "left=2x4x4", "--input", "right=3x4x4")
    assert "output 5×4×4" in found.stdout
    wrong = run("check", "two", "--input", "2x4x4")
    assert wrong.exit_code == 2
    assert "2 inputs" in wrong.stderr


def test_values_of_set_are_read_as_in_a_spec():
    found = run("check", "small", "--set", "width=2*4", "--format", "json")
    assert json.loads(found.stdout)["totals"]["params"] == 224


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "width"], "'width' is not NAME=VALUE"),
        (["--set", "=1"], "'=1' is not NAME=VALUE"),
        (["--set", "width="], "'width=' is not NAME=VALUE"),
        (["--set", "width=1+"], "invalid expression"),
        (["--set", "width=1/0"], "'width=1/0': "),
        (["--set", "widht=1"], "no var 'widht': did you mean 'width'?"),
        (["--set", "zzz=1"], "no var 'zzz': it has width, padding"),
        (["--input", "3xa"], "'3xa' is not a shape"),
        (["--input", "3x0x3"], "sizes must be ≥ 1"),
        (["--input", "3x4x5x6x7"], "is not a shape"),
        (["--input", "image=3x4x4"], "no input 'image'"),
        (["--input", "3x4x4", "--input", "3x5x5"], "each is NAME=SHAPE"),
        (["--depth", "0"], "'0': must be ≥ 1 or `all`"),
        (["--depth", "deep"], "'deep': must be ≥ 1 or `all`"),
        (["--format", "xml"], "'xml' is not one of"),
        (["--dtype", "int4"], "'int4' is not one of"),
        (["--sett", "width=1"], "No such option"),
    ],
)
def test_wrong_usage_exits_2(arguments, message):
    found = run("check", "small", *arguments)
    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stdout == ""


def test_without_a_spec():
    assert run("check").exit_code == 2
    assert run().exit_code == 2


def test_a_missing_file_is_an_error():
    found = run("check", "smal.yaml", "small")
    assert found.exit_code == 1
    assert "error[file-not-found]" in found.stdout
    assert "ok: 1 expectation" in found.stdout


def test_json_is_alone_on_standard_output():
    for spec in ("small", "invalid", "no-such-file"):
        found = run("check", spec, "--format", "json")
        assert json.loads(found.stdout)["ok"] == (spec == "small")
        assert found.stderr == ""


def test_csv_prints_errors_to_standard_error():
    found = run("check", "invalid", "--format", "csv")
    assert found.exit_code == 1
    assert found.stdout.startswith("spec,path,op,")
    assert "error[window-too-large]" in found.stderr


def test_github_and_markdown():
    assert run("check", "invalid", "--format", "github").stdout.startswith(
        "::error file=invalid.yaml"
    )
    assert run("check", "small", "--format", "markdown").stdout.startswith("### Small\n")


def test_depth():
    closed = run("check", "vgg16", "--depth", "1").stdout
    opened = run("check", "vgg16", "--depth", "all").stdout
    assert "\n  30 " not in closed
    assert "\n  30 " in opened
    assert "\nfeatures " in closed


def test_dtype():
    full = json.loads(run("check", "small", "--format", "json").stdout)
    half = json.loads(run("check", "small", "--format", "json", "--dtype", "float16").stdout)
    assert full["totals"]["peak_activation_bytes"] == 4 * (4 * 64 + 4 * 64)
    assert half["totals"]["peak_activation_bytes"] == 2 * (4 * 64 + 4 * 64)
    assert "as float16" in run("check", "small", "--dtype", "float16").stdout


def test_cases_are_run_with_their_settings():
    found = run("check", "small", "--cases", "--expect", "all")
    assert found.exit_code == 0
    assert found.stdout.endswith("ok: 3 expectations passed\n")
    assert re.search(r"^✓ params  224 .*with width=8$", found.stdout, re.MULTILINE)


def test_a_failed_case_is_reported_with_its_settings(small):
    (small / "wrong.yaml").write_text(
        SPEC.replace("224", "225").replace("[4, 16, 16]", "[4, 9, 9]")
    )
    assert run("check", "wrong").exit_code == 0
    found = run("check", "wrong", "--cases")
    assert found.exit_code == 1
    assert found.stdout.count("error[expectation-failed]") == 2
    assert "= note: in the case width=8" in found.stdout
    assert "= note: in the case input 3×16×16" in found.stdout


def test_invalid_cases_are_reported(small):
    (small / "wrong.yaml").write_text(SPEC.replace("{width: 8}", "{padding: -1}"))
    found = run("check", "wrong", "--cases")
    assert found.exit_code == 1
    assert "= note: in the case padding=-1" in found.stdout


def test_cases_include_the_specs_own_settings():
    """With --set the plain case does not apply; --cases runs it all the same."""
    assert "0 error" not in run("check", "small", "--set", "width=6").stdout
    found = run("check", "small", "--set", "width=6", "--cases")
    assert found.exit_code == 0
    assert found.stdout.endswith("ok: 3 expectations passed\n")


def test_cases_of_layers_that_only_exist_with_a_setting(small):
    (small / "deep.yaml").write_text(
        "input: [4]\nvars: {extra: false}\nlayers:\n  - relu\n"
        "  - {when: extra, linear: 2, expect: {set: {extra: true}, params: 11}}\n"
    )
    assert run("check", "deep").exit_code == 0
    found = run("check", "deep", "--cases")
    assert found.exit_code == 1
    assert re.search(r"^✗ \S+ params  11 +10 ", found.stdout, re.MULTILINE)


def test_colour_only_if_wanted():
    assert "\x1b" not in run("check", "invalid").stdout
    assert "\x1b" not in run("check", "invalid", FORCE_COLOR="1", NO_COLOR="1").stdout
    for force in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        coloured = run("check", "invalid", **{force: "1"}).stdout
        assert "\x1b[1;31merror[window-too-large]\x1b[0m" in coloured
        assert "\x1b" not in run("check", "invalid", **{force: "0"}).stdout
    assert "\x1b" not in run("check", "invalid", CLICOLOR_FORCE="1", NO_COLOR="1").stdout


@pytest.mark.parametrize("name", ["ResNet50", "resnet-50", "RESNET_50.yaml"])
def test_a_name_in_any_spelling(name):
    assert "ResNet-50 (" in run("check", name).stdout


def test_a_wrong_name_suggests_the_nearest():
    found = run("check", "resnet5")
    assert found.exit_code == 1
    (line,) = [line for line in found.stdout.splitlines() if "did you mean" in line]
    assert "resnet50" in line
    assert len(line) < 80


def test_sort_and_unfold():
    found = run("check", "vgg16", "--sort", "params").stdout.splitlines()
    rows = found[found.index("", 2) + 2 :]
    assert [row.split()[0] for row in rows[:3]] == ["classifier.0", "classifier.3", "classifier.6"]
    assert "\n  1         relu " in run("check", "vgg16", "--unfold", COLUMNS="120").stdout
    wrong = run("check", "vgg16", "--sort", "macs", "--format", "json")
    assert wrong.exit_code == 2
    assert "only table and markdown can be sorted" in " ".join(wrong.stderr.split())


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "utf-8"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_any_encoding_of_the_terminal(settings):
    found = process("check", "resnet50", "--expect", "all", **settings)
    assert found.returncode == 0
    assert found.stderr == b""
    text = found.stdout.decode(settings.get("PYTHONIOENCODING", "utf-8"))
    row = r"^  1[–-]2   bottleneck 64 +[×x]2 +256[×x]56[×x]56  140\.8 k"
    assert re.search(row, text, re.MULTILINE)
    assert re.search(r"^[✓+] params +25,557,032$", text, re.MULTILINE)


def test_a_closed_pipe():
    """As in `archcalc check … | head -1`: no traceback, and the status of the check itself."""
    command = [sys.executable, "-m", "archcalc", "check", "resnet1202", "--format", "json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()}
    with subprocess.Popen(command, **pipes) as child:
        assert child.stdout.read(1) == b"{"
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk():
    with open("/dev/full", "w") as full:
        found = process("check", "vgg16", stdout=full)
    assert found.returncode == 1
    message = b"archcalc: cannot write to standard output: No space left on device\n"
    assert found.stderr == message


def test_closed_streams():
    command = f"exec {sys.executable} -m archcalc check vgg16 >&- 2>&-"
    found = subprocess.run(["sh", "-c", command], check=False, env=environment())
    assert found.returncode == 0


@pytest.mark.parametrize("spec", ["vgg16", "resnet50", "invalid.yaml"])
def test_a_check_imports_nothing_heavy(small, spec):
    """Each of these takes longer to import than a check takes."""
    code = (
        "import sys, archcalc.__main__ as m\n"
        f"sys.argv = ['archcalc', 'check', {spec!r}]\n"
        "try: m.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sympy', 'rich', 'graphviz', 'numpy', 'torch', 'dataclasses', 'json', 'csv', "
        "'asyncio', 'pydantic', 'unittest', 'email', 'http'}\n"
        "print(sorted(heavy & sys.modules.keys()), file=sys.stderr)"
    )
    found = process(python=("-c", code), cwd=small)
    assert found.stderr == b"[]\n"
    assert found.stdout


def test_import_archcalc_costs_nothing():
    code = "import sys, archcalc; print(sorted(m for m in sys.modules if m.startswith('archcalc')))"
    assert process(python=("-c", code)).stdout == b"['archcalc']\n"
