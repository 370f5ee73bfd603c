"""Valid specs that are designed to be slow: every check stays within seconds and a few hundred MB.

Work is counted in steps, so the tests count steps instead of seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archcalc.pipeline import check
from tests.elaborate.test_hostile import MEASURED, measured, two_seconds_here

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "input: [4, 32, 32]\nlayers:\n"


def primes(most: int) -> list[int]:
    return [p for p in range(2, most) if all(p % q for q in range(2, int(p**0.5) + 1))]


def doubling(deep: int) -> str:
    return "  - {name: g0, group: [relu, relu]}\n" + "".join(
        f"  - {{name: g{i}, group: [{{reuse: g{i - 1}}}, {{reuse: g{i - 1}}}]}}\n"
        for i in range(1, deep + 1)
    )


def branches(count: int, layer: str) -> str:
    return f"  - add: [{', '.join([f'[{layer}]'] * count)}]\n"


WIDE = "{conv: {out: 4096, kernel: 1}}], [{conv: {out: 4096, kernel: 3, padding: 1}}"
STRIDED = ", ".join(
    f"[{{conv: {{out: 4, kernel: 1, stride: {p}}}}}, {{upsample: {{size: 16}}}}]"
    for p in primes(2000)
)

SLOW = {
    "a join of 40,000 branches": HEAD + branches(40_000, "relu"),
    "a join of 40,000 identities": HEAD + branches(40_000, ""),
    "a join of 20,000 turns": HEAD + "  - add: [{for: k, in: "
    f"{list(range(20_000))}, branch: [{{conv: {{out: 4, kernel: 1}}}}]}}]\n",
    "groups reused twelve levels deep": HEAD + doubling(12),
    "a loop over groups that double": HEAD
    + doubling(11)
    + "  - {repeat: 100, do: [{reuse: g11}]}\n",
    "parallel strides that are different primes": HEAD + f"  - concat: [{STRIDED}]\n",
    "shuffles of channels that differ": HEAD
    + f"  - concat: [[{WIDE}]]\n  - {{repeat: 5000, do: [{{channel_shuffle: 2}}]}}\n",
    "a shuffle of billions of channels": "extends: shufflenet_v2_x1_0.yaml\n"
    "vars: {width: 1_000_000_000}\n",
    "branches of branches": HEAD
    + "  - {repeat: 9000, do: [{add: [[], [], [], [], [], [], [], []]}]}\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_check_is_fast_or_rejected(name: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SLOW[name])
    status, printed, seconds, kilobytes = measured(MEASURED, "check", str(path))
    assert status == 0 or "error[too-many-layers]" in printed
    assert seconds < 5 or seconds < 2.5 * two_seconds_here()
    assert kilobytes < 500_000


def test_cases_share_one_budget() -> None:
    cases = "".join(f"  - {{set: {{a: {i}}}, params: {i}}}\n" for i in range(2, 400))
    spec = (
        "input: [4, 8, 8]\nvars: {a: 1}\nlayers:\n"
        "  - {repeat: 3000, do: [relu]}\n  - {conv: {out: a, kernel: 1, bias: false}}\n"
        f"expect:\n{cases}"
    )
    checked = check(spec, cases=True)
    refused = [d for d in checked.diagnostics if d.code == "too-large"]
    assert len(refused) == 1
    assert refused[0].span is not None
    judged = [e for e in checked.expectations if e.holds is not None]
    assert 10 < len(judged) < 398
    assert len(checked.expectations) == 398
