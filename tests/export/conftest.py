"""What tests of exported code need before any of them is imported."""

from __future__ import annotations

import os
from importlib.util import find_spec

# Keras runs on PyTorch here, whichever test imports it first.
os.environ.setdefault("KERAS_BACKEND", "torch")

WANTS = {
    "interpreter.py": ("torch",),
    "random_check.py": ("torch",),
    "keras_models.py": ("torch", "keras"),
}
"""What the tests share and import without asking, and the packages that they cannot do without."""

collect_ignore = [name for name, words in WANTS.items() if not all(map(find_spec, words))]
