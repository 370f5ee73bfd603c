"""Shapes that do not match."""

from archcalc.diagnostic_codes.base import Code

SHAPES = (
    Code(
        "shape-mismatch",
        "shapes do not match",
        "Added branches must have equal shapes (axes of size 1 are broadcast), concatenated "
        "branches must agree on all other axes, and a reshape must keep the number of elements. "
        "The message gives both shapes and a layer that would make them equal.",
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
        "a kernel is larger than its padded input",
        "A kernel of size k with dilation d spans d·(k − 1) + 1 positions; the padded input must "
        "be at least as large. Often earlier strides have reduced the spatial size too much, or "
        "the input is smaller than the net was designed for.",
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
        "channels or an axis are not divisible",
        "The input and output channels must be divisible by groups, the channels of a maxout by "
        "its pieces, and the axis of a split by its number of parts.",
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
        "wrong number of dimensions",
        "A shape is the channels and 0 to 3 spatial sizes, without a batch axis. Convolution and "
        "pooling need spatial axes, lists have one entry per axis, and axes count from 0.",
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
        "channels are not on the first axis",
        "Convolution, pooling and normalisation need the channels on the first axis. A permute may "
        "have moved them.",
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
        "a linear layer on feature maps that are not flattened",
        "linear acts on the last axis. For channels × height × width that is the width, which is "
        "rarely intended.",
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
        "a layer is reused with another number of channels",
        "reuse applies a layer with the same weights, so their shapes must fit the new input.",
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
        "branches are spatially misaligned",
        "A warning: the receptive fields of two branches have different strides, or their centres "
        "are one output position or more apart, so the join combines values of different input "
        "positions. Often a branch lacks padding or a stride. If intended, `allow` it.",
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
        "A warning: the next layer takes its input from elsewhere (`from`), and this one is not an "
        "output of the net. Its parameters and MACs are counted all the same. If intended, "
        "`allow` it.",
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
        "nothing refers to a label",
        "A warning: no `from`, `like` or argument refers to the label that `as` sets. Often a "
        "label is misspelt or a skip connection was forgotten. If intended, `allow` it.",
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
        "an input in another framework's layout",
        "A warning: a shape is the channels and then the spatial sizes, without a batch axis. "
        "PyTorch's [32, 3, 224, 224] would mean 32 channels and three spatial axes here, and "
        "Keras' [224, 224, 3] 224 channels. If intended, ignore it.",
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
