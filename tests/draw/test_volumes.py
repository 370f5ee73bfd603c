"""Feature maps in perspective: every map is drawn, at its position and in proportion."""

from __future__ import annotations

import re

import pytest

from archcalc.draw.build import build
from archcalc.draw.model import Frame
from archcalc.draw.volume_layout import shown_of
from archcalc.draw.volumes import Picture, volumes
from tests.catalogue.support import FAMILIES
from tests.draw.support import HOSTILE, INVALID, SVG, example, parsed, report, texts


def boxes(root):
    """Three faces per slab."""
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


def test_identical_layers_are_adjacent_slabs():
    # Input, 2 + 2 + 3 + 3 + 3 convolutions, 5 pools and the last one, 3 vectors.
    assert boxes(parsed(volumes(report("vgg16")))) == 1 + 13 + 6 + 3


def test_spatial_size_determines_the_height():
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


def test_errors_and_hostile_names_stay_text():
    root = parsed(volumes(report(INVALID)))
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


def stands_for(children, times=1):
    """The number of layers that boxes represent, from their texts and those of the frames
    around."""
    total = 0
    for child in children:
        if isinstance(child, Frame):
            total += stands_for(child.children, times * child.count)
        elif child.kind == "block":
            total += times * child.count * int(child.more[0].split()[0].replace(",", ""))
        elif child.kind in ("layer", "join"):
            total += times * child.count * (1 + len(child.more))
    return total


def counts(children, drawn):
    """Every ×N that a picture must show: of boxes, and of the frames around them."""
    found = []
    for child in children:
        if isinstance(child, Frame):
            inner = counts(child.children, drawn)
            there = any(box.id in drawn for box in boxes_in(child))
            found += [child.count] * (child.count > 1 and there) + inner
        elif child.id in drawn and child.count > 1:
            found.append(child.count)
    return found


def boxes_in(frame):
    for child in frame.children:
        yield from boxes_in(child) if isinstance(child, Frame) else [child]


def written_counts(root):
    found = [re.match(r"×([\d,]+)( |,|$)", text) for text in texts(root)]
    numbers = [int(m[1].replace(",", "")) for m in found if m]
    return sorted(
        n for n in numbers if n > 1
    )  # a text ×1 may also come from an operation such as scale


@pytest.mark.parametrize("depth", [1, 2, 9])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_picture_represents_all_layers(name, depth):
    found = report(name)
    diagram = build(found, depth=depth)
    assert stands_for(diagram.children) == len(found.net.nodes)
    drawn = {box.id for box in shown_of(diagram).boxes}
    root = parsed(volumes(found, depth))
    assert written_counts(root) == sorted(counts(diagram.children, drawn))


def test_mobilenet_has_its_thirteen_depthwise_layers():
    """Eight by themselves, and one in the bracket ×5 of Table 1."""
    written = texts(parsed(volumes(report("mobilenet"))))
    assert sum(text.startswith("depthwise_conv") for text in written) == 9
    assert "×5 block7–11" in written


def test_of_many_identical_layers_the_first_and_the_last_are_drawn():
    spec = "input: [4, 16, 16]\nlayers:\n" + "  - conv: {out: 4, kernel: 3, padding: 1}\n" * 9
    root = parsed(volumes(report(spec)))
    assert boxes(root) == 1 + 3
    assert {"×9", "…"} <= set(texts(root))


def test_branches_have_their_own_rows():
    spec = """
input: [4, 16, 16]
layers:
  - concat:
      - [{conv: {out: 4, kernel: 3, padding: 1}}, {conv: {out: 5, kernel: 1}}]
      - conv: {out: 6, kernel: 1}
      - []
"""
    picture = Picture(build(report(spec), depth=1))
    assert [(v.column, v.row) for v in picture.volumes] == [
        (0, 0),  # input
        (1, 0), (2, 0),  # the first branch continues in the row of the input
        (1, 1),  # the second has its own
        (3, 0),  # the join
    ]  # fmt: skip
    assert [picture.by_id[one].box.kind for one, _ in picture.arcs()] == ["input"]


def test_a_size_reference_is_dashed():
    spec = """
input: [4, 16, 16]
layers:
  - {as: big, conv: {out: 4, kernel: 5}}
  - {as: wide, upsample: 2}
  - {crop: {like: big}}
  - add: [{from: big}, []]
"""
    shown = shown_of(build(report(spec), depth=1))
    names = {box.id: box.title for box in shown.boxes}
    assert [(names[a], names[b]) for a, b in shown.references] == [("conv", "crop")]
    assert ("conv", "crop") not in [(names[a], names[b]) for a, b in shown.data]
    dashed = [p for p in parsed(volumes(report(spec), 1)).iter(f"{SVG}path")
              if p.get("stroke-dasharray")]  # fmt: skip
    assert len(dashed) == 1
