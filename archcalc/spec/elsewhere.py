"""What PyTorch, Keras and everyday speech call the things of the language. Imported when a word is
at fault, so that a newcomer is told the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

_MEANT = {
    # The language's word, and the others' without case, underscores and a last 1d, 2d or 3d. One
    # word may mean several things: the first that can stand there is suggested.
    # operations
    "linear": "dense fc fullyconnected innerproduct gemm",
    "conv": "convolution",
    "depthwise_conv": "depthwise depthwiseseparable separableconv dwconv",
    "conv_transpose": "deconv deconvolution upconv transposedconv transposeconv conv2dtranspose",
    "maxpool": "pool pooling maxpooling",
    "avgpool": "averagepool averagepooling avgpooling meanpool",
    "global_avgpool": "gap globalaveragepool globalaveragepooling globalavgpooling",
    "global_maxpool": "gmp globalmaxpooling",
    "adaptive_avgpool": "adaptiveaveragepool adaptivepool",
    "upsample": "upsampling interpolate resize unpool",
    "pad": "zeropad zeropadding reflectionpad",
    "batchnorm": "bn batchnormalization batchnormalisation",
    "layernorm": "ln layernormalization",
    "groupnorm": "gn groupnormalization",
    "lrn": "localresponsenorm localresponsenormalization",
    "drop_path": "stochasticdepth",
    "silu": "swish",
    "hardswish": "hswish",
    "hardsigmoid": "hsigmoid",
    "add": "residual shortcut skip sum plus addition",
    "sub": "subtract minus",
    "mul": "multiply times product",
    "concat": "cat concatenate concatenation merge",
    "channel_shuffle": "shuffle",
    "permute": "transpose",
    "reshape": "view",
    "identity": "noop passthrough",
    "group": "sequential",
    # attributes
    "out": "units filters outchannels outfeatures channels features numfilters noutput width",
    "kernel": "kernelsize ksize size poolsize windowsize window filtersize k",
    "stride": "strides step",
    "padding": "pad pads",
    "dilation": "dilations dilationrate",
    "groups": "group numgroups",
    "bias": "usebias",
    "ceil": "ceilmode",
    "p": "rate prob probability dropprob",
    "slope": "negativeslope alpha",
    "eps": "epsilon",
    "output": "outputsize size shape out outputshape",
    "scale": "scalefactor factor",
    # keys
    "when": "if condition",
    "as": "label",
    "from": "input inputs source",
    "repeat": "times count",
    "do": "layers body",
    "with": "params parameters args arguments",
    "vars": "variables constants settings params parameters",
    "layers": "model network net modules architecture body",
    "input": "inputs inputshape inputsize shape",
    "extends": "base parent inherits",
    "macs": "mac multiplies multadds madds",
    "params": "parameters weights numparams",
}


def likely(word: str, known: Collection[str]) -> str | None:
    """The known word that a user most likely meant: that of another's vocabulary, else the
    nearest one; None where there is none."""
    plain = word.lower().replace("_", "")
    for ending in ("1d", "2d", "3d"):
        plain = plain.removesuffix(ending)
    for meant, others in _MEANT.items():
        if meant in known and plain in others.split():
            return meant
    return nearest(word, known)
