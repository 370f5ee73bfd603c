"""The rules of the language, on specs as small as possible; expected numbers by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import archcalc
from archcalc.graph import Group

if TYPE_CHECKING:
    from pathlib import Path

    from archcalc.graph import Net


def load(layers: str, before: str = "input: [4, 8, 8]\n", **options: object) -> Net:
    return archcalc.load(f"{before}layers:\n{layers}", **options)  # type: ignore[arg-type]  # set, input …


def output(net: Net, name: str = "output") -> tuple[int, ...]:
    tensor = net.tensors[net.outputs[name]]
    assert tensor is not None
    return tensor.shape


def blocks_of(net: Net, name: str) -> list[Group]:
    """The calls of a block."""
    found, waiting = [], [net.root]
    while waiting:
        group = waiting.pop()
        waiting += [child for child in group.children if isinstance(child, Group)]
        if group.block is not None and group.block.name == name:
            found.append(group)
    return found


def test_from_reads_another_tensor() -> None:
    net = load("""
  - {as: start, conv: {out: 5, kernel: 1}}
  - conv: {out: 6, kernel: 1}
  - {from: start, conv: {out: 7, kernel: 1}}
""")
    assert net.nodes[2].facts.weights[0].shape == (7, 5, 1, 1)


def test_a_layer_with_from_alone_is_that_tensor() -> None:
    net = load("""
  - {as: start, conv: {out: 5, kernel: 1}}
  - conv: {out: 6, kernel: 1}
  - from: start
""")
    assert output(net) == (5, 8, 8)


def test_a_reference_sees_the_nearest_iteration() -> None:
    net = load("""
  - repeat: 3
    do:
      - {as: x, conv: {out: 10 + index, kernel: 1}}
  - {from: x, relu: }
""")
    assert output(net) == (12, 8, 8)


def test_labels_from_iterations_can_be_referenced() -> None:
    net = load("""
  - repeat: 3
    do: [{as: x$(index), conv: {out: 10 + index, kernel: 1}}]
  - concat: [{from: x0}, {from: x2}]
""")
    assert output(net) == (22, 8, 8)


def test_a_block_sees_nothing_of_its_caller() -> None:
    net = load(
        "  - {for: width, in: [9], do: [b]}\n",
        "input: [4, 8, 8]\nvars: {width: 5}\n"
        "blocks: {b: {do: [{conv: {out: width, kernel: 1}}]}}\n",
    )
    assert output(net) == (5, 8, 8)


def test_in_channels_of_a_call_is_what_enters_the_call() -> None:
    net = load(
        "  - b: {width: 2*in_channels}\n",
        "input: [4, 8, 8]\nblocks:\n  b:\n    with: {width: }\n    do:\n"
        "      - conv: {out: 3, kernel: 1}\n"
        "      - conv: {out: width, kernel: 1}\n",
    )
    assert output(net) == (8, 8, 8)


def test_let_is_evaluated_once_on_entry() -> None:
    net = load(
        "  - b\n",
        "input: [4, 8, 8]\nblocks:\n  b:\n    let: {wide: 6*in_channels, half: wide//2}\n    do:\n"
        "      - conv: {out: 3, kernel: 1}\n"
        "      - conv: {out: wide + half, kernel: 1}\n",
    )
    assert output(net) == (36, 8, 8)


def test_further_tensors_are_passed_like_arguments() -> None:
    net = load(
        "  - {as: skip1, conv: {out: 6, kernel: 1}}\n"
        "  - conv: {out: 2, kernel: 1}\n"
        "  - merge: {skip: skip1, width: 7}\n",
        "input: [4, 8, 8]\nblocks:\n  merge:\n    with: {width: }\n    inputs: [skip]\n    do:\n"
        "      - concat: [{from: skip}, []]\n"
        "      - conv: {out: width, kernel: 1}\n",
    )
    assert net.nodes[-1].facts.weights[0].shape == (7, 8, 1, 1)


def test_an_operation_as_a_parameter() -> None:
    before = (
        "input: [4, 8, 8]\nvars: {norm: batchnorm}\nblocks:\n  b:\n"
        "    with: {act: {type: operation, default: relu}}\n    do: [{apply: norm}, {apply: act}]\n"
    )
    net = load("  - b\n  - b: gelu\n  - b: {act: {leaky_relu: 0.2}}\n", before)
    assert [n.op.name for n in net.nodes[1::2]] == ["relu", "gelu", "leaky_relu"]
    assert [n.op.name for n in net.nodes[::2]] == ["batchnorm"] * 3


def test_a_reused_layer_counts_its_weights_once() -> None:
    net = load("""
  - {name: c, conv: {out: 4, kernel: 3, padding: 1}}
  - relu
  - reuse: c
