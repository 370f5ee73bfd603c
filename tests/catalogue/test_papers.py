"""Published numbers of the catalogue's nets, each with its source.

`tests/data/papers.csv`: `printed` is as in the source; `exact` is computed by hand. A row "holds"
if the net gives the printed number, to its last digit. It is a "misprint" if the source contradicts
itself, and "differs" if it describes another variant; `note` explains why, and the net then gives
`exact`.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from archcalc.analysis.expected_value import read_rounded
from tests.catalogue.support import Part, report_of, rows

PAPERS = rows("papers.csv")


def spelled(sides: tuple[int, ...]) -> str:
    """Channels last, as papers print shapes: 28x28x256."""
    return "x".join(map(str, (*sides[1:], sides[0])))


def filters(kernel: tuple[int, ...]) -> str:
    out, channels, *sides = kernel
    size = "x".join(map(str, sides))
    return f"{size}x{out} dw" if channels == 1 else f"{size}x{channels}x{out}"


def text_of(row: dict[str, str], parts: list[Part]) -> str | None:
    """The value as text, if it is compared as text; None for numbers."""
    figure, part = row["figure"], parts[0]
    if figure in ("input", "output"):
        return spelled(part.input() if figure == "input" else part.output())
    if figure == "convs":
        return " ".join(str(kernel[0]) for part in parts for kernel in part.kernels())
    if figure == "filter":
        return filters(part.kernels()[0])
    if figure.startswith("map "):
        attributes = part.layers[0].node.attributes
        assert attributes is not None
        return " ".join(map(str, attributes.connections[int(figure[4:])]))
    return None


def number_of(row: dict[str, str], parts: list[Part]) -> int:
    figure, part = row["figure"], parts[0]
    if figure in ("params", "macs", "activations"):
        return sum(p.total(figure) for p in parts)
    if figure == "2 macs":
        return 2 * part.total("macs")
    if figure == "weights":
        return sum(p.weights() for p in parts)
    if figure == "connections":
        return sum(connections(p) for p in parts)
    if figure == "neurons":
        weighted = [layer for layer in part.layers if layer.node.op.weighted]
        return sum(layer.totals.activations or 0 for layer in weighted)
    if figure == "input neurons":
        return product(part.input())
    if figure == "stride":
        attributes = part.layers[0].node.attributes
        assert attributes is not None
        (stride,) = set(attributes.stride)
        return int(stride)
    assert figure == "depth", figure
    group = part.group
    assert group is not None
    depth = part.report.depth if group.parent is None else part.report.depth_of(group)
    assert depth is not None
    return depth.longest


def connections(part: Part) -> int:
    net = part.report.net
    total = 0
    for layer in part.counted():
        node = layer.node
        inputs = tuple(t for t in (net.tensors[i] for i in node.inputs) if t is not None)
        output = net.tensors[node.outputs[0]]
        assert output is not None
        assert node.attributes is not None
        total += node.op.connections(node.attributes, inputs, output) or 0
    return total


def product(sides: tuple[int, ...]) -> int:
    result = 1
    for side in sides:
        result *= side
    return result


def name_of(row: dict[str, str]) -> str:
    words = (row["net"], row["set"], row["input"], row["part"], row["figure"], row["printed"])
    return " ".join(word for word in words if word)


@pytest.mark.parametrize("row", PAPERS, ids=name_of)
def test_published_values(row: dict[str, str]) -> None:
    report = report_of(row["net"], row["set"], row["input"])
    parts = [Part(report, path) for path in row["part"].split("+")]
    text = text_of(row, parts)
    if text is not None:
        assert (text == row["printed"]) == (row["verdict"] == "holds")
        assert text == (row["exact"] or row["printed"])
        return
    actual = number_of(row, parts)
    if row["exact"]:
        assert actual == int(row["exact"])
    printed = read_rounded(row["printed"])
    assert printed is not None
    holds = printed.allows(actual, row["rounding"] or "nearest")
    assert holds == (row["verdict"] == "holds"), f"{actual:,}"


def test_a_misprint_has_a_note() -> None:
    for row in PAPERS:
        assert row["source"]
        if row["verdict"] == "misprint":
            assert row["exact"], row
            assert row["note"], row
        assert row["verdict"] in ("holds", "misprint", "differs")


def test_sums_of_misprints() -> None:
    """The hand arithmetic behind the notes of misprints."""
    assert 1_516 * 100 == 151_600
    assert 122_304 + 5_880 + 151_600 + 2_000 + 48_120 + 10_164 + 840 == 340_908
    assert 345_308 - 340_908 == 156_000 - 151_600
    assert 55 * 48 * 96 == 253_440
    assert 55 * 55 * 96 == 290_400
    # GoogLeNet's conv1: plain, and separable with depth multiplier 8
    assert 7 * 7 * 3 * 64 == 9_408
    assert 7 * 7 * 24 + 24 * 64 == 2_712
    assert 2_712 * 112 * 112 == 34_019_328
    # the sum of its printed rows
    assert 2.7 + 112 + 159 + 380 + 364 + 437 + 463 + 580 + 840 + 1072 + 1388 + 1000 == 6_797.7
    assert 34 + 360 + 128 + 304 + 73 + 88 + 100 + 119 + 170 + 54 + 71 + 1 == 1_502
    # the mistake of the course note: 2,408,448 + 10,035,200
    assert 28 * 28 * 16 * 192 + 28 * 28 * 32 * 400 == 12_443_648 == 12_433_648 + 10_000


def test_shares_of_mobilenet() -> None:
    """Howard et al. 2017, Table 2: parameters without batch normalisation and biases. It prints
    1.19% of the MACs for the first convolution, a misprint of 1.91%: its column adds up to
    99.29%."""
    report = report_of("mobilenet")
    kinds: dict[str, list[int]] = {}
    for layer in report.layers:
        name = layer.node.op.name
        if not layer.node.op.weighted:
            continue
        if name == "conv":
            assert layer.node.attributes is not None
            name = f"conv {layer.node.attributes.kernel[0]}"
        weights = Part(report, layer.node.path).weights()
        macs = layer.totals.macs
        assert macs is not None
        found = kinds.setdefault(name, [0, 0])
        found[0] += macs
        found[1] += weights
    macs, weights = (sum(column) for column in zip(*kinds.values(), strict=True))
    shares = {
        name: (
            f"{float(Fraction(100 * m, macs)):.2f}",
            f"{float(Fraction(100 * w, weights)):.2f}",
        )
        for name, (m, w) in kinds.items()
    }
    assert shares == {
        "conv 1": ("94.86", "74.59"),
        "depthwise_conv": ("3.06", "1.06"),
        "conv 3": ("1.91", "0.02"),
        "linear": ("0.18", "24.33"),
    }


def test_layers_of_inception_resnet_v1() -> None:
    """The public net for faces has 23,482,624 parameters: a sixth block8, and a linear layer of 512
    features without bias and its batch normalisation instead of the classifier."""
    block8 = 2 * (1792 * 192 + 384) + 2 * (3 * 192 * 192 + 384) + 384 * 1792 + 1792
    public = 23_482_624 - block8 - 1792 * 512 - 2 * 512
    assert report_of("inception_resnet_v1").totals.params == public + 1792 * 1000 + 1000


def test_keras_has_no_scale_in_these_batch_norms() -> None:
    """One parameter per channel less: Keras' trainable parameters for its own versions."""
    for net, keras in (("inception_v3", 23_817_352), ("inception_resnet_v2", 55_813_192)):
        totals = report_of(net).totals
        assert totals.params is not None
        assert totals.buffers is not None
        assert totals.params - totals.buffers // 2 == keras


def test_column_c_of_vgg() -> None:
    """Simonyan & Zisserman 2015, Table 1: column C's rows, multiplied out."""
    side, channels, macs = 224, 3, 0
    for out, kernels in (
        (64, (3, 3)),
        (128, (3, 3)),
        (256, (3, 3, 1)),
        (512, (3, 3, 1)),
        (512, (3, 3, 1)),
    ):
        for kernel in kernels:
            macs += side * side * kernel * kernel * channels * out
            channels = out
        side //= 2
    macs += 7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000
    assert report_of("vgg16_c").totals.macs == macs == 11_770_888_192


def test_paths_of_resnet_1202() -> None:
    """600 residual blocks: 2^600 paths (Veit et al. 2016)."""
    depth = report_of("resnet1202").depth
    assert depth is not None
    assert (depth.longest, depth.shortest, depth.paths) == (1202, 2, 2**600)
