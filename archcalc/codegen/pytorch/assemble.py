"""The generated file: docstring, imports, helpers, classes, and a main block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcalc.codegen.heading import heading
from archcalc.codegen.layout import call, lay_out
from archcalc.codegen.pytorch.helpers import HELPERS, TYPE_VARIABLE, with_needed

if TYPE_CHECKING:
    from archcalc.codegen.pytorch.classes import ClassText
    from archcalc.codegen.pytorch.printer import Printer
    from archcalc.graph import Net


def assemble(net: Net, printer: Printer, model: ClassText) -> str:
    """The whole file as text."""
    classes = [line for made in printer.classes for line in ["", "", *made.lines()]]
    helpers = [line for h in with_needed(printer.helpers) for line in _helper(h)]
    main = _main(net, model)
    body = "\n".join([*helpers, *classes, "", "", *main])
    if "init_weight" in printer.helpers:
        body = f"\n{TYPE_VARIABLE}\n{body}"
    top = heading(net, frozenset(printer.program.fixed), _renamed(printer, model))
    lines = [*top, "", *_imports(body), *_own_imports(net)]
    return "\n".join(lines) + "\n" + body + "\n"


def _renamed(printer: Printer, model: ClassText) -> dict[str, str]:
    """The vars whose constructor argument has another name."""
    read = set(model.arguments())
    arguments = {p.word: p.name for p in printer.program.model.parameters if p.name in read}
    return {word: python for word, python in arguments.items() if word != python}


def _helper(name: str) -> list[str]:
    return ["", "", *HELPERS[name].strip().split("\n")]


_TYPING = {
    "collections": ("OrderedDict",),
    "collections.abc": ("Callable", "Sequence"),
    "typing": ("Any", "TypeVar"),
}


def _imports(body: str) -> list[str]:
    """The code of the body; strings and comments in it do not count as uses of imports."""
    lines = ["import math"] if re.search(r"\bmath\.\w", body) else []
    for module, words in _TYPING.items():
        found = [w for w in words if re.search(rf"\b{w}\b[\[\](),:|\n ]", _code(body))]
        if found:
            lines.append(f"from {module} import {', '.join(found)}")
    if lines:
        lines.append("")
    ours = "Tensor, nn" if re.search(r"\bTensor\b", body) else "nn"
    return [*lines, "import torch", f"from torch import {ours}"]


def own_modules(net: Net) -> list[str]:
    """The Python modules of user-defined layers."""
    found = {
        vars(node.attributes)["class"].rpartition(".")[0]
        for node in net.nodes
        if node.op.name == "opaque" and node.attributes is not None
    }
    return sorted(found)


def _own_imports(net: Net) -> list[str]:
    modules = own_modules(net)
    return ["", *(f"import {module}" for module in modules)] if modules else []


def _code(body: str) -> str:
    """The body without its strings."""
    return re.sub(r'"([^"\\\n]|\\.)*"', '""', body)


def _main(net: Net, model: ClassText) -> list[str]:
    """Runs one batch, and prints the shapes and parameters."""
    lines = ['if __name__ == "__main__":', f"    model = {model.name}().eval()"]
    words = []
    for index in net.inputs.values():
        tensor = net.tensors[index]
        assert tensor is not None
        words.append(f"torch.randn(1, {', '.join(map(str, tensor.shape))})")
    if len(words) == 1:
        lines.append(f"    x = {words[0]}")
        called, given = "model(x)", "tuple(x.shape)"
    else:
        lines += ["    x = (", *(f"        {word}," for word in words), "    )"]
        called, given = "model(*x)", "[tuple(tensor.shape) for tensor in x]"
    made = f"tuple({called}.shape)"
    if "dict" in model.returns and not model.returns.startswith("Tensor"):
        made = f"{{name: tuple(y.shape) for name, y in {called}.items()}}"
    lines += lay_out(call("print", given, '"->"', made), 4)
    lines.append('    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")')
    return lines
