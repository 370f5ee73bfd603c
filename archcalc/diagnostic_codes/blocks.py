"""Blocks and their calls."""

from archcalc.diagnostic_codes.base import Code

BLOCKS = (
    Code(
        "missing-parameter",
        "a call that leaves out what the block needs",
        "Parameters without a default, and the tensors under `inputs`, are given by every call.",
        """\
input: [3, 8, 8]
blocks:
  unit:
    with: {width: , stride: 1}
    do: [conv: {out: width, kernel: 3, stride: stride}]
layers:
  - unit: {stride: 2}
""",
        """\
input: [3, 8, 8]
blocks:
  unit:
    with: {width: , stride: 1}
    do: [conv: {out: width, kernel: 3, stride: stride}]
layers:
  - unit: {width: 8, stride: 2}
""",
    ),
    Code(
        "unknown-parameter",
        "a call with a parameter that the block has not",
        "A call names parameters that the block declares under `with`, or tensors under `inputs`.",
        """\
input: [3, 8, 8]
blocks:
  unit:
    with: {width: 8}
    do: [conv: {out: width, kernel: 3}]
layers:
  - unit: {widht: 16}
""",
        """\
input: [3, 8, 8]
blocks:
  unit:
    with: {width: 8}
    do: [conv: {out: width, kernel: 3}]
layers:
  - unit: {width: 16}
""",
    ),
    Code(
        "recursive-block",
        "a block that calls itself or a later one",
        "A block may use those written before it. So every net is finite.",
        """\
input: [3, 8, 8]
blocks:
  stage: {do: [unit, unit]}
  unit: {do: [{conv: {out: 3, kernel: 1}}, relu]}
layers:
  - stage
""",
        """\
input: [3, 8, 8]
blocks:
  unit: {do: [{conv: {out: 3, kernel: 1}}, relu]}
  stage: {do: [unit, unit]}
layers:
  - stage
""",
    ),
)
