"""Rounding to the nearest integer, a half to the even one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.symbols.terms import Rounded, number, of_atom, same

if TYPE_CHECKING:
    from archcalc.symbols.terms import Poly


def rounded(poly: Poly) -> Poly:
    """The term rounded; a whole one is itself."""
    if poly.whole:
        return poly
    if poly.constant is not None:
        return number(round(poly.constant))
    return of_atom(same(Rounded, poly))
