"""Every operation with random attributes, compared with PyTorch: shapes, state_dict, counts, what
is read.

Gradients show what an output reads: inputs with a gradient are read. Operations that select (max
pooling) read more than has a gradient, so only one inclusion is tested for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own habit
from torch.utils.flop_counter import FlopCounterMode

from archcalc.diagnostics import DiagnosticError
from archcalc.ops.reach import Everything, Periodic, Window
from archcalc.ops.registry import OPERATIONS
from tests.ops.pytorch_cases import CASES
from tests.ops.pytorch_draw import Draw
from tests.ops.support import run, tensor

if TYPE_CHECKING:
    from torch import nn

    from archcalc.ops.base import Facts, Tensor

CHOOSES = {"maxpool", "global_maxpool", "maxout"}


def test_every_operation_is_compared() -> None:
    assert list(CASES) == list(OPERATIONS)


@pytest.mark.parametrize("word", CASES)
@settings(max_examples=20)
@given(data=st.data())
def test_as_pytorch(word: str, data: st.DataObject) -> None:
    torch.manual_seed(0)
    case = CASES[word](Draw(data))
    facts = run(word, *case.shapes, **case.attributes)
    module = case.module.double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            # Positive, so that no two terms of a gradient cancel.
            parameter.uniform_(0.5, 1.5)
    x = [0.1 + 0.8 * torch.rand(1, *tensor(s).shape, dtype=torch.double) for s in case.shapes]
    x[0].requires_grad_()
    with FlopCounterMode(display=False) as counter:
        y = module(*x)
    outputs = list(y) if isinstance(y, tuple) else [y]
    assert [t.shape for t in facts.outputs] == [tuple(o.shape[1:]) for o in outputs]
    compare_state(facts, module)
    if OPERATIONS[word].family in ("convolution", "linear") and word != "rbf":
        assert facts.macs == counter.get_total_flops() // 2
    if case.gradients:
        compare_reach(facts, tensor(case.shapes[0]), x[0], outputs[0], word in CHOOSES)


def compare_state(facts: Facts, module: nn.Module) -> None:
    state = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert [(w.name, w.shape) for w in facts.weights] == list(state.items())
    assert facts.params == sum(p.numel() for p in module.parameters())
    statistics = [b for n, b in module.named_buffers() if n != "num_batches_tracked"]
    assert facts.buffers == sum(b.numel() for b in statistics)


def compare_reach(
    facts: Facts, given: Tensor, x: torch.Tensor, y: torch.Tensor, within: bool
) -> None:
    reaches = facts.reach or (None,) * (len(given.shape) - 1)
    labels = facts.outputs[0].axes
    for label, (n, reach) in enumerate(zip(given.shape[1:], reaches, strict=True)):
        if label not in labels or n == 1:
            continue
        place = labels.index(label) + 1
        for j in {0, y.shape[place] // 2, y.shape[place] - 1}:
            part = y.select(place, j)
            grad = torch.zeros_like(x)
            if part.requires_grad:
                # Different weights for every output: the outputs of a norm add up to zero.
                weights = torch.rand_like(part) + 0.5
                found = torch.autograd.grad(
                    (part * weights).sum(), x, retain_graph=True, allow_unused=True
                )
                grad = grad if found[0] is None else found[0]
            others = [i for i in range(x.dim()) if i != label + 2]
            sums = grad.abs().sum(others)
            read = {i for i in range(n) if sums[i] > 1e-12}
            expected = {i for i in reached(reach, j, n) if 0 <= i < n}
            assert read <= expected if within else read == expected, (label, j)


def reached(reach: Window | Periodic | Everything | None, j: int, n: int) -> Any:
    """The positions that output j reads."""
    if reach is None:
        return [j]
    if isinstance(reach, Everything):
        return range(n)
    if isinstance(reach, Window):
        return [j * reach.stride - reach.begin + reach.dilation * i for i in range(reach.kernel)]
    turn, i = divmod(j, len(reach.first))
    move = turn * reach.advance
    return range(move + reach.first[i], move + reach.last[i] + 1, reach.step)


@pytest.mark.parametrize("pair", [(2, 2), (3, 4), (1, 5), (5, 3)])
def test_padding_that_pytorch_rejects_is_rejected(pair: tuple[int, int]) -> None:
    kernel, padding = pair
    for word, function in (("maxpool", F.max_pool1d), ("avgpool", F.avg_pool1d)):
        with pytest.raises(RuntimeError, match="at most half"):
            function(torch.rand(1, 1, 9), kernel, 1, padding)
        with pytest.raises(DiagnosticError):
            run(word, (1, 9), kernel=kernel, stride=1, padding=padding)
