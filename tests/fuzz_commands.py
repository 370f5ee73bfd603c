"""Every command on mutated specs: only diagnostics, and none slower than 5 s.

    python -m tests.fuzz_commands 20000 [FIRST_SEED]

Prints each spec that ends in an exception or takes too long. `tests/cli/test_fuzz_commands.py` runs
a few of the same specs.
"""

from __future__ import annotations

import random
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import archcalc
from archcalc.diagnostics import SpecError
from archcalc.pipeline import check
from tests.diagnostic_codes.test_mutated_specs import NETS, SIGNS, SMALL, VALUES, WORDS, changed

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 5.0


def spec(seed: int) -> str:
    """A spec of the examples or the catalogue with one to three words changed."""
    chance = random.Random(seed)
    text = chance.choice(SMALL if chance.random() < 0.9 else NETS)
    kinds = ["value"] * 6 + ["out", "double", "exchange", "in"]
    edits = [
        (
            chance.choice(kinds),
            chance.randrange(5000),
            chance.randrange(5000),
            chance.choice(VALUES * 2 + WORDS + SIGNS),
        )
        for _ in range(chance.randint(1, 3))
    ]
    return changed(text, edits)


def _export(target: str) -> Callable[[str], object]:
    return lambda text: archcalc.export(text, target)


def _explain(text: str) -> object:
    from archcalc.explain.explanation import explain
    from archcalc.explain.text import text as write

    checked = check(text)
    if checked.report is None:
        return None
    paths = [layer.node.path for layer in checked.report.layers][:20]
    return [write(explain(checked.report, path), 80) for path in (None, *paths)]


def _compare(text: str) -> object:
    from archcalc.compare.data import Side, compare
    from archcalc.compare.json import text as write

    checked = check(text)
    if checked.report is None or checked.report.net.diagnostics:
        return None
    other = check("lenet5").report
    assert other is not None
    return write(compare([Side("a", (), checked.report), Side("b", (), other)]))


def _render(text: str) -> object:
    """Both styles, without the layout, which graphviz computes."""
    from archcalc.draw import diagram
    from archcalc.draw.volumes import volumes

    report = check(text).report
    return None if report is None else (diagram(report).source, volumes(report, None, "light"))


COMMANDS: dict[str, Callable[[str], object]] = {
    "check": lambda text: check(text, cases=True),
    "explain": _explain,
    "compare": _compare,
    "formula": archcalc.formula,
    "inputs": lambda text: str(archcalc.inputs(text)),
    "render": _render,
    "export to PyTorch": _export("pytorch"),
    "export to Keras": _export("keras"),
}


def failure(command: str, text: str) -> str:
    """The error of a command on a spec, "" for none."""
    start = time.process_time()
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            COMMANDS[command](text)
    except (SpecError, ValueError):
        pass  # as documented
    except Exception as error:  # noqa: BLE001  # what a user would see as a traceback
        return f"{type(error).__name__}: {error}"
    took = time.process_time() - start
    return f"{took:.1f} s" if took > MOST_SECONDS else ""


def main() -> None:
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found = 0
    for seed in range(first, first + count):
        text = spec(seed)
        for command in COMMANDS:
            wrong = failure(command, text)
            if wrong:
                found += 1
                print(f"seed {seed}, {command}: {wrong}", flush=True)
    print(f"{count} specs from seed {first}, {len(COMMANDS)} commands: {found} failures")


if __name__ == "__main__":
    main()
