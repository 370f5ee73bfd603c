"""Blocks and their calls."""

from archcalc.diagnostic_codes.base import Code

BLOCKS = (
    Code(
        "missing-parameter",
        "a required parameter of a block is not given",
        "Every call must pass the parameters without a default and the tensors under `inputs`.",
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
        "the block has no such parameter",
        "A call can only pass parameters declared under `with` and tensors declared under "
        "`inputs`.",
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
        "a block calls itself or a later block",
        "A block can only use blocks defined before it, so that every net is finite.",
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
