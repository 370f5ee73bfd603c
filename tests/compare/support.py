"""Comparisons for the tests."""

from __future__ import annotations

from functools import cache

from archcalc.compare.data import Side, compare
from archcalc.pipeline import check

PAIRS = [
    ("inception_naive", "inception_reduced"),
    ("resnet34", "plain34"),
    ("resnet18", "resnet50"),
    ("resnet20", "resnet110"),
    ("mobilenet", "mobilenet:width=0.5"),
    ("vgg16", "vgg16_c"),
    ("vgg16", "googlenet"),
    ("googlenet", "googlenet_torchvision"),
    ("lenet5", "lenet5_modern"),
    ("lenet5_modern", "lenet5_sigmoid"),
    ("inception_v3", "inception_v4"),
    ("alexnet", "alexnet_torchvision"),
]


@cache
def side(text):
    """A net of the catalogue, with a number for one of its vars as in `mobilenet:width=0.5`."""
    from fractions import Fraction

    spec, _, setting = text.partition(":")
    settings = {}
    if setting:
        name, _, value = setting.partition("=")
        number = Fraction(value)
        settings = {name: int(number) if number.denominator == 1 else number}
    report = check(spec, settings=settings).report
    assert report is not None
    return Side(spec, (setting,) if setting else (), report)


@cache
def compared(*texts):
    return compare([side(text) for text in texts])


def of_text(*specs):
    """Specs given as text, called a, b and so on."""
    sides = []
    for name, spec in zip("abc", specs, strict=False):
        report = check(spec).report
        assert report is not None
        assert report.ok, report.diagnostics
        sides.append(Side(name, (), report))
    return compare(sides)