""")
    report = archcalc.analyze(net)
    assert report.totals.params == 4 * 4 * 9 + 4
    assert report.totals.macs == 2 * 4 * 4 * 9 * 64


def test_a_reused_block() -> None:
    net = load(
        "  - {name: twice, b: }\n  - reuse: twice\n  - {as: end, reuse: twice}\n  - from: end\n",
        "input: [4, 8, 8]\nblocks: {b: {do: [{conv: {out: 4, kernel: 1}}, batchnorm]}}\n",
    )
    assert [node.path for node in net.nodes] == ["twice.0", "twice.1"] * 3
    assert [node.shared for node in net.nodes] == [None, None, 0, 1, 0, 1]
    assert archcalc.analyze(net).totals.params == 4 * 4 + 4 + 8


def test_a_head_is_an_output_and_keeps_the_current_tensor() -> None:
    net = load("""
  - conv: {out: 5, kernel: 1}
  - {name: aux, head: true, training_only: true, group: [global_avgpool, flatten, linear: 10]}
  - {name: side, head: true, conv: {out: 2, kernel: 1}}
  - conv: {out: 6, kernel: 1}
""")
    assert {name: output(net, name) for name in net.outputs} == {
        "output": (6, 8, 8),
        "aux": (10,),
        "side": (2, 8, 8),
    }
    params = archcalc.analyze(net).totals.params
    assert params == (4 * 5 + 5) + (5 * 2 + 2) + (5 * 6 + 6), "training_only stays out"


def test_split_labels_its_parts() -> None:
    net = load("""
  - split: {into: [left, right]}
  - concat: [{from: left}, [{from: right}, {conv: {out: 5, kernel: 1}}]]
""")
    assert output(net) == (7, 8, 8)


def test_a_join_with_one_remaining_branch_passes_it_through() -> None:
    net = load("""
  - concat:
      - {only_if: 1 > 2, branch: [{conv: {out: 9, kernel: 1}}]}
      - conv: {out: 5, kernel: 1}
""")
    assert [n.op.name for n in net.nodes] == ["conv"]
    assert output(net) == (5, 8, 8)


def test_a_branch_left_empty_by_when_is_the_identity() -> None:
    net = load("""
  - add: {body: [{conv: {out: 4, kernel: 1}}], shortcut: [{when: 1 > 2, relu: }]}
""")
    assert [n.op.name for n in net.nodes] == ["conv", "add"]
    assert net.nodes[1].inputs[1] == net.inputs["input"]


def test_for_over_branches_makes_one_per_iteration() -> None:
    net = load("""
  - concat:
      - conv: {out: 1, kernel: 1}
      - {for: r, in: [1, 2, 3], branch: [{conv: {out: r, kernel: 3, dilation: r, padding: r}}]}
""")
    assert output(net) == (7, 8, 8)


def test_defaults_are_lexical(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "input: [4, 8, 8]\ndefaults: {conv: {bias: false}}\n"
        "blocks: {b: {do: [{conv: {out: 4, kernel: 1}}]}}\nlayers: [b]\n"
    )
    (tmp_path / "child.yaml").write_text(
        "extends: base.yaml\nlayers: [b, {conv: {out: 4, kernel: 1}}]\n"
    )
    net = archcalc.load(tmp_path / "child.yaml")
    assert [len(n.facts.weights) for n in net.nodes] == [1, 2]


def test_extends_merges_vars_and_blocks(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "name: base\ninput: [4, 8, 8]\nvars: {a: 5, b: 6}\n"
        "blocks:\n  one: {do: [{conv: {out: a, kernel: 1}}]}\n"
        "  two: {do: [one, {conv: {out: b, kernel: 1}}]}\nlayers: [two]\n"
    )
    (tmp_path / "child.yaml").write_text(
        "extends: base.yaml\nvars: {b: 9}\nblocks: {one: {do: [{conv: {out: 2*a, kernel: 1}}]}}\n"
    )
    net = archcalc.load(tmp_path / "child.yaml")
    assert [n.facts.outputs[0].shape[0] for n in net.nodes] == [10, 9]


def test_vars_and_inputs_are_overridden() -> None:
    text = "input: [3, 8, 8]\nvars: {w: 4, twice: 2*w}\nlayers: [{conv: {out: twice, kernel: 1}}]\n"
    assert output(archcalc.load(text)) == (8, 8, 8)
    assert output(archcalc.load(text, set={"w": 5}, input=(3, 6, 7))) == (10, 6, 7)


def test_named_inputs() -> None:
    net = load(
        "  - concat: [{from: left}, {from: right}]\n",
        "input: {left: [3, 8, 8], right: [2, 8, 8]}\n",
    )
    assert output(net) == (5, 8, 8)


def test_inputs_of_rank_0_to_3() -> None:
    for shape in ([7], [3, 20], [3, 8, 8], [2, 4, 6, 8]):
        net = archcalc.load(f"input: {shape}\nlayers: [batchnorm]\n")
        assert output(net) == tuple(shape)


def test_a_name_starting_with_a_digit_is_valid_in_a_sequential_scope() -> None:
    net = load("  - {name: 3x3, conv: {out: 4, kernel: 3x3}}\n")
    assert net.nodes[0].path == "3x3"


def test_expectations_are_only_compared_with_their_settings() -> None:
    text = """
