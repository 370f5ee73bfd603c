"""Every example passes, except the one that is meant to fail."""

from __future__ import annotations

import pytest

from archcalc.pipeline import check
from tests.catalogue.support import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: object) -> None:
    from pathlib import Path

    assert isinstance(path, Path)
    assert path.read_text(encoding="utf-8").startswith("# ")
    checked = check(path, cases=True)
    assert checked.expectations
    failed = [e for e in checked.expectations if e.holds is not True]
    if path.stem != "wrong_claim":
        assert failed == []
        assert checked.ok
        return
    assert not checked.ok
    (claim,) = failed
    assert (claim.what, claim.expected, claim.actual) == ("macs", "12_433_648", "12,443,648")
    assert claim.difference.startswith("+10,000")


def test_the_readme_lists_every_example() -> None:
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES:
        assert path.name in text
