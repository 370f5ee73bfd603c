"""Normalisation and regularisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.layout import Items, call
from archcalc.exporting.pytorch.emitters.common import kept
from archcalc.exporting.pytorch.site import Form
from archcalc.exporting.refusal import refused

if TYPE_CHECKING:
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.site import Site


def batchnorm(site: Site) -> Form:
    """One a rank, but BatchNorm1d takes a vector too."""
    if not all(site.values("eps")):
        raise refused(site.layer, "batch normalisation with an eps of 0", "give a small eps")
    module = f"nn.BatchNorm{max(site.rank, 1)}d"
    keywords = {
        "eps": site.doc("eps", 1e-5),
        "momentum": site.doc("momentum", 0.1),
        "affine": site.doc("affine", True),
        "track_running_stats": site.doc("track", True),
    }
    return Form(call(module, site.text(site.dim(0, 0)), **keywords), None, (kept(site),))


def instancenorm(site: Site) -> Form:
    if any(all(n == 1 for n in t.shape[1:]) for t in site.inputs()):
        raise refused(site.layer, "instance normalisation of a single position", "leave it out")
    keywords = {"eps": site.doc("eps", 1e-5), "affine": site.doc("affine", False)}
    module = call(f"nn.InstanceNorm{site.rank}d", site.text(site.dim(0, 0)), **keywords)
    return Form(module, None, (kept(site),))


def groupnorm(site: Site) -> Form:
    keywords = {"eps": site.doc("eps", 1e-5), "affine": site.doc("affine", True)}
    groups = site.text(site.attribute("groups"))
    module = call("nn.GroupNorm", groups, site.text(site.dim(0, 0)), **keywords)
    return Form(module, None, (kept(site),))


def layernorm(site: Site) -> Form:
    axes = site.value("axes")
    rank = site.same([len(t.shape) for t in site.inputs()])
    sizes: list[Doc] = [site.text(site.dim(0, axis)) for axis in range(rank - axes, rank)]
    shape = sizes[0] if len(sizes) == 1 else Items("[", tuple(sizes), "]")
    keywords = {"eps": site.doc("eps", 1e-5), "elementwise_affine": site.doc("affine", True)}
    if site.value("affine"):
        keywords["bias"] = site.doc("bias", True)
    return Form(call("nn.LayerNorm", shape, **keywords), None, (kept(site),))


def lrn(site: Site) -> Form:
    size, alpha = site.attribute("size"), site.attribute("alpha")
    beta, k = site.attribute("beta"), site.attribute("k")
    keywords = {
        "alpha": site.unless(alpha, 1e-4),
        "beta": site.unless(beta, 0.75),
        "k": site.unless(k, 1.0) if not _is_one(site.values("k")) else None,
    }
    exprs = {"alpha": alpha, "beta": beta, "k": k}
    given = {word: exprs[word] for word, text in keywords.items() if text is not None}
    return Form(
        call("nn.LocalResponseNorm", site.text(size), **keywords),
        lambda run: call(
            "nn.functional.local_response_norm",
            run.x[0],
            run.use(size, "size"),
            **{word: run.use(expr, word) for word, expr in given.items()},
        ),
        (kept(site),),
        (size, *given.values()),
        typed=True,
    )


def _is_one(values: list[float]) -> bool:
    return all(value == 1 for value in values)


def dropout(site: Site) -> Form:
    p = site.attribute("p")
    return Form(
        call("nn.Dropout", site.text(p)),
        lambda run: call("nn.functional.dropout", run.x[0], run.use(p, "p"), "self.training"),
        (kept(site),),
        (p,),
        typed=True,
    )


def drop_path(site: Site) -> Form:
    module = site.need("DropPath")
    return Form(call(module, site.text(site.attribute("p"))), None, (kept(site),))


def layer_scale(site: Site) -> Form:
    module = site.need("LayerScale")
    after = site.same([len(t.shape) - t.channel_axis - 1 for t in site.inputs()])
    axis = site.same([t.channel_axis for t in site.inputs()])
    channels: Doc = site.text(site.dim(0, axis))
    sizes = (channels, *("1",) * after)
    return Form(call(module, *sizes, init=site.doc("init", 1e-6)), None, (kept(site),))
