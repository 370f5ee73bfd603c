"""`verify`: its comparisons, the differences that it finds, and its messages if it cannot
measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

import archcalc
from archcalc.analysis.analyze import analyze
from archcalc.codegen.module import load_module, model_of
from archcalc.codegen.verify import probe, verify
from archcalc.codegen.verify.measurable import Unmeasurable, choose
from tests.cli.support import run
from tests.export.support import compared, differences

if TYPE_CHECKING:
    from pathlib import Path

    from archcalc.codegen.verify.compared import Compared
    from archcalc.graph import Net


def test_verify_runs_in_a_separate_process_and_measures_the_receptive_field() -> None:
    result = verify(archcalc.load("lenet5"))
    assert result.ok, result
    assert {row.what for row in result.rows} >= {
        "receptive field of C5",
        "MACs, rbf excluded",
    }
    field = next(row for row in result.rows if row.what.startswith("receptive"))
    assert field.theirs == "32x32"


def rows_of(net: Net, folder: Path, text: str | None = None) -> list[Compared]:
    """The comparisons of `verify`, with other code if given: in this process, to be fast."""
    file = folder / "code.py"
    file.write_text(archcalc.export(net) if text is None else text, encoding="utf-8")
    return compared(net, folder, file=file)


def test_verify_reports_differences(tmp_path: Path) -> None:
    net = archcalc.load("lenet5")
    wrong = archcalc.export(net).replace("nn.Conv2d(1, 6, 5)", "nn.Conv2d(1, 6, 5, bias=False)")
    told = "\n".join(differences(rows_of(net, tmp_path, wrong)))
    assert "parameters: 60,000 predicted, 59,994 counted" in told
    assert "C1.bias: 6 predicted, absent in the model" in told


def test_verify_finds_a_shifted_window(tmp_path: Path) -> None:
    net = archcalc.load(
        "input: [1, 16, 16]\nlayers: [{name: a, conv: {out: 4, kernel: 3}}, {name: b, conv: "
        "{out: 4, kernel: 3}}]"
    )
    moved = archcalc.export(net).replace("self.a(x)", "self.a(x.roll(1, 3))")
    told = "\n".join(differences(rows_of(net, tmp_path, moved)))
    assert "[[6, 10], [6, 10]] predicted, [[6, 10], [5, 9]] by gradient" in told


def test_verify_reports_code_that_does_not_run() -> None:
    net = archcalc.load("lenet5")
    wrong = archcalc.export(net).replace("nn.Linear(120, 84)", "nn.Linear(121, 84)")
    result = verify(net, text=wrong)
    assert not result.ok
    assert "RuntimeError" in result.failure


def test_verify_finds_weights_in_another_order(tmp_path: Path) -> None:
    net = archcalc.load(
        "input: [1, 8, 8]\nlayers: [{name: a, conv: {out: 4, kernel: 3}}, {name: b, conv: "
        "{out: 4, kernel: 3}}]"
    )
    lines = archcalc.export(net).splitlines()
    at = next(i for i, line in enumerate(lines) if "self.a = " in line)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    told = differences(rows_of(net, tmp_path, "\n".join(lines)))
    assert told[0] == "state_dict keys: a.weight: in its place is b.weight"


def test_verify_counts_the_macs_of_every_layer(tmp_path: Path) -> None:
    """One of two equal layers run twice: 16·9 weights at 8·8 positions are 9,216 MACs."""
    conv = "conv: {out: 4, kernel: 3, padding: 1}"
    net = archcalc.load(f"input: [4, 8, 8]\nlayers: [{{name: a, {conv}}}, {{name: b, {conv}}}]")
    wrong = archcalc.export(net).replace("self.b(", "self.a(")
    row = next(row for row in rows_of(net, tmp_path, wrong) if row.what == "MACs")
    assert row.ours == row.theirs == "18,432"
    assert row.differences == (
        "a: 9,216 predicted, 18,432 counted",
        "b: 9,216 predicted, 0 counted",
    )


def test_unused_layers_are_excluded(tmp_path: Path) -> None:
    conv = "conv: {out: 4, kernel: 3}"
    net = archcalc.load(
        f"input: [3, 8, 8]\nlayers: [{{name: a, {conv}}}, {{name: idle, from: a, {conv}}}, "
        f"{{name: b, from: a, {conv}}}]"
    )
    rows = rows_of(net, tmp_path)
    assert differences(rows) == []
    # 3·4·9 weights at 6·6 positions, and 4·4·9 at 4·4
    row = next(row for row in rows if row.what.startswith("MACs"))
    assert (row.what, row.theirs) == ("MACs, unused layers excluded", "6,192")


def test_verify_command() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    done = run("verify", "lenet5_modern", "--device", "meta")
    assert done.exit_code == 0
    assert "LeNet-5, modern: verified" in done.stdout
    assert "state_dict keys" in done.stdout
    assert "no receptive field measured: the meta device has no numbers" in done.stdout


def test_verify_command_measures_a_given_layer() -> None:
    # conv 5×5, then 2×2 pooling: conv1 sees 5, conv2 5 + 1 + 4·2 = 14 of the 28 rows.
    done = run("verify", "lenet5_modern", "--layer", "conv2", "--device", "meta")
    assert done.exit_code == 0
    assert "receptive field of conv2 14x14" in " ".join(done.stdout.split())


def test_verify_command_of_a_layer_that_cannot_be_measured() -> None:
    done = run("verify", "lenet5_modern", "--layer", "fc2", "--device", "meta")
    assert done.exit_code == 2
    assert "'fc2' cannot be measured" in " ".join(done.stderr.split())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_verify_command_without_a_cuda_device() -> None:
    done = run("verify", "lenet5_modern", "--device", "cuda")
    assert done.exit_code == 2
    assert "PyTorch finds no CUDA device here" in done.stderr
    assert "Traceback" not in done.stderr


TWO = (
    "input: [3, 12, 12]\nlayers: [{name: a, conv: {out: 4, kernel: 3}}, {name: b, conv: {out: 4, "
    "kernel: 3}}, {name: tap, head: true, from: a, conv: {out: 2, kernel: 1}}]"
)

WRONG = {
    # title: (text of the code, its replacement, the message)
    "an output in training": (
        '"output": x,',
        '"output": x.repeat(1, 2, 1, 1) if self.training else x,',
        "outputs, train mode: output: 2x4x8x8 predicted, 2x8x8x8 given",
    ),
    "the batch": (
        '"output": x,',
        '"output": x.mean(0, keepdim=True),',
        "outputs, eval mode: output: 2x4x8x8 predicted, 1x4x8x8 given",
    ),
    "a head that is missing in inference": (
        'heads["tap"] = self.tap(a)',
        'heads.update({"tap": self.tap(a)} if self.training else {})',
        "outputs, eval mode: tap: 2x2x10x10 predicted, absent given",
    ),
    "a layer that is not called": (
        "self.b(a)",
        "nn.functional.conv2d(a, self.b.weight, self.b.bias)",
        "output shapes, eval mode: b: 2x4x8x8 predicted, nothing run",
    ),
    "a weight that is detached": (
        "self.b(a)",
        "self.b(a).detach()",
        "gradients, eval mode: b.weight gets no gradient",
    ),
    "a weight that is not trained": (
        "self.b = nn.Conv2d(4, 4, 3)",
        "self.b = nn.Conv2d(4, 4, 3).requires_grad_(False)",
        "gradients, train mode: b.weight gets no gradient",
    ),
    "a little work that no layer does": (
        '"output": x,',
        '"output": x + (torch.ones(1, 1) @ torch.ones(1, 1)),',
        "MACs: 20,816 predicted, 20,816.5 counted",
    ),
    "a buffer": (
        "self.b = nn.Conv2d(4, 4, 3)",
        'self.b = nn.Conv2d(4, 4, 3)\n        self.register_buffer("more", torch.ones(2))',
        "buffers: 0 predicted, 2 counted",
    ),
}


@pytest.mark.parametrize("title", WRONG)
def test_verify_finds(title: str, tmp_path: Path) -> None:
    """3·4·9 weights at 10·10 positions, 4·4·9 at 8·8 and 4·2 at 10·10 are 20,816 MACs."""
    before, after, expected = WRONG[title]
    net = archcalc.load(TWO)
    code = archcalc.export(net)
    assert before in code
    told = differences(rows_of(net, tmp_path, code.replace(before, after)))
    assert any(one.startswith(expected) for one in told), told


def test_output_of_the_code_is_ignored() -> None:
    net = archcalc.load(TWO)
    code = archcalc.export(net)
    assert verify(net, text=code + 'print("hello")\n').ok
    ended = verify(net, text=code + "raise SystemExit(0)\n")
    assert ended.failure == "it ended by itself, with exit status 0"


def test_verify_compares_with_the_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    report = analyze(archcalc.load(TWO))
    wrong = report._replace(totals=report.totals._replace(params=1, macs=2, buffers=3))
    monkeypatch.setattr("archcalc.analysis.analyze.analyze", lambda _: wrong)
    told = differences(list(verify(report.net).rows))
    assert [one.partition(":")[0] for one in told] == ["parameters", "buffers", "MACs"]


def test_a_layer_shared_by_training_and_inference_counts_in_inference(
    tmp_path: Path,
) -> None:
    """An auxiliary head is the first to use a layer that the main path then reuses: 3·3·9 + 3
    parameters."""
    net = archcalc.load(
        "input: [3, 8, 8]\nlayers:\n  - {name: aux, head: true, training_only: true, "
        "conv: {out: 3, kernel: 3, padding: 1}}\n  - reuse: aux"
    )
    assert analyze(net).totals.params == 84
    assert differences(rows_of(net, tmp_path)) == []


def test_a_net_with_only_a_training_head(tmp_path: Path) -> None:
    net = archcalc.load(
        "input: [3, 8]\nlayers: [{name: h, head: true, training_only: true, do: [flatten, linear: "
        "5]}]"
    )
    assert differences(rows_of(net, tmp_path)) == []


# -- the receptive field by gradient ---------------------------------------------------------

FIELDS = {
    # Layers that are replaced by the identity, whatever an activation or a norm does to the values.
    "saturation": ("conv: {out: 4, kernel: 3}}, {scale: 1000}, hardsigmoid, {conv: ", 5),
    "a maximum": ("conv: {out: 4, kernel: 3}}, {maxpool: {kernel: 3, dilation: 2}}, {conv: ", 13),
    "a difference": ("sub: [[], [relu]]}, {conv: {out: 4, kernel: 3}}, {conv: ", 5),
    "softmax": ("conv: {out: 4, kernel: 3}}, softmax, {conv: ", 5),
}


@pytest.mark.parametrize("title", FIELDS)
def test_no_layer_hides_an_input(title: str) -> None:
    """The sizes by hand: 3 and 2 more are 5; with the pooling of span 5 and stride 3 between them
    3 + 4 + 2·3 = 13."""
    layers, size = FIELDS[title]
    net = archcalc.load(f"input: [2, 40]\nlayers: [{{{layers}{{out: 4, kernel: 3}}}}]")
    chosen = choose(analyze(net))
    assert chosen is not None
    model = model_of(load_module(archcalc.export(net)))()
    found = probe.field(model, [[2, 40]], chosen.path, list(chosen.position))
    assert found == [list(chosen.reaches[0])]
    assert found[0][1] - found[0][0] + 1 == size


DEEP = {
    # Each product would square magnitudes: 12 of them overflow, or vanish if they are below 1.
    "products": ("[1, 99]", 12, "mul: [[CONV, sigmoid], [CONV, tanh]]", 25),
    # The weight of the longest path is 3^-1500 of the sum: still 2·1,500 + 1 positions.
    "sums": ("[1, 4001]", 1500, "add: [CONV, []]", 3001),
}


@pytest.mark.parametrize("title", DEEP)
def test_no_depth_hides_an_input(title: str) -> None:
    shape, count, layer, size = DEEP[title]
    layer = layer.replace("CONV", "{conv: {out: 1, kernel: 3, padding: 1}}")
    net = archcalc.load(f"input: {shape}\nlayers: [{{repeat: {count}, do: [{{{layer}}}]}}]")
    field = next(row for row in verify(net).rows if row.what.startswith("receptive"))
    assert field.theirs == str(size)


def test_a_cropped_map_has_its_own_borders() -> None:
    """The crop keeps 4 to 7 of 12 rows; a padded 3×3 reads all three rows only in the middle."""
    net = archcalc.load(
        "input: [1, 12, 12]\nlayers: [{crop: {size: [4, 4]}}, {name: a, conv: {out: 2, kernel: 3, "
        "padding: 1}}, {name: b, conv: {out: 2, kernel: 3, padding: 1}}]"
    )
    chosen = choose(analyze(net))
    assert chosen is not None
    assert (chosen.path, chosen.position, chosen.reaches) == ("a", (2, 2), ((5, 7), (5, 7)))
    with pytest.raises(Unmeasurable, match="'b' cannot be measured"):
        choose(analyze(net), "b")


def test_permuted_axes_are_not_measured() -> None:
    net = archcalc.load(
        "input: [4, 9, 9]\nlayers: [{permute: [0, 2, 1]}, {conv: {out: 4, kernel: 3}}]"
    )
    assert choose(analyze(net)) is None
