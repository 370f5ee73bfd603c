"""How long `archcalc check` takes from a cold start. Run by hand.

    python tests/benchmarks/cold_start.py

Whole processes, in turn so that a change of the machine's speed meets all of them alike; the median
of each, and its ratio to an empty Python process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "an empty Python process": ["-c", "pass"],
    "import typer, yaml": ["-c", "import typer, yaml"],
    "archcalc check vgg16.yaml": ["-m", "archcalc", "check", "vgg16.yaml"],
    "archcalc check resnet152.yaml": ["-m", "archcalc", "check", "resnet152.yaml"],
}


def run(arguments: list[str]) -> tuple[float, int]:
    """Seconds from start to end, and the peak memory in kilobytes."""
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return seconds, usage.ru_maxrss


def main() -> None:
    # Modules would be compiled anew at every start, which no user's machine does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for arguments in COMMANDS.values():
        run(arguments)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    peaks: dict[str, int] = {}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            seconds, peak = run(arguments)
            times[name].append(seconds)
            peaks[name] = max(peak, peaks.get(name, 0))
    empty = statistics.median(times["an empty Python process"])
    for name, all_seconds in times.items():
        median = statistics.median(all_seconds)
        ratio, peak = median / empty, peaks[name] // 1024
        print(f"{name:32} {median * 1000:6.0f} ms {ratio:5.1f}× {peak:4} MiB")


if __name__ == "__main__":
    main()
