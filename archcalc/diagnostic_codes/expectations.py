"""Expectations and exports."""

from archcalc.diagnostic_codes.base import Code

EXPECTATIONS = (
    Code(
        "expectation-failed",
        "a metric differs from the expected value",
        "The computed value differs from the one under `expect`. An integer must match exactly; a "
        "number with a suffix or decimals to half a unit of its last digit.",
        """\
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3}
expect: {params: 432}
""",
        """\
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3, bias: false}
expect: {params: 432}
""",
    ),
    Code(
        "bad-expectation",
        "an expectation that cannot be compared",
        "An expected value is a number, a list with one number per axis, or an expression, for a "
        "metric that exists on this layer, block or net. A case can only set vars and inputs of "
        "the spec.",
        """\
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3}
    expect: {peak_activation_bytes: 69_888}
""",
        """\
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3}
expect: {peak_activation_bytes: 69_888}
""",
    ),
    Code(
        "unknown-figure",
        "`expect` lists a metric that does not exist",
        "The metrics are those that `check` reports: output, params, macs, receptive_field, depth "
        "and so on. The other keys of `expect` are set, input, source and rounding.",
        """\
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3}
expect: {parameters: 448}
""",
        """\
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3}
expect: {params: 448}
""",
    ),
    Code(
        "not-exportable",
        "not supported by the export target",
        "What a framework cannot express is an error at the layer's line; it is never "
        "approximated. PyTorch, for example, rejects instance normalisation of a 1×1 feature map.",
        """\
$ echo 'input: [8, 16, 16]' > net.yaml
$ echo 'layers: [global_avgpool, instancenorm, flatten, linear: 10]' >> net.yaml
$ archcalc export net.yaml
""",
        """\
$ echo 'input: [8, 16, 16]' > net.yaml
$ echo 'layers: [instancenorm, global_avgpool, flatten, linear: 10]' >> net.yaml
$ archcalc export net.yaml
""",
    ),
)
