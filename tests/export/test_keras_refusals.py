"""What Keras cannot say is refused at its line, with the reason and what would help."""

from __future__ import annotations

import pytest

import archcalc
from archcalc.codegen import export
from archcalc.diagnostics import SpecError
from archcalc.exporting.keras.emitters import EMITTERS
from archcalc.exporting.keras.joins import LAYERS
from archcalc.ops.registry import OPERATIONS

REFUSED = {
    "rrelu": "a slope drawn at random",
    "opaque": "a layer of your own",
    "attention": "attention",
    "parameter": "a learned tensor",
}
"""Operations whose plainest form Keras has no word for."""

CASES = [
    ("[conv: {out: 4, kernel: 3, stride: 2, dilation: 2}]", "a stride and a dilation"),
    ("[maxpool: {kernel: 2, dilation: 2}]", "max pooling with a dilation"),
    ("[conv_transpose: {out: 4, kernel: 3, groups: 2}]", "a transposed convolution with groups"),
    (
        "[conv_transpose: {out: 4, kernel: 3, dilation: 2, output_padding: 1}]",
        "output_padding that is neither below the stride nor within the padding",
    ),
    ("[batchnorm: {track: false}]", "batch normalisation without running statistics"),
    ("[rrelu]", "a slope drawn at random"),
    ("[pad: {padding: 1, mode: replicate}]", "padding that repeats the border"),
    (
        "[{reshape: [4, 1, 6, 6]}, {pad: {padding: [0, 1, 1], mode: reflect}}]",
        "padding that reflects on 3 axes",
    ),
    ("[upsample: {size: 13}]", "an enlargement that is no whole number of times"),
    (
        "[upsample: {scale: 2, mode: linear, align_corners: true}]",
        "interpolation with aligned corners",
    ),
    ("[flatten, {reshape: [12, 12]}, {upsample: {scale: 2, mode: linear}}]", "on 1 axes"),
    ("[{reshape: [4, 1, 6, 6]}, {upsample: {scale: 2, mode: linear}}]", "on 3 axes"),
    (
        "[{name: a, group: [{name: h, head: true, relu: }, tanh]}, {reuse: a}]",
        "a head in a block or a group that is called again",
    ),
    (
        (
            "[{name: h, head: true, training_only: true, conv: {out: 4, kernel: 1}}, tanh, "
            "{reuse: h}]"
        ),
        "reading or calling h where it is made for training only",
    ),
    (
        (
            "[{name: h, head: true, training_only: true, conv: {out: 4, kernel: 1}}, tanh, "
            "{add: [[], {from: h}]}]"
        ),
        "reading or calling h where it is made for training only",
    ),
    (
        (
            "[{name: h, head: true, training_only: true, group: [{conv: {out: 4, kernel: 1}}]}, "
            "tanh, {reuse: h}]"
        ),
        "reading or calling h where it is made for training only",
    ),
    (
        (
            "[{name: h, head: true, training_only: true, conv: {out: 4, kernel: 1}}, tanh, "
            "{maxpool: 2}, {upsample: {like: h}}]"
        ),
        "reading or calling h where it is made for training only",
    ),
    (
        (
            "[{name: h, head: true, training_only: true, conv: {out: 4, kernel: 1}}, tanh, "
            "{name: g, group: [add: [[], {from: h}]]}, {reuse: g}]"
        ),
        "reading or calling h where it is made for training only",
    ),
    (
        "[{name: a, group: [relu]}, {conv: {out: 5, kernel: 1}}, {reuse: a}]",
        "a block or a group called again on another number of channels",
    ),
    (
        "[{name: a, group: []}, {conv: {out: 5, kernel: 1}}, {reuse: a}]",
        "a block or a group called again on another number of channels",
    ),
    (
        (
            "[{as: x, relu: }, {name: a, group: [flatten, {when: in_channels > 99, relu: }]}, "
            "{from: x, maxpool: 2}, {reuse: a}]"
        ),
        "a block or a group called again on another size, where its code is written for one",
    ),
    (
        "[{name: a, group: [{channel_shuffle: 2}]}, {maxpool: 2}, {reuse: a}]",
        "a block or a group called again on another size, where its code is written for one",
    ),
    (
        (
            "[{reshape: [4, 9, 4]}, {name: a, group: [flatten, {linear: 144}]}, "
            "{reshape: [4, 4, 9]}, {reuse: a}]"
        ),
        "a block or a group called again on another size, where its code is written for one",
    ),
    (
        "[{name: a, group: [{maxpool: {kernel: 3, stride: 2, ceil: true}}]}, {reuse: a}]",
        "a block or a group called again on another size, where its code is written for one",
    ),
    (
        "[{name: a, group: [flatten]}, {linear: 144}, {reshape: [4, 6, 6]}, {reuse: a}]",
        "a block or a group called again where axes or features stand in another order",
    ),
    (
        "[{as: x, relu: }, {name: a, group: [{split: [l, r]}]}, {from: x, reuse: a}, {from: x}]",
        "a block or a group called again that gives no tensor",
    ),
    (
        "[{as: a, relu: }, {conv: {out: 4, kernel: 1}}, {from: a, tanh: }]",
        "weights whose layer no output needs: conv1 would not be in the model",
    ),
    (
        "[{init: xavier, conv: {out: 2, kernel: 3, connections: [[0, 1], [3]]}}]",
        "xavier_uniform on conv, whose kernel has other axes",
    ),
    ("[{init: zeros, subsample: 2}]", "init on subsample"),
    ("[{init: zeros, batchnorm: {affine: false}}]", "initial weights of a layer that has none"),
    ("[{init: kaiming, batchnorm: }]", "kaiming_normal for a weight with one axis"),
    ("[{init: orthogonal, depthwise_conv: {kernel: 3}}]", "orthogonal on depthwise_conv"),
    (
        "[{init: xavier, depthwise_conv: {kernel: 3, multiplier: 2}}]",
        "xavier_uniform on depthwise_conv",
    ),
    ("[{init: {trunc_normal: {std: 0.5}}, conv: {out: 4, kernel: 1}}]", "a normal cut at 2"),
    (
        (
            "[{name: a, group: [{name: b_c, conv: {out: 4, kernel: 1}}]}, "
            "{name: a_b, group: [{name: c, conv: {out: 4, kernel: 1}}]}]"
        ),
        "two layers of one name: a.b_c and a_b.c are both a_b_c",
    ),
    (
        (
            "[{name: a, group: [{name: b, relu: }]}, "
            "{name: a_b, group: [{conv: {out: 4, kernel: 1}}]}, {reuse: a_b}]"
        ),
        "two layers of one name: a.b and a_b are both a_b",
    ),
    (
        "[{conv: {out: 6, kernel: 1}}, concat: [{permute: [1, 2, 0]}, []]]",
        "branches whose channels stand on different axes",
    ),
]


