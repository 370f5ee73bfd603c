"""Normalisation and regularisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.layout import Items, call
from archcalc.codegen.pytorch.emitted import Emitted
from archcalc.codegen.refusal import refused

if TYPE_CHECKING:
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext


def batchnorm(site: OpContext) -> Emitted:
    """One class per rank, but BatchNorm1d accepts a vector too."""
    if not all(site.values("eps")):
        raise refused(site.layer, "batch normalisation with an eps of 0", "give a small eps")
    module = f"nn.BatchNorm{max(site.rank, 1)}d"
    keywords = {
        "eps": site.doc("eps", 1e-5),
        "momentum": site.doc("momentum", 0.1),
        "affine": site.doc("affine", True),
        "track_running_stats": site.doc("track", True),
    }
    return Emitted(call(module, site.text(site.dim(0, 0)), **keywords), None)


def instancenorm(site: OpContext) -> Emitted:
    if any(all(n == 1 for n in t.shape[1:]) for t in site.inputs()):
        raise refused(site.layer, "instance normalisation of a single position", "leave it out")
    keywords = {"eps": site.doc("eps", 1e-5), "affine": site.doc("affine", False)}
    module = call(f"nn.InstanceNorm{site.rank}d", site.text(site.dim(0, 0)), **keywords)
    return Emitted(module, None)


def groupnorm(site: OpContext) -> Emitted:
    keywords = {"eps": site.doc("eps", 1e-5), "affine": site.doc("affine", True)}
    groups = site.text(site.attribute("groups"))
    module = call("nn.GroupNorm", groups, site.text(site.dim(0, 0)), **keywords)
    return Emitted(module, None)


def layernorm(site: OpContext) -> Emitted:
    axes = site.value("axes")
    rank = site.rank + 1
    sizes: list[Doc] = [site.text(site.dim(0, axis)) for axis in range(rank - axes, rank)]
    shape = sizes[0] if len(sizes) == 1 else Items("[", tuple(sizes), "]")
    keywords = {"eps": site.doc("eps", 1e-5), "elementwise_affine": site.doc("affine", True)}
    if site.value("affine"):
        keywords["bias"] = site.doc("bias", True)
    return Emitted(call("nn.LayerNorm", shape, **keywords), None)


def lrn(site: OpContext) -> Emitted:
    size, alpha = site.attribute("size"), site.attribute("alpha")
    beta, k = site.attribute("beta"), site.attribute("k")
    keywords = {
        "alpha": site.unless(alpha, 1e-4),
        "beta": site.unless(beta, 0.75),
        "k": site.unless(k, 1.0) if site.written("k") is not None else None,
    }
    exprs = {"alpha": alpha, "beta": beta, "k": k}
    given = {word: exprs[word] for word, text in keywords.items() if text is not None}
    return Emitted(
        call("nn.LocalResponseNorm", site.text(size), **keywords),
        lambda run: call(
            "nn.functional.local_response_norm",
            run.x[0],
            run.use(size, "size"),
            **{word: run.use(expr, word) for word, expr in given.items()},
        ),
        (size, *given.values()),
        typed=True,
    )


def l2_norm(site: OpContext) -> Emitted:
    module = site.need("L2Norm")
    keywords = {"scale": site.doc("scale", 1.0), "eps": site.doc("eps", 1e-12)}
    return Emitted(call(module, site.text(site.dim(0, 0)), **keywords), None)


def dropout(site: OpContext) -> Emitted:
    p = site.attribute("p")
    return Emitted(
        call("nn.Dropout", site.text(p)),
        lambda run: call("nn.functional.dropout", run.x[0], run.use(p, "p"), "self.training"),
        (p,),
        typed=True,
    )


def drop_path(site: OpContext) -> Emitted:
    module = site.need("DropPath")
    return Emitted(call(module, site.text(site.attribute("p"))), None)


def layer_scale(site: OpContext) -> Emitted:
    module = site.need("LayerScale")
    axis = site.tensors[0].channel_axis
    after = site.rank - axis
    channels: Doc = site.text(site.dim(0, axis))
    sizes = (channels, *("1",) * after)
    return Emitted(call(module, *sizes, init=site.doc("init", 1e-6)), None)
