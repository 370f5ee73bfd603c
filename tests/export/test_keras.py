"""The Keras target: the same network, by counts, shapes and numbers."""

from __future__ import annotations

import inspect
import io
import re
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch, which Keras runs on, is not installed")
pytest.importorskip("keras", reason="Keras is not installed")

import keras
import torch

import archcalc
from archcalc.codegen import export
from archcalc.diagnostics import SpecError
from archcalc.exporting.keras.code import keras_name
from archcalc.ops.registry import ALL
from tests.catalogue.support import FAMILIES
from tests.export import keras_models as models
from tests.export.keras_code import NETS, NO_KERAS, of_catalogue, of_random_net, random_net
from tests.export.random_check import other_value
from tests.export.test_keras_refusals import REFUSED

if TYPE_CHECKING:
    from pathlib import Path

    from archcalc.graph import Net
    from archcalc.ops.base import Operation

SMALL = ["lenet5", "lenet5_modern", "lenet5_sigmoid", "plain20", "resnet20", "inception_naive"]

LONG = ["resnet1202"]
"""Nets that Keras takes half a minute for; they are of one spec with shorter ones."""

MOST_MACS = 200_000_000


@pytest.mark.parametrize("name", NO_KERAS)
def test_nets_that_are_refused(name: str) -> None:
    with pytest.raises(SpecError, match=r"Keras cannot express (a learned tensor|attention)"):
        export(archcalc.load(name), "keras")


@pytest.mark.parametrize("name", [n for n in FAMILIES if n not in (*LONG, *NO_KERAS)])
def test_every_net_is_what_was_checked(name: str) -> None:
    net = archcalc.load(name)
    assert models.differences(net, models.outline(of_catalogue(name))) == []


@pytest.mark.parametrize("name", SMALL)
def test_small_nets_give_the_numbers_of_their_graph(name: str) -> None:
    net = archcalc.load(name)
    assert models.wrong(net, of_catalogue(name)) == []


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("lenet5_modern", (61_706, 61_706, 0)),
        ("alexnet_bn", (58_327_818, 58_325_066, 2_752)),
        ("vgg16", (138_357_544, 138_357_544, 0)),
        ("resnet50", (25_610_152, 25_557_032, 53_120)),
    ],
)
def test_the_summary_prints_the_known_counts(name: str, counts: tuple[int, ...]) -> None:
    """All, trained and not trained: course notes print the first two, keras.applications has the
    models of the others (its ResNet-50 has biases beside batch normalisation: 26,560 more)."""
    printed = io.StringIO()
    model = models.outline(of_catalogue(name))
    model.summary(print_fn=lambda line: printed.write(line + "\n"))
    told = re.findall(r"params: ([\d,]+)", printed.getvalue())
    assert tuple(int(n.replace(",", "")) for n in told) == counts


@pytest.mark.parametrize("op", [op for op in ALL if op.name not in REFUSED], ids=lambda op: op.name)
def test_the_example_of_every_operation(op: type[Operation]) -> None:
    net = archcalc.load(op.example)
    text = export(net, "keras")
    if sum(node.facts.macs or 0 for node in net.nodes if node.facts) < MOST_MACS:
        assert models.wrong(net, text) == []
    else:
        assert models.differences(net, models.outline(text)) == []


def test_a_deep_net_is_built() -> None:
    """Deeper than Python's own limit of 1,000 calls inside calls."""
    net = archcalc.load("input: [4]\nlayers: [{repeat: 1200, do: [relu]}, linear: 3]")
    limit = sys.getrecursionlimit()
    try:
        assert models.differences(net, models.outline(export(net, "keras"))) == []
    finally:
        sys.setrecursionlimit(limit)


# -- random nets ------------------------------------------------------------------------------


def test_random_nets() -> None:
    """Every net that is not refused is equal, with other values of its vars too."""
    told: list[str] = []
    equal = 0
    for seed in range(NETS):
        text = of_random_net(seed)
        if text is not None:
            spec = random_net(seed)
            net = archcalc.load(spec)
            found = models.wrong(net, text) or _with_other_vars(Random(seed), spec, net, text)
            told += [f"seed {seed}: {one}" for one in found]
            equal += not found
    assert told == []
    assert equal > NETS // 2


