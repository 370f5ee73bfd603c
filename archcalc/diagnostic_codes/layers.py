"""Layers as they are written: keys, operations, attributes, branches."""

from archcalc.diagnostic_codes.base import Code

LAYERS = (
    Code(
        "unknown-operation",
        "an operation or block that there is not",
        "The language guide lists all operations, and a spec its blocks.",
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
        "a layer that says nothing to do",
        "A layer has one operation, a group, a do, a block's name, or at least a from; name, when "
        "and the like only stand beside one.",
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
        "Each layer begins with a dash of its own.",
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
        "an attribute that the operation has not",
        "The language guide and `archcalc explain OPERATION` list the attributes of an operation.",
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
        "an attribute that must be given is not",
        "Attributes without a default are needed, here or in `defaults`.",
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
        "a key that means nothing here",
        "Misspelt keys are told of and never skipped. What belongs in a comment goes into `note`.",
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
        "a key that belongs elsewhere",
        "Attributes stand inside their operation; repeat and for stand beside a do; only_if on a "
        "branch of a join; training_only goes with head: true; expect stands on a layer that does "
        "something, init on one that has weights.",
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
        "a key that must be there is not",
        "A spec has input and layers, a block has do, and a loop over a table has both for and in.",
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
        "branch is a list of layers or one layer; [] is the one that changes nothing. At least one "
        "must be left where only_if removes some.",
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
        "a way to begin weights that there is not",
        "init takes the names of torch.nn.init: kaiming_normal, xavier_uniform, zeros, and so on.",
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
        "allow names no warning",
        "allow silences warnings by their codes. Errors cannot be allowed.",
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
