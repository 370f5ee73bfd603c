"""The guide: its examples pass, and its generated parts are current."""

from __future__ import annotations

import os
import re

import pytest
from typer.testing import CliRunner

from archcalc.cli import app
from archcalc.ops.registry import ALL
from archcalc.pipeline import check
from archcalc.report.guide import pages
from tests.catalogue.support import CATALOGUE, FILES, ROOT

GUIDE = ROOT / "specs"
SPECS = [
    pytest.param(text, id=f"{page}-{number}")
    for page in ("tutorial", "cheatsheet", "language")
    for number, text in enumerate(
        re.findall(
            r"^```yaml\n(.*?)^```",
            (GUIDE / f"{page}.md").read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        )
    )
]


def test_generated_pages_are_up_to_date() -> None:
    for page, text in pages().items():
        shown = (GUIDE / page).read_text(encoding="utf-8")
        assert shown == text, "run python -m archcalc.report.guide"


def test_pages_are_short_and_linked() -> None:
    index = (GUIDE / "README.md").read_text(encoding="utf-8")
    for page in GUIDE.glob("*.md"):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 600, page
        assert page.name == "README.md" or f"({page.name})" in index


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "archcalc" / "README.md"]
    pages += [ROOT / "examples" / "README.md", *GUIDE.rglob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), (page, target)
            if anchor:
                assert anchor in anchors(linked.read_text(encoding="utf-8")), (page, target)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("spec", SPECS)
def test_every_example_passes(spec: str) -> None:
    checked = check(spec, cases=True)
    assert not checked.diagnostics, spec
    assert all(e.holds for e in checked.expectations)
    assert checked.ok


def test_the_paths_in_its_comments() -> None:
    """The comments of the example on groups are the layers' paths."""
    language = (GUIDE / "language.md").read_text(encoding="utf-8")
    (spec,) = re.findall(r"^```yaml\n([^`]*features\.0.*?)^```", language, re.MULTILINE | re.DOTALL)
    told = re.findall(r"# (\S+)$", spec, re.MULTILINE)
    report = check(spec).report
    assert report is not None
    assert [layer.node.path for layer in report.layers] == told


def test_all_operations_and_nets_are_listed() -> None:
    made = pages()
    for op in ALL:
        page = made[f"operations/{op.family}.md"]
        assert f"`{op.name}`" in page
        for attribute in op.attributes:
            assert f"`{attribute.name}`" in page
    for name in CATALOGUE:
        place = FILES[name].relative_to(GUIDE).as_posix()
        assert f"[{name}.yaml]({place})" in made["catalogue.md"]


def test_outputs_in_the_examples_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `console` block of examples/README.md shows what the command prints."""
    monkeypatch.chdir(ROOT)
    page = ROOT / "examples" / "README.md"
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(
        r"^```console\n\$ archcalc (.*?)\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    assert blocks
    for command, shown in blocks:
        result = CliRunner().invoke(app, command.split(), env={"COLUMNS": "80", "NO_COLOR": "1"})
        if os.environ.get("GOLDEN") == "write":
            written = page.read_text(encoding="utf-8")
            page.write_text(written.replace(shown, result.stdout), encoding="utf-8")
            continue
        assert result.stdout.rstrip() == shown.rstrip(), command
