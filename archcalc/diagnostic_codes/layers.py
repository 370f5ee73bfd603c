"""Layers: keys, operations, attributes, branches."""

from archcalc.diagnostic_codes.base import Code

LAYERS = (
    Code(
        "unknown-operation",
        "no such operation or block",
        "A layer is one of the operations that the guide lists, or a block of the spec.",
        """\
input: [3, 8, 8]
layers:
  - cnov: {out: 8, kernel: 3}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3}
""",
    ),
    Code(
        "no-operation",
        "a layer without an operation",
        "A layer needs an operation, a group, a do, a block or at least a from. Modifiers such as "
        "name and when only go with one of these.",
        """\
input: [3, 8, 8]
layers:
  - name: stem
  - relu
""",
        """\
input: [3, 8, 8]
layers:
  - {name: stem, conv: {out: 8, kernel: 3}}
  - relu
""",
    ),
    Code(
        "several-operations",
        "two operations in one layer",
        "Each layer starts with its own dash.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3}
    relu:
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3}
  - relu
""",
    ),
    Code(
        "unknown-attribute",
        "the operation has no such attribute",
        "The guide and `archcalc explain OPERATION` list the attributes of each operation.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, pading: 1}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, padding: 1}
""",
    ),
    Code(
        "missing-attribute",
        "a required attribute of an operation is not given",
        "Attributes without a default must be given, on the layer or in `defaults`.",
        """\
input: [3, 8, 8]
layers:
  - conv: 8
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3}
""",
    ),
    Code(
        "unknown-key",
        "a key that a spec, block or layer does not have",
        "Unknown keys are errors, never ignored, so that misspellings are found. Remarks go into "
        "`note`.",
        """\
input: [3, 8, 8]
layers:
  - {nmae: stem, conv: {out: 8, kernel: 3}}
""",
        """\
input: [3, 8, 8]
layers:
  - {name: stem, conv: {out: 8, kernel: 3}}
""",
    ),
    Code(
        "misplaced-key",
        "a key in the wrong place",
        "Attributes go inside their operation; repeat and for next to a do; only_if on a branch of "
        "a join; training_only next to head: true; expect on a layer with an operation; init on a "
        "layer with weights.",
        """\
input: [3, 8, 8]
layers:
  - repeat: 3
    conv: {out: 8, kernel: 3}
""",
        """\
input: [3, 8, 8]
layers:
  - repeat: 3
    do: [conv: {out: 8, kernel: 3}]
""",
    ),
    Code(
        "missing-key",
        "a required key of a spec, block or loop is not given",
        "A spec needs input and layers, a block needs do, a loop over a table needs for and in.",
        """\
input: [3, 8, 8]
layers:
  - for: width
    do: [conv: {out: width, kernel: 3}]
""",
        """\
input: [3, 8, 8]
layers:
  - for: width
    in: [8, 16]
    do: [conv: {out: width, kernel: 3}]
""",
    ),
    Code(
        "missing-branches",
        "a join without branches",
        "add, sub, mul and concat take a list of branches, or a mapping with a label for each. A "
        "branch is a list of layers or a single layer; [] is an identity branch. At least one "
        "branch must remain after only_if.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 3, kernel: 1}
  - add
""",
        """\
input: [3, 8, 8]
layers:
  - add: [conv: {out: 3, kernel: 1}, []]
""",
    ),
    Code(
        "unknown-init",
        "no such initializer",
        "`init` takes the names of torch.nn.init: kaiming_normal, xavier_uniform, zeros and so on.",
        """\
input: [3, 8, 8]
layers:
  - {conv: {out: 8, kernel: 3}, init: kamiing_normal}
""",
        """\
input: [3, 8, 8]
layers:
  - {conv: {out: 8, kernel: 3}, init: kaiming_normal}
""",
    ),
    Code(
        "unknown-code",
        "`allow` lists a code that is not a warning",
        "`allow` suppresses warnings by their codes. Errors cannot be suppressed.",
        """\
input: [3, 8, 8]
layers:
  - concat: [conv: {out: 8, kernel: 3, padding: [[0, 2], 1]}, conv: {out: 8, kernel: 1}]
    allow: misaligned
""",
        """\
input: [3, 8, 8]
layers:
  - concat: [conv: {out: 8, kernel: 3, padding: [[0, 2], 1]}, conv: {out: 8, kernel: 1}]
    allow: misaligned-branches
""",
    ),
)
