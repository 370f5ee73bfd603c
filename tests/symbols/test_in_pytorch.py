"""Sizes reported as valid run in PyTorch, and those reported as invalid fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

import archcalc
from archcalc.pipeline import parse
from archcalc.symbols.region_cover import explore
from tests.symbols.graphs import specs

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch


def telling(source: str) -> tuple[list[int], list[int]]:
    """Valid and invalid sizes: those around every change, up to one period beyond the last."""
    spec, _ = parse(source, False)
    assert spec is not None
    (valid,) = explore(spec, {}, {}).valid
    top = min(valid.horizon, 60) + 2
    border = [
        n for n in range(1, top) if any((n in valid) != (m in valid) for m in (n - 1, n + 1) if m)
    ]
    sides = list(dict.fromkeys([*border, 64, 65, 100]))
    return [n for n in sides if n in valid], [n for n in sides if n not in valid]


def ran(model: Any, n: int) -> tuple[int, ...]:
    with torch.no_grad():
        return tuple(model.eval()(torch.zeros(1, 3, n)).shape[1:])


@settings(max_examples=25)
@given(specs())
def test_valid_sizes_run_in_pytorch(source: str) -> None:
    for n in telling(source)[0][:5]:
        net = archcalc.load(source, input=(3, n))
        tensor = net.tensors[net.outputs["output"]]
        assert tensor is not None
        assert ran(archcalc.to_torch(net), n) == tensor.shape


@settings(max_examples=40)
@given(specs())
def test_invalid_sizes_fail_in_pytorch(source: str) -> None:
    valid, invalid = telling(source)
    assume(valid and invalid)
    # The code of a spec at a valid size, run at invalid ones.
    model = archcalc.to_torch(archcalc.load(source, input=(3, valid[-1])))
    for n in invalid[:8]:
        with pytest.raises(RuntimeError):
            ran(model, n)
