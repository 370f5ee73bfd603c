"""The few functions beyond `+ - * //` that formulas may use.

Plain integers use the built-in; anything else (a symbol, an array) its own method, so that a
formula is written once and evaluated with numbers, symbols or arrays.
"""

from __future__ import annotations

from math import gcd
from typing import Any


def maximum(a: Any, b: Any) -> Any:
    """The larger of two numbers, or the method of the operand that is not a plain integer."""
    if type(a) is int and type(b) is int:
        return max(a, b)
    return a.maximum(b) if hasattr(a, "maximum") else b.maximum(a)


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two numbers, or the method of the operand that is not a plain integer."""
    if type(a) is int and type(b) is int:
        return min(a, b)
    return a.minimum(b) if hasattr(a, "minimum") else b.minimum(a)


def common_divisor(a: Any, b: Any) -> Any:
    """The greatest common divisor, or the method of the operand that is not a plain integer."""
    if type(a) is int and type(b) is int:
        return gcd(a, b)
    return a.gcd(b) if hasattr(a, "gcd") else b.gcd(a)


def lowest_terms(a: Any, b: Any) -> tuple[int, int]:
    """The fraction a/b in lowest terms, as plain numbers. A symbolic operand records that the
    result holds for this ratio only."""
    if hasattr(a, "lowest_terms"):
        over, under = a.lowest_terms(b)
    elif hasattr(b, "lowest_terms"):
        under, over = b.lowest_terms(a)
    else:
        common = gcd(a, b)
        over, under = int(a) // common, int(b) // common
    return over, under


def fixed(n: Any) -> Any:
    """A number as a plain integer; a symbolic one records that the result depends on its value."""
    return n.fixed() if hasattr(n, "fixed") else n


def ceil_div(a: Any, b: Any) -> Any:
    """⌈a/b⌉, by the floor division that integers, symbols and arrays have."""
    return -(-a // b)
