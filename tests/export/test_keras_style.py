"""Keras code as its reader sees it: golden files, formatting, and no surprise between two runs.

The golden files are read by people: every line of each follows from the spec. They are written anew
with `python -m tests.export.test_keras_style`.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import archcalc
from archcalc.codegen import export
from tests.catalogue.support import FAMILIES
from tests.export.keras_code import NETS, NO_KERAS, of_catalogue, of_random_net
from tests.export.support import ROOT, lint

GOLDEN = Path(__file__).with_name("golden") / "keras"
MOST_LINES = {"lenet5_modern": 40, "vgg16": 50, "resnet50": 100, "googlenet": 120, "mobilenet": 70}


@pytest.mark.parametrize("name", MOST_LINES)
def test_the_golden_nets(name: str) -> None:
    text = of_catalogue(name)
    assert text == (GOLDEN / f"{name}.py.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_LINES[name]


def test_the_readme_shows_what_is_written() -> None:
    pattern = r"<!-- keras: export (.+) -->\n```py\n((?:.*\n)*?)```\n"
    shown = re.findall(pattern, (ROOT / "specs" / "commands.md").read_text(encoding="utf-8"))
    assert shown
    for name, code in shown:
        assert code in of_catalogue(name)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue and random nets, a file each."""
    folder = tmp_path_factory.mktemp("keras")
    for name in FAMILIES:
        if name in NO_KERAS:
            continue
        (folder / f"{name}.py").write_text(of_catalogue(name), encoding="utf-8")
    for seed in range(NETS):
        if (text := of_random_net(seed)) is not None:
            (folder / f"random{seed}.py").write_text(text, encoding="utf-8")
    return folder


def test_the_catalogue_and_random_nets_pass_ruff(written: Path) -> None:
    assert lint(written) == ""


def test_another_run_gives_the_same_bytes(written: Path) -> None:
    """Also where the order of Python's sets is another one."""
    names = ["lenet5", "vgg16", "mobilenet", "resnet50", "inception_v4", "googlenet"]
    code = (
        "import sys, archcalc\n"
        "for name in sys.argv[1:]: print(archcalc.export(archcalc.load(name), 'keras'))\n"
        "assert not {'keras', 'torch', 'numpy'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    texts = [(written / f"{name}.py").read_text(encoding="utf-8") for name in names]
    assert done.stdout == "".join(f"{text}\n" for text in texts)


def test_nothing_but_keras_is_imported(written: Path) -> None:
    allowed = {"keras", "math", "sys", "collections.abc", "itertools", "typing"}
    for file in written.iterdir():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= allowed, file.name
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed, file.name


def test_the_docstring_says_what_the_net_is() -> None:
    net = archcalc.load("resnet50", set={"classes": 10}, input=(3, 256, 256))
    told = ast.get_docstring(ast.parse(export(net, "keras")))
    assert told is not None
    assert told.startswith("ResNet-50.")
    assert "Source: He, Zhang, Ren & Sun 2015" in told
    assert "Input: 3x256x256. Output: 10." in told
    # 25,557,032 − 990·2,049 parameters; the receptive field does not depend on the input.
    assert f"Parameters: {25_557_032 - 990 * 2_049:,}." in told
    assert "Receptive field: 427." in told
    command = "archcalc export --target keras resnet50.yaml --set classes=10 --input 3x256x256"
    assert command in told


def test_a_var_that_decides_what_no_value_tried_shows_is_fixed() -> None:
    text = "input: [4]\nvars: {n: 3}\nlayers: [linear: n, {when: n**3 == 2197, linear: 5}]"
    code = export(archcalc.load(text), "keras")
    assert "def build() -> keras.Model:" in code
    assert "Fixed here, as another value may need other code: n = 3." in code


def test_a_var_keeps_its_name() -> None:
    """The code's own variables give way; only what the file itself needs does not."""
    words = ["outputs", "inputs", "count", "x", "model", "name", "build", "training_heads", "self"]
    told = "".join(f", {word}: {n}" for n, word in enumerate(words, 1))
    text = (
        f"input: [4, 5, 5]\nvars: {{keras: 2, range: 2{told}}}\n"
        "blocks: {model: {do: [{when: x > 3, relu: }, {conv: {out: x + name, kernel: 1}}]}}\n"
        f"layers: [model, {{linear: {' + '.join([*words, 'keras', 'range'])}}}, {{name: h, "
        "head: true, training_only: true, relu: }, {repeat: range, do: [abs]}]"
    ).replace("{linear:", "flatten, {linear:")
    code = export(archcalc.load(text), "keras")
    (build,) = (n for n in ast.parse(code).body if getattr(n, "name", "") == "build")
    assert isinstance(build, ast.FunctionDef)
    assert [a.arg for a in build.args.args] == ["keras2", "range2", *words, "training_heads2"]
    compile(code, "generated.py", "exec")


def test_a_parameter_hides_the_var_of_its_name() -> None:
    code = export(
        archcalc.load(
            "input: [4, 5, 5]\nvars: {growth: 3}\n"
            "blocks: {b: {with: {growth: }, do: [{conv: {out: growth, kernel: 1}}]}}\n"
            "layers: [{b: growth}, {b: 2*growth}]"
        ),
        "keras",
    )
    assert "def b(x: keras.KerasTensor, growth: int, *, name: str)" in code
    assert "x = b(x, 2 * growth, name=" in code


def test_what_names_nothing_is_not_counted() -> None:
    dense = export(
        archcalc.load(
            "input: [4, 8, 8]\nvars: {depths: [1, 2]}\nlayers: [{for: depth, in: depths, do: "
            "[{repeat: depth, do: [{conv: {out: 4, kernel: 1}}]}, relu]}, {name: f, flatten: }]"
        ),
        "keras",
    )
    assert "{next(number)}" in dense
    assert "\n    next(number)" not in dense
    parts = export(
        archcalc.load(
            "input: [4, 8, 8]\nlayers: [{repeat: 2, do: [{split: [l, r]}, concat: [[{from: r}], "
            "[{from: l}]]]}, {split: [m, n]}, {concat: [{from: m}, {from: n}]}]"
        ),
        "keras",
    )
    assert "count" not in parts.partition("import keras")[2]


def test_notes_and_names_ask_for_no_import() -> None:
    text = "note: of math.pi and ops.pad\nname: math.pi\ninput: [4]\nlayers: [linear: 3]"
    code = export(archcalc.load(text), "keras")
    assert [line for line in code.splitlines() if "import" in line] == [
        "import keras",
        "from keras import layers",
    ]


@pytest.mark.parametrize(("turns", "asked"), [(400, False), (401, True)])
def test_a_deep_net_asks_for_deep_calls(turns: int, asked: bool) -> None:
    text = f"input: [4]\nlayers: [{{repeat: {turns}, do: [relu]}}]"
    assert ("sys.setrecursionlimit(" in export(archcalc.load(text), "keras")) == asked


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for net in MOST_LINES:
        (GOLDEN / f"{net}.py.txt").write_text(of_catalogue(net), encoding="utf-8")
