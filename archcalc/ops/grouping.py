"""Divisibility of channels by groups, for convolution, channel shuffle and group norm."""

from __future__ import annotations

from math import gcd

from archcalc.ops.base import DiagnosticError

FAR = 10_000
"""How far to search for a valid number: an untrusted spec must not make this slow."""


def check_groups(groups: int, channels: int, out: int) -> None:
    """Raises `DiagnosticError` unless the groups divide input and output channels."""
    if channels % groups:
        raise uneven(groups, channels, "input channels", gcd(channels, out))
    if out % groups:
        raise uneven(groups, out, "output channels", gcd(channels, out))


def uneven(groups: int, channels: int, what: str, common: int) -> DiagnosticError:
    """The error of groups that do not divide the channels; `common` is what they must divide."""
    smaller = next((g for g in range(groups - 1, max(groups - FAR, 0), -1) if common % g == 0), 1)
    larger = next((g for g in range(groups + 1, groups + FAR) if common % g == 0), None)
    nearest = f"{smaller}" if larger is None else f"{smaller} or {larger}"
    low = channels // groups * groups
    multiples = f"{low} or {low + groups}" if low else f"{groups}"
    return DiagnosticError(
        "does-not-divide",
        f"`groups` must divide the {what}",
        attribute="groups",
        label=f"{channels} = {groups}·{channels // groups} + {channels % groups}",
        help=f"use groups: {nearest}, or {multiples} {what}",
    )
