"""The generated pages and parts of the guide: the operations, the diagnostic codes, the catalogue.

`python -m archcalc.report.guide` writes `specs/operations.md` and one page per family of operations
under `specs/operations/`, and updates the tables between the marks `<!-- codes -->` and
`<!-- /codes -->` of `specs/diagnostics.md`, and `catalogue` of `specs/catalogue.md`.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from archcalc.diagnostic_codes import CODES
from archcalc.ops.attributes import REQUIRED, shown
from archcalc.ops.base import Operation
from archcalc.ops.registry import ALL
from archcalc.pipeline import check
from archcalc.spec.files import catalogue, catalogue_files

if TYPE_CHECKING:
    from fractions import Fraction

    from archcalc.analysis.figures import Report
    from archcalc.ops.attributes import Attribute


def pages() -> dict[str, str]:
    """Every generated page of the guide: its path under `specs/`, and its text."""
    families: dict[str, list[Operation]] = {}
    for op in ALL:
        families.setdefault(op.family, []).append(op)
    made = {"operations.md": _index(families)}
    for family, members in families.items():
        made[f"operations/{family}.md"] = _family(family, members) + "\n"
    for page, mark, table in _TABLES:
        made[page] = _filled((catalogue() / page).read_text(encoding="utf-8"), mark, table())
    return made


def code_table() -> str:
    """Every diagnostic code and what it means, in alphabetical order."""
    rows = [f"| `{code.code}` | {_cell(code.title)} |" for code in sorted(CODES)]
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def catalogue_table() -> str:
    """One row per net of the catalogue: its input, its metrics with its own settings, its
    source."""
    lines = ["| net | file | input | params | macs | depth | RF | source |"]
    lines.append("|---|---|--:|--:|--:|--:|--:|---|")
    files = catalogue_files()
    for name in sorted(files, key=_natural):
        report = check(files[name]).report
        assert report is not None
        lines.append(_net(name, files[name].relative_to(catalogue()).as_posix(), report))
    return "\n".join(lines)


def _filled(text: str, mark: str, table: str) -> str:
    """A page with the table between its marks replaced."""
    start, end = f"<!-- {mark} -->\n", f"\n<!-- /{mark} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return before + start + table + end + after


def _index(families: dict[str, list[Operation]]) -> str:
    """All operations in one table, each linked to the page of its family."""
    lines = ["# Operations", "", "| operation | | family |", "|---|---|---|"]
    for family, members in families.items():
        page = f"operations/{family}.md"
        for op in members:
            target = page if family == "activation" else f"{page}#{op.name}"
            lines.append(f"| [`{op.name}`]({target}) | {_cell(op.summary)} | [{family}]({page}) |")
    return "\n".join(lines) + "\n"


def _family(name: str, members: list[Operation]) -> str:
    title = f"# Operations: {name}"
    if name == "activation":
        # The formula is the documentation: a table is enough.
        return f"{title}\n\n" + "\n".join(
            [
                "| operation | formula | attributes | source |",
                "|---|---|---|---|",
                *(_short(op) for op in members),
            ]
        )
    return "\n\n".join([title, *(_operation(op) for op in members)])


def _short(op: Operation) -> str:
    summary = op.summary.removeprefix("Activation: ").removesuffix(".")
    attributes = "; ".join(
        f"`{name}` ({kind.title}, {_default(default)}): {doc.removesuffix('.')}"
        for name, kind, doc, default in op.attributes
    )
    return f"| `{op.name}` | {_cell(summary)} | {_cell(attributes)} | {_cell(op.source)} |"


def _operation(op: Operation) -> str:
    parts = [f"## `{op.name}`", op.summary + (f" *{op.source}.*" if op.source else "")]
    parts.extend(_described(type(op)))
    if op.attributes:
        rows = [_attribute(op, attribute) for attribute in op.attributes]
        parts.append("\n".join(["| attribute | value | default | |", "|---|---|---|---|", *rows]))
    parts.append(f"```yaml\n{op.example.rstrip()}\n```")
    return "\n\n".join(parts)


def _described(kind: type[Operation]) -> list[str]:
    """The docstrings of an operation, those of its base classes first."""
    classes = [c for c in reversed(kind.__mro__) if issubclass(c, Operation) and c is not Operation]
    texts = [inspect.cleandoc(c.__doc__) for c in classes if c.__doc__]
    return list(dict.fromkeys(texts))


def _attribute(op: Operation, attribute: Attribute) -> str:
    name, kind, doc, default = attribute
    lone = f" Shorthand: `{op.name}: …`." if name == op.main else ""
    return f"| `{name}` | {_cell(kind.title)} | {_default(default)} | {_cell(doc + lone)} |"


def _default(default: Any) -> str:
    if default is REQUIRED:
        return "required"
    if default is None:
        return "not given"
    if isinstance(default, float):
        return f"{default:g}"
    return shown(default)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _net(name: str, file: str, report: Report) -> str:
    net, totals, depth = report.net, report.totals, report.depth
    field = report.receptive_field_of(net.outputs["output"])
    cells = [
        net.name,
        f"[{name}.yaml]({file})",
        ", ".join(_times(_shape(report, index)) for index in net.inputs.values()),
        _number(totals.params),
        _number(totals.macs),
        _number(depth.longest if depth else None),
        _field(field.size) if field else "",
        net.spec.source or "",
    ]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _shape(report: Report, index: int) -> tuple[int, ...]:
    tensor = report.net.tensors[index]
    return tensor.shape if tensor is not None else ()


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _number(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _field(size: tuple[int | Fraction | None, ...]) -> str:
    """A single number if all axes agree."""
    texts = ["?" if side is None else str(side) for side in size]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)


def _natural(name: str) -> list[tuple[str, int]]:
    """The key that sorts resnet18 before resnet110."""
    return [(word, int(digits or 0)) for word, digits in re.findall(r"(\D+)(\d*)", name)]


_TABLES = (
    ("diagnostics.md", "codes", code_table),
    ("catalogue.md", "catalogue", catalogue_table),
)


def main() -> None:
    """Writes the generated pages."""
    for page, text in pages().items():
        path = catalogue() / page
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
