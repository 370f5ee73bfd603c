"""Mistakes inside YAML's {…} and […]: missing commas, unclosed and mismatched brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archcalc.diagnostics import Note
from archcalc.spec.yaml_errors import Mistake, indent_of, unquoted_expression

if TYPE_CHECKING:
    from archcalc.diagnostics import Span

_CLOSING = {"{": "}", "[": "]"}

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|(?:(?<=\s)|^)\#.*)
    | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')
    | (?P<sign>[\[\]{},]|:(?=[\s,\[\]{}]|$))
    | (?P<plain>(?:[^\s,\[\]{}:]|:(?![\s,\[\]{}]|$))+
        (?:\ +(?:[^\s,\[\]{}:\#]|:(?![\s,\[\]{}]|$))+)*)
    """,
    re.VERBOSE,
)


class _Token(NamedTuple):
    """A sign, a quoted string, or the part of an unquoted string on one line."""

    kind: str
    text: str
    line: int
    column: int  # from 1

    @property
    def end(self) -> int:
        """The column after it."""
        return self.column + len(self.text)


def find_in_brackets(at: Span, opened: Span) -> Mistake:
    """The mistake because of which the list or mapping that begins at `opened` ends at `at`."""
    sign = at.file.line(opened.line)[opened.column - 1 : opened.column]
    here = at.file.line(at.line)[at.column - 1 : at.column]
    closing = _CLOSING.get(sign, "}")
    if here and here in "}]" and here != closing:
        return Mistake(
            f"`{sign}` closed by `{here}`",
            at,
            f"expected `{closing}`",
            f"write {closing}",
            (Note("opened here", opened),),
        )
    tokens = _tokens(opened, at)
    if not here and at.line > len(at.file.text.splitlines()):
        return _unclosed(opened, sign, closing)
    if here == ":" and tokens[1:]:
        return _before_colon(tokens, at, opened)
    last = tokens[-1]
    if here and here in "[{" and last.line == at.line and _goes_on(last, at.column):
        return unquoted_expression(at)
    if _is_outside(at, opened):
        return _unclosed(opened, sign, closing)
    if here and here in "[{" and last.kind == "plain" and tokens[-2].text in ("{", ","):
        place = at._replace(line=last.line, column=last.end - 1)
        return Mistake(f"missing `:` after `{last.text}`", place, "", f"write {last.text}: …")
    return _missing_comma(last, last.text, at)


def _goes_on(last: _Token, column: int) -> bool:
    """Whether a bracket continues the expression before it: `a[0]`, `2 if x else [3, 4]`."""
    word = last.text.rpartition(" ")[2]
    is_operator = word in ("if", "else", "in", "and", "or", "not") or word[-1:] in "+-*/%<>="
    return last.end == column or (last.kind == "plain" and is_operator)


def _before_colon(tokens: list[_Token], at: Span, opened: Span) -> Mistake:
    """`8 kernel: 3`: the words before the colon are a value and the next key."""
    last, before = tokens[-1], tokens[-2]
    value, blank, _ = last.text.rpartition(" ")
    if last.kind == "plain" and blank:
        value = value.rstrip()
        return _missing_comma(last._replace(text=value), value, at)
    is_value = before.kind in ("plain", "quoted") or before.text in ("}", "]")
    if is_value and last.kind in ("plain", "quoted"):
        if _is_outside(at._replace(line=last.line), opened):
            sign = at.file.line(opened.line)[opened.column - 1 : opened.column]
            return _unclosed(opened, sign, _CLOSING.get(sign, "}"))
        return _missing_comma(before, before.text, at)
    return Mistake("unexpected `:`", at, "", "check the brackets, or quote the text")


def _missing_comma(token: _Token, text: str, at: Span) -> Mistake:
    place = at._replace(line=token.line, column=token.end, length=1)
    short = text if len(text) <= 40 else "…" + text[-40:]
    return Mistake(
        "missing comma", place, f"expected `,` after {short}", "separate entries with commas"
    )


def _unclosed(opened: Span, sign: str, closing: str) -> Mistake:
    return Mistake(
        f"unclosed `{sign}`", opened, "this bracket is never closed", f"close it with `{closing}`"
    )


def _is_outside(at: Span, opened: Span) -> bool:
    """Whether a line is not indented more than the line of the bracket: a new entry."""
    if at.line == opened.line:
        return False
    return indent_of(at.file.line(at.line)) <= indent_of(at.file.line(opened.line))


def _tokens(opened: Span, at: Span) -> list[_Token]:
    """The tokens from an opening bracket to a position: at most those of the last 200 lines, and of
    the last 4,000 characters of each."""
    found = [_Token("sign", "", opened.line, opened.column)]
    for number in range(max(opened.line, at.line - 200), at.line + 1):
        line = at.file.line(number)
        position = opened.column - 1 if number == opened.line else 0
        end = at.column - 1 if number == at.line else len(line)
        position = max(position, end - 4_000)
        while position < end:
            match = _TOKEN.match(line, position, end)
            if match is None:
                position += 1
                continue
            position = match.end()
            if match.lastgroup != "blank":
                kind = match.lastgroup or ""
                found.append(_Token(kind, match[0], number, match.start() + 1))
    return found
