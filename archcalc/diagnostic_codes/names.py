"""Names, labels and the tensors they stand for."""

from archcalc.diagnostic_codes.base import Code

NAMES = (
    Code(
        "unknown-name",
        "a name that cannot be seen here",
        "An expression reads vars, the names of loops around it, and in a block its parameters and "
        "its let: nothing of its caller. A var reads those written before it. Blocks "
        "that nothing calls and layers that when leaves out are looked at too.",
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
        "a reference to a layer that cannot be seen here",
        "from, reuse and like see the labels (name, as) of earlier layers in the same body and in "
        "those around it. What is inside a group, a branch or a block is not seen from outside.",
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
        "nothing to read where a layer reads the one before",
        "After a split, and at the start of a net with several inputs, no tensor is the current "
        "one: from says which is read. in_channels is what enters a layer, so outside of layers "
        "there is none.",
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
        "reuse of something that cannot be called again",
        "reuse calls a layer, a block or a group again. An input, a part of a split and what only "
        "has a label for its result, such as a do, cannot be called.",
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
        "a text that cannot be a name",
        "A name has no dot, since dots separate the levels of a path, and is none that PyTorch's "
        "modules have for themselves (train, forward, …). Beside joins and references it is a word "
        "of letters, digits and _, and so are the names of vars, parameters and loops.",
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
        "a word of the language used as a name",
        "Functions, the words that attributes take (same, nearest, …), and words such as true and "
        "index mean themselves in expressions: no var, parameter or loop has such a name. Nor can "
        "a block have the name of an operation.",
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
        "one name for two things",
        "Layers of one level need names of their own, since these are the paths of their weights, "
        "and so do labels of one body and parameters of one block. In a loop, put a part such as "
        "$(index) into the name.",
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
