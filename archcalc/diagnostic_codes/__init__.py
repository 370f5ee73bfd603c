"""The diagnostic codes: what each means, why it is an error, and a spec before and after.

Codes are stable: tools and `allow` name them. One file an area; nothing here is imported by a
check.
"""

from archcalc.diagnostic_codes.base import Code
from archcalc.diagnostic_codes.blocks import BLOCKS
from archcalc.diagnostic_codes.expectations import EXPECTATIONS
from archcalc.diagnostic_codes.files import FILES
from archcalc.diagnostic_codes.layers import LAYERS
from archcalc.diagnostic_codes.names import NAMES
from archcalc.diagnostic_codes.shapes import SHAPES
from archcalc.diagnostic_codes.text import TEXT
from archcalc.diagnostic_codes.values import VALUES

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
