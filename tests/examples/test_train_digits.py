"""`examples/train_digits.py` learns, and reports errors clearly.

Its images are generated here, in MNIST's format: ten patterns with noise.
"""

from __future__ import annotations

import gzip
import random
import re
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import archcalc
from tests.catalogue.support import ROOT
from tests.cli.support import environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytest.importorskip("torch", reason="PyTorch is not installed")

SCRIPT = ROOT / "examples" / "train_digits.py"
SIDE = 8
EPOCH = re.compile(r" +1  loss [\d.]+  accuracy +[\d.]+%   test [\d.]+ +([\d.]+)%   [\d.]+ s")


def idx(shape: Sequence[int], content: bytes, kind: int = 8) -> bytes:
    """The format of MNIST's files: magic number, sizes with the high byte first, bytes."""
    return bytes([0, 0, kind, len(shape)]) + b"".join(n.to_bytes(4) for n in shape) + content


def write_digits(folder: Path, part: str, count: int) -> None:
    """Digit d is bright at its own ten of 64 positions."""
    rng = random.Random(part)
    places = [random.Random(d).sample(range(SIDE * SIDE), 10) for d in range(10)]
    images = bytearray(rng.randrange(100) for _ in range(count * SIDE * SIDE))
    for n in range(count):
        for place in places[n % 10]:
            images[n * SIDE * SIDE + place] = 255
    labels = idx([count], bytes(n % 10 for n in range(count)))
    (folder / f"{part}-images-idx3-ubyte").write_bytes(idx([count, SIDE, SIDE], bytes(images)))
    (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    write_digits(folder, "train", 2_000)
    write_digits(folder, "t10k", 200)
    return folder


def called(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> object:
    """The exit message or status of the script."""
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return ended.value.code


def test_it_trains_and_draws(tmp_path: Path, data: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--data", data, "--epochs", "1", "--picture", "drawn.png"],
        capture_output=True,
        cwd=tmp_path,
        env=environment(),  # type: ignore[no-untyped-call]  # a helper without types
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    begun, epoch, ended, *drawn = done.stdout.splitlines()
    assert begun == "LeNet-5, modern: 61,706 parameters, 416,520 MACs per image"
    learnt = EPOCH.fullmatch(epoch)
    assert learnt
    assert float(learnt[1]) > 50  # by chance: 10
    assert ended.startswith(f"LeNet-5, modern: test accuracy {learnt[1]}% after epoch 1, ")
    if "no picture: matplotlib is missing" in done.stderr:
        assert drawn == []
        pytest.skip("no picture: matplotlib is not installed")
    assert done.stderr == ""
    assert drawn == ["wrote drawn.png"]
    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--input", "1xab"],
            "argument --input: '1xab' is not a shape: write channels and spatial sizes",
        ),
        (["--set", "nonsense"], "argument --set: 'nonsense' is not NAME=VALUE"),
        (["--set", "=10"], "argument --set: '=10' is not NAME=VALUE"),
        (["--epochs", "0"], "argument --epochs: '0' is not an integer from 1 to 10,000"),
        (["--threads", "none"], "argument --threads: 'none' is not an integer from 1"),
        (["--picture", "."], "--picture . is a folder"),
        (["--picture", "a.svg"], "--picture a.svg: the extension must be .png"),
        (["--picture", "missing/a.png"], "--picture missing/a.png is a folder, or its folder"),
    ],
)
def test_wrong_use(
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, *arguments) == 2
    usage, error = capsys.readouterr().err.splitlines()
    assert usage == "usage: train_digits.py [options]"
    assert f"error: {told}" in error


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--net", "lenet6"], "no spec named `lenet6`"),
        (["--net", "resnet50"], "ResNet-50 has outputs {'output': (1000,)}, not ten: try"),
        (["--net", "plain20", "--input", "3x4x4"], "not images of 8×8 or larger"),
        (["--net", ROOT / "examples/signal.yaml"], "not images of 8×8 or larger"),
        (["--net", "plain20", "--input", "0x16x16"], "(0, 16, 16) is not a shape"),
        (["--set", "clases=10"], "the spec has no var 'clases': did you mean 'classes'?"),
        (["--set", "classes=ten"], "classes is 10 in the spec: it takes a number, not ten"),
        (["--net", "lenet5", "--net", "resnet18"], "ResNet-18 has outputs {'output': (1000,)}"),
    ],
)
def test_unsuitable_nets(
    arguments: list[str], told: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told in str(called(monkeypatch, "--data", data, *arguments))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t10k-images-idx3-ubyte", b"", "t10k-images-idx3-ubyte is not an IDX file of bytes"),
        ("t10k-images-idx3-ubyte", idx([9, 8, 8], bytes(99)), "or it is truncated"),
        ("train-images-idx3-ubyte", idx([2_000, 8, 8], bytes(128_000)), "are uniform"),
        ("t10k-images-idx3-ubyte", idx([200, 9, 8], b"ab" * 7_200), "differ in size"),
        ("t10k-images-idx3-ubyte", idx([0, 8, 8], b""), "is not an IDX file of bytes"),
        ("t10k-images-idx3-ubyte", idx([2, 8, 8], bytes(128), 9), "is not an IDX file of bytes"),
        ("t10k-images-idx3-ubyte", b"words, " * 99, "is not an IDX file of bytes"),
        ("t10k-images-idx3-ubyte", idx([9, 64], bytes(576)), "images (9, 64) and labels (200,)"),
        ("t10k-images-idx3-ubyte", idx([9, 8, 8], bytes(576)), "images (9, 8, 8) and labels"),
        ("t10k-labels-idx1-ubyte", idx([200], b"\x0a" * 200), "do not match, or are not digits"),
        ("t10k-labels-idx1-ubyte.gz", b"words", "t10k-labels-idx1-ubyte.gz cannot be read"),
        ("t10k-labels-idx1-ubyte.gz", None, "no file t10k-labels-idx1-ubyte or t10k"),
    ],
)
def test_wrong_files(
    name: str, content: bytes | None, told: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is None:
        (data / name).unlink()
    else:
        (data / name).write_bytes(content)
    assert told in str(called(monkeypatch, "--data", data))


def test_missing_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = called(monkeypatch, "--data", tmp_path / "nowhere")
    assert told == f"--data {tmp_path / 'nowhere'}: no such folder"


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    told = "scikit-learn is missing: pip install 'archcalc[examples]', or give --data DIR"
    assert called(monkeypatch) == told


def test_interrupted(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archcalc, "load", interrupted)
    assert called(monkeypatch, "--data", data) == 130
