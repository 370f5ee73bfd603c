"""torchvision next to a PyTorch build for which its compiled operators do not load."""

from __future__ import annotations

import pytest


def torchvision_models():
    """`torchvision.models`; skips the test if torchvision is not installed."""
    import importlib.util

    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed: pip install --no-deps torchvision==0.28.0")
    _define_missing_operators()
    import torchvision

    return torchvision.models


_libraries = []


def _define_missing_operators():
    """Operators for which torchvision registers fakes on import; no classifier calls one."""
    if _libraries:
        return
    import torch

    library = torch.library.Library("torchvision", "DEF")
    _libraries.append(library)  # its definitions are deleted with it
    for name in (
        "nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d",
        "_roi_align_backward", "_roi_pool_backward", "_ps_roi_align_backward",
        "_ps_roi_pool_backward", "_deform_conv2d_backward",
    ):  # fmt: skip
        try:
            library.define(f"{name}(Tensor x) -> Tensor")
        except RuntimeError:
            return  # the compiled operators are available
