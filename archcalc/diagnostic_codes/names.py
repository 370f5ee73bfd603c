"""Names, labels and the tensors they refer to."""

from archcalc.diagnostic_codes.base import Code

NAMES = (
    Code(
        "unknown-name",
        "an expression uses a name that is not defined",
        "An expression can use vars, names of the enclosing loops and, in a block, its parameters "
        "and its let, but nothing of the caller. A var can use the vars above it. Unused blocks "
        "and layers that `when` leaves out are checked too.",
        """\
input: [3, 8, 8]
vars: {width: 16}
layers:
  - conv: {out: 2*widht, kernel: 3}
""",
        """\
input: [3, 8, 8]
vars: {width: 16}
layers:
  - conv: {out: 2*width, kernel: 3}
""",
    ),
    Code(
        "unknown-label",
        "from, reuse or like refers to no visible label",
        "from, reuse and like refer to the labels (name, as) of earlier layers in the same body or "
        "in an enclosing one. Labels inside a group, a branch or a block are not visible outside.",
        """\
input: [3, 8, 8]
layers:
  - {as: early, conv: {out: 8, kernel: 3}}
  - relu
  - add: [{from: erly}, []]
""",
        """\
input: [3, 8, 8]
layers:
  - {as: early, conv: {out: 8, kernel: 3}}
  - relu
  - add: [{from: early}, []]
""",
    ),
    Code(
        "no-tensor",
        "a layer without an input tensor",
        "After a split, and at the start of a net with several inputs, a layer must choose its "
        "input with from. in_channels is the number of channels that enter a layer, so it only "
        "exists on layers.",
        """\
input: [4, 8, 8]
layers:
  - split: [left, right]
  - conv: {out: 8, kernel: 3}
""",
        """\
input: [4, 8, 8]
layers:
  - split: [left, right]
  - {from: left, conv: {out: 8, kernel: 3}}
""",
    ),
    Code(
        "bad-reuse",
        "reuse refers to something that is not a module",
        "reuse applies an earlier layer, block call or group again. Inputs, parts of a split and "
        "labelled results, such as that of a do, are not modules.",
        """\
input: [3, 8, 8]
layers:
  - {as: twice, do: [{conv: {out: 3, kernel: 1}}, relu]}
  - reuse: twice
""",
        """\
input: [3, 8, 8]
layers:
  - {name: twice, group: [{conv: {out: 3, kernel: 1}}, relu]}
  - reuse: twice
""",
    ),
    Code(
        "invalid-name",
        "not usable as the name of a layer, label or var",
        "A name has no dot, since dots separate the components of a path, and is no attribute of "
        "PyTorch's modules (train, forward, …). In scopes with joins or references, and for vars, "
        "parameters and loops, it is a word of letters, digits and _.",
        """\
input: [3, 8, 8]
layers:
  - {name: stem.conv, conv: {out: 8, kernel: 3}}
""",
        """\
input: [3, 8, 8]
layers:
  - name: stem
    group: [{name: conv, conv: {out: 8, kernel: 3}}]
""",
    ),
    Code(
        "reserved-name",
        "a reserved word used as a name",
        "Functions, words that attributes take (same, nearest, …) and words such as true and index "
        "are reserved: they cannot name a var, a parameter or a loop variable. Operations cannot "
        "name a block.",
        """\
input: [3, 8, 8]
vars: {width: 16, max: 2}
layers:
  - conv: {out: width, kernel: 3}
""",
        """\
input: [3, 8, 8]
vars: {width: 16, largest: 2}
layers:
  - conv: {out: width, kernel: 3}
""",
    ),
    Code(
        "duplicate-name",
        "two layers, labels or parameters with the same name",
        "Layers of one scope need different names, since these are the paths of their weights; so "
        "do the labels of a body and the parameters of a block. In a loop, put $(index) into the "
        "name.",
        """\
input: [3, 8, 8]
layers:
  - repeat: 2
    do: [{name: conv, conv: {out: 8, kernel: 3}}]
""",
        """\
input: [3, 8, 8]
layers:
  - repeat: 2
    do: [{name: conv$(index + 1), conv: {out: 8, kernel: 3}}]
""",
    ),
)
