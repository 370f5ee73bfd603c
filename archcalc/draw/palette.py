"""Colours by family of operation.

The hues are Okabe & Ito's ("Color Universal Design", 2008), distinguishable with any colour vision;
the families differ in lightness too, by at least 2 of CIE L*, so that they can be distinguished in
black and white. Text has a contrast of at least 4.5 to 1 (WCAG 2.1) on all of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Theme(NamedTuple):
    """The colours of a picture. `fills` are by family; other families use `other`."""

    background: str
    text: str
    quiet: str  # names and remarks
    line: str  # borders and arrows
    skip: str  # arrows that bypass the layers of a branch
    frame: str  # the border of an open block
    frame_fills: tuple[str, str]  # alternating, from the outermost block inwards
    error: str
    error_fill: str
    error_text: str
    unknown_fill: str
    other: str
    fills: dict[str, str]

    def fill(self, family: str) -> str:
        return self.fills.get(family, self.other)


LIGHT = Theme(
    background="#FFFFFF",
    text="#000000",
    quiet="#22272B",
    line="#4D565E",
    skip="#0072B2",
    frame="#A9B4BD",
    frame_fills=("#F3F5F7", "#FFFFFF"),
    error="#C00000",
    error_fill="#FFE1DC",
    error_text="#8C0000",
    unknown_fill="#FFFFFF",
    other="#E7E7E7",
    fills={
        "linear": "#11A47C",
        "convolution": "#53AEE2",
        "resizing": "#E7A16B",
        "activation": "#E0ADC9",
        "pooling": "#F4BE53",
        "arithmetic": "#B6D6E9",
        "block": "#D6DEE5",
        "shape": "#E7E7E7",
        "normalisation": "#F8F3A8",
        "regularisation": "#F7F7F7",
        "join": "#FFFFFF",
        "input": "#FFFFFF",
        "output": "#FFFFFF",
    },
)

DARK = Theme(
    background="#14181C",
    text="#FFFFFF",
    quiet="#FFFFFF",
    line="#A9B4BD",
    skip="#56B4E9",
    frame="#5A646D",
    frame_fills=("#1C2126", "#14181C"),
    error="#FF6A5C",
    error_fill="#4A120C",
    error_text="#FFC9C2",
    unknown_fill="#14181C",
    other="#363636",
    fills={
        "linear": "#007455",
        "convolution": "#306481",
        "pooling": "#946506",
        "resizing": "#8E3F00",
        "activation": "#6C4058",
        "arithmetic": "#004A73",
        "block": "#363E45",
        "shape": "#363636",
        "normalisation": "#7E7823",
        "regularisation": "#3F2634",
        "join": "#14181C",
        "input": "#14181C",
        "output": "#14181C",
    },
)

THEMES = {"light": LIGHT, "dark": DARK}
