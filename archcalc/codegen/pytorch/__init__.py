"""PyTorch code in the style of hand-written code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.layout import flat
from archcalc.codegen.lower import Target, lower
from archcalc.codegen.pytorch.assemble import assemble, own_modules
from archcalc.codegen.pytorch.emitters import EMITTERS
from archcalc.codegen.pytorch.helpers import NAMES
from archcalc.codegen.pytorch.initial import initialised
from archcalc.codegen.pytorch.printer import Printer

if TYPE_CHECKING:
    from archcalc.graph import Net


def _module_text(form: Any) -> str | None:
    """The text that creates a form's module."""
    doc = form.module() if callable(form.module) else form.module
    return None if doc is None else flat(doc)


def _factory(text: str, takes: bool) -> str:
    """`nn.ReLU` for nn.ReLU(), `nn.BatchNorm2d` for nn.BatchNorm2d(channels), else a lambda."""
    import re

    if not takes and text.endswith("()"):
        return text[:-2]
    if takes and text.endswith("(channels)"):
        return text[: -len("(channels)")]
    if takes and re.search(r"\bchannels\b", text):
        return f"lambda channels: {text}"
    return f"lambda {'_' if takes else ''}: {text}".replace("lambda :", "lambda:")


TARGET = Target("PyTorch", NAMES, EMITTERS, initialised, _module_text, _factory)


def generate(net: Net) -> str:
    """The file, as text. Raises `DiagnosticError` for a layer that PyTorch cannot express."""
    packages = frozenset(module.partition(".")[0] for module in own_modules(net))
    target = TARGET._replace(reserved=TARGET.reserved | packages)
    printer = Printer(lower(net, target))
    return assemble(net, printer, printer.write())


__all__ = ["TARGET", "generate"]
