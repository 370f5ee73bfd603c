"""The diagram: golden DOT text, and no layer or connection of a net is lost.

`GOLDEN=write pytest tests/draw` rewrites the golden files: read the diff.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from archcalc.draw import diagram
from archcalc.draw.build import Builder, build
from archcalc.draw.part_tree import parts_of
from tests.draw.support import (
    HOSTILE,
    NETS,
    RESIDUAL,
    elements,
    embedded_only,
    example,
    parsed,
    report,
    texts,
)

GOLDEN = Path(__file__).parent / "golden"


def agrees(name, drawing):
    path = GOLDEN / f"{name}.dot"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawing.source, encoding="utf-8")
    assert drawing.source == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NETS)
def test_golden(name):
    agrees(name, diagram(report(NETS[name]), depth=9))


def test_golden_of_the_catalogue():
    agrees("vgg16", diagram(report("vgg16")))
    agrees("resnet50", diagram(report("resnet50"), direction="right", show=["params", "macs"]))
    agrees("lenet5", diagram(report("lenet5"), theme="dark", unfold=True))


def test_golden_of_shared_weights_and_a_hostile_spec():
    agrees("shared_weights", diagram(example("shared_weights")))
    agrees("hostile", diagram(report(HOSTILE), depth=9))


def sources_through_forks(data):
    """The arrows with forks removed."""
    boxes = {box.id for box in data.boxes}
    into = {a.target: a.source for a in data.arrows if a.target not in boxes}
    return Counter(
        (into.get(a.source, a.source), a.target) for a in data.arrows if a.target in boxes
    )


@pytest.mark.parametrize("name", [*NETS, "resnet18", "googlenet", "inception_v4"])
def test_unfolded_every_layer_and_every_connection_is_drawn(name):
    found = report(NETS.get(name, name))
    net = found.net
    data = build(found, depth=99, unfold=True)
    ends = {t: box.id for t, box in zip(net.inputs.values(), data.boxes, strict=False)}
    lost = [box for box in data.boxes if box.kind == "error"]
    layers = [box for box in data.boxes if box.kind in ("layer", "join")]
    assert len(layers) == len(net.nodes)
    wanted = Counter()
    for node, box in zip(net.nodes, layers, strict=True):
        for tensor in node.inputs:
            producer = net.producers[tensor]
            if producer is not None:
                wanted[layers[producer].id, box.id] += 1
            else:
                wanted[ends.get(tensor, lost[0].id if lost else ""), box.id] += 1
    for tensor, box in zip(net.outputs.values(), data.boxes[-len(net.outputs) :], strict=True):
        wanted[layers[net.producers[tensor]].id, box.id] += 1
    assert sources_through_forks(data) == wanted


@pytest.mark.parametrize("depth", [1, 2, 9])
@pytest.mark.parametrize("name", [*NETS, "resnet18", "googlenet", "inception_v4"])
def test_folded_every_layer_has_a_box_and_every_visible_connection_an_arrow(name, depth):
    found = report(NETS.get(name, name))
    net = found.net
    builder = Builder(found, ())
    builder.inputs()
    for part in parts_of(net):
        builder.add(part, builder.children, "", depth, (0,))
    assert None not in builder.owners
    arrows = sources_through_forks(build(found, depth=depth))
    for box, start, end in builder.told:
        for node in net.nodes[start:end]:
            assert builder.owners[node.index] is box
            for tensor in node.inputs:
                producer = net.producers[tensor]
                source = builder.ends[tensor] if producer is None else builder.owners[producer]
                assert source is box or arrows[source.id, box.id]


@pytest.mark.parametrize("engine", ["system", "embedded"])
@pytest.mark.parametrize("name", NETS)
def test_the_picture_contains_all_boxes_and_arrows(name, engine, monkeypatch, tmp_path):
    if engine == "embedded":
        embedded_only(monkeypatch, tmp_path)
    elif shutil.which("dot") is None:
        pytest.skip("no system graphviz")
    found = report(NETS[name])
    data = build(found, depth=9)
    root = parsed(diagram(found, depth=9).pipe(format="svg"))
    forks = {a.source for a in data.arrows} - {box.id for box in data.boxes}
    assert elements(root, "node") == sorted({box.id for box in data.boxes} | forks)
    assert elements(root, "edge") == sorted(f"{a.source}->{a.target}" for a in data.arrows)
    written = " ".join(texts(root))
    for box in data.boxes:
        assert box.shape in written


def test_an_identity_skip_stays_in_its_block_and_is_highlighted():
    data = build(report(RESIDUAL), depth=9)
    skips = [arrow for arrow in data.arrows if arrow.skip]
    # Three blocks fold to one; the fourth has a convolution in its shortcut.
    assert len(skips) == 1
    assert skips[0].source not in {box.id for box in data.boxes}
    joins = [box for box in data.boxes if box.kind == "join"]
    assert skips[0].target == joins[0].id
    assert joins[0].title == "+"
    assert joins[0].more == ("relu",)


def test_other_branches_are_not_drawn_as_skips():
    assert not any(a.skip for a in build(example("shared_weights"), depth=9).arrows)
    assert not any(a.skip for a in build(report(NETS["inception"]), depth=9).arrows)
    assert sum(a.skip for a in build(example("unet"), depth=1).arrows) == 4


def test_arguments_counts_and_shapes_are_shown():
    data = build(report(RESIDUAL), depth=1)
    boxes = {box.name: box for box in data.boxes}
    assert [box.kind for box in data.boxes] == [
        "input", "layer", "block", "block", "layer", "layer", "layer", "output",
    ]  # fmt: skip
    assert boxes["1–3"].count == 3
    assert (boxes["1–3"].title, boxes["1–3"].detail) == ("basic", "16")
    assert (boxes["4"].detail, boxes["4"].shape) == ("32, stride 2", "32×16×16")
    assert boxes["stem"].detail == "3×3, 16, pad 1"


def test_metrics_of_a_fold_are_totals():
    data = build(report(RESIDUAL), depth=1, show=["params", "macs", "memory", "receptive_field"])
    block = next(box for box in data.boxes if box.name == "1–3")
    # 2·(3·3·16·16 + 2·16) in each; ·32·32 multiplies; 6 outputs of 16·32·32 numbers of 4 bytes;
    # 3 + 3·2·2 positions.
    assert block.figures == ["14,016 params", "14.16 M macs", "field 15/1", "1.3 MiB"]


def test_calls_fold_even_if_their_channels_grow():
    data = build(report(NETS["dense"]), depth=2)
    block = next(box for box in data.boxes if box.kind == "block")
    assert (block.count, block.shape) == (5, "20…36×8×8")
    opened = {box.title: box.shape for box in build(report(NETS["dense"]), depth=9).boxes}
    assert opened["concat"] == "20…36×8×8"
    assert opened["batchnorm"] == "16…32×8×8"


def test_a_fold_hides_no_connection():
    tapped = """
    input: [4, 8, 8]
    layers:
      - {as: tap, conv: {out: 4, kernel: 3, padding: 1}}
      - conv: {out: 4, kernel: 3, padding: 1}
      - conv: {out: 4, kernel: 3, padding: 1}
      - concat: [{from: tap}, []]
    """
    assert [b.count for b in build(report(tapped), depth=1).boxes] == [1, 1, 2, 1, 1]
    plain = tapped.replace("- concat: [{from: tap}, []]", "- maxpool: 2")
    assert [b.count for b in build(report(plain), depth=1).boxes] == [1, 3, 1, 1]


def test_an_iteration_that_is_read_from_outside_is_not_folded():
    pair = """
      - conv: {out: 4, kernel: 3, padding: 1}
      - {conv: {out: 4, kernel: 5, padding: 2}}"""
    last = pair.replace("- conv: {out: 4, kernel: 3", "- {as: tap, conv: {out: 4, kernel: 3", 1)
    last = last.replace("padding: 1}", "padding: 1}}", 1)
    spec = f"""
    input: [4, 8, 8]
    layers:{pair * 4}{last}
      - concat: [{{from: tap}}, []]
    """
    data = build(report(spec), depth=1)
    assert [child.count for child in data.children] == [1, 4, 1, 1, 1, 1]


def test_strides_are_not_folded_away():
    spec = "input: [4, 64, 64]\nlayers:\n  - repeat: 3\n    do: [maxpool: 2]\n"
    assert [b.shape for b in build(report(spec), depth=1).boxes][1:4] == [
        "4×32×32", "4×16×16", "4×8×8",
    ]  # fmt: skip


def test_identical_branches_and_repeats_of_several_layers_get_a_frame():
    frame = build(report(NETS["parallel"]), depth=1).children[1]
    assert (frame.kind, frame.count, len(frame.children)) == ("parallel", 4, 1 + 0)
    frame = build(report(NETS["repeated"]), depth=1).children[1]
    assert (frame.kind, frame.count, len(frame.children)) == ("repeat", 6, 2)


def test_small_layers_share_the_box_of_the_layer_before():
    spec = """
    input: [3, 8, 8]
    layers:
      - {as: tap, conv: {out: 4, kernel: 1}}
      - relu
      - batchnorm
      - {from: tap, conv: {out: 4, kernel: 1}}
      - dropout: 0.5
    """
    more = [box.more for box in build(report(spec), depth=1).boxes if box.kind == "layer"]
    # Another layer reads the first convolution, so its relu is separate.
    assert more == [(), ("batchnorm",), ("dropout p 0.5",)]


def test_errors_are_drawn_with_their_message_and_the_rest_as_unknown():
    data = build(report(NETS["invalid"]), depth=9)
    told = {box.name or box.kind: box for box in data.boxes}
    assert "32×32×32, branch 2 is 16×32×32" in told["join"].message
    assert told["join"].state == "invalid"
    assert any("nowhere" in box.message and box.state == "invalid" for box in data.boxes)
    assert told["after"].state == "unknown"
    assert told["stem"].state == "known"


def test_a_net_without_a_known_layer_is_drawn():
    for spec in ("input: [3, 8, 8]\nlayers: []\n", "layers:\n  - relu\n"):
        root = parsed(diagram(report(spec)).pipe(format="svg"))
        assert elements(root, "node")


def test_heads_and_shared_weights_are_marked():
    boxes = {box.id: box for box in build(report(NETS["heads"]), depth=1).boxes}
    assert "training only" in boxes["aux"].marks
    assert "training only" in boxes["aux-2"].marks
    assert boxes["aux-2"].kind == "output"
    assert boxes["side"].marks == []
    marks = [m for b in build(example("shared_weights"), depth=9).boxes for m in b.marks]
    assert marks == ["weights of encode.0", "weights of encode.4"]


@pytest.mark.parametrize("engine", ["system", "embedded"])
def test_a_hostile_spec_stays_text(engine, monkeypatch, tmp_path):
    if engine == "embedded":
        embedded_only(monkeypatch, tmp_path)
    elif shutil.which("dot") is None:
        pytest.skip("no system graphviz")
    found = report(HOSTILE)
    root = parsed(diagram(found, depth=9).pipe(format="svg"))
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds <= {"svg", "g", "title", "text", "path", "polygon", "polyline", "ellipse"}
    assert not any("href" in name for element in root.iter() for name in element.attrib)
    written = texts(root)
    assert found.net.name in written
    assert found.net.spec.source in written
    assert '</td><b>"a" \\N + relu' in written
    assert "<script>" in written
    assert '</td></table>> \\L "' in written
    assert {"\\", "&lt;\\E"} <= set(written)


def test_depth_fits_a_page_by_itself():
    boxes = [len(build(report(n)).boxes) for n in ("vgg16", "resnet152", "googlenet", "mobilenet")]
    assert max(boxes) <= 30
    # ResNet-152 is opened to its bottlenecks all the same: two boxes in each of four stages.
    assert sum(b.title == "bottleneck" for b in build(report("resnet152")).boxes) == 8
