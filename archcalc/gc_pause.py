"""Python's garbage collector, set aside while a large graph is built or walked."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def paused() -> Iterator[None]:
    """Looks for no cycles inside the block.

    Nothing here makes cycles that matter, and looking for them again and again among all that is
    kept takes as long as the work itself on a net of 100,000 layers.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
