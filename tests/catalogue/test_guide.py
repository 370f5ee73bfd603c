"""The language guide: its examples hold, and its generated parts are up to date."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from archcalc.cli import app
from archcalc.ops.registry import ALL
from archcalc.pipeline import check
from archcalc.report.guide import filled
from tests.catalogue.support import CATALOGUE, ROOT

GUIDE = (ROOT / "specs" / "README.md").read_text(encoding="utf-8")
WRITTEN = GUIDE[: GUIDE.index("<!-- operations -->")]
SPECS = re.findall(r"^```yaml\n(.*?)^```", WRITTEN, re.MULTILINE | re.DOTALL)


def test_it_is_up_to_date() -> None:
    assert filled(GUIDE) == GUIDE, "run python -m archcalc.report.guide"


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_every_example_holds(number: int) -> None:
    checked = check(SPECS[number], cases=True)
    assert not checked.diagnostics, SPECS[number]
    assert all(e.holds for e in checked.expectations)
    assert checked.ok


def test_the_paths_it_tells_of() -> None:
    """The comments of the example on groups name the layers' paths."""
    (spec,) = (text for text in SPECS if "features.0" in text)
    told = re.findall(r"# (\S+)$", spec, re.MULTILINE)
    report = check(spec).report
    assert report is not None
    assert [layer.node.path for layer in report.layers] == told


def test_all_operations_and_nets_are_in_it() -> None:
    for op in ALL:
        assert f"`{op.name}`" in GUIDE
        for attribute in op.attributes:
            assert f"`{attribute.name}`" in GUIDE
    for name in CATALOGUE:
        assert f"[{name}.yaml]({name}.yaml)" in GUIDE


def test_outputs_in_the_examples_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a `console` block of examples/README.md shows is what the command prints."""
    monkeypatch.chdir(ROOT)
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(
        r"^```console\n\$ archcalc (.*?)\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    assert blocks
    for command, shown in blocks:
        result = CliRunner().invoke(app, command.split(), env={"COLUMNS": "80", "NO_COLOR": "1"})
        assert result.stdout.rstrip() == shown.rstrip(), command
