"""An untrusted spec is safe to check: a clear error, in little time and memory.

Each runs in its own process, to measure its processor time and peak memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

MEASURED = """
import resource, runpy, sys
try:
    runpy.run_module("archcalc", run_name="__main__")
finally:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = usage.ru_maxrss
    if sys.platform == "linux":  # ru_maxrss begins with the peak of the process that forked
        with open("/proc/self/status") as status:
            peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print(usage.ru_utime + usage.ru_stime, peak, file=sys.stderr)
"""

START = "input: [3, 8, 8]\n"
THOUSAND = f"vars: {{{', '.join(f'a{i}: 1' for i in range(1000))}}}\n"


def chain_of_blocks(body: str, count: int) -> str:
    """Blocks b0 … each made of calls of the one before."""
    lines = "".join(f"  b{i}: {{do: {body.replace('B', f'b{i - 1}')}}}\n" for i in range(1, count))
    return f"{START}blocks:\n  b0: {{do: []}}\n{lines}layers: [b{count - 1}]\n"


def aliases() -> str:
    ninefold = "".join(f"  v{i}: &v{i} [{', '.join([f'*v{i - 1}'] * 9)}]\n" for i in range(1, 12))
    return f"{START}vars:\n  v0: &v0 [1, 1]\n{ninefold}layers: [relu]\n"


def loops(*layers: str) -> str:
    """Nested loops of 1,000 iterations."""
    body = layers[-1]
    for count in reversed(layers[:-1]):
        body = f"{{repeat: {count}, do: [{body}]}}"
    return f"{START}layers:\n  - {body}\n"


GROWING = "{conv: {out: in_channels + 1, kernel: 1}}"

LONG = "+".join(["(w*w-w*w)"] * 75)

HOSTILE = {
    "alias bomb": (aliases(), "too-large"),
    "10**12 turns": (loops("10**12", "relu"), "too-many-layers"),
    "a billion layers": (loops("1000", "1000", "1000", "relu"), "too-many-layers"),
    "turns that grow": (loops("1000", "index", GROWING), "too-many-layers"),
    "a long growing chain": (loops("110000", GROWING), "too-many-layers"),
    "a million empty turns": (loops("1000", "1000", "{when: 1 > 2, relu: }"), "too-many-layers"),
    "calls that double": (chain_of_blocks("[B, B]", 45), "too-many-layers"),
    "blocks nested 10,000 deep": (chain_of_blocks("[B]", 10_000), "nesting-too-deep"),
    "lists nested 10,000 deep": (START + "layers: " + "[" * 10_000 + "]" * 10_000, None),
    "9**9**9": (START + "layers: [{conv: {out: 9**9**9, kernel: 1}}]", "number-too-large"),
    "a long sum": (START + f"vars: {{a: '{'1+' * 100_000}1'}}\nlayers: [relu]", "bad-expression"),
    "deep brackets": (
        START + f"vars: {{a: '{'(' * 900}1{')' * 900}'}}\nlayers: [relu]",
        "bad-expression",
    ),
    "many minus signs": (
        START + f"vars: {{a: '{'-' * 900}1'}}\nlayers: [relu]",
        "bad-expression",
    ),
    "a label that grows": (
        START + f"layers: [{{repeat: 50000, do: [{{as: '{'x' * 190}$(10**20)', relu: }}]}}]",
        "invalid-name",
    ),
    "labels that keep a thousand names": (
        f"{START}{THOUSAND}layers: [{{repeat: 60000, do: [{{as: x$(index), relu: }}]}}]",
        "too-many-layers",
    ),
    "expectations that keep a thousand names": (
        f"{START}{THOUSAND}layers: [{{repeat: 60000, do: [{{relu: , expect: {{params: 2*x}}}}]}}]",
        "too-many-layers",
    ),
    "a long expression at every turn": (
        START
        + f"vars: {{w: 3}}\nlayers: [{{repeat: 60000, do: [conv: {{out: 3+{LONG}, kernel: 1}}]}}]",
        "too-many-layers",
    ),
    "a long expression in an operation that is applied": (
        START
        + "blocks:\n  b: {with: {act: {type: operation}}, do: [{repeat: 9999, do: [apply: act]}]}\n"
        + f"vars: {{w: 3}}\nlayers: [b: {{act: {{conv: {{out: 3+{LONG}, kernel: 1}}}}}}]",
        "too-many-layers",
    ),
    "a misspelt name at every turn": (
        f"{START}{THOUSAND}layers: [{{repeat: 60000, do: [conv: {{out: a1x, kernel: 1}}]}}]",
        "unknown-name",
    ),
    "a misspelt label at every turn": (
        START
        + "layers:\n"
        + "".join(f"  - {{as: a{i}, relu: }}\n" for i in range(20_000))
        + "  - {repeat: 30000, do: [{from: a1x, relu: }]}\n",
        "unknown-label",
    ),
    "many misspelt names": (
        f"{START}{THOUSAND}layers:\n"
        + "".join(f"  - conv: {{out: 2*x{i}, kernel: 1}}\n" for i in range(10_000)),
        "too-many-errors",
    ),
    "an error at every turn": (loops("100000", "{from: nowhere, relu: }"), "unknown-label"),
    "branches in branches": (
        START
        + "vars: {t: ["
        + "1, " * 3000
        + "1]}\nlayers: [{add: [{for: i, in: t, branch: {add: [{for: j, in: t, branch: relu}]}}]}]",
        "too-many-layers",
    ),
    "100 MB": ("# a hundred million bytes of comments", "too-large"),
    "extends to the root": ("extends: ../../../../../../etc/passwd\n", "extends-outside"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_specs_are_rejected_quickly(name: str, tmp_path: Path) -> None:
    text, code = HOSTILE[name]
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    if name == "100 MB":
        os.truncate(path, 100_000_000)
    refused(path, code, MEASURED)


WITHOUT_LIBYAML = "import yaml\nvars(yaml).pop('CSafeLoader', None)\n"

SLOW = {
    "many layers": START + "layers:\n" + "  - {conv: {out: 3, kernel: 1}}\n" * 90_000,
    "many numbers": f"{START}vars: {{a: [{'1, ' * 1_000_000}]}}\nlayers: [relu]\n",
    "many lines": f"{START}layers: [relu]\n" + "#\n" * 2_000_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_hostile_specs_are_rejected_quickly_without_libyaml(name: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SLOW[name])
    refused(path, "too-large", WITHOUT_LIBYAML + MEASURED)


def refused(path: Path, code: str | None, script: str) -> None:
    """An invalid spec is reported in little time and memory."""
    status, told, seconds, kilobytes = check(str(path), script)
    assert status == 1
    codes = [d["code"] for d in told["diagnostics"]]
    assert codes
    assert code is None or code in codes
    assert seconds < 2 or seconds < two_seconds_here(), "of processor time"
    assert kilobytes < 300_000


def two_seconds_here() -> float:
    """Two seconds on a machine where checking ResNet-152 takes 0.1 s, scaled to the current speed
    of this machine."""
    return 20 * min(check("resnet152", MEASURED)[2] for _ in range(3))


def check(spec: str, script: str) -> tuple[int, dict[str, Any], float, float]:
    """The exit status and the JSON of `check`, its seconds of processor time and its kilobytes."""
    status, printed, seconds, kilobytes = measured(script, "check", spec, "--format", "json")
    return status, json.loads(printed), seconds, kilobytes


def measured(script: str, *arguments: str) -> tuple[int, str, float, float]:
    """The exit status of a command in its own process, its output, its seconds of processor time
    and its kilobytes."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds, kilobytes = map(float, done.stderr.splitlines()[-1].split())
    return done.returncode, done.stdout, seconds, kilobytes
