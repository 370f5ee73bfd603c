"""Setup before any test of exported code is imported."""

from __future__ import annotations

import os
from importlib.util import find_spec

# Keras uses the PyTorch backend here, whichever test imports it first.
os.environ.setdefault("KERAS_BACKEND", "torch")

WANTS = {
    "interpreter.py": ("torch",),
    "random_check.py": ("torch",),
    "keras_models.py": ("torch", "keras"),
}
"""Modules that the tests share and import without a skip, and the packages that they need."""

collect_ignore = [name for name, words in WANTS.items() if not all(map(find_spec, words))]
