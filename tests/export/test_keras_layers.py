"""Every form of a layer in Keras code: exported, built, and its numbers the graph's."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch, which Keras runs on, is not installed")
pytest.importorskip("keras", reason="Keras is not installed")

import archcalc
from archcalc.codegen import export
from tests.export import keras_models as models

CASES = {
    "padding on unequal sides": (
        "layers: [{conv: {out: 4, kernel: 3, padding: [[1, 2], [0, 3]]}}]",
        "ZeroPadding2D(((1, 2), (0, 3)), ",
    ),
    "the odd row at the start": (
        "layers: [{conv: {out: 4, kernel: 4, padding: same_lower}}]",
        "ZeroPadding2D(((2, 1), (2, 1)), ",
    ),
    "no odd row": (
        "layers: [{conv: {out: 4, kernel: 3, padding: same_lower}}]",
        'Conv2D(4, 3, padding="same", ',
    ),
    "no odd row in a window of a maximum": (
        "layers: [{scale: -1}, {maxpool: {kernel: 3, stride: 1, padding: same_lower}}]",
        'MaxPooling2D(3, strides=1, padding="same", ',
    ),
    "no rows": (
        "layers: [{conv: {out: 4, kernel: 1, padding: full}}]",
        "Conv2D(4, 1, name",
    ),
    "same with a stride": (
        "layers: [{conv: {out: 4, kernel: 3, stride: 2, padding: same}}]",
        'strides=2, padding="same"',
    ),
    "padding beside a stride": (
        "layers: [{conv: {out: 4, kernel: 3, stride: 2, padding: 1}}]",
        "ZeroPadding2D(1, ",
    ),
    "maxpool's padding never wins": (
        "layers: [{scale: -1}, {maxpool: {kernel: 3, stride: 2, padding: 1}}]",
        "constant_values=-math.inf",
    ),
    "ceil that adds what same would": (
        "layers: [{maxpool: {kernel: 2, ceil: true}}]",
        'MaxPooling2D(2, padding="same", ',
    ),
    "means with ceil that adds what same would": (
        (
            "layers: [{maxpool: {kernel: 2, stride: 1}}, "
            "{avgpool: {kernel: 3, stride: 2, ceil: true}}]"
        ),
        "padded_mean(x, (3, 3), (2, 2), ((0, 1), (0, 1)))",
    ),
    "means with same": (
        "layers: [{avgpool: {kernel: 3, stride: 1, padding: same, count_include_pad: false}}]",
        'AveragePooling2D(3, strides=1, padding="same", ',
    ),
    "means with same and an odd row": (
        "layers: [{avgpool: {kernel: 2, stride: 1, padding: same, count_include_pad: false}}]",
        "padded_mean(inputs, (2, 2), (1, 1), ((0, 1), (0, 1)))",
    ),
    "ceil that adds less": (
        "layers: [{scale: -1}, {maxpool: {kernel: 4, stride: 2, ceil: true}}]",
        "ops.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-math.inf)",
    ),
    "means with ceil": (
        "layers: [{avgpool: {kernel: 4, stride: 2, ceil: true}}]",
        "padded_mean(inputs, (4, 4), (2, 2), ((0, 1), (0, 1)))",
    ),
    "means that count the padding and not what ceil adds": (
        "layers: [{avgpool: {kernel: 4, stride: 2, padding: 1, ceil: true}}]",
        "((1, 2), (1, 2)), counted=((1, 1), (1, 1)))",
    ),
    "means with the padding": (
        "layers: [{avgpool: {kernel: 3, stride: 1, padding: same}}]",
        "ZeroPadding2D(1, ",
    ),
    "means without the padding": (
        ("layers: [{avgpool: {kernel: 3, stride: 2, padding: 1, count_include_pad: false}}]"),
        "padded_mean",
    ),
    "a transposed convolution that is cropped": (
        (
            "layers: [{conv_transpose: {out: 4, kernel: 3, stride: 2, padding: 1, "
            "output_padding: 1}}]"
        ),
        "Cropping2D(((1, 0), (1, 0)), ",
    ),
    "a stride larger than the window": (
        "layers: [{conv_transpose: {out: 4, kernel: 2, stride: 3}}]",
        "Conv2DTranspose(4, 2, strides=3, output_padding=0, ",
    ),
    "a stride larger than the window, and padding": (
        "layers: [{conv_transpose: {out: 4, kernel: 2, stride: 4, padding: [[1, 0], [0, 1]]}}]",
        "Cropping2D(((1, 2), (0, 3)), ",
    ),
    "rows as Keras adds them": (
        "layers: [{conv_transpose: {out: 4, kernel: 2, stride: 3, output_padding: 1}}]",
        "Conv2DTranspose(4, 2, strides=3, name",
    ),
    "rows added after the whole sum": (
        "layers: [{conv_transpose: {out: 4, kernel: 3, stride: 2, output_padding: 1}}]",
        "Conv2DTranspose(4, 3, strides=2, output_padding=1, name",
    ),
    "rows added without an overlap": (
        (
            "layers: [{conv_transpose: {out: 4, kernel: [2, 3], stride: [2, 3], "
            "output_padding: [1, 2]}}]"
        ),
        "output_padding=(1, 2), name",
    ),
    "more rows added than cropped": (
        (
            "layers: [{conv_transpose: {out: 4, kernel: 3, stride: 3, padding: 1, "
            "output_padding: 2}}]"
        ),
        'Cropping2D(1, name="0_crop")',
    ),
    "rows added beside a dilation": (
        (
            "layers: [{conv_transpose: {out: 4, kernel: 3, dilation: 2, padding: 1, "
            "output_padding: 1}}]"
        ),
        "Cropping2D(((1, 0), (1, 0)), ",
    ),
    "an enlargement to the double by a convolution": (
        "layers: [{conv_transpose: {out: 4, kernel: 4, stride: 2, padding: 1}}]",
        'Conv2DTranspose(4, 4, strides=2, padding="same", name',
    ),
    "a transposed convolution that keeps the sides": (
        "layers: [{conv_transpose: {out: 4, kernel: 3, padding: 2, dilation: 2}}]",
        'Conv2DTranspose(4, 3, padding="same", dilation_rate=2, name',
    ),
    "an odd row cropped": (
        "layers: [{conv_transpose: {out: 4, kernel: 3, stride: 2, padding: [[0, 1], [1, 0]]}}]",
        "Cropping2D(((0, 1), (1, 0)), ",
    ),
    "features picked by their place": (
        "layers: [flatten, {slice: {begin: 3, step: 2}}, {linear: 5}]",
        "Permute((3, 1, 2), ",
    ),
    "features of a linear layer": (
        "layers: [flatten, batchnorm, relu, {linear: 5}]",
        "Flatten(",
    ),
    "channels on another axis": (
        "layers: [{permute: [1, 2, 0]}, layernorm, {linear: 5}, {permute: [2, 0, 1]}]",
        "LayerNormalization(epsilon=1e-05",
    ),
    "a mean over channels": (
        "layers: [{mean: [0]}]",
        "ops.mean(inputs, axis=-1)",
    ),
    "a reshape": (
        "layers: [{reshape: [9, -1]}, {reshape: [2, 3, 6, 9]}]",
        "Reshape(",
    ),
    "a vector as a pixel": (
        "layers: [global_avgpool, flatten, {linear: 6}, {reshape: [6, 1, 1]}]",
        'Reshape((1, 1, 6), name="3")',
    ),
    "a vector as maps": (
        "layers: [flatten, {linear: 18}, {reshape: [2, 3, 3]}]",
        'Permute((2, 3, 1), name="2_permute")',
    ),
    "a vector as a single map": (
        "layers: [flatten, {linear: 9}, {reshape: [1, 3, 3]}, {reshape: [9, 1, 1]}, flatten]",
        'layers.Reshape((1, 1, 9), name="3")(x)',
    ),
    "sides merged and parted": (
        (
            "layers: [{flatten: {start: 1}}, {permute: [1, 0]}, {linear: 5}, {permute: [1, 0]}, "
            "{reshape: [5, 3, 27]}]"
        ),
        'x = layers.Reshape((81, 4), name="0")(inputs)\n    x = layers.Dense(5',
    ),
    "channels merged with a side": (
        "layers: [{permute: [1, 2, 0]}, {flatten: {start: 1}}]",
        'Reshape((9, 36), name="1")',
    ),
    "concat along a side": (
        "layers: [concat: {axis: 1, branches: [[], [relu]]}]",
        "axis=1",
    ),
    "words that Keras gives to what has no name": (
        "layers: [{name: pad, scale: 2}, {name: get_item, slice: {begin: 1}}, {pad: 1}]",
        'name="net_pad"',
    ),
    "words of operations that choose": (
        "layers: [{softplus: {threshold: 1}}, {name: where, relu: }, {name: greater, tanh: }]",
        'name="net_greater"',
    ),
    "a layer with the name of a helping one that is not needed": (
        "layers: [{name: conv1_pad, pad: 3}, {name: conv1, conv: {out: 8, kernel: 7, stride: 2}}]",
        'ZeroPadding2D(3, name="conv1_pad")',
    ),
    "layers with the names of a helping one": (
        (
            "layers: [{name: a_pad, relu: }, {name: a_pad2, relu: }, "
            "{name: a, conv: {out: 4, kernel: 3, stride: 2, padding: 1}}]"
        ),
        'ZeroPadding2D(1, name="a_pad3")',
    ),
    "names that differ outside ASCII": (
        "layers: [{name: größe, relu: }, {name: grüße, tanh: }]",
        'name="gru00fcu00dfe"',
    ),
    "initial weights": (
        (
            "layers: [{init: kaiming, conv: {out: 4, kernel: 1}}, {init: zeros, "
            "batchnorm: }, {init: {normal: {std: 0.01}}, conv: {out: 4, kernel: 1}}]"
        ),
        "keras.initializers.RandomNormal(mean=0.0, stddev=0.01)",
    ),
    "a norm of one channel each": (
        "layers: [{instancenorm: {affine: true}}]",
        "(-1, epsilon",
    ),
    "slopes that are learnt": (
        "layers: [prelu, {prelu: {channels: true}}]",
        "shared_axes=[1, 2]",
    ),
    "activations with other numbers": (
        (
            "layers: [{gelu: {approximate: tanh}}, {softplus: {beta: 2}}, "
            "{hardtanh: {min: -2, max: 3}}]"
        ),
        "ops.clip(x, -2, 3)",
    ),
    "a divisor that is a product": (
        "vars: {b: 0.7}\nlayers: [{softplus: {beta: 2*b}}, {softplus: {beta: 2/3}}]",
        "ops.softplus(2 * b * inputs) / (2 * b)",
    ),
    "a softplus that is straight from early on": (
        "layers: [{softplus: {threshold: 0.2}}, {softplus: {beta: 3, threshold: 2}}]",
        "ops.where(inputs > 0.2, inputs, ops.softplus(inputs))",
    ),
    "a threshold that is a choice": (
        "vars: {b: 0.7}\nlayers: [{softplus: {threshold: 1 if b > 2 else b/3}}]",
        "ops.where(inputs > (1 if b > 2 else b / 3), ",
    ),
    "a softplus that is straight where float32 is": (
        "layers: [{softplus: {threshold: 20}}]",
        'Activation("softplus", ',
    ),
    "a slope below zero": (
        "layers: [{leaky_relu: -0.5}]",
        "ops.where(inputs > 0, inputs, -0.5 * inputs)",
    ),
    "a slope that is a var": (
        "vars: {s: 0.2}\nlayers: [{leaky_relu: s}, {leaky_relu: s - 1}]",
        "LeakyReLU(s, ",
    ),
    "a table of connections that is padded": (
        (
            "layers: [{conv: {out: 3, kernel: 3, padding: same, connections: [[0, 1], [1, "
            "2, 3], [0]]}}]"
        ),
        "TableConv([(0, 1), (1, 2, 3), (0,)], ",
    ),
    "centres that are learnt": (
        ("vars: {learn: true}\nlayers: [flatten, {linear: 6}, {rbf: {out: 3, trainable: learn}}]"),
        "fixed=not learn",
    ),
    "centres that are learnt for one of two reasons": (
        (
            "vars: {a: false, b: true}\n"
            "layers: [flatten, {linear: 6}, {rbf: {out: 3, trainable: a or b}}]"
        ),
        "fixed=not (a or b)",
    ),
    "centres that are learnt always": (
        "layers: [flatten, {linear: 6}, {rbf: {out: 3, trainable: true}}]",
        "RBF(3, fixed=False, ",
    ),
    "a flatten of some axes": (
        "layers: [{flatten: {start: 1}}]",
        "Reshape(",
    ),
    "slices": (
        "layers: [{slice: {axis: 1, begin: 1, end: 8, step: 2}}, {slice: {end: 3}}]",
        "[:, 1:8:2]",
    ),
    "parts of unequal size": (
        (
            "layers: [{split: {into: [a, b, c], sizes: [1, 1, 2]}}, concat: [[{from: c}], "
            "[{from: a}, relu]]]"
        ),
        "ops.split(inputs, [1, 2], axis=-1)",
    ),
    "a border that reflects": (
        (
            "layers: [{pad: {padding: [[1, 2], [0, 3]], mode: reflect}}, {crop: 1}, "
            "{pad: {channels: [1, 2]}}]"
        ),
        'mode="reflect"',
    ),
    "nothing to crop": (
        "layers: [{name: a, relu: }, {conv: {out: 3, kernel: 1}}, {crop: {like: a}}]",
        "x = layers.Conv2D(3, 1, ",
    ),
    "an enlargement to any size": (
        "layers: [{upsample: {size: [13, 20], mode: linear}}]",
        "Resizing(13, 20, ",
    ),
    "a reduction to any size": (
        "layers: [{upsample: {size: [4, 7], mode: linear}}]",
        "Resizing(4, 7, ",
    ),
    "an enlargement to the double": (
        "layers: [{upsample: {size: 18, mode: linear}}]",
        'UpSampling2D(2, interpolation="bilinear", ',
    ),
    "an enlargement to a var": (
        "vars: {n: 18}\nlayers: [{upsample: {size: [n, n + 1], mode: linear}}]",
        "Resizing(n, n + 1, ",
    ),
    "nothing to enlarge": (
        "layers: [{name: a, relu: }, {upsample: {like: a}}, {conv: {out: 3, kernel: 1}}]",
        'layers.Conv2D(3, 1, name="conv1")(a)',
    ),
    "means over all sides": (
        "layers: [{mean: {axes: [2, 1], keepdim: true}}, {mean: }]",
        'GlobalAveragePooling2D(keepdims=True, name="0")(inputs)',
    ),
    "means over all sides, wherever the channels are": (
        "layers: [{permute: [1, 2, 0]}, mean, {linear: 3}]",
        'GlobalAveragePooling2D(name="1")',
    ),
    "means over one side": (
        "layers: [{mean: {axes: [2], keepdim: true}}, {mean: [0]}]",
        "ops.mean(inputs, axis=2, keepdims=True)",
    ),
    "a global pooling to a vector": (
        "layers: [{name: pool, global_avgpool: }, {name: flat, flatten: }, {linear: 3}]",
        'x = layers.GlobalAveragePooling2D(name="pool")(inputs)\n    x = layers.Dense(3',
    ),
    "global poolings to vectors in a loop": (
        "layers: [{repeat: 2, do: [add: [[], [global_maxpool, flatten, {reshape: [4, 1, 1]}]]]}]",
        'GlobalMaxPooling2D(name=f"global_maxpool{i + 1}")',
    ),
    "a global pooling that something else reads": (
        (
            "layers: [{name: pool, global_avgpool: }, flatten, {linear: 4}, "
            "{reshape: [4, 1, 1]}, add: [[], [{from: pool}]]]"
        ),
        'pool = layers.GlobalAveragePooling2D(keepdims=True, name="pool")',
    ),
    "a flatten that is called again": (
        (
            "layers: [global_avgpool, {name: flat, flatten: }, {linear: 4}, "
            "{reshape: [2, 1, 2]}, {reuse: flat}]"
        ),
        'layers.GlobalAveragePooling2D(keepdims=True, name="global_avgpool1")',
    ),
    "a global pooling before a flatten of another tensor": (
        "layers: [{as: a, relu: }, {head: true, name: h, global_avgpool: }, {from: a, flatten: }]",
        'outputs["h"] = layers.GlobalAveragePooling2D(keepdims=True, name="h")',
    ),
    "padding and ceil": (
        "layers: [{maxpool: {kernel: 3, stride: 2, padding: 1, ceil: true}}]",
        "constant_values=-math.inf",
    ),
    "a momentum that is a var": (
        ("vars: {m: 0.2}\nlayers: [{batchnorm: {momentum: m}}]"),
        "momentum=1 - m",
    ),
    "padding after what is never below zero": (
        (
            "layers: [{conv: {out: 4, kernel: 1}}, {maxpool: {kernel: 3, stride: 2, "
            "padding: 1}}, relu, concat: [[], sigmoid], {maxpool: {kernel: 3, stride: 2, "
            "padding: 1}}]"
        ),
        'ZeroPadding2D(1, name="maxpool2_pad")',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_layer(case: str) -> None:
    text, expected = CASES[case]
    models.check_construct(text, expected)


@pytest.mark.parametrize("shape", ["[4, 20]", "[4, 6, 7, 8]"])
def test_one_and_three_axes(shape: str) -> None:
    net = archcalc.load(
        f"input: {shape}\nlayers: [{{conv: {{out: 6, kernel: 3, padding: 1, stride: 2}}}}, "
        "batchnorm, relu, {depthwise_conv: {kernel: 3, multiplier: 2, padding: 1}}, "
        "{maxpool: {kernel: 2, padding: 1, stride: 1}}, {conv_transpose: {out: 3, kernel: 2, "
        "stride: 2}}, global_avgpool, flatten, linear: 5]"
    )
    assert models.wrong(net, export(net, "keras")) == []


@pytest.mark.parametrize("shape", ["[4, 9]", "[3, 4, 3, 5]"])
@pytest.mark.parametrize(
    ("window", "keyword"),
    [
        ("kernel: 3, stride: 2, output_padding: 1", "output_padding=1"),
        ("kernel: 4, stride: 2, padding: 1", 'padding="same"'),
        ("kernel: 5, stride: 3, padding: 1", 'padding="same"'),
        ("kernel: 3, stride: 2, padding: 1, output_padding: 1", "Cropping"),
    ],
)
def test_transposed_on_one_and_three_axes(shape: str, window: str, keyword: str) -> None:
    text = f"input: {shape}\nlayers: [conv_transpose: {{out: 3, {window}}}]"
    models.check_construct(text, keyword)


def test_several_inputs() -> None:
    net = archcalc.load(
        "input: {image: [3, 8, 8], depth: [1, 8, 8]}\n"
        "layers: [concat: [{from: image}, {from: depth}], conv: {out: 4, kernel: 3}]"
    )
    assert models.wrong(net, export(net, "keras")) == []