input: [3, 8, 8]
vars: {w: 4}
layers:
  - {conv: {out: w, kernel: 1}, expect: {params: 16}}
expect:
  - {set: {w: 5}, params: 20}
  - {input: [3, 4, 4], macs: 192}
"""

    def held(**options: object) -> list[bool | None]:
        net = archcalc.load(text, **options)  # type: ignore[arg-type]  # set, input …
        return [e.holds for e in archcalc.analyze(net).expectations]

    assert held() == [True, None, None]
    assert held(set={"w": 5}) == [None, True, None]
    assert held(input=(3, 4, 4)) == [None, None, True]


def test_an_operation_given_as_default_keeps_its_attributes() -> None:
    """3·3 + 3 parameters for each call."""
    net = archcalc.load("""
input: [3, 8, 8]
blocks:
  block:
    with: {out: , act: {type: operation, default: {leaky_relu: 0.1}}}
    do: [{conv: {out: out, kernel: 1}}, {apply: act}]
layers: [{block: 3}, {block: 3}]
""")
    assert archcalc.analyze(net).totals.params == 24
    first, second = (node.attributes.slope for node in net.nodes if node.op.name == "leaky_relu")
    assert float(first) == float(second) == 0.1


def test_calls_with_equal_operations_are_equal() -> None:
    """Whatever their input, since only the names that the operation uses matter."""
    net = archcalc.load("""
input: [3, 8, 8]
vars: {slope: 0.2}
blocks:
  block: {with: {act: {type: operation}}, do: [{conv: {out: 8, kernel: 1}}, {apply: act}]}
layers:
  - {repeat: 2, do: [block: {act: {leaky_relu: slope}}]}
""")
    first, second = blocks_of(net, "block")
    assert first.arguments == second.arguments


def test_nested_operands_are_compared_quickly() -> None:
    """40 blocks, each of which passes two operations to the next one that contain both of its own:
    a recursive comparison would take 2⁴⁰ steps."""
    operation = "{type: operation}"
    inner = "{a: {leaf: {a: a, b: b}}, b: {leaf: {a: b, b: a}}}"
    blocks = [f"  leaf: {{with: {{a: {operation}, b: {operation}}}, do: [relu]}}"]
    blocks.append(f"  b0: {{with: {{a: {operation}, b: {operation}}}, do: [apply: a]}}")
    blocks += [
        f"  b{i}: {{with: {{a: {operation}, b: {operation}}}, do: [b{i - 1}: {inner}]}}"
        for i in range(1, 40)
    ]
    layers = "  - b39: {a: relu, b: tanh}\n" * 2
    net = load(layers, "input: [4, 8, 8]\nblocks:\n" + "\n".join(blocks) + "\n")
    first, second = blocks_of(net, "b0")
    assert first.arguments == second.arguments


def test_a_branch_in_its_own_list_can_have_a_condition() -> None:
    spec = """
  - add:
      body: {conv: {out: 4, kernel: 3, padding: 1}}
      skip: [{only_if: false, branch: []}]
"""
    net = load(spec)
    assert [node.op.name for node in net.nodes] == ["conv"]
    assert [n.op.name for n in load(spec.replace("false", "true")).nodes] == ["conv", "add"]


def test_vars_can_have_names_of_operations() -> None:
    """8·2 channels; the operation keeps its meaning if a var has its name."""
    net = load(
        """
  - conv: {out: 8*scale, kernel: 3}
  - dropout: dropout
  - {repeat: group, do: [relu]}
""",
        "input: [3, 8, 8]\nvars: {dropout: 0.25, scale: 2, group: 2}\n",
    )
    assert output(net) == (16, 6, 6)
    assert [node.op.name for node in net.nodes] == ["conv", "dropout", "relu", "relu"]
    assert net.nodes[1].attributes.p == 0.25
