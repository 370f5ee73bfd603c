"""The diagnostic codes: what each means, why it is a fault, and a spec before and after.

Codes are stable: tools and `allow` name them. One file an area; nothing here is imported by a
check.
"""

from archcalc.codes.base import Code
from archcalc.codes.blocks import BLOCKS
from archcalc.codes.expectations import EXPECTATIONS
from archcalc.codes.files import FILES
from archcalc.codes.layers import LAYERS
from archcalc.codes.names import NAMES
from archcalc.codes.shapes import SHAPES
from archcalc.codes.text import TEXT
from archcalc.codes.values import VALUES

__all__ = ["CODES", "Code"]

CODES: tuple[Code, ...] = (
    *SHAPES,
    *VALUES,
    *NAMES,
    *LAYERS,
    *BLOCKS,
    *EXPECTATIONS,
    *TEXT,
    *FILES,
)
