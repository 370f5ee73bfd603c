"""Invalid YAML, explained: what is wrong, where, and how to fix it.

libyaml reports where its parser gave up, often lines after the mistake, in terms of its grammar.
Here the text around that position is examined again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import Note, Span, alternatives
from archcalc.spec.limits import TOO_DEEP

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics, SourceFile


class Mistake(NamedTuple):
    """The parts of the diagnostic to report."""

    message: str
    span: Span
    label: str = ""
    help: str = ""
    notes: tuple[Note, ...] = ()


_LONGEST = 1_000  # characters of a line that are searched: some patterns take quadratic time

_ALIGN = "start all entries of a list or mapping in the same column"


def report(error: Exception, file: SourceFile, diagnostics: Diagnostics) -> None:
    """Adds the diagnostic of an error that PyYAML raised."""
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None:
        mistake = _bad_character(file)
    else:
        at = Span(file, mark.line + 1, mark.column + 1)
        problem = str(getattr(error, "problem", ""))
        if "nesting depth" in problem:
            # libyaml's own limit (1,000 since 0.2.6), which its look-ahead reaches before ours
            diagnostics.error("nesting-too-deep", TOO_DEEP, at, help="use blocks")
            return
        opened: Any = getattr(error, "context_mark", None)
        start = at if opened is None else Span(file, opened.line + 1, opened.column + 1)
        mistake = _find(problem, at, start)
    diagnostics.error(
        "yaml-syntax",
        mistake.message,
        mistake.span,
        label=mistake.label,
        help=mistake.help,
        notes=mistake.notes,
    )


def _find(problem: str, at: Span, start: Span) -> Mistake:
    """The mistake behind a problem at a position; `start` is where the construct begins."""
    above = start._replace(line=start.line - 1)
    found = _tab(at) or _tight_dash(at) or _tight_dash(start)
    if found is None and "expected ':'" in problem:
        found = _tight_dash(above)
    if found is not None:
        return found
    if "',' or" in problem:
        from archcalc.spec.yaml_brackets import find_in_brackets

        return find_in_brackets(at, start)
    if "mapping values" in problem:
        if at.column > 1_024:
            return Mistake("key too long", at, "", "YAML allows 1,024 characters before the colon")
        return _stray_colon(at)
    if "expected ':'" in problem:
        return _missing_colon(start)
    for part, explain in _BY_PROBLEM.items():
        if part in problem:
            return explain(at, start)
    return Mistake(
        "invalid YAML",
        at,
        "cannot be read from here on",
        "check the quotes, brackets, colons and indentation",
    )


def _line(span: Span) -> str:
    return span.file.line(span.line)


def indent_of(line: str) -> int:
    """The number of spaces before the text of a line."""
    return len(line) - len(line.lstrip())


def _tab(at: Span) -> Mistake | None:
    line = _line(at)
    column = line[: indent_of(line)].find("\t") + 1
    if not column and line[at.column - 1 : at.column] == "\t":
        column = at.column
    if not column:
        return None
    return Mistake(
        "tab in the indentation",
        at._replace(column=column),
        "this is a tab",
        "indent YAML with spaces only",
    )


def _tight_dash(at: Span) -> Mistake | None:
    """`-relu`, which YAML reads as a string; the first of such lines."""
    if not _is_tight_dash(_line(at)):
        return None
    while _is_tight_dash(at.file.line(at.line - 1)):
        at = at._replace(line=at.line - 1)
    line = _line(at)
    text = line.strip()
    place = at._replace(column=indent_of(line) + 1, length=1)
    return Mistake("missing space after `-`", place, "", f"write - {text[1:50]}")


def _is_tight_dash(line: str) -> bool:
    text = line.lstrip()
    return text[:1] == "-" and text[1:2].isalpha()


def _stray_colon(at: Span) -> Mistake:
    """A `: ` where no key can be: the second one in a line, or a mistake in the line above."""
    line = _line(at)
    before = line[: min(at.column - 1, _LONGEST)]
    first = re.match(r"[\s-]*([^\s'\"{\[:]+): +(\S.*)$", before)
    if first is not None:
        key, value = first.groups()
        return Mistake(
            "unexpected `: ` in a value",
            at,
            "the second on this line",
            f"quote the text, or write {key}: {{{value}: …}} for a mapping",
        )
    tight = re.match(r"[\s-]*([\w$]+):(?=[{\[])", before)
    if tight is not None:
        return _tight_colon(at._replace(column=tight.end(1) + 1), tight[1])
    bare = re.match(r"[\s-]*(\w+) +[{\[]", before)
    if bare is not None:
        return _no_colon(at._replace(column=bare.end(1)), bare[1], "{…}")
    return _line_before(at)


def _line_before(at: Span) -> Mistake:
    """A key that YAML reads as a continuation of the value in the line above."""
    number = at.line - 1
    while number > 1 and not at.file.line(number).strip():
        number -= 1
    above = at.file.line(number)[:_LONGEST]
    tight = re.match(r"[\s-]*([\w$]+):(?=\S)", above)
    if tight is not None:
        return _tight_colon(at._replace(line=number, column=tight.end(1) + 1), tight[1])
    here = indent_of(_line(at))
    word = re.match(r"\s*(?:- +)?(\w+)(.*)$", above)
    own = 0 if word is None else word.start(1)
    if word is not None and own == here and ": " not in above:
        return _no_colon(at._replace(line=number, column=word.end(1)), word[1])
    return _misaligned(at)


def _tight_colon(at: Span, key: str) -> Mistake:
    return Mistake("missing space after `:`", at, "", f"write {key}: …")


def _no_colon(at: Span, word: str, value: str = "…") -> Mistake:
    return Mistake(f"missing `:` after `{word}`", at, "", f"write {word}: {value}")


def _missing_colon(start: Span) -> Mistake:
    line = _line(start)
    text = line[start.column - 1 :][:_LONGEST].split(" #")[0].rstrip()
    tight = re.match(r"([\w$]+):(?=\S)", text)
    if tight is not None:
        return _tight_colon(start._replace(column=start.column + tight.end(1)), tight[1])
    word = text.split(" ")[0]
    return _no_colon(start._replace(column=start.column + max(len(word) - 1, 0)), word[:50])


def _expected_entry(at: Span, _start: Span) -> Mistake:
    """A position where YAML expects a key, a list entry or the end of the block."""
    line = _line(at)
    here = line[at.column - 1 : at.column]
    before = line[: at.column - 1]
    if here and here in "}]":
        return Mistake(f"unmatched `{here}`", at, "nothing opens it", "remove it")
    if here and here in "[{" and before.rstrip()[-1:] in ("]", ")"):
        return unquoted_expression(at)
    if before.rstrip()[-1:] in ("'", '"'):
        quote = before.rstrip()[-1]
        inner = "''" if quote == "'" else '\\"'
        return Mistake(
            "text after the closing quote",
            at,
            f"the value ends with the {quote} before this",
            f"write {inner} for a quote inside the text",
        )
    if before.strip(" -"):
        return Mistake("unexpected text after a value", at, "", "check the quotes and brackets")
    return _misaligned(at)


def _misaligned(at: Span) -> Mistake:
    """A line whose indentation matches none of the blocks around it."""
    line = _line(at)
    here = indent_of(line)
    columns = _open_columns(at)
    place = at._replace(column=here + 1, length=max(len(line.split(" #")[0].rstrip()) - here, 1))
    if here in columns:
        kind = "a list entry" if line.lstrip().startswith("- ") else "a key"
        other = "keys" if kind == "a list entry" else "list entries"
        return Mistake(f"{kind} among {other}", place, "", f"indent it, or {_ALIGN}")
    expected = alternatives([str(c + 1) for c in sorted(columns)] or ["1"])
    return Mistake(
        "inconsistent indentation",
        place,
        f"starts in column {here + 1}; the lines above start in column {expected}",
        _ALIGN,
    )


def _open_columns(at: Span) -> set[int]:
    """The indentations of the open blocks above a line, at most the innermost three."""
    found: list[int] = []
    least = None
    for number in range(at.line - 1, max(at.line - 2000, 0), -1):
        line = at.file.line(number)
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        indent = indent_of(line)
        if least is None or indent < least:
            found.append(indent)
            least = indent
            inside = re.match(r"- +(?=[\w$]+:( |$))", text[:_LONGEST])
            if inside is not None:
                found.append(indent + inside.end())
        if least == 0 or len(found) > 3:
            break
    return set(found)


def unquoted_expression(at: Span) -> Mistake:
    """`out: widths[0]`, which ends at the bracket inside {…}."""
    line = _line(at)
    start = at.column - 1
    depth = 0
    while start > 0 and (depth or line[start - 1] not in ",:{["):
        start -= 1
        depth += (line[start] in ")]") - (line[start] in "([")
    end = min((i for i in (line.find(c, at.column) for c in ",}") if i >= 0), default=len(line))
    text = line[start:end].strip()
    return Mistake(
        "unquoted expression with a bracket", at, "YAML reads a list here", f'quote it: "{text}"'
    )


def _reserved_start(at: Span, _start: Span) -> Mistake:
    here = _line(at)[at.column - 1 : at.column]
    return Mistake(f"a value cannot begin with {here}", at, "reserved by YAML", "quote the value")


def _directive(_at: Span, start: Span) -> Mistake:
    return Mistake("a line cannot begin with %", start, "reserved by YAML", "quote it")


def _anchor(_at: Span, start: Span) -> Mistake:
    sign = _line(start)[start.column - 1 : start.column]
    kind = "anchor" if sign == "&" else "alias"
    return Mistake(
        f"unquoted `{sign}` at the start of a value",
        start,
        f"YAML reads the name of an {kind} here",
        "quote the value",
    )


def _quote(_at: Span, start: Span) -> Mistake:
    sign = _line(start)[start.column - 1 : start.column]
    return Mistake("unclosed quote", start, f"this {sign} is never closed", "close the quote")


def _escape(at: Span, _start: Span) -> Mistake:
    return Mistake(
        "unknown escape in a double-quoted string",
        at,
        "",
        "write \\\\ for a backslash, or use single quotes",
    )


def _block_text(at: Span, _start: Span) -> Mistake:
    return Mistake(
        "text after `|` or `>`", at, "", "start the text on the next line, or quote the value"
    )


def _no_value(at: Span, _start: Span) -> Mistake:
    return Mistake("missing value", at, "a value should come before this", "remove the comma")


def _second_document(at: Span, _start: Span) -> Mistake:
    return Mistake(
        "text after the end of the spec",
        at,
        "",
        "check the brackets, and that every top-level key starts in the first column",
    )


_BY_PROBLEM = {
    # part of libyaml's or PyYAML's message → its explanation; the first match counts
    "alphabetic or numeric character": _anchor,
    "unexpected end of stream": _quote,
    "escape character": _escape,
    "cannot start any token": _reserved_start,
    "non-alphabetical character": _directive,
    "comment or line break": _block_text,
    "expected node content": _no_value,
    "<document start>": _second_document,
    "expected key": _expected_entry,
    "'-' indicator": _expected_entry,
    "expected <block end>": _expected_entry,
}


def _bad_character(file: SourceFile) -> Mistake:
    """The mistake for a character that YAML forbids; PyYAML gives no line, so it is searched
    for."""
    from yaml.reader import Reader

    found = Reader.NON_PRINTABLE.search(file.text)
    position = found.start() if found else 0
    line = file.text.count("\n", 0, position) + 1
    column = position - (file.text.rfind("\n", 0, position) + 1) + 1
    character = file.text[position : position + 1]
    message = f"invalid character U+{ord(character):04X}" if found else "invalid YAML"
    return Mistake(message, Span(file, line, column), "", "remove it; is this a text file?")
