"""`archcalc list`. `GOLDEN=write pytest tests/cli` rewrites the golden file."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path

import pytest

from archcalc.catalogue.entries import entries, natural
from archcalc.catalogue.query import condition, ordered
from archcalc.diagnostics import DiagnosticError
from archcalc.spec.files import catalogue_names
from tests.cli.support import run

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "list_80.txt"


@cache
def nets():
    """The catalogue, computed once for all tests."""
    return entries()


def names(*arguments):
    found = run("list", "--format", "json", *arguments)
    assert found.exit_code == 0, found.stderr
    return [net["name"] for net in json.loads(found.stdout)["nets"]]


def chosen(text):
    """The names of the nets that meet a condition."""
    holds = condition(text, [word for net in nets() for word in (net.name, net.family, net.task)])
    return [net.name for net in nets() if holds(net)]


def test_golden():
    found = run("list")
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(found.stdout, encoding="utf-8")
    assert found.stdout == GOLDEN.read_text(encoding="utf-8")
    assert all(len(line) <= 80 for line in found.stdout.splitlines())


def test_the_golden_file_agrees_with_papers_and_frameworks():
    """VGG-16 and ResNet-50 by torchvision, LeNet-5 by its paper, depths by the nets' names."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line.startswith(" ")}
    assert rows["vgg16"][1:] == ["3×224×224", "138.4", "M", "15.47", "G", "16", "212", "2015"]
    assert rows["resnet50"][1:8] == ["3×224×224", "25.56", "M", "4.089", "G", "50", "427"]
    assert rows["lenet5"][1:4] == ["1×32×32", "60.00", "k"]
    for name, cells in rows.items():
        if re.fullmatch(r"(resnet|plain|vgg)\d+", name):
            assert cells[-3].replace(",", "") == re.findall(r"\d+", name)[0]
    assert sorted(rows) == sorted(catalogue_names())


def test_figures_are_those_of_the_published_checkpoints():
    """Parameters and MACs of torchvision's nets, as counted there."""
    counted = 0
    for entry in nets():
        path = HERE.parent / "data" / "torchvision" / f"{entry.name.split('_torchvision')[0]}.txt"
        ours_is_theirs = entry.name.endswith("_torchvision") or entry.name[:3] in ("vgg", "res")
        if path.exists() and ours_is_theirs:
            text = path.read_text(encoding="utf-8")
            assert entry.params == int(re.search(r" params (\d+)", text)[1])
            assert entry.macs == int(re.search(r" macs (\d+)", text)[1])
            counted += 1
    assert counted >= 8


def test_every_net_has_all_metadata():
    for entry in nets():
        unknown = [field for field, value in entry._asdict().items() if value in (None, "", ())]
        # a class token is at no position of the image
        assert unknown == (["receptive_field"] if entry.name == "vit_b_16" else []), entry.name


def test_sort():
    assert names("--sort", "-params")[:3] == ["yolov1", "convnext_large", "regnet_y_32gf"]
    # headings of families make no sense in another order
    assert "\nResNet\n" in run("list").stdout
    assert "\nResNet\n" not in run("list", "--sort", "params").stdout


@pytest.mark.parametrize(
    ("field", "first", "last"),
    [
        ("name", "alexnet", "yolov1"),
        ("depth", "inception_naive", "resnet1202"),
        ("-depth", "resnet1202", "inception_naive"),
        ("family", "alexnet", "yolov1"),
        ("input", "espcn", "inception_reduced"),
    ],
)
def test_the_first_and_the_last(field, first, last):
    found = [net.name for net in ordered(nets(), field)]
    assert sorted(found) == sorted(net.name for net in nets())
    assert (found[0], found[-1]) == (first, last)


def test_headings():
    assert "\nclassification\n alexnet " in run("list", "--by", "task").stdout
    years = re.findall(r"^\d+$", run("list", "--by", "year").stdout, re.MULTILINE)
    assert years == sorted(years)
    assert years[0] == "1998"  # LeNet-5
    assert run("list", "--by", "depth").exit_code == 2


def test_the_task_is_the_folder(tmp_path, monkeypatch):
    (tmp_path / "segmentation").mkdir()
    spec = "source: Nobody 2031, arXiv:1905.1\ninput: [1, 1, 1]\nlayers: [relu]\n"
    (tmp_path / "segmentation" / "tiny.yaml").write_text(spec)
    (tmp_path / "flat.yaml").write_text("input: [1, 1, 1]\nlayers: [relu]\n")
    monkeypatch.setattr("archcalc.spec.files.catalogue", lambda: tmp_path)
    found = {net.name: (net.task, net.year) for net in entries()}
    assert found == {"tiny": ("segmentation", 2031), "flat": ("classification", None)}


