"""A few of the specs of `python -m tests.fuzz_commands`, by every command."""

from __future__ import annotations

import pytest

from tests.fuzz_commands import COMMANDS, failure, spec


@pytest.mark.parametrize("command", COMMANDS)
def test_mutated_specs_give_diagnostics_only(command):
    for seed in range(60):
        assert failure(command, spec(seed)) == "", seed


def test_a_failure_is_seen(monkeypatch):
    def broken(_text):
        raise KeyError("x")

    monkeypatch.setitem(COMMANDS, "check", broken)
    assert failure("check", "x") == "KeyError: 'x'"
