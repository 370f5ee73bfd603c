"""Code for other frameworks, from the graph of a net and the text that its author wrote.

A target is a folder or file here with one function, `generate(net) -> str`, and an entry below;
nothing else in archcalc knows which targets there are.

What targets share: the spec's expressions in Python (`expressions`, `evaluation`, `parts`,
`attributes`), the places where one piece of code must hold (`lanes`, `runs` with `edges`, `trials`,
`freeing`, `references`), and how code is spelt and laid out (`names`, `spelling`, `annotations`,
`definitions`, `heading`, `heads`, `layout`). The proof that PyTorch's code is the net: `verify`,
what it `compared`, what is `measurable`, and `probe`, which runs the code.
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
