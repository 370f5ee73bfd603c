"""The language in Keras code: every construct, exported, built, and its numbers the graph's."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch, which Keras runs on, is not installed")
pytest.importorskip("keras", reason="Keras is not installed")

from tests.export import keras_models as models

CASES = {
    "a gate": (
        ("layers: [mul: {body: [], gate: [global_avgpool, {conv: {out: 4, kernel: 1}}, sigmoid]}]"),
        "Multiply(",
    ),
    "a skip": (
        (
            "layers: [{name: enc, conv: {out: 4, kernel: 1}}, {maxpool: 3}, {upsample: 3}, "
            "concat: [{from: enc}, []]]"
        ),
        "enc = layers.Conv2D(",
    ),
    "parts": (
        (
            "layers: [{split: [left, right]}, concat: [[{from: right}], [{from: left}, "
            "relu]], channel_shuffle: 2]"
        ),
        "left, right = ops.split(inputs, 2, axis=-1)",
    ),
    "a layer called again": (
        (
            "layers: [{name: a, conv: {out: 4, kernel: 3, padding: 1}}, relu, {reuse: a}, "
            "{reuse: a}]"
        ),
        "a = layers.Conv2D(",
    ),
    "branches from a table": (
        (
            "vars: {rates: [1, 2, 3]}\n"
            "layers: [concat: [{for: r, in: rates, branch: [conv: {out: 4, kernel: 3, "
            "padding: r, dilation: r}]}, []]]"
        ),
        "for i, r in enumerate(rates):",
    ),
    "branches that come and go": (
        (
            "blocks: {b: {with: {skip: true}, do: [add: [[relu], {only_if: skip, "
            "branch: []}]]}}\n"
            "layers: [b, {b: {skip: false}}]"
        ),
        "if len(branches) > 1",
    ),
    "layers of a chain that come and go": (
        (
            "blocks: {b: {with: {n: 1}, do: [{when: n > 1, relu: }, {linear: 4}]}}\n"
            "layers: [flatten, b, {b: {n: 2}}]"
        ),
        'name=f"{name}_{next(number)}"',
    ),
    "names that grow with a loop": (
        "layers: [{repeat: 3, do: [{name: unit$(2*index), conv: {out: 4, kernel: 1}}]}]",
        'name=f"unit{2 * i}"',
    ),
    "a label of the turn before": (
        (
            "layers: [{as: f0, relu: }, {repeat: 2, do: [{as: f$(index + 1), "
            "conv: {out: 4, kernel: 1}}, add: [[], [{from: f$(index)}]]]}]"
        ),
        "f1 = ",
    ),
    "an operation as a parameter": (
        (
            "blocks: {b: {with: {act: {type: operation, default: relu}}, "
            "do: [{apply: act}]}}\n"
            "layers: [b, {b: tanh}, {b: {act: {leaky_relu: 0.2}}}]"
        ),
        "lambda x, name: layers.LeakyReLU(0.2, name=name)(x)",
    ),
    "an operation handed on": (
        (
            "blocks:\n"
            "  a: {with: {act: {type: operation}}, do: [{apply: act}]}\n"
            "  b: {with: {act: {type: operation}}, do: [{a: act}]}\n"
            "layers: [{b: tanh}, {b: relu}]"
        ),
        "x = a(x, act, ",
    ),
    "what a block works out at entry": (
        (
            "blocks: {b: {with: {t: }, let: {wide: t*in_channels}, do: [{conv: {out: wide, "
            "kernel: 1}}, {conv: {out: wide, kernel: 1}}]}}\n"
            "layers: [{b: 2}, {b: 3}]"
        ),
        "wide = t * x.shape[-1]",
    ),
    "a block written where it stands": (
        (
            "blocks: {b: {inline: true, with: {k: 3}, do: [{conv: {out: 2*in_channels, "
            "kernel: k}}, relu]}}\n"
            "layers: [b, {b: 1}]"
        ),
        "layers.Conv2D(2 * x.shape[-1], 1, ",
    ),
    "further tensors of a block": (
        (
            "blocks: {b: {inputs: [skip], do: [concat: [[], {from: skip}]]}}\n"
            "layers: [{as: s, relu: }, tanh, {b: {skip: s}}]"
        ),
        "def b(x: keras.KerasTensor, skip: keras.KerasTensor, ",
    ),
    "a head": (
        "layers: [relu, {name: aux, head: true, group: [flatten, linear: 3]}, tanh]",
        'outputs["aux"] = ',
    ),
    "a padded layer called again": (
        (
            "layers: [{name: a, conv: {out: 4, kernel: 3, padding: [[1, 1], [0, 2]]}}, "
            "relu, {reuse: a}]"
        ),
        "x = a(x)",
    ),
    "a layer without weights called again": (
        ("layers: [{name: a, pad: 1}, relu, {reuse: a}, {name: b, softmax: }, {reuse: b}]"),
        "x = layers.Softmax()(x)",
    ),
    "two labels of one tensor": (
        "layers: [{name: a, as: b, relu: }, tanh, add: [{from: a}, {from: b}, []]]",
        "b = a",
    ),
    "a head in a block": (
        (
            "blocks: {b: {do: [{conv: {out: 4, kernel: 1}}, {name: h, head: true, "
            "group: [flatten, {linear: 2}]}, relu]}}\n"
            "layers: [b]"
        ),
        'name="0_h_0"',
    ),
    "a head that is read later": (
        "layers: [{name: h, head: true, relu: }, tanh, add: [[], [{from: h}]]]",
        'outputs["h"] = h',
    ),
    "a head with a condition": (
        (
            "vars: {deep: true}\n"
            "layers: [{name: h, head: true, group: [flatten, {linear: 2}, {when: deep, "
            "relu: }]}, tanh]"
        ),
        "    if deep:\n        head = ",
    ),
    "a block as a parameter": (
        (
            "blocks:\n"
            "  u: {with: {n: 2}, do: [{conv: {out: n*2, kernel: 1}}]}\n"
            "  b: {with: {unit: {type: operation, default: u}}, do: [{apply: unit}]}\n"
            "layers: [b, {b: u}]"
        ),
        "n * 2",
    ),
    "a block and an operation as a parameter": (
        (
            "blocks:\n"
            "  u: {with: {n: 4}, do: [{conv: {out: n, kernel: 1}}]}\n"
            "  b: {with: {unit: {type: operation, default: relu}}, do: [{apply: unit}]}\n"
            "layers: [b, {b: u}]"
        ),
        'x = u(x, name="1_0")',
    ),
    "weights begun by the parameter's caller": (
        (
            "blocks:\n"
            "  b: {with: {unit: {type: operation}}, do: [{init: zeros, apply: unit}]}\n"
            "layers: [{b: {unit: {conv: {out: 4, kernel: 1}}}}, {b: batchnorm}]"
        ),
        "gamma_initializer=",
    ),
    "operations of several steps as a parameter": (
        (
            "blocks:\n"
            "  b: {with: {unit: {type: operation}}, do: [{apply: unit}]}\n"
            "layers: [{b: {unit: {maxpool: {kernel: 3, padding: 1, stride: 1}}}}, "
            "{b: {unit: {maxpool: {kernel: 3, padding: 1, stride: 2}}}}, {b: abs}, "
            "{b: relu}, {b: {unit: {conv: {out: 4, kernel: 3, padding: 1, stride: 2}}}}]"
        ),
        'name="4_0_pad"',
    ),
    "a default that reads another parameter": (
        (
            "blocks: {b: {with: {n: , m: 2*n, k: m+1}, do: [{conv: {out: n, kernel: 1}}, "
            "{conv: {out: m, kernel: 1}}, {conv: {out: k, kernel: 1}}]}}\n"
            "layers: [{b: 2}, {b: {n: 3, m: 5}}, {b: {n: 1, k: 4}}]"
        ),
        "x = b(inputs, 2, 4, 5, ",
    ),
    "a default that reads what enters": (
        (
            "blocks: {b: {with: {n: in_channels}, do: [{conv: {out: n, kernel: 1}}]}}\n"
            "layers: [b, {b: 6}, b]"
        ),
        "x = b(inputs, inputs.shape[-1], ",
    ),
    "two operations handed on": (
        (
            "blocks:\n"
            "  a: {with: {act: {type: operation}}, do: [{apply: act}]}\n"
            "  b: {with: {act: {type: operation}, other: {type: operation}}, "
            "do: [{a: act}, {a: other}]}\n"
            "layers: [{b: {act: tanh, other: relu}}, {b: {act: relu, other: abs}}]"
        ),
        "x = a(x, other, ",
    ),
    "an operation that reads its caller's names": (
        (
            "blocks:\n"
            "  a: {with: {act: {type: operation}}, do: [{apply: act}]}\n"
            "  b: {with: {s: }, do: [{a: {act: {leaky_relu: s}}}]}\n"
            "layers: [{b: 0.1}, {b: 0.2}]"
        ),
        "LeakyReLU(",
    ),
    "no turn at all": (
        ("vars: {n: 0}\nlayers: [relu, {repeat: n, do: [tanh]}, {repeat: 0, do: [abs]}]"),
        "for i in range(n):",
    ),
    "a table of operations": (
        "layers: [{for: act, in: [relu, tanh], do: [{apply: act}]}]",
        'layers.Activation("tanh", name="1")',
    ),
    "a table whose labels are read later": (
        (
            "vars: {rows: [[4, 1], [6, 3]]}\n"
            "layers: [{for: [n, k], in: rows, do: [{name: u$(n), conv: {out: n, "
            "kernel: k}}, {when: k > 2, as: last, relu: }]}, {from: last}]"
        ),
        "for n, k in rows:",
    ),
    "parts in a loop": (
        ("layers: [{repeat: 2, do: [{split: [l, r]}, concat: [[{from: r}], [{from: l}, relu]]]}]"),
        "l_, r = ops.split(x, 2, axis=-1)",
    ),
    "turns of a branch with a condition": (
        (
            "layers: [concat: [{for: r, in: [1, 2, 3], only_if: r != 2, "
            "branch: [{conv: {out: r, kernel: 1}}]}, []]]"
        ),
        "Conv2D(3, 1, ",
    ),
    "turns of a branch with a condition that may change": (
        (
            "vars: {rs: [1, 2, 3], no: 2}\n"
            "layers: [concat: [{for: r, in: rs, only_if: r != no, branch: [{conv: {out: r, "
            "kernel: 1}}]}, []]]"
        ),
        "Conv2D(",
    ),
    "branches of a table of operations": (
        "layers: [concat: [{for: act, in: [relu, tanh], branch: [{apply: act}]}, []]]",
        "[branch, branch2, inputs]",
    ),
    "branches with names of the table": (
        (
            "layers: [concat: [{for: r, in: [1, 2], branch: [{name: b$(r), conv: {out: r, "
            "kernel: 1}}]}]]"
        ),
        "Conv2D(",
    ),
    "no branch at all": (
        ("layers: [concat: [{for: r, in: [], branch: [{conv: {out: 2, kernel: 1}}]}, relu, []]]"),
        "Concatenate(",
    ),
    "a branch that may be empty": (
        (
            "blocks: {b: {with: {s: 1}, do: [add: [[{when: s > 1, relu: }], []]]}}\n"
            "layers: [b, {b: 2}]"
        ),
        "if s > 1:",
    ),
    "a layer that is out": (
        ("vars: {on: false}\nlayers: [relu, {when: on, tanh: }, {when: in_channels > 3, abs: }]"),
        "Activation(",
    ),
    "a first layer with a condition": (
        (
            "input: {a: [4, 9, 9], b: [4, 9, 9]}\n"
            "vars: {on: true}\n"
            "layers: [{from: a, relu: }, {when: on, from: b, tanh: }]"
        ),
        "if on:",
    ),
    "a condition on what enters": (
        (
            "blocks: {b: {with: {n: 4}, do: [{conv: {out: n, kernel: 1}}, "
            "{when: in_channels > 4, name: d, relu: }]}}\n"
            "layers: [b, {b: 6}]"
        ),
        "if x.shape[-1] > 4:",
    ),
    "names made of parameters": (
        (
            "blocks: {b: {with: {n: }, do: [add: [[{name: c$(n), conv: {out: 4, "
            "kernel: 1}}], []]]}}\n"
            "layers: [{b: 1}, {b: 2}]"
        ),
        'name=f"{name}_c{n}"',
    ),
    "names that are parameters": (
        (
            "blocks: {b: {with: {n: {type: text}}, do: [{name: $(n), conv: {out: 4, "
            "kernel: 1}}]}}\n"
            "layers: [{b: one}, {b: two}]"
        ),
        'name=f"{name}_{n}"',
    ),
    "a name that takes a place": (
        (
            "blocks: {b: {with: {n: 1}, do: [{when: n > 1, relu: }, add: [[relu], []], "
            "tanh, {name: z, abs: }]}}\n"
            "layers: [b, {b: 2}]"
        ),
        "next(",
    ),
    "a padded layer whose name is counted": (
        (
            "blocks: {b: {with: {n: 1}, do: [{when: n > 1, relu: }, {conv: {out: 4, "
            "kernel: 3, padding: 1, stride: 2}}, {abs: }, {batchnorm: }]}}\n"
            "layers: [b, {b: 2}]"
        ),
        'name=f"{level}_pad"',
    ),
    "blocks whose names are counted": (
        (
            "blocks:\n"
            "  a: {do: [{conv: {out: 4, kernel: 1}}]}\n"
            "  b: {with: {n: 1}, do: [{when: n > 1, relu: }, a, {group: [relu]}]}\n"
            "layers: [b, {b: 2}]"
        ),
        'level = f"{name}_{next(number)}"',
    ),
    "an input of vars": (
        ("input: [c, 9, 9]\nvars: {c: 4}\nlayers: [{conv: {out: 2*c, kernel: 1}}]"),
        "keras.Input((9, 9, c))",
    ),
    "parts that nothing reads": (
        "layers: [{name: a, head: true, relu: }, {split: [l, r]}]",
        "outputs",
    ),
    "heads before and after": (
        "layers: [{name: a, head: true, relu: }, {name: b, head: true, tanh: }]",
        'outputs["b"] = ',
    ),
    "a size worked out at entry that steers": (
        (
            "blocks: {b: {with: {s: 1}, let: {w: in_channels*2, q: s*w}, "
            "do: [{when: w > 8, relu: }, {conv: {out: q, kernel: 1}}]}}\n"
            "layers: [b, {b: 2}]"
        ),
        "if ",
    ),
    "a block written in a loop": (
        (
            "blocks: {b: {inline: true, with: {n: }, let: {w: n*in_channels}, "
            "do: [{conv: {out: w, kernel: 1}}]}}\n"
            "layers: [{repeat: 2, do: [{b: index+1}]}]"
        ),
        "* x.shape[-1]",
    ),
    "names of two loops": (
        (
            "layers: [{for: n, in: [4, 6], do: [{repeat: 2, do: [{name: l$(n)_$(index), "
            "conv: {out: n, kernel: 1}}]}]}]"
        ),
        'name=f"l{n}_{',
    ),
    "places in two loops": (
        (
            "layers: [{for: n, in: [4, 6], do: [{repeat: 2, do: [{conv: {out: n, "
            "kernel: 1}}, relu]}]}]"
        ),
        'name=f"{',
    ),
    "an operation that is a var": (
        ("vars: {act: tanh}\nlayers: [{apply: act}]"),
        'Activation("tanh"',
    ),
    "labels of a table's turns": (
        (
            "vars: {rows: [[4, 1], [6, 3]]}\n"
            "layers: [{as: f0, relu: }, {for: [n, k], in: rows, do: [{as: f$(index + 1), "
            "conv: {out: n, kernel: 1}}]}, concat: [{from: f1}, {from: f2}]]"
        ),
        # Another row would be another layer here, so the table is no argument.
        "f1 = layers.Conv2D(4, 1, ",
    ),
    "labels of a list's turns": (
        (
            "layers: [{as: f0, relu: }, {for: n, in: [4, 5], do: [{as: f$(index + 1), "
            "conv: {out: n, kernel: 1}}]}, concat: [{from: f1}, {from: f2}]]"
        ),
        "f2 = layers.Conv2D(5, 1, ",
    ),
    "a head that another value puts there": (
        "vars: {on: false}\nlayers: [relu, {when: on, name: h, head: true, tanh: }, abs]",
        "    if on:\n",
    ),
    "a head in every turn": (
        "layers: [{repeat: 2, do: [relu, {name: h$(index), head: true, tanh: }]}]",
        'outputs["h1"] = ',
    ),
    "a block of further tensors alone": (
        (
            "input: {a: [4, 9, 9], b: [4, 9, 9]}\n"
            "blocks: {m: {inputs: [p, q], do: [concat: [{from: p}, {from: q}]]}}\n"
            "layers: [{m: {p: a, q: b}}]"
        ),
        'layers.Concatenate(name="m1_concat1")([a, b])',
    ),
    "weights that read features in two orders": (
        "layers: [flatten, {name: f, linear: 324}, {reuse: f}]",
        "Permute((3, 1, 2), ",
    ),
    "an operation too long to be an argument": (
        (
            "blocks: {b: {with: {unit: {type: operation}}, do: [{apply: unit}]}}\n"
            "layers: [{b: relu}, {b: {unit: {conv: {out: 4, kernel: 3, padding: same, "
            "dilation: 2, groups: 2, bias: false}}}}]"
        ),
        'groups=2, use_bias=False, name="1_0")(',
    ),
    "a condition that no value tried turns": (
        (
            "vars: {n: 8}\n"
            "layers: [{conv: {out: n, kernel: 1}}, {when: in_channels > 2, relu: }, tanh]"
        ),
        "def build() -> keras.Model:",
    ),
    "a lone branch": (
        (
            "layers: [concat: [[{conv: {out: 4, kernel: 1}}]], "
            "add: [[{conv: {out: 4, kernel: 1}}], [], [relu]]]"
        ),
        'Add(name="add1")([branch2, branch, ',
    ),
    "channels asked for after a permute": (
        "layers: [{reshape: [6, 54]}, {linear: in_channels}, {linear: in_channels}]",
        'layers.Dense(6, name="2")',
    ),
    "gates of more and more channels": (
        (
            "blocks: {gate: {do: [mul: [[], [global_avgpool, flatten, {linear: in_channels}, "
            "{reshape: [in_channels, 1, 1]}]]]}}\n"
            "layers: [gate, {conv: {out: 6, kernel: 1}}, gate]"
        ),
        "layers.Reshape((1, 1, -1), ",
    ),
    "a loop that ends in parts": (
        "layers: [{repeat: 1, do: [relu, {split: [l, r]}]}, concat: [{from: r}, {from: l}]]",
        "l_, r = ops.split(x, 2, axis=-1)",
    ),
    "a layer without a layer called again": (
        "layers: [{name: a, gelu: {approximate: tanh}}, {reuse: a}]",
        "x = ops.gelu(x, approximate=True)",
    ),
    "vars that are called as the code's own variables": (
        (
            "vars: {x: 3, inputs: 2, outputs: 5, name: 1, training_heads: 2, count: 4}\n"
            "blocks: {b: {with: {outputs: }, do: [{when: outputs > x, relu: }, {conv: {out: "
            "outputs + x*name, kernel: 1}}]}}\n"
            "layers: [{b: outputs}, {b: inputs}, {name: h, head: true, training_only: true, "
            "tanh: }, {name: i, head: true, relu: }, {conv: {out: count, kernel: "
            "training_heads}}]"
        ),
        "x2 = b(inputs2, outputs, x2=x, name2=name, name=",
    ),
    "branches that come and go in a loop": (
        "layers: [{repeat: 3, do: [add: [[relu], {only_if: index > 0, branch: [tanh]}]]}]",
        "if i > 0:",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_construct(case: str) -> None:
    text, expected = CASES[case]
    models.check_construct(text, expected)