LENETS = {"lenet5", "lenet5_modern", "lenet5_sigmoid"}


def test_natural_order():
    assert sorted(["resnet101", "resnet18", "ResNet50"], key=natural) == [
        "resnet18",
        "ResNet50",
        "resnet101",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params < 62K and task == classification", LENETS | {"inception_reduced"}),
        ("params < 62k and macs < 1M", LENETS),
        ("family == vgg and depth >= 16", {"vgg16", "vgg16_c", "vgg16_bn", "vgg19", "vgg19_bn"}),
        ("family == 'VGG' and not depth < 19", {"vgg19", "vgg19_bn"}),
        ('name == "lenet5" or name in [vgg11, resnet18]', {"lenet5", "vgg11", "resnet18"}),
        ("input == 1x32x32", {"lenet5", "lenet5_sigmoid"}),
        ("input[1] == 227", {"alexnet_bn"}),
        ("paths > 2**100", {"resnet1202", "efficientnet_v2_l"}),
        ("138.3M < params < 138.36M", {"vgg16"}),
        ("receptive_field == 212", {"vgg16", "vgg16_bn"}),
        ("depth == 16 and macs > 15e9", {"vgg16", "vgg16_bn"}),
        ("peak_activation_bytes > 24Mi and macs < 12G and macs > 11_700M", {"vgg16_c"}),
        ("year < 2000", LENETS),
        ("task == classification and year == 1998 and input[1] == 28", {"lenet5_modern"}),
        ("params < 1", set()),
    ],
)
def test_where(text, expected):
    assert set(chosen(text)) == expected


def test_an_empty_result_is_reported():
    found = run("list", "--where", "params < 1")
    assert (found.exit_code, found.stdout) == (0, "no net of the catalogue matches params < 1\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("parms < 5M", "there is no field, net, family or task parms"),
        ("family == resnt", "there is no field, net, family or task resnt"),
        ("params < 5m", "5m is not a number"),
        ("params = 5M", "= is not a comparison"),
        ("params", "not a condition"),
        ("", "not a condition"),
        ("input < 5", "a comparison needs numbers"),
        ("(params < 5", "invalid expression"),
        ("__import__('os').system('true')", "only functions can be called"),
        ("open(name)", "unknown function `open`"),
        ("params < 9**9**9**9", "numbers must stay below"),
        ("params.__class__ == 1", "not allowed in an expression"),
    ],
)
def test_mistakes(text, told):
    with pytest.raises(DiagnosticError) as caught:
        chosen(text)
    assert caught.value.message.startswith(told)


def test_a_mistake_is_wrong_usage():
    found = run("list", "--where", "parms < 5M")
    assert found.exit_code == 2
    told = "'parms < 5M': there is no field, net, family or task parms; did you mean params?"
    assert told in " ".join(found.stderr.split())
    found = run("list", "--sort", "-xyzzy")
    assert found.exit_code == 2
    assert "there is no field xyzzy; there are name, title, family" in found.stderr


def test_a_net_with_an_unknown_figure():
    """It meets no condition on that field, and is sorted last."""
    known, other = nets()[:2]
    unknown = known._replace(flops=None)
    assert not condition("flops > 0", [])(unknown)
    assert not condition("flops < 0 or flops == 3 or flops > 1", [])(unknown)
    assert condition("params > 0", [])(unknown)
    assert ordered([unknown, other], "flops") == [other, unknown]
    assert ordered([unknown, other], "-flops") == [other, unknown]


def test_markdown_and_sources():
    text = run("list", "--format", "markdown").stdout
    assert "| 138,357,544 | 15,470,264,320 | 16 | 212 |" in text
    assert "arXiv:1409.1556" in text
    assert "arXiv:1512.03385, Table 1" in run("list", COLUMNS="160").stdout
    assert "He 2015" in run("list", COLUMNS="96").stdout
    assert "sources: use a wider terminal" in run("list", COLUMNS="80").stdout
    assert "1998" not in run("list", COLUMNS="60").stdout


def test_a_file_in_the_current_folder_is_not_listed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vgg16.yaml").write_text("input: [1, 1, 1]\nlayers: [relu]\n")
    assert names("--where", "params == 138_357_544") == ["vgg16"]
