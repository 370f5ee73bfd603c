"""Every command on a few specs of `python -m tests.fuzz_commands`."""

from __future__ import annotations

import pytest

from tests.fuzz_commands import COMMANDS, failure, spec


@pytest.mark.parametrize("command", COMMANDS)
def test_mutated_specs_give_diagnostics_only(command):
    for seed in range(60):
        assert failure(command, spec(seed)) == "", seed


def test_exceptions_are_reported(monkeypatch):
    def broken(_text):
        raise KeyError("x")

    monkeypatch.setitem(COMMANDS, "check", broken)
    assert failure("check", "x") == "KeyError: 'x'"
