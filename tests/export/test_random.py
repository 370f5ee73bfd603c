"""Random nets, exported and run: outputs equal the graph's, and everything that `verify` compares.

`tests/benchmarks/export_random.py` runs many more by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from tests.export.random_check import Outcome, check
from tests.export.random_programs import random_program
from tests.export.support import lint, types

if TYPE_CHECKING:
    from pathlib import Path

NETS = 310
FILES_TYPED = 30
PROGRAMS = 200


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    folder = tmp_path_factory.mktemp("random")
    torch.set_num_threads(1)
    return folder, [check(seed, folder) for seed in range(NETS)]


def test_random_nets_equal_their_specs(outcomes: tuple[Path, list[Outcome]]) -> None:
    _, found = outcomes
    wrong = [f"seed {one.seed}: {one.told}" for one in found if one.told]
    assert wrong == []
    assert sum(one.exported for one in found) >= 300
    assert sum(one.measured for one in found) >= 200


def test_random_programs_are_what_was_checked(tmp_path: Path) -> None:
    """Control flow, with many other values of the vars."""
    torch.set_num_threads(1)
    found = [check(seed, tmp_path, random_program, 4) for seed in range(PROGRAMS)]
    assert [f"seed {one.seed}: {one.told}" for one in found if one.told] == []
    assert sum(one.exported for one in found) >= PROGRAMS - 3
    assert lint(tmp_path) == ""


def test_random_nets_pass_ruff(outcomes: tuple[Path, list[Outcome]]) -> None:
    assert lint(outcomes[0]) == ""


def test_random_nets_pass_mypy(outcomes: tuple[Path, list[Outcome]], tmp_path: Path) -> None:
    for file in sorted(outcomes[0].glob("*.py"))[:FILES_TYPED]:
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert types(tmp_path) == ""
