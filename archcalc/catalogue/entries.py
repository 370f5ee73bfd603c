"""The catalogue as data: one entry a net, under the spec's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report


class Entry(NamedTuple):
    """One net. None where a figure is unknown; `receptive_field` is one number where all axes
    agree, and is taken at the output, without what is global."""

    name: str  # of the file, and what commands take
    title: str
    family: str
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
    """All nets, by family and then by name, numbers in names counted as numbers."""
    from archcalc.pipeline import check
    from archcalc.spec.files import catalogue, catalogue_names

    found: list[Entry] = []
    for name in catalogue_names():
        # By its path: a file of the same name beside the user is no net of the catalogue.
        report = check(catalogue() / f"{name}.yaml").report
        if report is not None:
            found.append(_entry(name, report))
    return sorted(found, key=lambda entry: (natural(entry.family), natural(entry.name)))


def natural(text: str) -> list[tuple[str, int]]:
    """A key that sorts by words without regard to case, and by numbers as numbers.

    >>> natural("resnet18") < natural("ResNet101")
    True
    """
    from re import findall

    return [(word, int(digits or 0)) for word, digits in findall(r"(\D*)(\d*)", text.lower())]


def _entry(name: str, report: Report) -> Entry:
    net, depth = report.net, report.depth
    first = net.tensors[next(iter(net.inputs.values()))]
    return Entry(
        name,
        net.name,
        net.spec.family or "",
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
