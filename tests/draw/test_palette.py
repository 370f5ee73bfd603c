"""The colours, measured: CIE L*a*b* and the contrast of WCAG 2.1, by their own formulas."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from archcalc.draw.palette import THEMES

WHITE = {"join", "input", "output"}  # distinguished by their shape

# Machado, Oliveira & Fernandes 2009, severity 1.0.
SEEN = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip


def linear(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour):
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def lab(colour, sight="normal"):
    given = linear(colour)
    r, g, b = (
        min(max(sum(m * c for m, c in zip(row, given, strict=True)), 0), 1) for row in SEEN[sight]
    )
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("theme", THEMES)
def test_families_differ_in_black_and_white(theme):
    fills = {f: c for f, c in THEMES[theme].fills.items() if f not in WHITE}
    lightness = sorted(lab(colour)[0] for colour in fills.values())
    assert min(b - a for a, b in pairwise(lightness)) > 2


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SEEN)
def test_families_differ_with_any_colour_vision(theme, sight):
    fills = {f: c for f, c in THEMES[theme].fills.items() if f not in WHITE}
    for (_, a), (_, b) in combinations(fills.items(), 2):
        one, other = lab(a, sight), lab(b, sight)
        assert sum((p - q) ** 2 for p, q in zip(one, other, strict=True)) ** 0.5 > 4


@pytest.mark.parametrize("name", THEMES)
def test_text_can_be_read_on_every_fill(name):
    theme = THEMES[name]

    def contrast(a, b):
        light, dark = sorted((luminance(a), luminance(b)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for fill in [*theme.fills.values(), theme.unknown_fill, *theme.frame_fills, theme.background]:
        assert contrast(theme.text, fill) > 4.5
        assert contrast(theme.quiet, fill) > 4.5
    assert contrast(theme.error_text, theme.error_fill) > 4.5
    assert contrast(theme.skip, theme.background) > 4.5