def is_known(message: str) -> bool:
    """Whether this refusal is one of those above."""
    return any(told in message for _, told in CASES)


def test_a_group_as_a_parameter_is_refused() -> None:
    blocks = "blocks: {b: {with: {unit: {type: operation}}, do: [{apply: unit}]}}"
    net = archcalc.load(f"input: [4, 6, 6]\n{blocks}\nlayers: [{{b: {{unit: {{group: [relu]}}}}}}]")
    with pytest.raises(SpecError, match="Keras cannot express a group given as a parameter"):
        export(net, "keras")


def test_a_head_that_counts_on_by_its_own_tensors_fixes_the_var() -> None:
    net = archcalc.load(
        "input: [4, 6, 6]\nvars: {deep: true}\n"
        "layers: [{when: deep, conv: {out: 6, kernel: 1}}, {name: h, head: true, training_only: "
        "true, do: [{maxpool: 2}, {when: in_channels > 4, conv: {out: 5, kernel: 1}}]}, "
        "{conv: {out: 6, kernel: 1}}, add: [[], [relu]]]\n"
    )
    code = export(net, "keras")
    assert "Fixed here, as another value may need other code: deep = true." in code
    pytest.importorskip("keras", reason="Keras is not installed")
    from tests.export.keras_models import wrong

    assert wrong(net, code) == []


@pytest.mark.parametrize(("layers", "told"), CASES)
def test_a_refusal_points_at_its_line_and_helps(layers: str, told: str) -> None:
    net = archcalc.load(f"input: [4, 6, 6]\n\nlayers:\n  {layers}\n")
    with pytest.raises(SpecError) as caught:
        export(net, "keras")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "not-exportable"
    assert diagnostic.message.startswith("Keras cannot express ")
    assert told in diagnostic.message
    assert diagnostic.help
    assert diagnostic.span is not None
    assert diagnostic.span.line == 4


def test_every_operation_has_an_emitter() -> None:
    assert {*EMITTERS, *LAYERS} == set(OPERATIONS)


@pytest.mark.parametrize("word", OPERATIONS)
def test_every_operation_is_exported_or_known_to_be_refused(word: str) -> None:
    """The contract: code, or an error at a line. Never silence, never another error."""
    net = archcalc.load(OPERATIONS[word].example)
    if word in REFUSED:
        with pytest.raises(SpecError, match=REFUSED[word]):
            export(net, "keras")
    else:
        compile(export(net, "keras"), f"{word}.py", "exec")


@pytest.mark.parametrize(
    ("variables", "layer"),
    [
        ("{d: 1}", "conv: {out: 4, kernel: 3, dilation: d, padding: d, stride: 2}"),
        ("{g: 1}", "conv_transpose: {out: 4, kernel: 2, stride: 2, groups: g}"),
        ("{d: 1}", "maxpool: {kernel: 2, dilation: d}"),
        ("{r: false}", "{when: r, rrelu: }"),
        ("{s: 18}", "upsample: {size: s}"),
    ],
)
def test_a_var_that_keras_takes_at_its_own_value_is_fixed(variables: str, layer: str) -> None:
    """What Keras cannot say for another value is no reason to refuse the net."""
    text = f"input: [4, 9, 9]\nvars: {variables}\nlayers: [relu, {layer}]"
    code = archcalc.export(archcalc.load(text), "keras")
    assert "def build() -> keras.Model:" in code
    assert "Fixed here, as another value may need other code: " in code
