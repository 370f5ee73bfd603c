"""Random specs about control flow: conditions and loops in each other, tables that hold counts,
names that change from turn to turn, heads, labels and reuse inside groups and blocks, and vars that
steer all of it. `random_specs.py` has every operation instead.
"""

# ruff: noqa: ARG002  (the makers of layers are called alike, and need not all they are given)

from __future__ import annotations

import json
from random import Random
from typing import Any

import archcalc
from archcalc.diagnostics import SpecError

Layer = Any

MOST_MULTIPLIES = 20_000_000
MOST_NUMBERS = 1_000_000
MOST_DEPTH = 3

SHAPES: list[Layer] = [
    {"slice": {"begin": 1}}, {"slice": {"axis": 0, "step": 2}}, {"pad": {"padding": 1}},
    {"crop": 1}, {"channel_shuffle": 2}, {"maxout": 2}, {"permute": [0, 2, 1]},
    {"upsample": {"scale": 2}}, {"adaptive_avgpool": "k"}, {"groupnorm": 2}, {"lrn": 3},
    {"layernorm": {"axes": 2}}, {"reshape": ["in_channels", -1]},
    {"reshape": ["in_channels//2", 2, -1]}, {"mean": {"axes": [1], "keepdim": True}},
]  # fmt: skip
IN_LOOPS: list[Layer] = [
    {"pad": {"channels": [1, "index"]}}, {"scale": "1 + index"}, {"dropout": "0.1*index"},
]  # fmt: skip
KEEPING: list[Layer] = [
    "relu", "batchnorm", "silu", "sigmoid", {"dropout": 0.2}, {"prelu": {"channels": True}},
    {"conv": {"out": "in_channels", "kernel": 3, "padding": 1}}, {"layer_scale": 0.1},
    {"conv": {"out": "in_channels", "kernel": 1}}, {"leaky_relu": 0.2},
]  # fmt: skip
POOLS: list[Layer] = [
    {"maxpool": {"kernel": 3, "stride": 1, "padding": 1}}, {"maxpool": 2},
    {"avgpool": {"kernel": 2, "stride": 1}},
]  # fmt: skip
KINDS = (
    ["conv"] * 4 + ["keep"] * 4 + ["pool", "shape", "shape", "repeat", "table", "when", "whendo"]
    + ["add", "named_add", "concat", "gate", "group", "named_group", "do", "again", "split"]
    + ["call", "call"]
)  # fmt: skip


