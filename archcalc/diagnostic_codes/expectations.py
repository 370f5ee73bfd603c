"""What a spec expects."""

from archcalc.diagnostic_codes.base import Code

EXPECTATIONS = (
    Code(
        "expectation-failed",
        "an expected figure does not hold",
        "The spec says what a figure must be, and it is another. An integer must hold exactly; a "
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
        "an expectation that cannot be judged",
        "An expectation gives a figure that exists where it stands as a number, a list of one "
        "number an axis, or an expression; a case sets vars and inputs that the spec has.",
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
        "an expectation of a figure that there is not",
        "The figures are those that a check prints: output, params, macs, receptive_field, depth "
        "and so on. Beside them stand set, input, source and rounding.",
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
        "something that the target of an export cannot say",
        "What a framework has no way to express is refused at its line, never approximated: "
        "PyTorch, for one, refuses instance normalisation where a channel has a single position.",
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
