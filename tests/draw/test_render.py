"""`archcalc render`: formats, engines, errors; and diagrams in notebooks."""

from __future__ import annotations

import shutil
import sys

import pytest

import archcalc
from archcalc.draw import diagram, output
from archcalc.draw.build import build
from archcalc.draw.engine import NoEngine, engine
from archcalc.draw.output import skipped_rows
from tests.cli.support import process, run
from tests.draw.support import CATALOGUE, INVALID, embedded_only, parsed, report, texts

ENGINES = ("system", "embedded")


@pytest.fixture(params=ENGINES)
def with_engine(request, monkeypatch, tmp_path):
    """Every test with Graphviz, if it is installed, and without."""
    if request.param == "embedded":
        embedded_only(monkeypatch, tmp_path)
    elif shutil.which("dot") is None:
        pytest.skip("no system graphviz")
    return request.param


def test_the_format_is_the_extension(with_engine, tmp_path):
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "dot": b"digraph", "gv": b"digraph"}
    if with_engine == "system":
        starts["pdf"] = b"%PDF"
    for ending, start in starts.items():
        target = tmp_path / f"net.{ending}"
        assert run("render", "lenet5", "-o", str(target)).exit_code == 0
        assert target.read_bytes().startswith(start)


def test_pdf_without_the_systems_graphviz_says_what_to_do(monkeypatch, tmp_path):
    embedded_only(monkeypatch, tmp_path)
    found = run("render", "lenet5", "-o", str(tmp_path / "net.pdf"))
    assert found.exit_code == 2
    assert "apt install graphviz" in found.stderr
    assert not (tmp_path / "net.pdf").exists()


def test_without_any_engine(monkeypatch, tmp_path):
    embedded_only(monkeypatch, tmp_path)
    monkeypatch.setattr("archcalc.draw.engine.EMBEDDED", "no-such-program")
    with pytest.raises(NoEngine, match="graphviz-pure"):
        engine()
    assert run("render", "lenet5", "-o", str(tmp_path / "a.svg")).exit_code == 2
    # DOT text needs none.
    assert run("render", "lenet5", "-o", str(tmp_path / "a.dot")).exit_code == 0


def test_standard_output_contains_only_the_picture():
    found = process("render", "lenet5", "-o", "-")
    assert found.returncode == 0
    assert parsed(found.stdout) is not None
    assert found.stderr == b""
    text = process("render", "lenet5", "-o", "-", "--format", "dot").stdout.decode()
    assert text == diagram(report("lenet5")).source


def test_without_a_target_the_file_is_named_after_the_spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run("render", "lenet5", "--style", "volumes")
    assert found.exit_code == 0
    assert "wrote lenet5.svg" in found.stderr
    assert parsed((tmp_path / "lenet5.svg").read_text(encoding="utf-8")) is not None


def test_an_invalid_spec_is_drawn_and_reported(tmp_path):
    (tmp_path / "net.yaml").write_text(INVALID)
    found = run("render", str(tmp_path / "net.yaml"), "-o", str(tmp_path / "net.svg"))
    assert found.exit_code == 1
    assert "error[shape-mismatch]" in found.stderr
    written = " ".join(texts(parsed((tmp_path / "net.svg").read_bytes())))
    assert "line 6: add needs equal shapes: branch 1 is 32×32×32, branch 2 is 16×32×32" in written


def test_invalid_text_is_reported_and_nothing_is_written(tmp_path):
    found = run("render", str(tmp_path / "none.yaml"), "-o", str(tmp_path / "net.svg"))
    assert found.exit_code == 1
    assert "error[" in found.stderr
    assert not (tmp_path / "net.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "net.jpeg"], "unknown extension .jpeg"),
        (["-o", "net"], "no extension"),
        (["-o", "nowhere/net.svg"], "cannot write"),
        (["-o", "net.svg", "--depth", "0"], "must be ≥ 1 or"),
        (["-o", "net.svg", "--show", "weight"], "invalid metric 'weight'"),
        (["-o", "net.png", "--style", "volumes"], "can only be written as svg"),
        (["-o", "net.svg", "--receptive-field", "C9"], "did you mean"),
        (["-o", "net.svg", "--set", "nothing=1"], "nothing"),
    ],
)
def test_wrong_usage(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run("render", "lenet5", *arguments)
    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())


@pytest.mark.usefixtures("with_engine")
def test_a_too_large_png_is_rejected(tmp_path):
    found = run("render", "resnet152", "--depth", "all", "--unfold", "-o", str(tmp_path / "a.png"))
    assert found.exit_code == 2
    assert "close blocks with --depth" in found.stderr


def test_too_many_boxes():
    with pytest.raises(output.CannotDraw, match="5,001 boxes"):
        output.check_boxes(5001, "svg")
    output.check_boxes(5001, "dot")


def test_themes_directions_and_figures():
    found = report("lenet5")
    assert "#14181C" in diagram(found, theme="dark").source
    assert "rankdir=LR" in diagram(found, direction="right").source
    assert "156 params, field 5/1" in diagram(found, show=["params", "receptive_field"]).source


@pytest.mark.usefixtures("with_engine")
def test_a_net_has_a_diagram():
    net = archcalc.load("lenet5")
    assert net.draw(depth=1).source.startswith("digraph")
    assert "<svg" in net._repr_mimebundle_()["image/svg+xml"]


def test_check_imports_nothing_of_this():
    code = (
        "import sys, archcalc; archcalc.analyze(archcalc.load('lenet5'));"
        "print([m for m in sys.modules if 'graphviz' in m or m.startswith('archcalc.draw')])"
    )
    assert process(python=("-c", code)).stdout.strip() == b"[]"


@pytest.mark.slow
@pytest.mark.usefixtures("with_engine")
@pytest.mark.parametrize("name", CATALOGUE)
def test_the_whole_catalogue_is_drawn(name):
    found = report(name)
    for options in ({}, {"depth": 99, "direction": "right"}):
        assert parsed(diagram(found, **options).pipe(format="svg")) is not None
    if name != "resnet1202":  # 3,600 layers: seconds, and nobody opens them all
        assert parsed(diagram(found, depth=99, unfold=True).pipe(format="svg")) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipe")
def test_a_closed_pipe():
    assert process("render", "lenet5", "-o", "/dev/full").returncode == 2


def labels(count: int) -> str:
    layers = "".join(f"  - {{as: t{i}, relu: }}\n" for i in range(count))
    read = "".join(f"      - {{from: t{i}}}\n" for i in range(count))
    return f"input: [3, 8, 8]\nlayers:\n{layers}  - concat:\n{read}"


def test_skipped_rows_by_hand():
    """The concat reads layer i over the n − i layers after it: 0 + 1 + … + 9 rows."""
    assert skipped_rows(build(report(labels(10)), depth=1)) == sum(range(10))


def test_arrows_that_skip_too_many_rows_are_not_drawn(tmp_path):
    (tmp_path / "net.yaml").write_text(labels(400))
    done = run("render", str(tmp_path / "net.yaml"), "-o", str(tmp_path / "net.svg"))
    assert done.exit_code == 2
    assert "skip 79,800 rows of boxes" in done.output
    assert not (tmp_path / "net.svg").exists()
