"""Sizes that do not go together."""

from archcalc.diagnostic_codes.base import Code

SHAPES = (
    Code(
        "shape-mismatch",
        "shapes that must agree do not",
        "Branches that are added must have equal shapes (an axis of length 1 is repeated), those "
        "that are concatenated must agree in all other axes, and a reshape keeps the count of "
        "numbers. The message gives both shapes, and the layer that would make them equal.",
        """\
input: [64, 56, 56]
layers:
  - add:
      body: [conv: {out: 128, kernel: 3, stride: 2, padding: 1}]
      shortcut: []
""",
        """\
input: [64, 56, 56]
layers:
  - add:
      body: [conv: {out: 128, kernel: 3, stride: 2, padding: 1}]
      shortcut: [conv: {out: 128, kernel: 1, stride: 2}]
""",
    ),
    Code(
        "window-too-large",
        "a window that does not fit its input",
        "A kernel of k cells, d apart, spans d·(k − 1) + 1 positions, and the padded side must "
        "have as many. Often the strides before it have made the sides too small, or the input is "
        "smaller than the net was made for.",
        """\
input: [3, 4, 4]
layers:
  - conv: {out: 8, kernel: 5}
""",
        """\
input: [3, 4, 4]
layers:
  - conv: {out: 8, kernel: 5, padding: 2}
""",
    ),
    Code(
        "does-not-divide",
        "parts that do not divide a whole",
        "Groups must divide the channels that go in and those that come out; the pieces of maxout "
        "and the equal parts of a split must divide their axis.",
        """\
input: [6, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, groups: 4}
""",
        """\
input: [6, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, groups: 2}
""",
    ),
    Code(
        "wrong-rank",
        "another number of axes than is needed",
        "A shape is the channels and then 0 to 3 spatial axes, without a batch axis. Convolution "
        "and pooling need spatial axes, lists give one entry for each, and axes count from 0.",
        """\
input: [3, 16]
layers:
  - conv: {out: 8, kernel: [3, 3]}
""",
        """\
input: [3, 16]
layers:
  - conv: {out: 8, kernel: 3}
""",
    ),
    Code(
        "wrong-layout",
        "channels that are not on the first axis",
        "Convolution, pooling and norms take the channels from the first axis. After a permute "
        "they may stand elsewhere.",
        """\
input: [3, 8, 8]
layers:
  - permute: [1, 2, 0]
  - conv: {out: 8, kernel: 1}
""",
        """\
input: [3, 8, 8]
layers:
  - permute: [1, 2, 0]
  - permute: [2, 0, 1]
  - conv: {out: 8, kernel: 1}
""",
    ),
    Code(
        "linear-on-spatial",
        "a linear layer on maps that are not flattened",
        "linear works on the last axis. On channels × height × width that is the width, which is "
        "hardly ever meant.",
        """\
input: [3, 8, 8]
layers:
  - linear: 10
""",
        """\
input: [3, 8, 8]
layers:
  - flatten
  - linear: 10
""",
    ),
    Code(
        "reuse-mismatch",
        "a layer called again on another number of channels",
        "reuse calls a layer again with the weights it has, so these must have the same shapes.",
        """\
input: [3, 8, 8]
layers:
  - {name: shared, conv: {out: 8, kernel: 1}}
  - reuse: shared
""",
        """\
input: [3, 8, 8]
layers:
  - {name: shared, conv: {out: 3, kernel: 1}}
  - reuse: shared
""",
    ),
    Code(
        "misaligned-branches",
        "branches of a join are spatially misaligned",
        "The receptive fields of the two branches have different strides, or centres a step of "
        "the output or more apart, so values of different places are joined. Often one branch "
        "lacks its padding or its stride. Where it is meant, `allow` it. This is a warning.",
        """\
input: [3, 32, 32]
layers:
  - concat:
      - conv: {out: 8, kernel: 3, padding: [[0, 2], [0, 2]]}
      - conv: {out: 8, kernel: 1}
""",
        """\
input: [3, 32, 32]
layers:
  - concat:
      - conv: {out: 8, kernel: 3, padding: 1}
      - conv: {out: 8, kernel: 1}
""",
    ),
    Code(
        "unread-layer",
        "nothing reads a layer's output",
        "A later layer takes its input from elsewhere (`from`), and the layer is no output of the "
        "net. Its parameters and MACs count all the same. Where it is meant, `allow` it. This is a "
        "warning.",
        """\
input: [3, 32, 32]
layers:
  - {name: stem, conv: {out: 8, kernel: 3}}
  - {name: side, conv: {out: 4, kernel: 1}}
  - {from: stem, relu: }
""",
        """\
input: [3, 32, 32]
layers:
  - {name: stem, conv: {out: 8, kernel: 3}}
  - {name: side, head: true, conv: {out: 4, kernel: 1}}
  - {from: stem, relu: }
""",
    ),
    Code(
        "unread-label",
        "nothing reads a label",
        "No `from`, `like` or argument names the label that `as` gives. Often a word is misspelt, "
        "or a skip connection was forgotten. Where it is meant, `allow` it. This is a warning.",
        """\
input: [3, 32, 32]
layers:
  - {as: skip, conv: {out: 8, kernel: 3, padding: 1}}
  - conv: {out: 8, kernel: 3, padding: 1}
""",
        """\
input: [3, 32, 32]
layers:
  - {as: skip, conv: {out: 8, kernel: 3, padding: 1}}
  - add: [[conv: {out: 8, kernel: 3, padding: 1}], [from: skip]]
""",
    ),
    Code(
        "unlikely-input",
        "an input in the order of another framework",
        "A shape is the channels and then the spatial sizes, without a batch axis. PyTorch's "
        "[32, 3, 224, 224] would be 32 channels with three spatial axes here, Keras' [224, 224, 3] "
        "224 channels. Where that is meant, ignore this warning.",
        """\
input: [32, 3, 224, 224]
layers:
  - relu
""",
        """\
input: [3, 224, 224]
layers:
  - relu
""",
    ),
)
