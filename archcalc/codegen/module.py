"""Running the generated code in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from archcalc.graph import Net


class TorchMissing(ImportError):
    """PyTorch is not installed."""

    def __init__(self) -> None:
        super().__init__("PyTorch is needed: pip install 'archcalc[torch]'")


def need_torch() -> None:
    """Raises `TorchMissing` if PyTorch is not installed; does not import it."""
    from importlib.util import find_spec

    found = find_spec("torch")
    if found is None or found.origin is None:  # a folder with this name is not PyTorch
        raise TorchMissing


def to_torch(net: Net, variables: dict[str, Any]) -> Any:
    """An instance of the network's class, with other values for its vars."""
    from archcalc.codegen import export

    need_torch()
    changed = net if not variables else _with(net, variables)
    return model_of(load_module(export(changed)))()


def _with(net: Net, variables: dict[str, Any]) -> Net:
    """The spec elaborated again: any var may change, including those that the code has fixed."""
    from archcalc.diagnostics import Diagnostics, SpecError
    from archcalc.pipeline import elaborated

    settings, shapes = net.given()
    opened = elaborated(net.spec, Diagnostics(), {**settings, **variables}, shapes)
    if opened.net is None or any(d.severity == "error" for d in opened.diagnostics):
        raise SpecError(opened.diagnostics)
    return opened.net


def load_module(text: str) -> ModuleType:
    """A generated file as a module."""
    from types import ModuleType

    module = ModuleType("archcalc_generated")
    exec(compile(text, "<archcalc export>", "exec"), module.__dict__)  # noqa: S102  # the code that we have just written
    return module


def model_of(module: ModuleType) -> Any:
    """The network's class: the last one in the file."""
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return classes[-1]