def _with_other_vars(random: Random, spec: str, net: Net, text: str) -> list[str]:
    names: dict[str, object] = {"__name__": "generated"}
    exec(compile(text, "generated.py", "exec"), names)  # noqa: S102 (what we have just written)
    accepted = inspect.signature(names["build"]).parameters  # type: ignore[arg-type]  # exec's names are of any type
    given = {w: other_value(random, w, v) for w, v in net.variables.items() if w in accepted}
    try:
        changed = archcalc.load(spec, set=given)
    except SpecError:
        return []
    found = models.differences(changed, models.outline(text, **given))
    return [f"{one}, with {given}" for one in found]


# -- arguments of the model -------------------------------------------------------------------


def test_vars_are_arguments_of_the_model() -> None:
    text = of_catalogue("resnet50")
    changed = {"classes": 10, "depths": (2, 2, 2, 2), "original": True}
    model = models.outline(text, **changed)
    assert models.differences(archcalc.load("resnet50", set=changed), model) == []


def test_heads_for_training_are_asked_for() -> None:
    text = of_catalogue("googlenet")
    assert models.outline(text).output.shape == (None, 1000)
    whole = models.outline(text, training_heads=True)
    assert {k: v.shape for k, v in whole.output.items()} == dict.fromkeys(
        ("output", "aux1", "aux2"), (None, 1000)
    )


HEAD = "head: true, training_only: true"

COUNTED = {
    "one": f"{{name: h, {HEAD}, do: [{{conv: {{out: 5, kernel: 1}}}}]}}",
    "in a loop": f"{{name: h, {HEAD}, do: [{{repeat: 2, do: [conv: {{out: 5, kernel: 1}}]}}]}}",
    "two in a row": (
        f"{{name: h, {HEAD}, do: [{{conv: {{out: 5, kernel: 1}}}}]}}, "
        f"{{name: i, {HEAD}, do: [{{conv: {{out: 5, kernel: 1}}}}, {{group: [relu]}}]}}"
    ),
    "under a condition": f"{{when: deep, name: h, {HEAD}, do: [{{conv: {{out: 5, kernel: 1}}}}]}}",
}


@pytest.mark.parametrize("heads", [False, True])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("case", COUNTED)
def test_names_are_the_same_without_heads_for_training(case: str, deep: bool, heads: bool) -> None:
    text = (
        "input: [4, 9, 9]\nvars: {deep: true}\n"
        "layers: [{when: deep, conv: {out: 4, kernel: 1}}, {when: deep, group: [relu]}, "
        f"{COUNTED[case]}, {{conv: {{out: 6, kernel: 1}}}}, {{group: [tanh]}}, add: [[], [relu]]]\n"
    )
    code = export(archcalc.load(text), "keras")
    changed = archcalc.load(text, set={"deep": deep})
    model = models.outline(code, deep=deep, training_heads=heads)
    found = {one.name for one in model.operations}
    there = [node for node in changed.nodes if heads or not node.training_only]
    assert {keras_name(node.path) for node in there} <= found


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras on some versions of NumPy
def test_a_saved_net_is_loaded(tmp_path: Path) -> None:
    """With every layer that Keras does not have, and a condition among its operations."""
    net = archcalc.load(
        "input: [4, 12, 12]\n"
        "layers: [{init: {constant: 0.3}, conv: {out: 3, kernel: 3, "
        "connections: [[0, 1], [1, 2, 3], [0]]}}, "
        "subsample: 2, lrn: 3, layer_scale: 0.5, softplus: {threshold: 0.5}, flatten, rbf: 3]"
    )
    model = models.build(export(net, "keras"))
    model.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = torch.rand((2, 12, 12, 4), generator=torch.Generator().manual_seed(0))
    assert torch.equal(model(x), loaded(x))
    assert isinstance(loaded.layers[1].kernel_initializer, keras.initializers.Constant)


def test_keras_trains_every_weight() -> None:
    model = models.build(of_catalogue("lenet5_modern"))
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    before = [w.value.detach().clone() for w in model.trainable_weights]
    drawn = torch.Generator().manual_seed(0)
    x = torch.rand((8, 28, 28, 1), generator=drawn)
    model.train_on_batch(x, torch.randint(10, (8,), generator=drawn))
    after = [w.value for w in model.trainable_weights]
    assert len(after) == 10
    assert not any(torch.equal(a, b) for a, b in zip(after, before, strict=True))
