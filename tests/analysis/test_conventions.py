"""Other tools' ways of counting, compared with the tools' own totals."""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

import pytest

import archcalc
from archcalc.analysis.analyze import analyze
from archcalc.analysis.conventions import CONVENTIONS
from archcalc.commands.check import Convention
from archcalc.pipeline import check

if TYPE_CHECKING:
    from collections.abc import Callable

MIXED = """\
input: [3, 32, 32]
layers:
  - conv: {out: 8, kernel: 3, padding: 1, stride: 2}
  - batchnorm
  - relu
  - maxpool: 2
  - depthwise_conv: {kernel: 3, padding: 1}
  - leaky_relu
  - conv: {out: 8, kernel: 3, padding: 1, groups: 2, bias: false}
  - batchnorm: {affine: false}
  - prelu
  - avgpool: 2
  - conv_transpose: {out: 8, kernel: 2, stride: 2}
  - upsample: {scale: 2}
  - upsample: {scale: 2, mode: linear}
  - elu
  - global_avgpool
  - flatten
  - linear: 10
  - layernorm
  - softmax
"""


def macs(source: str, convention: str) -> int | None:
    counted = analyze(archcalc.load(source), convention=convention).counted
    assert counted is not None
    return counted.macs


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        # Measured with the tools on a ResNet-50 written in PyTorch modules (the stride in the 3×3).
        ("fvcore", 4_111_512_576),
        ("thop", 4_133_742_592),
        ("ptflops", 4_132_436_968),
        ("torchinfo", 4_089_238_376),
        ("paper", 4_089_184_256),
        ("deepspeed", 4_089_184_256),
        ("keras", None),
    ],
)
def test_resnet50(convention: str, expected: int | None) -> None:
    assert macs("resnet50", convention) == expected


def test_keras_counts_buffers_among_the_parameters() -> None:
    counted = analyze(archcalc.load("resnet50"), convention="keras").counted
    assert counted is not None
    assert counted.params == 25_557_032 + 53_120


def test_the_command_offers_all() -> None:
    assert set(Convention.__args__) == set(CONVENTIONS)


@pytest.mark.parametrize(
    ("layers", "convention", "expected"),
    [
        # 80 positions × 27 = 2,160 and 80 additions.
        ("conv: {out: 5, kernel: 3}", "ptflops", 2240),
        # 5·27 weights and 5 biases, 16 positions each.
        ("conv: {out: 5, kernel: 3}", "torchinfo", 16 * 140),
        # 3·2·2·2 weights at 12·12 output positions.
        ("conv_transpose: {out: 2, kernel: 2, stride: 2, bias: false}", "thop", 24 * 144),
        ("conv_transpose: {out: 2, kernel: 2, stride: 2, bias: false}", "fvcore", 24 * 36),
        ("batchnorm", "fvcore", 2 * 108),
        ("batchnorm: {affine: false}", "fvcore", 108),
        ("batchnorm", "thop", 4 * 108),
        ("batchnorm", "ptflops", 2 * 108),
        ("instancenorm: {affine: true}", "fvcore", 5 * 108),
        ("relu", "ptflops", 2 * 108),
        ("relu", "thop", 0),
        ("global_avgpool", "thop", 108 + 3),
        ("upsample: {scale: 2, mode: linear}", "thop", 11 * 432),
    ],
)
def test_formulas(layers: str, convention: str, expected: int) -> None:
    assert macs(f"input: [3, 6, 6]\nlayers:\n  - {layers}\n", convention) == expected


def modules() -> Any:
    """MIXED built from modules, as the tools' hooks need."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, 1, 1, groups=8),
        nn.LeakyReLU(),
        nn.Conv2d(8, 8, 3, 1, 1, groups=2, bias=False),
        nn.BatchNorm2d(8, affine=False),
        nn.PReLU(),
        nn.AvgPool2d(2),
        nn.ConvTranspose2d(8, 8, 2, 2),
        nn.Upsample(scale_factor=2),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.ELU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
        nn.LayerNorm(10),
        nn.Softmax(1),
    ).eval()


def by_fvcore(tool: Any, x: Any) -> int:
    return int(tool.FlopCountAnalysis(modules(), x).unsupported_ops_warnings(False).total())


def by_thop(tool: Any, x: Any) -> int:
    return int(tool.profile(modules(), inputs=(x,), verbose=False)[0])


def by_ptflops(tool: Any, x: Any) -> int:
    found = tool.get_model_complexity_info(
        modules(),
        tuple(x.shape[1:]),
        as_strings=False,
        print_per_layer_stat=False,
        backend="pytorch",
    )
    return int(found[0])


def by_torchinfo(tool: Any, x: Any) -> int:
    return int(tool.summary(modules(), input_size=tuple(x.shape), verbose=0).total_mult_adds)


@pytest.mark.parametrize(
    ("convention", "module", "measure"),
    [
        ("fvcore", "fvcore.nn", by_fvcore),
        ("thop", "thop", by_thop),
        ("ptflops", "ptflops", by_ptflops),
        ("torchinfo", "torchinfo", by_torchinfo),
    ],
)
def test_as_the_tool_counts(
    convention: str, module: str, measure: Callable[[Any, Any], int]
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tools use deprecated parts of PyTorch and Python
        try:
            tool = importlib.import_module(module)
        except (ImportError, RuntimeError) as error:
            pytest.skip(f"{convention} cannot be imported: {error}")
        measured = measure(tool, torch.randn(1, 3, 32, 32))
    assert macs(MIXED, convention) == measured


@pytest.mark.parametrize(
    ("layer", "figure", "help"),
    [
        # 2,160 MACs: 80 outputs of 27.
        ("conv: {out: 5, kernel: 3}", "macs: 2_240", "one addition per output for each bias"),
        ("conv: {out: 5, kernel: 3}", "macs: 4_320", "counted as two"),
        ("conv: {out: 5, kernel: 3}", "macs: 4_480", "counted as two, the work is 4,480"),
        ("conv: {out: 5, kernel: 3}", "macs: 69_120", "for a batch of 32"),
        ("conv: {out: 5, kernel: 3}", "flops: 4_320", "without biases"),
        ("group: [conv: {out: 5, kernel: 3}, batchnorm]", "macs: 2_320", "with batch norm (2"),
        ("group: [conv: {out: 5, kernel: 3}, batchnorm]", "macs: 2_400", "biases and batch norm"),
        ("group: [conv: {out: 5, kernel: 3}, batchnorm]", "macs: 2_480", "as thop counts"),
        (
            "conv_transpose: {out: 2, kernel: 2, stride: 2}",
            "macs: 3_456",
            "at the output positions",
        ),
        ("conv_transpose: {out: 2, kernel: 2, stride: 2}", "macs: 3_744", "output, and biases"),
        ("group: [conv: {out: 5, kernel: 3}, batchnorm]", "params: 160", "with buffers"),
    ],
)
def test_a_failed_expectation_names_the_convention(layer: str, figure: str, help: str) -> None:
    checked = check(f"input: [3, 6, 6]\nlayers:\n  - {layer}\nexpect: {{{figure}}}\n")
    (error,) = checked.diagnostics
    assert help in error.help


def test_no_convention_is_named_if_none_matches() -> None:
    checked = check(
        "input: [3, 6, 6]\nlayers: [conv: {out: 5, kernel: 3}]\nexpect: {macs: 2_161}\n"
    )
    (error,) = checked.diagnostics
    assert not error.help
