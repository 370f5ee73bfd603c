"""Running the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

import archcalc
from archcalc.cli import app

PACKAGE = str(Path(archcalc.__file__).parents[1])


def run(*arguments, **environment):
    """In this process: fast, but with the test's own standard output."""
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80", **environment})


def environment(**more):
    """Without the settings of the tester's terminal, and with the package importable."""
    own = ("NO_COLOR", "FORCE_COLOR", "PYTHONUNBUFFERED")
    kept = {k: v for k, v in os.environ.items() if k not in own}
    return {**kept, "PYTHONPATH": PACKAGE, "COLUMNS": "80", **more}


def process(*arguments, cwd=None, python=("-m", "archcalc"), stdout=subprocess.PIPE, **more):
    """In its own process, as for a user."""
    return subprocess.run(
        [sys.executable, *python, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment(**more),
        check=False,
        timeout=60,
    )
