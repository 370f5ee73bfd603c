"""Every part of the language as code: its text, and outputs equal to the graph's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import archcalc
from archcalc.diagnostics import SpecError
from archcalc.ops.registry import ALL
from tests.export.interpreter import largest_difference
from tests.export.support import compared, differences, lint, model_class, types

if TYPE_CHECKING:
    from pathlib import Path

# PyTorch warns that it copies if an even window has asymmetric padding.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")

CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    # title: (spec, lines that the code must contain)
    "a block is a class and its parameters are arguments": (
        """
input: [3, 8, 8]
blocks:
  unit:
    with: {out: , kernel: 3}
    do:
      - {name: conv, conv: {out: out, kernel: kernel, padding: kernel//2}}
      - relu
layers: [{name: a, unit: 4}, {name: b, unit: {out: 8, kernel: 5}}]
""",
        (
            "    def __init__(self, in_channels: int, out: int, kernel: int = 3) -> None:",
            "        self.conv = nn.Conv2d(in_channels, out, kernel, padding=kernel // 2)",
            "        return torch.relu(self.conv(x))",
            "        self.a = Unit(3, 4)",
            "        self.b = Unit(4, 8, kernel=5)",
        ),
    ),
    "when is an if, repeats are loops, and the channels run along": (
        """
input: [3, 8, 8]
vars: {depth: 3, growth: 4}
layers:
  - repeat: depth
    do:
      - concat:
          - []
          - [{name: layer$(index + 1), conv: {out: growth, kernel: 1}}]
  - {name: last, conv: {out: 2, kernel: 1}}
""",
        (
            "        channels = 3",
            "        for i in range(depth):",
            '            self.add_module(f"layer{i + 1}", nn.Conv2d(channels, growth, 1))',
            "            channels += growth",
            "        self.last = nn.Conv2d(channels, 2, 1)",
            "        for i in range(self.depth):",
            '            x = torch.cat([x, self.get_submodule(f"layer{i + 1}")(x)], 1)',
        ),
    ),
    "a gate, a skip and a tap": (
        """
input: [4, 8, 8]
layers:
  - {name: stem, conv: {out: 4, kernel: 3, padding: 1}}
  - mul:
      body: []
      gate: [global_avgpool, {name: gate, conv: {out: 4, kernel: 1}}, sigmoid]
  - add: [{from: stem}, []]
""",
        (
            "        gate = nn.functional.adaptive_avg_pool2d(stem, 1)",
            "        x = stem * torch.sigmoid(self.gate(gate))",
            "        x = stem + x",
        ),
    ),
    "a layer called again": (
        """
input: [4, 8, 8]
layers:
  - {name: shared, conv: {out: 4, kernel: 3, padding: 1}}
  - relu
  - {reuse: shared}
""",
        ("        x = torch.relu(self.shared(x))", "        x = self.shared(x)"),
    ),
    "a layer of the class around called again": (
        """
input: [4, 8, 8]
layers:
  - {name: shared, conv: {out: 4, kernel: 1}}
  - name: outer
    add:
      - - {name: conv, conv: {out: 4, kernel: 1}}
        - {name: inner, group: [{reuse: shared}, relu, {reuse: shared}]}
      - []
""",
        (
            "    def forward(self, x: Tensor, shared: nn.Module) -> Tensor:",
            "        x = torch.relu(shared(x))",
            "        x = self.outer(x, self.shared)",
        ),
    ),
    "a block called again on another size": (
        """
input: [4, 8, 8]
blocks: {unit: {do: [{name: conv, conv: {out: 4, kernel: 3, padding: 1}}, relu]}}
layers: [{name: shared, unit: }, {maxpool: 2}, {reuse: shared}]
""",
        ("        self.shared = Unit(4)",),
    ),
    "operations as parameters": (
        """
input: [4, 8, 8]
blocks:
  unit:
    with: {norm: {type: operation, default: batchnorm}, act: {type: operation, default: relu}}
    do:
      - {name: conv, conv: {out: 4, kernel: 1}}
      - {name: norm, apply: norm}
      - apply: act
layers:
  - {name: a, unit: }
  - {name: b, unit: {act: {leaky_relu: 0.2}}}
  - {name: c, unit: {norm: {groupnorm: 2}}}
""",
        (
            "        norm: Callable[..., nn.Module] = nn.BatchNorm2d,",
            "        self.norm = norm(4)",
            "        self.a = Unit(4)",
            "        self.b = Unit(4, act=lambda: nn.LeakyReLU(negative_slope=0.2))",
            "        self.c = Unit(4, norm=lambda channels: nn.GroupNorm(2, channels))",
        ),
    ),
    "heads": (
        """
input: [4, 8, 8]
layers:
  - {name: body, conv: {out: 4, kernel: 1}}
  - {name: aux, head: true, training_only: true, conv: {out: 2, kernel: 1}}
  - {name: other, head: true, conv: {out: 3, kernel: 1}}
  - {name: last, conv: {out: 5, kernel: 1}}
""",
        (
            "        if self.training:",
            '            heads["aux"] = self.aux(x)',
            '        heads["other"] = self.other(x)',
            '        return {"output": x, **heads}',
        ),
    ),
    "a head inside a block": (
        """
input: [4, 8, 8]
blocks:
  unit:
    do:
      - {name: conv, conv: {out: 4, kernel: 1}}
      - {name: tap, head: true, conv: {out: 2, kernel: 1}}
      - relu
layers: [{name: a, unit: }]
""",
        ("    def forward(self, x: Tensor, heads: dict[str, Tensor]) -> Tensor:",),
    ),
    "a split": (
        """
input: [4, 8, 8]
layers:
  - split: {into: [left, right], sizes: [1, 3]}
  - concat: [{from: right}, [{from: left}, {name: conv, conv: {out: 2, kernel: 1}}]]
""",
        ("        left, right = torch.split(x, [1, 3], 1)",),
    ),
    "further tensors of a block": (
        """
input: [4, 8, 8]
blocks:
  up:
    with: {out: }
    inputs: [skip]
    do:
      - {name: up, conv_transpose: {out: out, kernel: 2, stride: 2}}
      - concat: [{from: skip}, []]
      - {name: conv, conv: {out: out, kernel: 1}}
layers:
  - {name: enc, conv: {out: 6, kernel: 1}}
  - maxpool: 2
  - {name: dec, up: {out: 2, skip: enc}}
""",
        (
            "        self.conv = nn.Conv2d(skip_channels + out, out, 1)",
            "    def forward(self, x: Tensor, skip: Tensor) -> Tensor:",
            "        self.dec = Up(6, 6, 2)",
            "        x = self.dec(x, enc)",
        ),
    ),
    "a group that reads a tensor of the body around it": (
        """
input: [4, 8, 8]
layers:
  - {name: stem, conv: {out: 4, kernel: 1}}
  - relu
  - name: part
    group:
      - {name: conv, conv: {out: 4, kernel: 1}}
      - add: [{from: stem}, []]
""",
        (
            "class Part(nn.Module):",
            "    def forward(self, x: Tensor, stem: Tensor) -> Tensor:",
            "        x = self.part(x, stem)",
        ),
    ),
    "a named join is a level": (
        """
input: [4, 8, 8]
layers:
  - name: res
    add:
      body: [{name: conv, conv: {out: 4, kernel: 3, padding: 1}}]
      shortcut: []
""",
        ("class Res(nn.Module):", "        self.res = Res()"),
    ),
    "branches that come and go": (
        """
input: [4, 8, 8]
blocks:
  unit:
    with: {out: , stride: 1}
    do:
      - add:
          body: [{name: conv, conv: {out: out, kernel: 3, stride: stride, padding: 1}}]
          shortcut: {branch: [], only_if: stride == 1 and in_channels == out}
layers: [{name: a, unit: 4}, {name: b, unit: {out: 8, stride: 2}}, {name: c, unit: 8}]
""",
        ("        self.has_shortcut = stride == 1 and in_channels == out",),
    ),
    "a table of branches": (
        """
input: [4, 9, 9]
layers:
  - concat:
      - {for: r, in: [1, 2, 3], branch: [conv: {out: 2, kernel: 3, padding: r, dilation: r}]}
""",
        ("        self.conv3 = nn.Conv2d(4, 2, 3, padding=3, dilation=3)",),
    ),
    "names that are no identifiers": (
        """
input: [4, 8, 8]
layers:
  - name: part
    group: [{name: 1x1, conv: {out: 4, kernel: 1}}, {name: class, conv: {out: 4, kernel: 1}}, relu]
""",
        ("            OrderedDict(", '("1x1", nn.Conv2d(4, 4, 1)), ("class", nn.Conv2d(4, 4, 1)),'),
    ),
    "sizes that differ from call to call": (
        """
input: [4, 8, 8]
blocks: {top: {do: [flatten, {name: fc, linear: 3}]}}
layers:
  - {name: body, conv: {out: 4, kernel: 1}}
  - {name: one, head: true, top: }
  - maxpool: 2
  - {name: two, head: true, top: }
""",
        (
            "    def __init__(self, in_features: int) -> None:",
            "        self.one = Top(256)",
            "        self.two = Top(64)",
        ),
    ),
    "a name that a loop takes in another call": (
        """
input: [4, 12, 12]
blocks:
  b:
    with: {n: 2, last: true}
    do:
      - {repeat: n, do: [{conv: {out: in_channels, kernel: 1}}]}
      - add: [[], [relu]]
      - {when: last, conv: {out: in_channels, kernel: 3, bias: false}}
layers: [{name: a, b: 2}, {name: c, b: {n: 3, last: false}}]
""",
        (
            "            self.conv3 = nn.Conv2d(in_channels, in_channels, 3, bias=False)",
            "class B2(nn.Module):",
        ),
    ),
    "what is too long for a line gets names": (
        """
input: [3, 8, 8]
vars: {a_rather_long_name: 4, another_rather_long_name: 5}
blocks:
  b:
    with: {w: }
    do:
      - when: a_rather_long_name*w > another_rather_long_name + w or
          another_rather_long_name*in_channels == a_rather_long_name*100 + w
        conv: {out: w, kernel: 1}
      - relu
layers: [{b: 4}, {b: 6}, {b: 1}]
""",
        (
            "        condition = another_rather_long_name * in_channels ==",
            "        if a_rather_long_name * w > another_rather_long_name + w or condition:",
            "        channels = 4 if condition2 else 3",
        ),
    ),
    "channels that grow inside a group": (
        """
input: [5]
blocks:
  b:
    do: [{name: grow, group: [{repeat: 3, do: [{concat: [[], [{linear: in_channels}]]}]}]}, relu]
layers: [b]
""",
        ("        channels = in_channels", "            channels = channels + channels"),
    ),
    "kernels that would change the sides if they were odd": (
        """
input: [4, 8, 8]
vars: {table: [[4, 2]]}
layers:
  - {for: [c, q], in: table, do: [{conv: {out: c, kernel: q, padding: q//2}}]}
  - {conv: {out: 4, kernel: 3, stride: 2, padding: 1}}
  - flatten
  - {linear: 3}
""",
        ("Fixed here, as another value may need other code: table = [[4, 2]].",),
    ),
    "a long size that only a layer called again would read": (
        """
input: [4, 6, 6]
vars: {width: 8}
layers:
  - {conv: {out: 2*width, kernel: 1}}
  - {split: [l, r]}
  - {concat: [[{from: l}], [{from: r}, {conv: {out: in_channels, kernel: 1}}]]}
  - {name: shared, conv: {out: in_channels, kernel: 3, padding: 1}}
  - relu
  - {reuse: shared}
""",
        ("        self.shared = nn.Conv2d(",),
    ),
    "a formula round a long tensor": (
        """
input: [4, 6, 6]
blocks:
  b:
    do:
      - {mul: {body: [], gate: [{conv: {out: in_channels, kernel: 1}}, sigmoid]}}
      - {mul: {body: [], gate: [{conv: {out: in_channels, kernel: 1}}, sigmoid]}}
      - flatten
      - {reshape: [2, -1, 1]}
      - {tanh: {amplitude: 1.7159, slope: 2/3}}
layers: [b]
""",
        ("1.7159 * torch.tanh(2 / 3 * x)",),
    ),
    "calls that no one class can serve": (
        """
input: [4, 8, 8]
blocks: {unit: {with: {out: , edge: {type: any, default: 1}}, do: [
  {name: conv, conv: {out: out, kernel: 3, padding: edge, stride: 2}}]}}
layers: [{name: a, unit: 4}, {name: b, unit: {out: 4, edge: same_lower}}]
""",
        ("class Unit(nn.Module):", "class Unit2(nn.Module):"),
    ),
    "several inputs": (
        """
input: {left: [2, 8, 8], right: [3, 8, 8]}
layers:
  - concat: [{from: left}, [{from: right}, {name: conv, conv: {out: 2, kernel: 1}}]]
""",
        ("    def forward(self, left: Tensor, right: Tensor) -> Tensor:",),
    ),
    "one axis": (
        "input: [2, 20]\nlayers: [conv: {out: 4, kernel: 5, stride: 2}, batchnorm, maxpool: 2]\n",
        ("nn.Conv1d(2, 4, 5, stride=2), nn.BatchNorm1d(4), nn.MaxPool1d(2)",),
    ),
    "three axes": (
        "input: [2, 6, 7, 8]\nlayers: [conv: {out: 4, kernel: 3}, avgpool: {kernel: [1, 2, 2]}]\n",
        ("nn.AvgPool3d((1, 2, 2))",),
    ),
    "initial weights": (
        """
input: [2, 8, 8]
layers:
  - {name: a, conv: {out: 2, kernel: 3}, init: kaiming}
  - {name: b, batchnorm: , init: zeros}
  - {name: c, conv: {out: 2, kernel: 1}, init: {normal: {std: 0.01}}}
""",
        (
            (
                '            nn.Conv2d(2, 2, 3), nn.init.kaiming_normal_, mode="fan_out", '
                'nonlinearity="relu"'
            ),
            "        self.b = init_weight(nn.BatchNorm2d(2), nn.init.zeros_)",
            "        self.c = init_weight(nn.Conv2d(2, 2, 1), nn.init.normal_, std=0.01)",
        ),
    ),
    "a let is a local line": (
        """
input: [4, 8, 8]
blocks:
  unit:
    with: {t: 6}
    let: {wide: t*in_channels}
    do: [{name: a, conv: {out: wide, kernel: 1}}, {name: b, conv: {out: in_channels, kernel: 1}}]
layers: [{name: u, unit: 2}]
""",
        ("        wide = t * in_channels", "        self.a = nn.Conv2d(in_channels, wide, 1)"),
    ),
    "widths that are rounded": (
        """
input: [3, 8, 8]
vars: {width: 0.75}
layers: [{name: a, conv: {out: make_divisible(32*width), kernel: 1}}]
""",
        (
            "    def __init__(self, width: float = 0.75) -> None:",
            "        self.a = nn.Conv2d(3, make_divisible(32 * width), 1)",
        ),
    ),
    "a name that only one turn has tells the turn": (
        """
input: [3, 16, 16]
vars: {growth: 4, depths: [2, 1]}
blocks:
  unit:
    do:
      - concat:
          - []
          - [{name: conv, conv: {out: 4, kernel: 3, padding: 1}}]
layers:
  - name: features
    group:
      - {name: conv0, conv: {out: 8, kernel: 1}}
      - for: n
        in: depths
        do:
          - {repeat: n, do: [unit]}
          - when: index < len(depths) - 1
            name: transition$(index + 1)
            conv: {out: in_channels//2, kernel: 1}
""",
        (
            "        for i, n in enumerate(depths):",
            "            if i < len(depths) - 1:",
            '                layers[f"transition{i + 1}"] = nn.Conv2d(channels2, channels2 //',
            "            channels = channels2 // 2 if i < len(depths) - 1 else channels2",
        ),
    ),
    "heads that only label a tensor have their names": (
        """
input: [3, 8, 8]
layers:
  - {name: a, conv: {out: 4, kernel: 3}}
  - {as: m, relu: }
  - {name: mean, head: true, from: m}
  - {as: second, head: true, from: a}
  - {head: true, from: a}
  - {name: b, conv: {out: 4, kernel: 3}}
""",
        (
            '        heads["mean"] = m',
            '        heads["second"] = a',
            '        heads["head3"] = a',
        ),
    ),
    "rows on one side are expressions too": (
        """
input: [4, 64]
blocks:
  causal:
    with: {out: , dilation: 1}
    do: [conv: {out: out, kernel: 2, dilation: dilation, padding: [[dilation, 0]]}]
layers: [causal: 4, causal: {out: 8, dilation: 2}, causal: {out: 8, dilation: 4}]
""",
        (
            (
                "        super().__init__("
                "PaddedConv1d(in_channels, out, 2, pads=(dilation, 0), dilation=dilation))"
            ),
            (
                "        super().__init__(Causal(4, 4), Causal(4, 8, dilation=2), "
                "Causal(8, 8, dilation=4))"
            ),
        ),
    ),
    "a net and a block by the names of types": (
        """
name: any
input: [3, 8, 8]
blocks:
  sequence: {with: {out: }, do: [conv: {out: out, kernel: 2, padding: [[1, 0], [0, 0]]}]}
layers: [sequence: 4, sequence: 5]
""",
        ("class SequenceModule(nn.Sequential):", "class AnyModule(nn.Sequential):"),
    ),
    "what is fixed is evaluated": (
        """
input: [1, 16, 16]
vars: {widths: [4, 8, 16]}
blocks:
  double: {with: {out: }, do: [{conv: {out: out, kernel: 3, padding: 1}}, relu]}
layers:
  - for: w
    in: widths
    do:
      - {name: "down$(index)", double: w, as: "enc$(index)"}
      - {when: index < len(widths) - 1, maxpool: 2}
  - repeat: len(widths) - 1
    do:
      - {name: "up$(index)", conv_transpose: {out: "widths[len(widths) - 2 - index]", kernel: 2,
         stride: 2}}
      - concat: [{from: "enc$(len(widths) - 2 - index)"}, []]
      - {name: "dec$(index)", double: "widths[len(widths) - 2 - index]"}
""",
        (
            "        self.up0 = nn.ConvTranspose2d(16, 8, 2, stride=2)",
            "        self.dec1 = Double(8, 4)",
        ),
    ),
    "a head of several layers leaves the current tensor alone": (
        """
input: [1, 4, 4]
vars: {aux: true}
blocks: {inner: {inline: true, do: [tanh, {conv: {out: 3, kernel: 1}}]}}
layers:
  - {name: f, conv: {out: 1, kernel: 1}}
  - {name: mine, head: true, do: [relu, {name: z, conv: {out: 2, kernel: 1}}]}
  - {name: third, head: true, inner: }
  - {name: more, head: true, repeat: 2, do: [sigmoid, {name: w$(index), conv: {out: 1, kernel: 1}}]}
  - {name: cond, head: true, when: aux, do: [tanh, {name: v, conv: {out: 2, kernel: 1}}]}
  - {name: again, head: true, reuse: f}
""",
        (
            "        head = torch.relu(x)",
            '        heads["mine"] = self.z(head)',
            "            head = torch.tanh(x)",
            '        heads["again"] = self.f(x)',
            '        return {"output": x, **heads}',
        ),
    ),
    "a residual that is there or not is returned as it is": (
        """
input: [8, 16, 16]
vars: {aux: true}
blocks:
  unit:
    with: {skip: true}
    do:
      - add:
          body: [{name: conv, conv: {out: 8, kernel: 3, padding: 1}}]
          shortcut: {only_if: skip, branch: []}
layers:
  - {name: a, unit: }
  - {name: b, unit: {skip: false}}
  - when: aux
    name: tap
    head: true
    training_only: true
    conv: {out: 10, kernel: 1}
""",
        (
            "        total: Tensor = self.conv(x)",
            "        return total",
            "        if self.aux and self.training:",
        ),
    ),
    "a layer of some turns is the identity in the others": (
        """
input: [8, 16, 16]
vars: {n: 3}
layers:
  - repeat: n
    do:
      - {name: c$(index), conv: {out: 8, kernel: 3, padding: 1}}
      - {when: index < n - 1, name: merge$(index), conv: {out: 8, kernel: 1}}
      - add: [[], [relu]]
""",
        (
            "            if i < n - 1:",
            '                self.add_module(f"merge{i}", nn.Conv2d(8, 8, 1))',
            "            else:",
            '                self.add_module(f"merge{i}", nn.Identity())',
        ),
    ),
    "channels that change in loops and that nothing reads": (
        """
input: [4, 8, 8]
layers:
  - repeat: 2
    do:
      - repeat: 2
        do:
          - conv: {out: 3, kernel: 3, connections: [[0], [0, 1], [1]], padding: same}
          - add: [[], [relu]]
""",
        ("            for j in range(2):",),
    ),
    "a loop of one turn, a choice without difference, a rate that is a number": (
        """
input: [8, 8, 8]
vars: {rows: [[1, 4], [1, 6]], drop: 0.2}
blocks:
  unit:
    with: {out: , p: 0}
    do:
      - {name: conv, conv: {out: out, kernel: 1}}
      - {when: p > 0 and out == out, drop_path: p}
layers:
  - {repeat: 1, do: [{unit: {out: "4 if index == 0 else 4", p: 0.2*0/3}}]}
  - {unit: {out: 6, p: 0.2/3}}
""",
        (
            "        if p > 0:",
            "            self.drop_path = DropPath(p)",
            "Unit(8, 4)",
            "Unit(4, 6, p=0.2 / 3)",
        ),
    ),
    "a head of a block that is called twice has a name in each": (
        """
input: [4, 16, 16]
blocks:
  blk:
    do:
      - {name: c1, conv: {out: 4, kernel: 3, padding: 1}}
      - {name: aux, head: true, conv: {out: 2, kernel: 1}}
      - {name: mean, head: true, from: c1}
layers: [{name: first, blk: }, {name: second, blk: }]
""",
        (
            '        heads["aux"] = self.aux(c1)',
            '        heads["second.aux"] = self.aux(c1)',
            '        heads["second.mean"] = c1',
        ),
    ),
    "several inputs and heads fit the last lines": (
        """
input: {left_image: [4, 8, 8], right_image: [4, 8, 8]}
layers:
  - add: [{from: left_image}, {from: right_image}]
  - {name: tap, head: true, conv: {out: 2, kernel: 1}}
""",
        ('        "->",',),
    ),
    "channels that only the start of an inner loop reads": (
        """
input: [4, 16]
layers:
  - repeat: 2
    do:
      - pad: {channels: [1, 2]}
      - for: c
        in: [6, 8]
        do:
          - {conv: {out: c, kernel: 1}}
          - add: [[], [relu]]
  - {conv: {out: 2, kernel: 1}}
""",
        ("        channels = 4", "            channels2 = channels + 3"),
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_a_construct(title: str, tmp_path: Path) -> None:
    text, lines = CASES[title]
    net = archcalc.load(text)
    code = archcalc.export(net).splitlines()
    for line in lines:
        assert any(line in one for one in code), "\n".join(code)
    assert differences(compared(net, tmp_path)) == []
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9


@pytest.mark.parametrize("op", [op.name for op in ALL])
def test_every_operation_computes_the_same(op: str, tmp_path: Path) -> None:
    """The example in every operation's documentation, exported and run."""
    example = next(one.example for one in ALL if one.name == op)
    net = archcalc.load(example)
    if sum(node.facts.macs or 0 for node in net.nodes) > 10**9:
        pytest.skip("too large to run")
    assert differences(compared(net, tmp_path)) == []
    if op != "rrelu":
        assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9


VARIANTS = [
    "conv: {out: 4, kernel: 4, padding: same}",
    "conv: {out: 4, kernel: 4, padding: same_lower}",
    "conv: {out: 4, kernel: 3, stride: 2, padding: same}",
    "conv: {out: 4, kernel: 3, stride: 2, padding: same_lower}",
    "conv: {out: 4, kernel: 3, dilation: 2, padding: full}",
    "conv: {out: 4, kernel: 3, padding: [[0, 1], [2, 0]]}",
    "conv: {out: 4, kernel: [1, 5], padding: [0, 2], groups: 2, bias: false}",
    "conv: {out: 2, kernel: 3, connections: [[0, 1], [3]], padding: 1, stride: 2, bias: false}",
    "conv: {out: 2, kernel: 3, connections: [[0], [3, 1]], padding: same_lower, stride: 2}",
    "conv: {out: 2, kernel: 3, connections: [[0], [3, 1]], padding: [[0, 1], [1, 2]]}",
    "depthwise_conv: {kernel: 3, multiplier: 2, padding: same_lower}",
    "conv_transpose: {out: 4, kernel: 3, stride: 2, padding: 1, output_padding: 1}",
    "conv_transpose: {out: 4, kernel: 3, stride: 2, padding: [[0, 1], [2, 0]], groups: 2}",
    "maxpool: {kernel: 3, stride: 2, ceil: true}",
    "maxpool: {kernel: 3, stride: 2, padding: 1, ceil: true}",
    "maxpool: {kernel: 3, stride: 2, padding: same_lower}",
    "maxpool: {kernel: 3, stride: 2, padding: [[0, 1], [1, 0]], dilation: 2}",
    "maxpool: {kernel: 3, stride: 2, padding: [[0, 2], [1, 0]], ceil: true}",
    "avgpool: {kernel: 3, stride: 2, padding: 1, ceil: true}",
    "avgpool: {kernel: 3, stride: 2, padding: 1, count_include_pad: false}",
    "avgpool: {kernel: 3, stride: 2, padding: same, count_include_pad: false}",
    "avgpool: {kernel: 3, stride: 2, padding: [[0, 1], [2, 0]], ceil: true}",
    "avgpool: {kernel: 3, stride: 2, padding: [[0, 1], [2, 0]], count_include_pad: false}",
    "upsample: {size: [13, 20], mode: linear}",
    "upsample: {scale: 2, mode: linear, align_corners: true}",
    "pad: {padding: [[1, 2], [0, 3]], mode: reflect, channels: [1, 2]}",
    "pad: {padding: [2, 1], mode: replicate}",
    "crop: {size: [4, 7]}",
    "mean: {axes: [0], keepdim: true}",
    "slice: {begin: -3, end: -1}",
    "slice: {axis: -1, begin: 1, step: 3}",
    "softmax: 1",
    "reshape: [2, -1, 5]",
    "layernorm: {axes: 3, bias: false}",
    "batchnorm: {track: false}",
    "lrn: {size: 4, alpha: 0.1, k: 2}",
    "gelu: {approximate: tanh}",
    "hardtanh: {min: -0.2, max: 0.3}",
    "softplus: {beta: 2, threshold: 1}",
]


@pytest.mark.parametrize("layer", VARIANTS)
def test_attributes_compute_the_same(layer: str, tmp_path: Path) -> None:
    net = archcalc.load(f"input: [4, 9, 10]\nlayers: [{{{layer}}}]\n")
    assert differences(compared(net, tmp_path)) == []
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9


@pytest.mark.parametrize("op", ["upsample", "crop", "pad"])
def test_sizes_like_another_tensor(op: str, tmp_path: Path) -> None:
    first = "{from: big}" if op == "crop" else "{from: little}"
    like = "little" if op == "crop" else "big"
    net = archcalc.load(
        f"""
input: [2, 9, 11]
layers:
  - {{as: big, conv: {{out: 2, kernel: 1}}}}
  - {{as: little, maxpool: 2}}
  - concat: [[{first}, {{{op}: {{like: {like}}}}}], {{from: {like}}}]
"""
    )
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9


def test_the_cases_are_linted_and_typed(tmp_path: Path) -> None:
    for number, (text, _) in enumerate(CASES.values()):
        code = archcalc.export(archcalc.load(text))
        (tmp_path / f"case{number}.py").write_text(code, encoding="utf-8")
    for number, layer in enumerate(VARIANTS):
        text = f"input: [4, 9, 10]\nlayers: [{{{layer}}}]\n"
        code = archcalc.export(archcalc.load(text))
        (tmp_path / f"variant{number}.py").write_text(code, encoding="utf-8")
    assert lint(tmp_path) == ""
    assert types(tmp_path) == ""


def test_a_var_that_changes_the_form_of_the_code_is_fixed() -> None:
    text = (
        "input: [3, 8, 8]\nvars: {side: 4, out: 5}\n"
        "layers: [{crop: {size: side}}, flatten, linear: out]"
    )
    code = archcalc.export(archcalc.load(text))
    assert "Fixed here, as another value may need other code: side = 4." in code
    assert "def __init__(self, out: int = 5) -> None:" in code


REFUSED = {
    "an instance norm of one position": (
        "input: [3, 1, 1]\nlayers: [instancenorm]",
        "PyTorch cannot express instance normalisation of a single position",
    ),
    "a batch norm that may divide by zero": (
        "input: [3, 8, 8]\nlayers: [batchnorm: {eps: 0}]",
        "PyTorch cannot express batch normalisation with an eps of 0",
    ),
    "a fan of a list": (
        "input: [3, 8, 8]\nlayers: [{batchnorm: , init: kaiming}]",
        "kaiming_normal for a weight with one axis",
    ),
}


@pytest.mark.parametrize("title", REFUSED)
def test_layers_without_a_pytorch_equivalent_are_errors_at_their_line(title: str) -> None:
    text, message = REFUSED[title]
    with pytest.raises(SpecError) as raised:
        archcalc.export(archcalc.load(text))
    (told,) = raised.value.diagnostics
    assert told.code == "not-exportable"
    assert message in told.message
    assert told.span is not None
    assert told.span.line == 2
