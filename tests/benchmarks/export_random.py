"""Thousands of random nets exported, run and compared. By hand:

    python -m tests.benchmarks.export_random [FIRST [LAST]]

The default is 10,000 nets, seeds 1,000,000 to 1,009,999; about 25 minutes on one core.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch

from tests.export.random_check import check
from tests.export.support import lint

BATCH = 500


def main(first: int = 1_000_000, last: int = 1_010_000) -> int:
    """Runs the seeds from first to below last; gives the number of nets that are wrong."""
    torch.set_num_threads(1)
    wrong = refused = measured = 0
    start = perf_counter()
    for begin in range(first, last, BATCH):
        with TemporaryDirectory() as folder:
            for seed in range(begin, min(begin + BATCH, last)):
                outcome = check(seed, Path(folder))
                refused += not outcome.exported and not outcome.told
                measured += outcome.measured
                if outcome.told:
                    wrong += 1
                    print(f"seed {seed}: {outcome.told}", flush=True)
            told = lint(Path(folder))
            if told:
                wrong += 1
                print(f"style, seeds from {begin}:\n{told}", flush=True)
        done = min(begin + BATCH, last) - first
        seconds = perf_counter() - start
        figures = f"{wrong} wrong, {refused} refused, {measured:,} receptive fields measured"
        print(f"{done:,} nets, {figures}, {seconds:,.0f} s", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:3]))))
