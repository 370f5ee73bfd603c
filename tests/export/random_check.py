"""One random net: exported, run, and compared with its graph."""

from __future__ import annotations

import inspect
import traceback
import warnings
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

import archcalc
from archcalc.diagnostics import SpecError
from tests.export.interpreter import largest_difference
from tests.export.random_programs import VALUES
from tests.export.random_specs import random_spec
from tests.export.support import compared, differences, model_class

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archcalc.graph import Net


class Outcome(NamedTuple):
    """The result for a seed: the error ("" for none), whether it was exported at all, and whether a
    receptive field was compared."""

    seed: int
    told: str
    exported: bool
    measured: bool = False


def check(
    seed: int, folder: Path, make: Callable[[int], str] = random_spec, attempts: int = 2
) -> Outcome:
    """The net of a seed, with its own vars and with others."""
    text = make(seed)
    net = archcalc.load(text)
    try:
        made = model_class(net, folder, f"net{seed}")
    except SpecError:
        return Outcome(seed, "", False)  # rejected: not available in PyTorch
    except Exception:  # noqa: BLE001 (whatever it is, it is told with its seed)
        return Outcome(seed, traceback.format_exc(limit=-2), False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            rows = compared(net, folder, file=folder / f"net{seed}.py")
            measured = any(row.what.startswith("receptive field") for row in rows)
            told = "; ".join(differences(rows)) or _numbers(seed, text, net, made, attempts)
            return Outcome(seed, told, True, measured)
        except Exception:  # noqa: BLE001 (as above)
            return Outcome(seed, traceback.format_exc(limit=-2), True)


def _numbers(seed: int, text: str, net: Net, made: Any, attempts: int) -> str:
    difference = largest_difference(made(), net, seed)
    if not difference < 1e-7:
        return f"the numbers differ by {difference:g} of the largest"
    return _other_values(seed, text, net, made, attempts)


def _other_values(seed: int, text: str, net: Net, made: Any, attempts: int) -> str:
    """The model with other arguments equals the spec with other vars."""
    random = Random(seed)
    accepted = inspect.signature(made.__init__).parameters
    for _ in range(attempts):
        given = {w: other_value(random, w, v) for w, v in net.variables.items() if w in accepted}
        try:
            other = archcalc.load(text, set=given)
        except SpecError:
            continue
        with torch.device("meta"):
            model = made(**given).eval()
            inputs = [torch.rand(2, *net.tensors[i].shape) for i in net.inputs.values()]
            found = model(*inputs)
        outputs = found if isinstance(found, dict) else {"output": found}
        state = {name: tuple(t.shape) for name, t in model.state_dict().items()}
        ours = {
            f"{node.path}.{w.name}": tuple(w.shape)
            for node in other.nodes
            if node.shared is None
            for w in node.facts.weights
        }
        if state != ours:
            return f"with {given}: {set(state.items()) ^ set(ours.items())}"
        for name, y in outputs.items():
            if tuple(y.shape[1:]) != other.tensors[other.outputs[name]].shape:
                return f"with {given}: {name} is {tuple(y.shape)}"
    return ""


def other_value(random: Random, word: str, value: Any) -> Any:
    if random.random() < 0.3:
        return value
    if word in VALUES:
        return random.choice(VALUES[word])
    if isinstance(value, bool):
        return not value
    if word == "width":
        return random.choice([4, 6, 8, 10, 12])
    if word == "depth":
        return random.randint(1, 4)
    return random.choice([((6, 2), (8, 1)), ((4, 2),), ((8, 1), (4, 3), (6, 1))])
