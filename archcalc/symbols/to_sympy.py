"""Terms as SymPy expressions, built piece by piece (no text is parsed), and their source code.

Imported on demand: SymPy alone takes a quarter of a second.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from archcalc.symbols.terms import Floor, Largest, Rounded, Symbol

if TYPE_CHECKING:
    from archcalc.symbols.terms import Atom, Poly


class Round(sympy.Function):
    """Rounding to the nearest integer, halves to even, which SymPy has for numbers only.

    As source it is written with floors: ⌊x + ½⌋ − ⌊z⌋ − ⌊−z⌋ − 1 with z = (2x − 1)/4; the last
    three terms subtract 1 if x + ½ is odd.
    """

    nargs = 1
    is_integer = True

    @classmethod
    def eval(cls, x: Any) -> Any:
        if x.is_integer:
            return x
        return sympy.Integer(round(x)) if x.is_Rational else None

    def _eval_rewrite_as_floor(self, x: Any, **_: Any) -> Any:
        z = (2 * x - 1) / 4
        return sympy.floor(x + sympy.Rational(1, 2)) - sympy.floor(z) - sympy.floor(-z) - 1

    def _sympystr(self, printer: Any) -> str:
        return f"({printer.doprint(self.rewrite(sympy.floor))})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        inside = printer.doprint(self.args[0])
        text = rf"\operatorname{{round}}\left({inside}\right)"
        return text if exp is None else f"{text}^{{{exp}}}"


class _Source(StrPrinter):
    """Text that Python evaluates exactly: 31/32 alone would be a float."""

    def _print_Rational(self, number: Any) -> str:  # noqa: N802  # SymPy's name
        return f"Rational({number.p}, {number.q})"

    def _print_floor(self, one: Any) -> str:
        return f"floor({self._print(sympy.together(one.args[0]))})"

    def _print_Max(self, one: Any) -> str:  # noqa: N802  # SymPy's name
        parts = sorted(one.args, key=sympy.default_sort_key)
        return f"Max({', '.join(map(self._print, parts))}, evaluate=False)"


class _Latex(LatexPrinter):
    """⌊(H + 31)/32⌋ as one fraction, and words upright."""

    def _print_floor(self, one: Any, exp: str | None = None) -> str:
        text = rf"\left\lfloor{{{self._print(sympy.together(one.args[0]))}}}\right\rfloor"
        return text if exp is None else f"{text}^{{{exp}}}"

    def _print_Symbol(self, name: Any, style: str = "plain") -> str:  # noqa: N802  # SymPy's name
        text: str = super()._print_Symbol(name, style)
        return rf"\mathrm{{{text}}}" if len(text) > 1 and text.isalpha() else text


def expression(poly: Poly) -> Any:
    """A term as a SymPy expression.

    >>> from archcalc.symbols.division import floor_div
    >>> from archcalc.symbols.terms import number, symbol
    >>> side = floor_div(symbol("H") + number(31), number(32))
    >>> expression(side * side.scaled(1792) - symbol("H"))
    -H + 1792*floor(H/32 + 31/32)**2
    """
    return sympy.Add(
        *(
            sympy.Mul(sympy.Rational(c), *(_atom(a) ** n for a, n in Counter(monomial).items()))
            for monomial, c in poly.terms.items()
        )
    )


def expressions(polys: tuple[Poly, ...]) -> tuple[Any, ...]:
    """Several terms, one per axis."""
    return tuple(expression(poly) for poly in polys)


@lru_cache(maxsize=4096)
def _atom(atom: Atom) -> Any:
    if isinstance(atom, Symbol):
        return sympy.Symbol(atom.text, **assumptions(atom))
    if isinstance(atom, Floor):
        return sympy.floor(expression(atom.over) / expression(atom.under))
    if isinstance(atom, Rounded):
        return Round(expression(atom.over))
    # Common divisors only occur in the flops of an adaptive pool, which have no formula.
    assert isinstance(atom, Largest)
    # Superfluous parts are already removed. SymPy would search for them again, in every pair: two
    # minutes for the memory of Inception-v4.
    return sympy.Max(*(expression(part) for part in atom.of), evaluate=False)


def assumptions(name: Symbol) -> dict[str, bool]:
    """SymPy's assumptions about a symbol."""
    kind = "integer" if name.whole else "real"
    if name.least < 0:
        return {kind: True}
    return {kind: True, "positive" if name.least else "nonnegative": True}


def source(found: Any) -> str:
    """An expression, or a tuple of them, as text that evaluates after `from sympy import *`.

    >>> source(sympy.floor(sympy.Symbol("H") / 32 + sympy.Rational(31, 32)))
    'floor((H + 31)/32)'
    """
    if isinstance(found, tuple):
        return f"({', '.join(map(source, found))}{',' * (len(found) == 1)})"
    text: str = _Source().doprint(found)
    return text


def latex(found: Any) -> str:
    """An expression, or a tuple of them with × between, as LaTeX.

    >>> print(latex(sympy.floor(sympy.Symbol("H") / 32 + sympy.Rational(31, 32))))
    \\left\\lfloor{\\frac{H + 31}{32}}\\right\\rfloor
    """
    printer = _Latex()
    if not isinstance(found, tuple):
        text: str = printer.doprint(found)
        return text
    brackets = len(found) > 1
    return r" \times ".join(
        rf"\left({printer.doprint(one)}\right)" if brackets and one.is_Add else printer.doprint(one)
        for one in found
    )