class Programs:
    """Creates one spec."""

    def __init__(self, seed: int) -> None:
        self.random = r = Random(seed)
        self.count = 0
        self.labels: list[str] = []
        plans = [[[4, 1], [6, 2]], [[4, 2], [4, 1], [8, 1]]]
        self.variables = {
            "w": r.choice([4, 6, 8]), "n": r.choice([1, 2, 3]), "f": r.choice([True, False]),
            "k": r.choice([1, 3]), "plan": r.choice(plans), "ws": [4, 8],
        }  # fmt: skip
        self.several = r.random() < 0.2
        self.channels = r.choice([2, 3, 4])
        self.blocks: dict[str, Any] = {}
        self.layers: list[Layer] = []

    def spec(self) -> str:
        shape: Any = [self.channels, 10, 11]
        if self.several:
            shape = {"left": shape, "right": [2, 10, 11]}
        spec: dict[str, Any] = {"name": "net", "input": shape, "vars": self.variables}
        if self.blocks:
            spec["blocks"] = self.blocks
        return json.dumps({**spec, "layers": self.layers}, indent=1)

    def generate(self) -> str:
        """The text of a spec without errors."""
        r, names = self.random, list(self.variables)
        self.labels = ["left", "right"] if self.several else ["input"]
        if self.several:
            right = [{"from": "right"}, {"conv": {"out": 4, "kernel": 1}}]
            self.layers.append({"concat": [[{"from": "left"}], right]})
        for _ in range(r.randrange(4)):
            self.block()
        for _ in range(r.randint(2, 7)):
            if r.random() < 0.4:
                self.special(names)
            else:
                self.added(self.layer(0, names))
        if r.random() < 0.5:
            self.added("flatten", {"linear": r.choice([5, "w"])})
        if not self.layers:
            self.layers.append("relu")
        return self.spec()

    def added(self, *layers: Layer) -> bool:
        """Adds layers if the spec stays without errors, and small enough to run."""
        self.layers += layers
        try:
            net = archcalc.load(self.spec())
            facts = [node.facts for node in net.nodes if node.facts is not None]
            if (
                sum(f.macs or 0 for f in facts) < MOST_MULTIPLIES
                and sum(f.params for f in facts) < MOST_NUMBERS
                and sum(f.activations for f in facts) < MOST_NUMBERS
            ):
                return True
        except SpecError:
            pass
        del self.layers[-len(layers) :]
        return False

    def name(self, names: list[str]) -> str:
        self.count += 1
        return f"q{self.count}" + ("$(index)" if "index" in names else "")

    def size(self, names: list[str]) -> Any:
        sizes: list[Any] = [4, 6, 8, "in_channels", "2*in_channels", "in_channels + 2"]
        for word in ("w", "o", "c", "h"):
            if word in names:
                sizes += [word, word, f"2*{word}", f"{word} + 2", f"max({word}, in_channels)"]
        if "index" in names:
            sizes += ["4 + 2*index", "ws[index % 2]", "4 if index == 0 else 6"]
        return self.random.choice([*sizes, "4 if f else 6"])

    def condition(self, names: list[str]) -> str:
        found = ["in_channels > 5", "in_channels % 4 == 0", "n > 1", "f", "not f"]
        found += ["index == 0", "index > 0", "index < 1"] * 2 * ("index" in names)
        found += ["e", "not e"] * 2 * ("e" in names) + ["c > 4"] * ("c" in names)
        return self.random.choice(found)

    # -- layers -----------------------------------------------------------------------------

    def layer(self, depth: int, names: list[str]) -> Layer:
        kind = self.random.choice(KINDS if depth < MOST_DEPTH else KINDS[:11])
        return getattr(self, f"_{kind}")(depth, names)

    def body(self, depth: int, names: list[str]) -> list[Layer]:
        return [self.layer(depth + 1, names) for _ in range(self.random.randint(1, 3))]

    def same(self) -> list[Layer]:
        return [self.random.choice(KEEPING) for _ in range(self.random.randint(1, 2))]

    def conv(self, names: list[str]) -> Layer:
        r = self.random
        kernel: Any = r.choice([1, 3, "k"])
        padding: Any = "k//2" if kernel == "k" else kernel // 2
        made: dict[str, Any] = {"out": self.size(names), "kernel": kernel, "padding": padding}
        if r.random() < 0.1:
            made["padding"] = r.choice(["same", "valid", "same_lower"])
        if r.random() < 0.12:
            loop = ["2 if index == 0 else 1"] * ("index" in names)
            made["stride"] = r.choice([2, "2 if f else 1", *loop])
        if r.random() < 0.2:
            made["bias"] = r.choice([False, "f"])
        return {"conv": made}

    def _conv(self, depth: int, names: list[str]) -> Layer:
        layer = self.conv(names)
        if self.random.random() < 0.3:
            layer["name"] = self.name(names)
        return layer

    def _keep(self, depth: int, names: list[str]) -> Layer:
        return self.random.choice(KEEPING)

    def _pool(self, depth: int, names: list[str]) -> Layer:
        return self.random.choice(POOLS)

    def _shape(self, depth: int, names: list[str]) -> Layer:
        return self.random.choice(SHAPES + (IN_LOOPS if "index" in names else []))

    def _repeat(self, depth: int, names: list[str]) -> Layer:
        count = self.random.choice([2, 3, "n", "n"])
        return {"repeat": count, "do": self.body(depth, [*names, "index"])}

    def _table(self, depth: int, names: list[str]) -> Layer:
        r, inside = self.random, [*names, "c", "index"]
        if r.random() < 0.4:
            return {"for": "c", "in": r.choice(["ws", [4, 6, 4]]), "do": self.body(depth, inside)}
        body = self.body(depth, inside)
        if r.random() < 0.5:
            body.append({"repeat": "q", "do": self.body(depth + 1, inside)})
        return {"for": ["c", "q"], "in": r.choice(["plan", [[4, 1], [6, 3]]]), "do": body}

    def _when(self, depth: int, names: list[str]) -> Layer:
        return {"when": self.condition(names), **self.conv(names)}

    def _whendo(self, depth: int, names: list[str]) -> Layer:
        return {"when": self.condition(names), "do": self.body(depth, names)}

    def _add(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        branches: dict[str, Any] = {"a": self.same(), "b": []}
        if r.random() < 0.4:
            branches["b"] = {"branch": [], "only_if": self.condition(names)}
        if r.random() < 0.3:
            conv = {"conv": {"out": "in_channels", "kernel": 1}}
            layer = {"when": self.condition(names), "name": self.name(names), **conv}
            branches["c"] = [layer]
        return {"add": branches}

    def _named_add(self, depth: int, names: list[str]) -> Layer:
        return {**self._add(depth, names), "name": self.name(names)}

    def _concat(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        branches: list[Any] = [
            [*self.same(), {"conv": {"out": self.size(names), "kernel": 1}}]
            for _ in range(r.randint(1, 2))
        ]
        if r.random() < 0.5:
            branches.append([])
        if r.random() < 0.3:
            branches.append({"branch": self.same(), "only_if": self.condition(names)})
        if r.random() < 0.2:
            conv = {"conv": {"out": "2*t", "kernel": 3, "padding": "t", "dilation": "t"}}
            branches.append({"for": "t", "in": [1, 2], "branch": [conv]})
        return {"concat": branches}

    def _gate(self, depth: int, names: list[str]) -> Layer:
        gate = ["global_avgpool", {"conv": {"out": "in_channels", "kernel": 1}}, "sigmoid"]
        return {"mul": {"x": [], "gate": gate}}

    def _do(self, depth: int, names: list[str]) -> Layer:
        return {"do": self.body(depth, names)}

    def _group(self, depth: int, names: list[str]) -> Layer:
        return {"group": self.body(depth, names)}

    def _named_group(self, depth: int, names: list[str]) -> Layer:
        r, body = self.random, self.body(depth, names)
        if r.random() < 0.3:
            body.append({"concat": [[], [{"from": r.choice(self.labels)}]]})
        if r.random() < 0.15:
            head = {"name": self.name([]), "head": True, "conv": {"out": 3, "kernel": 1}}
            body.insert(1, head)
        return {"name": self.name(names), "group": body}

    def _again(self, depth: int, names: list[str]) -> Layer:
        word = self.name([])
        conv = {"conv": {"out": "in_channels", "kernel": 1}}
        first = self.random.choice([conv, {"group": self.same()}])
        return {"group": [{"name": word, **first}, "relu", {"reuse": word}]}

    def _split(self, depth: int, names: list[str]) -> Layer:
        one, other = self.name([]), self.name([])
        joined = [[{"from": other}], [{"from": one}, self.conv(names)]]
        return {"do": [{"split": [one, other]}, {"concat": joined}]}

    def _call(self, depth: int, names: list[str]) -> Layer:
        if not self.blocks:
            return self.random.choice(KEEPING)
        call = self.call(self.random.choice(list(self.blocks)), names)
        if self.random.random() < 0.3:
            call["name"] = self.name(names)
        return call

    # -- blocks, and what only the net itself has -------------------------------------------------

    def block(self) -> None:
        """A block that can be called; it is called immediately."""
        r = self.random
        names = ["o", *self.variables]
        parameters: dict[str, Any] = {"o": None}
        if r.random() < 0.5:
            parameters["e"] = {"type": "boolean", "default": r.choice([True, False])}
            names.append("e")
        if r.random() < 0.3:
            parameters["act"] = {"type": "operation", "default": "relu"}
        if r.random() < 0.3:
            parameters["m"] = 2
        block: dict[str, Any] = {"with": parameters}
        if r.random() < 0.4:
            block["let"] = {"h": r.choice(["o + 2", "2*in_channels", "max(o, in_channels)"])}
            names.append("h")
        if r.random() < 0.2:
            block["inline"] = True
        body = self.body(1, names)
        if "act" in parameters:
            body.insert(r.randrange(len(body) + 1), {"apply": "act"})
        if "m" in parameters:
            body.append({"repeat": "m", "do": self.body(2, [*names, "index"])})
        if r.random() < 0.2:
            block["inputs"] = ["skip"]
            body.append({"concat": [[], [{"from": "skip"}]]})
        if r.random() < 0.15:
            body.append({"name": "hd", "head": True, "conv": {"out": 2, "kernel": 1}})
        if r.random() < 0.1:
            body += ["flatten", {"name": "fl", "linear": 8}, {"reshape": [2, 2, 2]}]
        block["do"] = body
        name = f"b{len(self.blocks)}"
        self.blocks[name] = block
        if not self.added(self.call(name, list(self.variables))):
            del self.blocks[name]

    def call(self, name: str, names: list[str]) -> Layer:
        r, block = self.random, self.blocks[name]
        given: dict[str, Any] = {"o": self.size(names)}
        if "e" in block["with"] and r.random() < 0.5:
            loop = ["index == 0"] * ("index" in names)
            given["e"] = r.choice([True, False, "f", *loop])
        if "act" in block["with"] and r.random() < 0.5:
            given["act"] = r.choice(["tanh", {"leaky_relu": 0.1}, "relu"])
        if "m" in block["with"] and r.random() < 0.5:
            given["m"] = r.choice([1, 2, "n"])
        if "inputs" in block:
            given["skip"] = r.choice(self.labels)
        return {name: given}

    def special(self, names: list[str]) -> None:
        r, word = self.random, self.name([])
        kind = r.choice(["label", "call again", "group again", "training head", "head"])
        if kind == "label":
            if self.added({"as": word, **self.conv(names)}):
                self.labels.append(word)
        elif kind == "call again" and self.blocks:
            call = {**self.call(r.choice(list(self.blocks)), names), "name": word}
            if not self.added(call, {"reuse": word}):
                self.added(call)
        elif kind == "group again":
            self.added({"name": word, "group": self.same()}, "relu", {"reuse": word})
        elif kind == "training head":
            body = ["global_avgpool", "flatten", {"linear": 5}]
            head = {"name": word, "head": True, "training_only": r.random() < 0.5}
            self.added({**head, "group": body})
        else:
            self.added({"name": word, "head": True, "when": "f", "do": [self.conv(names)]})


def random_program(seed: int) -> str:
    """The text of a random spec without errors."""
    return Programs(seed).generate()


VALUES: dict[str, list[Any]] = {
    "w": [2, 4, 5, 6, 8, 10, 12], "n": [0, 1, 2, 3, 4], "f": [True, False], "k": [1, 2, 3, 5],
    "plan": [((6, 2), (8, 1)), ((4, 2),), ((8, 1), (4, 3), (6, 1))],
    "ws": [(4, 8), (8, 4), (6, 6), (4, 6, 8)],
}  # fmt: skip
"""Other values for the vars of these specs."""
