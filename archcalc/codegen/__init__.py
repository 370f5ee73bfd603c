"""Code for other frameworks: a spec is lowered once to a small module IR, and that is printed.

How a block becomes a class, in one page:

1. `lower` walks the syntax tree of each block once, callees first, for all its calls together
   (`lower/program.py`). The block's parameters, `in_channels` and the vars are symbols, and every
   size is an expression of them: an operation's own formula runs on symbolic integers (`sizes.py`).
   Beside the symbols stand the calls that the net makes (`callsite.py`), with the values that the
   elaborated net has: they prove every expression, and a disagreement is an error with its place.
2. `when` becomes an `if`, also where no call turns it: such a part is elaborated as if a call had
   it (`lower/supposed.py`). The channels after it are a common expression, or a conditional one.
   `repeat` and `for` become loops: a size that a turn leaves as it found it stays, any other runs
   along in a variable (`lower/loops.py`). What no one body can say is written turn by turn.
3. Where the shape of the code hangs on a value (a padding word, a number of axes), the emitter says
   so (`OpContext.decide`). What the value reads is then *pinned*: a parameter gets a class for each
   of its values, a var is no argument of the model, and the file's docstring says so. Nothing is
   decided by trying values, and there is no fallback to constants.
4. A size that only the input's sides decide (a linear layer after a flatten) is a constructor
   parameter, which each caller fills in; a number where nothing changes it.
5. The result is a `Program` of `Module`s (`ir.py`). A target prints it: a table of emitters, one
   function an operation, and a printer (`pytorch/`).

A target is a package with one function, `generate(net) -> str`, and an entry in `TARGETS`; nothing
else in archcalc knows which targets there are. `verify/` proves PyTorch's code by running it.
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
"""The targets by name, and where each is; imported when it is asked for."""


class UnknownTarget(ValueError):
    """A target that there is none of: wrong use, not an error of the spec."""


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
