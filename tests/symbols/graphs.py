"""Random small specs: chains, branches that may not match, skips, and vars, over one or two
axes."""

from __future__ import annotations

from hypothesis import strategies as st

WINDOWS = st.fixed_dictionaries(
    {"kernel": st.integers(1, 5), "stride": st.integers(1, 3), "padding": st.integers(0, 2)}
)


@st.composite
def layers(draw: st.DrawFn) -> str:
    """One layer that changes the spatial size."""
    kind = draw(st.sampled_from(["conv", "conv", "maxpool", "ceil", "same", "up", "transposed"]))
    w = draw(WINDOWS)
    width = draw(st.sampled_from(["4", "width", "2*width", "width + 1"]))
    window = f"kernel: {w['kernel']}, stride: {w['stride']}"
    if kind == "conv":
        return f"conv: {{out: {width}, {window}, padding: {w['padding']}}}"
    if kind == "same":
        return f"conv: {{out: {width}, {window}, padding: same}}"
    if kind == "maxpool":
        return f"maxpool: {{{window}, padding: {min(w['padding'], w['kernel'] // 2)}}}"
    if kind == "ceil":
        padding = min(w["padding"], w["kernel"] // 2)
        return f"avgpool: {{{window}, padding: {padding}, ceil: true}}"
    if kind == "up":
        return f"upsample: {draw(st.integers(2, 3))}"
    return f"conv_transpose: {{out: {width}, {window}, padding: {min(w['padding'], 1)}}}"


@st.composite
def specs(draw: st.DrawFn, axes: int = 1) -> str:
    """A whole spec with a var `width`, and a join whose branches may not match."""
    sides = ", ".join(["64"] * axes)
    lines = [f"input: [3, {sides}]", "vars: {width: 5}", "layers:"]
    lines += [f"  - {draw(layers())}" for _ in range(draw(st.integers(0, 2)))]
    ending = "" if draw(st.booleans()) else ", {crop: {like: inner}}"
    if draw(st.booleans()):
        lines.append("  - {as: skip, conv: {out: 6, kernel: 1}}")
        lines += [f"  - {draw(layers())}" for _ in range(draw(st.integers(1, 2)))]
        lines.append("  - {as: inner, conv: {out: 6, kernel: 1}}")
        join = draw(st.sampled_from(["add", "concat"]))
        lines.append(f"  - {join}: [[{{from: skip}}{ending}], []]")
    lines += [f"  - {draw(layers())}" for _ in range(draw(st.integers(0, 1)))]
    if draw(st.booleans()):
        lines += ["  - flatten", "  - linear: 7"]
    if lines[-1] == "layers:":
        lines.append("  - relu")
    return "\n".join(lines) + "\n"
