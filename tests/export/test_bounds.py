"""Specs that are expensive on purpose are exported or rejected in a few seconds."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest

import archcalc
from archcalc.diagnostics import SpecError

CONV = {"conv": {"out": 2, "kernel": 1}}
SPECS: dict[str, dict[str, Any]] = {
    "branches that are the input": {"layers": [{"add": [[] for _ in range(15_000)]}]},
    "branches with weights": {"layers": [{"concat": [[CONV] for _ in range(8_000)]}]},
    "vars": {"vars": {f"v{i}": i + 1 for i in range(50_000)}, "layers": [CONV]},
    "rows of a table": {
        "layers": [{"for": "c", "in": [i % 7 + 1 for i in range(20_000)],
                    "do": [{"conv": {"out": "c", "kernel": 1}}]}],
    },
    "turns": {"layers": [{"repeat": 100_000, "do": ["relu"]}]},
    "heads": {"layers": [{"name": f"h{i}", "head": True, **CONV} for i in range(8_000)]},
    "conditions": {"vars": {"f": True}, "layers": [{"when": "f", **CONV} for _ in range(2_000)]},
    "conditions that choose channels": {
        "vars": {"f": 4},
        "layers": [{"when": f"f > {i}", "conv": {"out": f"in_channels + f + {i}", "kernel": 1}}
                   for i in range(200)],
    },
    "channels that double": {
        "vars": {"f": 1},
        "layers": [{"concat": [[], [{"conv": {"out": "in_channels*f", "kernel": 1}}]]}] * 16,
    },
    "layers": {"layers": [CONV] * 60_000},
}  # fmt: skip

MOST_SECONDS = 20
"""Several times the duration of each on an idle machine."""


@pytest.mark.parametrize("title", SPECS)
def test_export_is_fast(title: str) -> None:
    net = archcalc.load(json.dumps({"input": [3, 8, 8], **SPECS[title]}, indent=1))
    start = time.process_time()
    with suppress(SpecError):
        archcalc.export(net)
    assert time.process_time() - start < MOST_SECONDS
