"""The diagnostic codes: what each means, why it is reported, and a bad and a fixed spec.

Codes are stable: tools and `allow` refer to them. One file per area. A check imports none of this:
only `archcalc explain CODE` and the guide do.
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
