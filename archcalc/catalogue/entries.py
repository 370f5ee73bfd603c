"""The catalogue as data: one entry per net, with the spec's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from archcalc.analysis.figures import Report


class Entry(NamedTuple):
    """One net. None if a value is unknown; `receptive_field` is one number if all axes agree, taken
    at the output, ignoring global layers."""

    name: str  # of the file, as used by commands
    title: str
    family: str
    task: str  # the folder that the file is in; "classification" for the catalogue's own
    year: int | None  # of the source
    input: tuple[int, ...]
    params: int | None
    buffers: int | None
    macs: int | None
    flops: int | None
    activations: int | None
    peak_activation_bytes: int | None
    depth: int | None
    shortest_depth: int | None
    paths: int | None
    receptive_field: int | tuple[int | None, ...] | None
    source: str


def entries() -> list[Entry]:
    """All nets, by family and then by name, with numbers in names compared as numbers."""
    from archcalc.pipeline import check
    from archcalc.spec.files import catalogue_files

    found: list[Entry] = []
    for name, path in catalogue_files().items():
        # By path: a user's file with the same name is not the catalogue's.
        report = check(path).report
        if report is not None:
            found.append(_entry(name, _task(path), report))
    return sorted(found, key=lambda entry: (natural(entry.family), natural(entry.name)))


def _task(path: Path) -> str:
    from archcalc.spec.files import catalogue

    return "classification" if path.parent == catalogue() else path.parent.name


def year(source: str) -> int | None:
    """The year in a source: the first number that can be one.

    >>> year("Tan & Le 2019, arXiv:1905.11946"), year("arXiv:1905.11946")
    (2019, None)
    """
    from re import search

    found = search(r"(?<![\d.])(?:19|20)\d\d(?![\d.]\d)", source)
    return int(found[0]) if found else None


def natural(text: str) -> list[tuple[str, int]]:
    """A key that sorts by words without regard to case, and by numbers as numbers.

    >>> natural("resnet18") < natural("ResNet101")
    True
    """
    from re import findall

    return [(word, int(digits or 0)) for word, digits in findall(r"(\D*)(\d*)", text.lower())]


def _entry(name: str, task: str, report: Report) -> Entry:
    net, depth = report.net, report.depth
    first = net.tensors[next(iter(net.inputs.values()))]
    return Entry(
        name,
        net.name,
        net.spec.family or "",
        task,
        year(net.spec.source or ""),
        first.shape if first is not None else (),
        *report.totals,
        report.peak_activation_bytes,
        depth.longest if depth else None,
        depth.shortest if depth else None,
        depth.paths if depth else None,
        _field(report),
        net.spec.source or "",
    )


def _field(report: Report) -> Any:
    output = report.net.root.output
    field = report.receptive_field_of(output) if output is not None else None
    if field is None or not field.size:
        return None
    return field.size[0] if len(set(field.size)) == 1 else field.size
