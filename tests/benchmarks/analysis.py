"""How long elaboration and analysis take, a layer. Run by hand: python tests/benchmarks/analysis.py

Each net is worked out three times and the fastest counts; the parts are those of that run.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import TYPE_CHECKING

import archcalc
from archcalc.analysis import analyze as analysis
from archcalc.analysis.context import AnalysisContext

if TYPE_CHECKING:
    from archcalc.graph import Net

CHAIN = """\
name: chain
input: [16, 32, 32]
layers:
  - repeat: {turns}
    do:
      - conv: {{out: 16, kernel: 3, padding: 1, bias: false}}
      - batchnorm
      - relu
"""

RESIDUAL = """\
name: residual chain
input: [16, 32, 32]
layers:
  - repeat: {turns}
    do:
      - add:
          body:
            - conv: {{out: 16, kernel: 3, padding: 1, bias: false}}
            - batchnorm
          shortcut: []
      - relu
"""


def time_of_passes(net: Net) -> dict[str, float]:
    """Seconds of every pass, and of the whole report."""
    gc.collect()
    gc.disable()  # as `analyze` does
    context = AnalysisContext(net, "float32")
    seconds: dict[str, float] = {}
    for run in analysis.PASSES:
        start = time.perf_counter()
        run(context)
        seconds[run.__module__.rpartition(".")[2]] = time.perf_counter() - start
    gc.enable()
    start = time.perf_counter()
    archcalc.analyze(net)
    seconds["all"] = time.perf_counter() - start
    return seconds


def main() -> None:
    for title, text, per_turn in (("chain", CHAIN, 3), ("residual", RESIDUAL, 4)):
        for layers in (1_000, 10_000, 100_000):
            spec = text.format(turns=layers // per_turn)
            gc.collect()
            start = time.perf_counter()
            net = archcalc.load(spec)
            loading = time.perf_counter() - start
            count = len(net.nodes)
            best = min((time_of_passes(net) for _ in range(3)), key=lambda run: run["all"])
            parts = ", ".join(f"{name} {1e6 * s / count:.2f}" for name, s in best.items())
            print(f"{title:8} {count:7,} layers: load {1e6 * loading / count:5.2f} µs, {parts}")
            tracemalloc.start()
            archcalc.analyze(net)
            print(f"{'':24} peak {tracemalloc.get_traced_memory()[1] / count:,.0f} bytes a layer")
            tracemalloc.stop()


if __name__ == "__main__":
    main()
