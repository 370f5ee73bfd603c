"""Feature maps in perspective: every map is there, in its place and proportion."""

from __future__ import annotations

import pytest

from archcalc.draw.volumes import volumes
from tests.draw.support import FAULTY, HOSTILE, SVG, example, parsed, report, texts


def boxes(root):
    """Three faces a slab."""
    shapes = [p for p in root.iter(f"{SVG}polygon") if len(p.get("points").split()) == 4]
    assert len(shapes) % 3 == 0
    return len(shapes) // 3


def test_lenet_has_its_seven_layers():
    root = parsed(volumes(report("lenet5")))
    written = texts(root)
    for shape in ("1×32×32", "6×28×28", "6×14×14", "16×10×10", "16×5×5", "120×1×1", "84", "10"):
        assert shape in written
    for name in ("C1", "S2", "C3", "S4", "C5", "F6"):
        assert name in written
    assert boxes(root) == 8


def test_equal_layers_are_slabs_beside_each_other():
    # Input, 2 + 2 + 3 + 3 + 3 convolutions, 5 pools and the last one, 3 vectors.
    assert boxes(parsed(volumes(report("vgg16")))) == 1 + 13 + 6 + 3


def test_sides_give_the_height():
    spec = "input: [4, 64, 32]\nlayers: [{maxpool: 2}]\n"
    corners = [
        [tuple(map(float, p.split(","))) for p in element.get("points").split()]
        for element in parsed(volumes(report(spec))).iter(f"{SVG}polygon")
    ]
    # Of a box the side is drawn first, then the top, then the front; arrowheads are triangles.
    fronts = [points for points in corners if len(points) == 4][2::3]
    heights = [max(y for _, y in f) - min(y for _, y in f) for f in fronts]
    # 150·(32/64)^0.55 beside 150.
    assert heights == pytest.approx([150, 102.4], abs=0.2)


def test_skips_are_arcs():
    root = parsed(volumes(example("unet"), 1))
    assert sum("C" in path.get("d") for path in root.iter(f"{SVG}path")) == 4


def test_faults_and_hostile_names_stay_text():
    root = parsed(volumes(report(FAULTY)))
    assert "line 6: add needs equal" in " ".join(texts(root))
    found = report(HOSTILE)
    root = parsed(volumes(found))
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
        "svg", "title", "rect", "text", "polygon", "path",
    }  # fmt: skip
    assert found.net.name in texts(root)


def test_without_layers_or_with_training_heads_only():
    assert parsed(volumes(report("input: [3, 8, 8]\nlayers: []\n"))) is not None
    assert "aux1" not in texts(parsed(volumes(report("googlenet"), 1)))
