"""Random specs that use the whole language, from a seed.

A spec grows layer by layer; a layer with an error is removed again, so that the result is a net
without errors and the generator needs little knowledge of shapes.
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

ACTIVATIONS = [
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "gelu", "silu", "mish",
    "softplus", "hardswish", "hardsigmoid", "hardtanh", "sigmoid", "tanh", "softmax", "log_softmax",
    "abs", "identity",
]  # fmt: skip


class Generator:
    """Creates one spec."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rank = self.random.choice([0, 1, 1, 2, 2, 2, 2, 2, 2, 3])
        side = {0: [], 1: [20], 2: [12, 14], 3: [7, 6, 8]}[self.rank]
        jitter = self.random.randrange(3)
        self.input: Any = [self.random.randint(2, 6), *[n + jitter for n in side]]
        self.variables: dict[str, Any] = {"width": self.random.choice([4, 6, 8])}
        self.blocks: dict[str, Any] = {}
        self.layers: list[Layer] = []
        self.labels: list[str] = []
        self.count = 0

    # -- the whole --------------------------------------------------------------------------

    def spec(self) -> dict[str, Any]:
        """The spec so far."""
        spec: dict[str, Any] = {"name": f"Net {self.input}", "input": self.input}
        spec["vars"] = self.variables
        if self.blocks:
            spec["blocks"] = self.blocks
        spec["layers"] = self.layers
        return spec

    def generate(self) -> str:
        """The text of a spec without errors."""
        r = self.random
        if r.random() < 0.5:
            self.variables["flag"] = r.choice([True, False])
        if r.random() < 0.4:
            self.variables["depth"] = r.randint(1, 3)
        if r.random() < 0.2:
            self.variables["table"] = [[r.choice([4, 8]), r.randint(1, 2)] for _ in range(2)]
        for _ in range(r.randrange(4)):
            self._new_block()
        self._try({"name": "stem", **self.conv(["width"])})
        for _ in range(r.randint(3, 14)):
            if r.random() < 0.35:
                self._special()
            else:
                self._try(self.layer(0, list(self.variables)))
        if r.random() < 0.6:
            self._try("flatten")
            self._try({"linear": r.choice([10, "width", "2*width"])})
        return json.dumps(self.spec(), indent=1)

    def _valid(self) -> bool:
        try:
            net = archcalc.load(json.dumps(self.spec(), indent=1))
        except SpecError:
            return False
        # Small enough for a quick run: channels can double in every layer.
        totals = [node.facts for node in net.nodes if node.facts is not None]
        return (
            sum(facts.macs or 0 for facts in totals) < MOST_MULTIPLIES
            and sum(facts.params for facts in totals) < MOST_NUMBERS
            and sum(facts.activations for facts in totals) < MOST_NUMBERS
        )

    def _try(self, *layers: Layer) -> bool:
        """Adds layers if the spec stays without errors."""
        self.layers += layers
        if self._valid():
            return True
        del self.layers[-len(layers) :]
        return False

    def _new_block(self) -> None:
        """A block that can be called; it is called immediately."""
        r = self.random
        name = f"block{len(self.blocks)}"
        parameters: dict[str, Any] = {"out": None}
        names = ["out", *self.variables]
        if r.random() < 0.5:
            parameters["k"] = r.choice([1, 3])
            names.append("k")
        if r.random() < 0.4:
            parameters["s"] = 1
        if r.random() < 0.3:
            parameters["n"] = r.randint(1, 3)
            names.append("n")
        if r.random() < 0.3:
            parameters["act"] = {"type": "operation", "default": r.choice(["relu", "silu"])}
        if r.random() < 0.3:
            parameters["extra"] = {"type": "boolean", "default": r.choice([True, False])}
        block: dict[str, Any] = {"with": parameters}
        if r.random() < 0.4:
            block["let"] = {
                "hidden": r.choice(["2*in_channels", "out + 2", "max(out, in_channels)"])
            }
            names.append("hidden")
        if r.random() < 0.15:
            block["inline"] = True
        body = [self.layer(1, names) for _ in range(r.randint(1, 4))]
        if "s" in parameters:
            body.insert(0, self.conv(["out"], stride="s"))
        if "act" in parameters:
            body.append({"apply": "act"})
        if "extra" in parameters:
            body.append({"when": "extra", **self.conv(["out"])})
        if r.random() < 0.2:
            block["inputs"] = ["skip"]
            body.append({"concat": [[], [{"from": "skip"}]]})
        block["do"] = body
        self.blocks[name] = block
        kept = len(self.layers)
        if not self._try(self.block_call(name)):
            del self.blocks[name]
            del self.layers[kept:]

    def block_call(self, name: str) -> Layer:
        r = self.random
        given: dict[str, Any] = {"out": r.choice([4, 6, 8, "width", "in_channels"])}
        parameters = self.blocks[name]["with"]
        for word, values in (("k", [1, 3, 5]), ("s", [1, 2]), ("n", [1, 2, 3])):
            if word in parameters and r.random() < 0.5:
                given[word] = r.choice(values)
        if "act" in parameters and r.random() < 0.4:
            given["act"] = r.choice(["tanh", "elu", {"leaky_relu": 0.2}, {"elu": {"alpha": 0.5}}])
        if "extra" in parameters and r.random() < 0.5:
            given["extra"] = r.choice([True, False])
        if "inputs" in self.blocks[name]:
            given["skip"] = r.choice(self.labels or ["input"])
        return {name: given}

    # -- layers -----------------------------------------------------------------------------

    def size(self, names: list[str]) -> Any:
        r = self.random
        words = [n for n in names if n in ("width", "out", "hidden")]
        choices: list[Any] = [4, 6, 8, "in_channels", "in_channels + 2"]
        for word in words:
            choices += [word, f"2*{word}", f"{word} + 2", word]
        return r.choice(choices)

    def conv(self, names: list[str], **more: Any) -> Layer:
        """A convolution that keeps the spatial sizes unless it has a stride."""
        r = self.random
        if self.rank == 0:
            return {"linear": self.size(names)}
        kernel = r.choice([1, 3, 3, 3, 5])
        made: dict[str, Any] = {"out": self.size(names), "kernel": kernel, "padding": kernel // 2}
        if "k" in names and r.random() < 0.5:
            made["kernel"], made["padding"] = "k", "k//2"
        elif r.random() < 0.25:
            made["padding"] = r.choice(["same", "same_lower", "same_upper", "full", "valid"])
            made["kernel"] = r.choice([2, 3, 4])
        elif r.random() < 0.1:
            made["padding"] = [[r.randrange(2), r.randrange(3)] for _ in range(self.rank)]
        if r.random() < 0.15:
            made["dilation"], made["padding"] = 2, r.choice(["same", 2])
        if r.random() < 0.15:
            made["stride"] = r.choice([2, [r.choice([1, 2]) for _ in range(self.rank)]])
        if r.random() < 0.3:
            made["bias"] = False
        if r.random() < 0.15:
            made["groups"] = 2
        made.update(more)
        layer: Layer = {"conv": made}
        if r.random() < 0.1:
            layer["init"] = r.choice(["kaiming", "xavier", {"normal": {"std": 0.01}}, "zeros"])
        return layer

    def layer(self, depth: int, names: list[str]) -> Layer:
        """Any layer."""
        r = self.random
        kinds = ["conv"] * 5 + ["simple"] * 6 + ["norm"] * 3
        if depth < 3:
            kinds += ["add", "add", "concat", "mul", "group", "repeat", "for", "when", "do", "sub"]
        kind = r.choice(kinds)
        made: Layer = getattr(self, f"_{kind}")(depth, names)
        return made

    def _conv(self, depth: int, names: list[str]) -> Layer:
        return self.conv(names)

    def _norm(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        choices: list[Layer] = [
            "batchnorm", {"batchnorm": {"affine": False}}, {"groupnorm": 2},
            {"layernorm": {"axes": r.choice([1, 2])}}, {"lrn": 3}, {"layer_scale": 0.1},
            {"dropout": 0.3}, {"drop_path": 0.2}, {"instancenorm": {"affine": r.random() < 0.5}},
            {"batchnorm": {"eps": 0.001, "momentum": 0.2}}, {"batchnorm": {"track": False}},
        ]  # fmt: skip
        return r.choice(choices)

    def _simple(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        axes = self.rank
        odd: list[Any] = [0, 1, [[0, 1]] * axes, "same", "same_lower"]
        choices: list[Layer] = [
            r.choice(ACTIVATIONS),
            r.choice(ACTIVATIONS),
            {"maxpool": {"kernel": r.choice([2, 3]), "stride": r.choice([1, 2]),
                         "padding": r.choice(odd), "ceil": r.random() < 0.3}},
            {"avgpool": {"kernel": r.choice([2, 3]), "stride": r.choice([1, 2]),
                         "padding": r.choice(odd), "ceil": r.random() < 0.3,
                         "count_include_pad": r.random() < 0.5}},
            {"maxpool": {"kernel": 2, "stride": 1, "dilation": 2}},
            {"depthwise_conv": {"kernel": 3, "padding": r.choice([1, "same_lower"]),
                                "multiplier": r.choice([1, 2])}},
            {"conv_transpose": {
                "out": self.size(names), "kernel": r.choice([2, 3]), "stride": r.choice([1, 2]),
                "padding": r.choice([0, 1, [[0, 1]] * axes]),
                "output_padding": r.choice([0, 0, 1]), "groups": r.choice([1, 1, 2])}},
            {"upsample": {"scale": 2, "mode": r.choice(["nearest", "linear"])}},
            {"pad": {"padding": r.choice([1, [[0, 1]] * axes]),
                     "mode": r.choice(["zeros", "reflect", "replicate"])}},
            {"pad": {"channels": [r.randrange(3), r.randrange(3)]}},
            {"crop": r.choice([1, [[0, 1]] * axes])},
            {"crop": {"size": r.choice([4, 5])}},
            {"channel_shuffle": 2},
            {"maxout": 2},
            {"scale": 0.5},
            {"slice": {"axis": r.randint(0, axes), "step": 2}},
            {"slice": {"begin": 1}},
            {"tanh": {"amplitude": 1.7159, "slope": "2/3"}},
            {"adaptive_avgpool": r.choice([3, 5])},
            "global_avgpool",
            "global_maxpool",
            {"reshape": [2, -1, *[1] * (axes - 1)]},
            {"reshape": ["in_channels//2", -1]},
            {"conv": {"out": 3, "kernel": 3, "connections": [[0], [0, 1], [1]],
                      "padding": r.choice([1, 0, "same", "same_lower", [[0, 1]] * axes])}},
            {"rbf": 5},
            {"flatten": {"start": r.randrange(2)}},
            {"subsample": 2},
            {"prelu": {"channels": True}},
            {"mean": {"axes": [1], "keepdim": True}},
            {"permute": [*range(1, axes + 1), 0]},
            {"leaky_relu": 0.2},
        ]  # fmt: skip
        return r.choice(choices)

    def _same(self, depth: int, names: list[str]) -> list[Layer]:
        """Layers that keep the shape."""
        r = self.random
        body: list[Layer] = []
        for _ in range(r.randint(1, 2)):
            kind = r.choice(["conv", "conv", "act", "norm"])
            if kind == "act":
                body.append(r.choice(ACTIVATIONS))
            elif kind == "norm":
                body.append("batchnorm")
            elif self.rank == 0:
                body.append({"linear": r.choice(["in_channels"])})
            else:
                k = r.choice([1, 3])
                body.append({"conv": {"out": "in_channels", "kernel": k, "padding": k // 2}})
        if depth < 2 and r.random() < 0.2:
            body.append(r.choice([self._add, self._mul])(depth + 1, names))
        return body

    def _add(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        branches: Any = {"body": self._same(depth, names), "shortcut": []}
        if r.random() < 0.4:
            branches["third"] = self._same(depth, names)
        if r.random() < 0.3:
            branches["shortcut"] = {
                "branch": [], "only_if": r.choice(["in_channels % 4 == 0", "in_channels > 5"]),
            }  # fmt: skip
        elif r.random() < 0.3:
            branches = list(branches.values())
        made: Layer = {"add": branches}
        if r.random() < 0.2:
            made["name"] = self._name()
        return made

    def _sub(self, depth: int, names: list[str]) -> Layer:
        return {"sub": [[], self._same(depth, names)]}

    def _mul(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        gate: list[Layer] = [{"conv": {"out": "in_channels", "kernel": 1}}, "sigmoid"]
        if self.rank == 0:
            gate = [{"linear": "in_channels"}, "sigmoid"]
        elif r.random() < 0.7:
            gate = ["global_avgpool", *gate]
        return {"mul": {"body": [], "gate": gate}}

    def _concat(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        branches: list[Any] = []
        for _ in range(r.randint(1, 3)):
            body = self._same(depth, names)
            if self.rank:
                body.append({"conv": {"out": self.size(names), "kernel": 1}})
            branches.append(body)
        if r.random() < 0.4:
            branches.append([])
        if r.random() < 0.2:
            branches.append({"branch": self._same(depth, names), "only_if": "in_channels > 5"})
        if r.random() < 0.2 and self.rank:
            branches.append({
                "for": "r", "in": [1, 2, 3],
                "branch": [{"conv": {"out": 4, "kernel": 3, "padding": "r", "dilation": "r"}}],
            })  # fmt: skip
        made: Layer = {"concat": branches}
        if r.random() < 0.2:
            made["name"] = self._name()
        return made

    def _body(self, depth: int, names: list[str]) -> list[Layer]:
        return [self.layer(depth + 1, names) for _ in range(self.random.randint(1, 3))]

    def _group(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        body = self._body(depth, names)
        if r.random() < 0.3:
            body = [self._named(one) for one in body]
        made: Layer = {"group": body}
        if r.random() < 0.6:
            made["name"] = self._name()
        return made

    def _named(self, layer: Layer) -> Layer:
        if isinstance(layer, str):
            layer = {layer: None}
        if "do" in layer or "name" in layer or "repeat" in layer:
            return layer
        return {"name": self._name(), **layer}

    def _name(self) -> str:
        self.count += 1
        return self.random.choice([f"layer{self.count}", f"n{self.count}_x"])

    def _do(self, depth: int, names: list[str]) -> Layer:
        return {"do": self._body(depth, names)}

    def _repeat(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        counts: list[Any] = [2, 3, *[n for n in names if n in ("depth", "n")]]
        body = self._body(depth, names) if r.random() < 0.4 else self._same(depth, names)
        if r.random() < 0.4:
            body = [
                {"name": f"part{self.count}_$(index + 1)", **one} if isinstance(one, dict) else one
                for one in body[:1]
            ] + body[1:]  # fmt: skip
            self.count += 1
        if r.random() < 0.3:
            body.append({"concat": [[], self._same(depth, names)]})
        return {"repeat": r.choice(counts), "do": body}

    def _for(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        if r.random() < 0.5:
            table: Any = [[r.choice([4, 6, 8]), r.choice([1, 3])] for _ in range(r.randint(1, 3))]
            body: list[Layer] = [
                {"conv": {"out": "c", "kernel": "q", "padding": "q//2"}}, r.choice(ACTIVATIONS)
            ]  # fmt: skip
            if self.rank == 0:
                body[0] = {"linear": "c + q"}
            if r.random() < 0.3:
                body.append({"repeat": "q", "do": self._same(depth, names)})
            if "table" in names and r.random() < 0.5:
                table = "table"
            return {"for": ["c", "q"], "in": table, "do": body}
        word = "c"
        layer: Layer = {"conv": {"out": word, "kernel": 1}} if self.rank else {"linear": word}
        return {"for": word, "in": [4, 6, "width"] if "width" in names else [4, 6], "do": [layer]}

    def _when(self, depth: int, names: list[str]) -> Layer:
        r = self.random
        conditions = ["in_channels > 5", "in_channels % 4 == 0"]
        conditions += [n for n in names if n in ("flag", "extra")] * 3
        conditions += ["depth > 1"] if "depth" in names else []
        condition = r.choice(conditions)
        kind = r.random()
        if kind < 0.5:
            return {"when": condition, **self.conv(names)}
        if kind < 0.7:
            return {"when": condition, "do": self._body(depth, names)}
        if kind < 0.85:
            return {"when": condition, "relu": None}
        return {"when": condition, "group": self._same(depth, names), "name": self._name()}

    # -- what only the net itself has ---------------------------------------------------------

    def _special(self) -> None:
        r = self.random
        kind = r.choice(
            ["label", "skip", "reuse", "head", "split", "call", "call", "call", "heads"]
        )
        getattr(self, f"_special_{kind}")()

    def _special_label(self) -> None:
        label = f"tap{len(self.labels)}"
        if self._try({"as": label, **self.conv(["width"])}):
            self.labels.append(label)

    def _special_skip(self) -> None:
        r = self.random
        for label in r.sample(self.labels, len(self.labels)):
            join = r.choice(["concat", "add"])
            first: list[Layer] = [{"from": label}]
            if r.random() < 0.3 and self.rank:
                self._try({"upsample": {"like": label}})
            if self._try({join: [first, []]}):
                return

    def _special_reuse(self) -> None:
        label = f"shared{len(self.layers)}"
        layer: Layer = {"conv": {"out": "in_channels", "kernel": 3, "padding": 1}}
        if self.rank == 0:
            layer = {"linear": "in_channels"}
        if self.random.random() < 0.3:
            layer = {"group": [layer, "batchnorm", "relu"]}
        self._try({"name": label, **layer}, "relu", {"reuse": label})

    def _special_head(self) -> None:
        name = f"head_{len(self.layers)}"
        layers = ["global_avgpool", "flatten", {"linear": 5}] if self.rank else [{"linear": 5}]
        kind = self.random.choice(["group", "do"])
        made = {"name": name, "head": True, kind: ["tanh", *layers]}
        if self.random.random() < 0.5:
            made["training_only"] = True
        self._try(made)

    def _special_heads(self) -> None:
        if self.labels:
            label = self.random.choice(self.labels)
            self._try({"from": label, "head": True, "name": f"tap_{len(self.layers)}",
                       **self.conv(["width"])})  # fmt: skip

    def _special_split(self) -> None:
        n = len(self.layers)
        left, right = f"left{n}", f"right{n}"
        work = self.conv(["width"])
        self._try(
            {"split": [left, right]},
            {"concat": [[{"from": left}], [{"from": right}, work]]},
        )

    def _special_call(self) -> None:
        if self.blocks:
            name = self.random.choice(list(self.blocks))
            call = self.block_call(name)
            if self.random.random() < 0.3:
                call["name"] = self._name()
            self._try(call)


def random_spec(seed: int) -> str:
    """The text of a random spec without errors."""
    return Generator(seed).generate()
