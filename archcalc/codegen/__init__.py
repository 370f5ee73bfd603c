"""Code for other frameworks: a spec is lowered once to a small module IR, and that is printed.

How a block becomes a class, in one page:

1. `lower` walks the syntax tree of each block once, callees first, for all its calls together
   (`lower/program.py`). The block's parameters, `in_channels` and the vars are symbols, and every
   size is an expression of them: an operation's own formula runs on symbolic integers (`sizes.py`).
   The symbols are accompanied by the net's calls (`callsite.py`) with the concrete values of the
   elaborated net: these verify every expression, and a disagreement is an error with its location.
2. `when` becomes an `if`, even if no call satisfies it: such a part is elaborated as if a call had
   it (`lower/supposed.py`). The channels after it are a common expression, or a conditional one.
   `repeat` and `for` become loops: sizes that an iteration does not change stay, others are
   updated in a variable (`lower/loops.py`). A loop without a common body is unrolled.
3. If the form of the code depends on a value (a padding word, a number of axes), the emitter
   declares it (`OpContext.decide`). Everything that the value uses is then *pinned*: a parameter
   gets a class for each of its values, a var is not an argument of the model, and the file's
   docstring tells so. Nothing is decided by trying values, and there is no fallback to constants.
4. A size that depends on the input's spatial sizes only (a linear layer after a flatten) is a
   constructor parameter that each caller passes; a number if nothing can change it.
5. The result is a `Program` of `Module`s (`ir.py`). A target prints it: a table of emitters, one
   function per operation, and a printer (`pytorch/`).

A target is a package with one function, `generate(net) -> str`, and an entry in `TARGETS`; nothing
else in archcalc depends on targets. `verify/` compares PyTorch's code with the spec by running it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.graph import Net

TARGETS = {
    "pytorch": "archcalc.codegen.pytorch",
    "keras": "archcalc.exporting.keras",
}
"""The targets by name, and the module of each, imported on demand."""


class UnknownTarget(ValueError):
    """An unknown target: wrong use, not an error of the spec."""


def export(net: Net, target: str = "pytorch") -> str:
    """The code of a network for a target, as the text of one file.

    Raises `archcalc.diagnostics.SpecError` for a net with errors or a layer that the target cannot
    express, and `ValueError` for an unknown target.
    """
    from archcalc.diagnostics import DiagnosticError, SpecError

    if target not in TARGETS:
        raise UnknownTarget(f"there is no target {target!r}: there are {', '.join(TARGETS)}")
    errors = [d for d in net.diagnostics if d.severity == "error"]
    if errors:
        raise SpecError(errors)
    try:
        text: str = import_module(TARGETS[target]).generate(net)
    except DiagnosticError as error:
        raise SpecError([error.diagnostic()]) from error
    return text
