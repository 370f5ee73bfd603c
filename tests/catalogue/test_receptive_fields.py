"""Receptive fields published with Araujo, Norris & Sim, Distill 2019, layer by layer.

`tests/data/receptive_fields.csv` is from the table of end points of their library, which measures
the nets of TF-Slim. `stride` and `padding` are left out where TF-Slim's net has them elsewhere: its
AlexNet does not pad the first layer, its ResNets stride at the end of a stage.
"""

from __future__ import annotations

import pytest

from tests.catalogue.support import Part, report_of, rows

PUBLISHED = rows("receptive_fields.csv")


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row['net']} {row['part']}")
def test_published(row: dict[str, str]) -> None:
    report = report_of(row["net"], row["set"])
    part = Part(report, row["part"])
    if part.group is not None:
        assert part.group.output is not None
        field = report.receptive_field_of(part.group.output)
    else:
        field = part.layers[-1].receptive_field
    assert field is not None
    assert field.size == (int(row["size"]),) * 2
    if row["stride"]:
        assert field.stride == (int(row["stride"]),) * 2
    if row["padding"]:
        assert field.offset == (-int(row["padding"]),) * 2


def test_the_stride_of_resnet_moves_the_field() -> None:
    """483 for the paper's stride in the first 1×1, 427 for the public checkpoint's in the 3×3: the
    three 3×3 with stride 2 see 8, 16 and 32 positions fewer, 56 in all."""
    for settings, size in (("original=true", 483), ("", 427)):
        report = report_of("resnet50", settings)
        field = report.layers[-1].receptive_field
        assert field is not None
        assert field.size == (size, size)
    assert 483 - 427 == 8 + 16 + 32
