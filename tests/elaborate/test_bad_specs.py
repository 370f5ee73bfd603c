"""Bad specs: a comment on the offending line gives the expected code, as `# E: code text`.

`text`, if given, must be part of the message, label, help or a note. A spec may give no other
diagnostic.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archcalc.pipeline import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.diagnostics import Diagnostic

CASES = Path(__file__).parent.parent / "bad_specs"
EXPECTED = re.compile(r"# E: (\S+) ?(.*)$")


def cases() -> Iterator[object]:
    for path in sorted(CASES.glob("*.test")):
        for part in path.read_text().split("[case ")[1:]:
            title, _, text = part.partition("]\n")
            yield pytest.param(text, id=f"{path.stem}: {title}")


@pytest.mark.parametrize("text", list(cases()))
def test_each_error_is_reported_at_its_line(text: str) -> None:
    expected = {
        number: match.groups()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := EXPECTED.search(line))
    }
    found = {d.span.line: d for d in check(text).diagnostics if d.span is not None}
    assert {n: d.code for n, d in found.items()} == {n: e[0] for n, e in expected.items()}
    for number, (_, words) in expected.items():
        assert words in words_of(found[number])


def words_of(diagnostic: Diagnostic) -> str:
    """All its texts, without the source line: that one contains the expectation."""
    notes = [note.message for note in diagnostic.notes]
    return " | ".join([diagnostic.message, diagnostic.label, diagnostic.help, *notes])
