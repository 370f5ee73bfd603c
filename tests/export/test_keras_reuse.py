"""Blocks and groups that are called again in Keras: the graph's numbers, and weights once."""

from __future__ import annotations

import io
import re

import pytest

pytest.importorskip("torch", reason="PyTorch, which Keras runs on, is not installed")
pytest.importorskip("keras", reason="Keras is not installed")

import archcalc
from archcalc.codegen import export
from archcalc.diagnostics import SpecError
from archcalc.exporting.keras.layer_names import could_collide
from archcalc.ops.registry import OPERATIONS
from tests.export import keras_models as models
from tests.export.support import ROOT

TWO = "input: {left: [4, 9, 9], right: [4, 9, 9]}\n"
CONV = "{conv: {out: 4, kernel: 3, padding: 1}}"

CASES = {
    "a layer": (
        (
            f"{TWO}layers: [{{from: left, name: enc, conv: {{out: 4, kernel: 1}}, as: a}}, {{from: "
            "right, reuse: enc, as: b}, sub: [{from: a}, {from: b}]]"
        ),
        "a = enc(left)\n    b = enc(right)\n    x = layers.Subtract(",
    ),
    "a group": (
        f"layers: [{{name: g, group: [{CONV}, batchnorm, relu]}}, {{reuse: g}}, {{reuse: g}}]",
        'g = keras.Model(g_inputs, g_outputs, name="g")\n    x = g(inputs)\n    x = g(x)',
    ),
    "a block with parameters": (
        (
            f"{TWO}vars: {{n: 6}}\n"
            "blocks: {e: {with: {n: , k: 3}, do: [{conv: {out: n, kernel: k}}, relu]}}\n"
            "layers: [{from: left, name: enc, e: {n: n}, as: a}, {from: right, reuse: enc, as: b}, "
            "add: [{from: a}, {from: b}]]"
        ),
        "b = enc(right)",
    ),
    "a block of the layer's own name": (
        (
            f"{TWO}blocks: {{enc: {{do: [{{conv: {{out: 4, kernel: 3}}}}]}}}}\n"
            "layers: [{from: left, name: enc, enc: , as: a}, {from: right, reuse: enc, as: b}, "
            "sub: [{from: a}, {from: b}]]"
        ),
        "b = enc_model(right)",
    ),
    "a block of further tensors": (
        (
            f"{TWO}blocks: {{e: {{inputs: [skip], do: [{CONV}, concat: [[], {{from: skip}}]]}}}}\n"
            "layers: [{from: left, as: l, relu: }, {from: right, as: r, tanh: }, "
            "{from: l, name: enc, e: {skip: r}, as: a}, {from: r, reuse: enc, as: b}, "
            "add: [{from: a}, {from: b}]]"
        ),
        "b = enc([r, r])",
    ),
    "a block of further tensors alone": (
        (
            f"{TWO}blocks: {{e: {{inputs: [p, q], do: [concat: [[{{from: p}}, {CONV}], "
            "{from: q}]]}}\n"
            "layers: [{name: enc, e: {p: left, q: right}}, {reuse: enc, as: z}, "
            "add: [{from: enc}, {from: z}]]"
        ),
        "z = enc_model([left, right])",
    ),
    "a group that reads a tensor from around it": (
        (
            f"layers: [{{name: a, relu: }}, {{name: g, group: [{CONV}, add: [[], {{from: a}}]]}}, "
            "tanh, {reuse: g}]"
        ),
        "x = g([x, a])",
    ),
    "a label that is called inputs": (
        (
            "layers: [{name: inputs, relu: }, tanh, {name: g, group: [{conv: {out: 4, kernel: 1}}, "
            "add: [[], {from: inputs}]]}, {reuse: g}]"
        ),
        "g = keras.Model([g_inputs, g_inputs2], g_outputs, ",
    ),
    "a group called again in a loop": (
        f"layers: [{{name: g, group: [{CONV}, relu]}}, {{repeat: 3, do: [{{reuse: g}}, tanh]}}]",
        "for i in range(3):\n        x = g(x)",
    ),
    "a group in a loop": (
        f"layers: [{{repeat: 3, do: [{{as: g, group: [{CONV}, relu]}}, {{reuse: g}}]}}]",
        'g = keras.Model(g_inputs, g_outputs, name=f"group{i + 1}")',
    ),
    "groups of several turns": (
        (
            f"layers: [{{repeat: 3, do: [{{name: g$(index), group: [{CONV}]}}]}}, {{reuse: g1}}, "
            "{reuse: g2}]"
        ),
        "x = g1(x)\n    x = g2(x)",
    ),
    "in a block that is called twice": (
        (
            "blocks:\n"
            "  u: {with: {n: 4}, do: [{conv: {out: n, kernel: 1}}, relu]}\n"
            "  b: {with: {k: 1}, do: [{name: g, u: }, {conv: {out: 4, kernel: k}}, {reuse: g}]}\n"
            "layers: [b, {b: 3}]"
        ),
        'g = keras.Model(g_inputs, g_outputs, name=f"{name}_g")',
    ),
    "in a group that is called again": (
        (
            f"layers: [{{name: g, group: [{{name: c, group: [{CONV}, relu]}}, {{reuse: c}}, "
            "tanh]}, abs, {reuse: g}]"
        ),
        "g_outputs = c(g_inputs)\n    g_outputs = c(g_outputs)",
    ),
    "a part that reads a tensor from around it, in a group that is called again": (
        (
            "layers: [{name: a, relu: }, {name: p, group: [tanh, add: [[], {from: a}]]}, "
            f"{{name: o, group: [{CONV}, {{reuse: p}}]}}, {{reuse: o}}]"
        ),
        "o_outputs = p([o_outputs, o_a])",
    ),
    "a layer whose tensor is read too, in a group that is called again": (
        (
            "layers: [{name: a, conv: {out: 4, kernel: 1}}, {name: o, group: [{reuse: a}, "
            "add: [[], {from: a}]]}, {reuse: o}]"
        ),
        "o_outputs = a_layer(o_inputs)",
    ),
    "a layer from around it, in a group that is called again": (
        (
            f"layers: [{{name: c, conv: {{out: 4, kernel: 1}}}}, {{name: g, group: [relu, "
            f"{{reuse: c}}, {CONV}]}}, {{reuse: g}}]"
        ),
        "g_outputs = c(g_outputs)",
    ),
    "in a block of which another operation is a parameter": (
        (
            "blocks:\n"
            "  u: {do: [{conv: {out: 4, kernel: 1}}]}\n"
            "  b: {with: {unit: {type: operation}}, do: [{name: a, apply: unit}, {reuse: a}]}\n"
            f"layers: [{{b: u}}, {{b: {{unit: {CONV}}}}}]"
        ),
        'a = keras.Model(a_inputs, a_outputs, name="0_a")',
    ),
    "whose name is counted": (
        (
            f"blocks: {{b: {{with: {{n: 1}}, do: [{{when: n > 1, group: [{CONV}]}}, "
            f"{{as: g, group: [{CONV}]}}, {{reuse: g}}, {{when: n > 1, group: [{CONV}]}}]}}}}\n"
            "layers: [b, {b: 2}]"
        ),
        "g = keras.Model(g_inputs, g_outputs, name=level",
    ),
    "a named join": (
        f"layers: [{{name: j, add: [[{CONV}], []]}}, {{reuse: j}}]",
        "x = j(x)",
    ),
    "a tensor of the same label": (
        f"layers: [{{name: g, group: [{CONV}]}}, relu, {{reuse: g}}, add: [[], [{{from: g}}]]]",
        "x = g_model(x)",
    ),
    "in branches": (
        (
            f"layers: [{{name: g, group: [{CONV}, relu]}}, "
            "add: [[{reuse: g}], [], [tanh, {reuse: g}]]]"
        ),
        "branch2 = g(branch2)",
    ),
    "under a condition": (
        (
            f"vars: {{deep: true}}\nlayers: [{{when: deep, name: g, group: [{CONV}]}}, tanh, "
            "{when: deep, reuse: g}]"
        ),
        "    if deep:\n        x = g(x)",
    ),
    "sides that change": (
        (
            f"layers: [{{name: h, group: [{CONV}, relu, {{conv: {{out: 4, kernel: 1}}}}], as: p}}, "
            "{maxpool: 3}, {reuse: h}, {upsample: 3}, concat: [[], {from: p}]]"
        ),
        "h_inputs = keras.Input((None, None, inputs.shape[-1]))",
    ),
    "sides that change up to a global pooling": (
        (
            "input: {a: [3, 16, 16], b: [3, 12, 20]}\n"
            f"layers: [{{from: a, name: g, group: [{CONV}, global_avgpool, flatten]}}, "
            "{head: true, name: h, abs: }, {from: b, reuse: g}]"
        ),
        "g_outputs = layers.GlobalAveragePooling2D(",
    ),
    "sides that change around a gate": (
        (
            "input: {a: [4, 16, 16], b: [4, 12, 20]}\n"
            f"layers: [{{from: a, name: g, group: [{CONV}, mul: [[], [global_avgpool, flatten, "
            "{linear: 4}, sigmoid, {reshape: [4, 1, 1]}]]]}, {head: true, name: h, abs: }, "
            "{from: b, reuse: g}]"
        ),
        "g_inputs = keras.Input((None, None, a.shape[-1]))",
    ),
    "sides that change up to a pooling to fixed ones": (
        (
            "input: {a: [4, 16, 16], b: [4, 12, 20]}\n"
            "layers: [{from: a, name: g, group: [{adaptive_avgpool: 3}, {channel_shuffle: 2}, "
            "flatten, {linear: 2}]}, {head: true, name: h, abs: }, {from: b, reuse: g}]"
        ),
        "g_outputs = channel_shuffle(g_outputs, 2)",
    ),
    "a name that Keras gives to what has none": (
        f"layers: [{{name: add, group: [{CONV}, relu]}}, abs, {{reuse: add}}, abs]",
        'name="net_add")',
    ),
    "a name that Keras gives to a layer that is called again": (
        (
            f"layers: [{{name: d, dropout: 0.5}}, {CONV}, {{name: dropout, dropout: 0.3}}, "
            "{reuse: d}]"
        ),
        'name="net_dropout")',
    ),
    "a name that Keras gives to no layer of a part": (
        f"layers: [{{name: d, group: [{CONV}, relu]}}, {{name: re_lu, relu: }}, {{reuse: d}}]",
        'name="re_lu")',
    ),
    "a part that gives on what enters": (
        (
            "layers: [{name: g, group: [{when: in_channels > 9, relu: }]}, {maxpool: 3}, "
            "{reuse: g}, tanh, {reuse: g}]"
        ),
        'g_outputs = layers.Identity(name="g_identity")(g_inputs)',
    ),
    "a part whose axes Keras has in order": (
        (
            "input: {a: [8, 6, 8], b: [8, 8, 14]}\n"
            "layers: [{from: a, name: g, group: [{permute: [1, 2, 0]}]}, {head: true, name: h, "
            "abs: }, {from: b, reuse: g}]"
        ),
        'g_outputs = layers.Identity(name="g_identity")(g_inputs)',
    ),
    "a part with a block whose axes Keras has in order": (
        (
            "blocks: {turned: {do: [{permute: [1, 2, 0]}]}}\n"
            "layers: [turned, relu, {permute: [2, 0, 1]}, {name: g, group: [turned]}, tanh, "
            "{permute: [2, 0, 1]}, {reuse: g}]"
        ),
        'layers.Identity(name="g_identity")',
    ),
    "a part that a condition leaves empty": (
        (
            "vars: {n: 4}\n"
            "layers: [{conv: {out: n, kernel: 1}}, {name: g, group: [{when: in_channels > 4, "
            "relu: }]}, tanh, {reuse: g}, {reuse: g}]"
        ),
        "    if g_inputs.shape[-1] > 4:",
    ),
    "a head": (
        f"layers: [{{name: g, head: true, group: [{CONV}]}}, tanh, {{reuse: g}}]",
        'outputs["g"] = g(inputs)',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_called_again(case: str) -> None:
    text, expected = CASES[case]
    models.check_construct(text, expected)


def test_a_siamese_net() -> None:
    """One encoder on two images: what a summary prints is what the spec expects."""
    net = archcalc.load(ROOT / "examples" / "shared_weights.yaml")
    text = export(net, "keras")
    assert "    a = encode(left)\n    b = encode(right)\n" in text
    assert models.wrong(net, text) == []
    printed = io.StringIO()
    models.outline(text).summary(print_fn=lambda line: printed.write(line + "\n"))
    assert re.findall(r"Total params: ([\d,]+)", printed.getvalue()) == ["18,673"]


def test_a_block_called_again_with_other_vars() -> None:
    text, _ = CASES["a block with parameters"]
    code = export(archcalc.load(text), "keras")
    changed = archcalc.load(text, set={"n": 9})
    assert models.differences(changed, models.outline(code, n=9)) == []


def test_labels_in_a_block_that_is_written_where_it_is_called() -> None:
    models.check_construct(
        "blocks: {b: {do: [{as: e, relu: }, {name: c, conv: {out: 4, kernel: 1}}, {name: h, "
        "head: true, tanh: }, {reuse: c}, add: [[], [{from: e}]]]}}\nlayers: [b]",
        "e = layers.ReLU(",
    )


FORMS = {
    "concat": "concat: [[], [relu]]",
    "add": "add: [[], [relu]]",
    "mul": "mul: [[], [global_avgpool]]",
    "sub": "sub: [[], [relu]]",
    "conv": "conv: {out: 4, kernel: 3, padding: same, stride: 2}",
    "conv_transpose": "conv_transpose: {out: 4, kernel: 3, stride: 2, padding: 1}",
    "depthwise_conv": "depthwise_conv: {kernel: 3, padding: 1}",
    "maxpool": "maxpool: {kernel: 3, stride: 2, ceil: true}",
    "avgpool": "avgpool: {kernel: 3, stride: 2, padding: 1, ceil: true}",
    "adaptive_avgpool": "adaptive_avgpool: 3",
    "subsample": "subsample: 2",
    "upsample": "upsample: 2",
    "pad": "pad: 1",
    "crop": "crop: 1",
    "lrn": "lrn: 3",
    "groupnorm": "groupnorm: 2",
    "maxout": "maxout: 2",
    "channel_shuffle": "channel_shuffle: 2",
    "pixel_shuffle": "pixel_shuffle: 2",
    "reshape": "reshape: [2, -1]",
    "permute": "permute: [0, 2, 1]",
    "scale": "scale: 2",
    "drop_path": "drop_path: 0.1",
}
"""Operations that need arguments, and such as may hang on the size."""


ONE_SIZE = {"linear", "rbf", "layernorm", "split", "pixel_unshuffle"}
"""Operations that the language itself refuses here."""

NOT_IN_KERAS = {"opaque", "attention", "parameter"}
"""Operations that are refused: `test_keras_refusals.py` and `test_keras.py`."""


@pytest.mark.parametrize(
    "word", [w for w in OPERATIONS if w not in {*ONE_SIZE, *NOT_IN_KERAS, "rrelu"}]
)
def test_names_that_keras_gives_to_layers_called_again_are_known(word: str) -> None:
    """A layer of such a name gets another: two of one name are no model."""
    layer = FORMS.get(word, f"{word}: ")
    text = (
        f"input: [4, 6, 6]\nlayers: [{{name: e, relu: }}, {{name: d, {layer}}}, "
        "{name: h, head: true, relu: }, {from: e, reuse: d}, {name: last, relu: }]\n"
    )
    net = archcalc.load(text)
    model = models.outline(export(net, "keras"))
    for name in {one.name for one in model.operations} - {node.path for node in net.nodes}:
        assert name.startswith("d_") or could_collide(archcalc.load(text.replace("last", name)))


@pytest.mark.parametrize("sides", [(8, 6), (6, 9)])
@pytest.mark.parametrize("word", [w for w in OPERATIONS if w not in ONE_SIZE | NOT_IN_KERAS])
def test_every_operation_in_a_group_on_two_sizes(word: str, sides: tuple[int, int]) -> None:
    """The graph's numbers on both, or refused: never a model of the first size's numbers."""
    first, second = sides
    net = archcalc.load(
        f"input: {{a: [4, {first}, {first}], b: [4, {second}, {second}]}}\n"
        f"layers: [{{from: a, name: g, group: [{{{FORMS.get(word, f'{word}: ')}}}]}}, "
        "{head: true, name: h, abs: }, {from: b, reuse: g}]\n"
    )
    try:
        code = export(net, "keras")
    except SpecError as error:
        (told,) = error.diagnostics
        if told.code != "not-exportable":
            raise
    else:
        assert models.wrong(net, code) == []


def test_a_name_that_keras_gives_where_a_var_asks_for_the_call() -> None:
    text = (
        "input: [4, 9, 9]\nvars: {deep: false}\nlayers: [{name: d, dropout: 0.5}, "
        f"{CONV}, {{name: dropout, dropout: 0.3}}, {{when: deep, reuse: d}}]\n"
    )
    code = export(archcalc.load(text), "keras")
    for deep in (False, True):
        names = [one.name for one in models.outline(code, deep=deep).layers]
        assert names[1:4] == ["net_d", "net_conv1", "net_dropout"]
