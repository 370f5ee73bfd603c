"""Lowering: the syntax tree of a spec, walked once per block, to the module IR."""

from archcalc.codegen.lower.program import Target, lower

__all__ = ["Target", "lower"]
