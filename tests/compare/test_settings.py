"""Settings of one net: `mobilenet:width=0.5`."""

from __future__ import annotations

import pytest

from archcalc.compare.settings import Requested, read_requested


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("vgg16", Requested("vgg16", ())),
        ("nets/my.yaml:a=1,b=two", Requested("nets/my.yaml", ("a=1", "b=two"))),
        ("C:/nets/my.yaml", Requested("C:/nets/my.yaml", ())),
        ("C:/nets/my.yaml:a=1", Requested("C:/nets/my.yaml", ("a=1",))),
        ("a:list=[1, 2],n=max(1, 2)", Requested("a", ("list=[1, 2]", "n=max(1, 2)"))),
        ("a:width", Requested("a", ("width",))),
    ],
)
def test_reading(text, wanted):
    assert read_requested(text) == wanted


def test_vars_and_inputs():
    wanted = read_requested("a:width=2,input=3x8x8")
    assert (wanted.variables, wanted.inputs) == (["width=2"], ["3x8x8"])
    wanted = read_requested("a:input.left=3x8x8,input.right=1x8x8,inputs=2")
    assert wanted.inputs == ["left=3x8x8", "right=1x8x8"]
    assert wanted.variables == ["inputs=2"]
