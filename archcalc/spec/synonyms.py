"""Names that PyTorch, Keras and everyday language use for operations, attributes and keys. Imported
only for an unknown word, to suggest the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

_MEANT = {
    # The language's word → the others', without case, underscores and a final 1d, 2d or 3d. One
    # word may have several meanings: the first that is valid in the context is suggested.
    # Operations:
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
    "pixel_shuffle": "subpixel depthtospace",
    "pixel_unshuffle": "spacetodepth reorg focus",
    "pad": "zeropad zeropadding reflectionpad",
    "batchnorm": "bn batchnormalization batchnormalisation",
    "layernorm": "ln layernormalization",
    "groupnorm": "gn groupnormalization",
    "l2_norm": "l2normalize l2normalization normalize",
    "attention": "multiheadattention selfattention mha",
    "parameter": "nnparameter learnedtensor clstoken classtoken posembed positionembedding",
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

_ABSENT = {
    # What the language lacks, by other names, and the best workaround.
    "lstm gru rnn bilstm recurrent convlstm": (
        "archcalc has no recurrent layers: define the network up to them, with a head for "
        "their input"
    ),
    "embedding": "archcalc has no embedding: start from its output, input: [features, length]",
    "matmul bmm einsum dot": (
        "archcalc has no product of two tensors: linear multiplies by a weight, mul element by "
        "element"
    ),
    "roipool roialign roialignrotated nms": (
        "archcalc has no region operations: write opaque with the class, or end with heads for the "
        "feature maps"
    ),
    "deformconv deformableconv dcn": (
        "write opaque: {class: torchvision.ops.DeformConv2d, inputs: offset, …}: "
        "`archcalc explain opaque` shows the rest"
    ),
    "maxunpool unpooling": ("archcalc has no unpooling by indices: upsample gives the same size"),
    "spectralnorm weightnorm": (
        "archcalc has no weight reparametrization: shapes are the same without it"
    ),
}


def absent(word: str) -> str:
    """The help for an operation that other libraries have and archcalc lacks; else empty."""
    plain = _plain(word)
    return next((text for words, text in _ABSENT.items() if plain in words.split()), "")


def likely(word: str, known: Collection[str]) -> str | None:
    """The known word that a user most likely meant: a synonym, else the nearest one, else None."""
    plain = _plain(word)
    same = next((one for one in known if _plain(one) == plain), None)
    if same is not None:
        return same
    for meant, others in _MEANT.items():
        if meant in known and plain in others.split():
            return meant
    return nearest(word, known)


def _plain(word: str) -> str:
    """A word without case, underscores and a final 1d, 2d or 3d."""
    plain = word.lower().replace("_", "")
    for ending in ("1d", "2d", "3d"):
        plain = plain.removesuffix(ending)
    return plain
