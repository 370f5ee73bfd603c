"""Values and expressions."""

from archcalc.diagnostic_codes.base import Code

VALUES = (
    Code(
        "wrong-type",
        "a value of the wrong type",
        "A number, word, list, boolean or mapping is given where another type is expected. yes, "
        "no, on and off, which YAML 1.1 read as booleans, are strings.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, bias: no}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, bias: false}
""",
    ),
    Code(
        "bad-value",
        "a value out of range",
        "A number is too small or too large, a word is not among the accepted ones, or two "
        "attributes exclude each other.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, stride: 0}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, stride: 1}
""",
    ),
    Code(
        "not-an-integer",
        "a size is not an integer",
        "Arithmetic is exact and sizes are integers: 0.35·32 = 11.2 channels are not possible. "
        "Choose how to round.",
        """\
input: [3, 8, 8]
vars: {alpha: 0.35}
layers:
  - conv: {out: 32*alpha, kernel: 3}
""",
        """\
input: [3, 8, 8]
vars: {alpha: 0.35}
layers:
  - conv: {out: make_divisible(32*alpha), kernel: 3}
""",
    ),
    Code(
        "number-too-large",
        "a number or size beyond the limits",
        "Numbers must stay below 2^1024, the height and width of an input below 2^24, and the axes "
        "of outputs and weights are at most 2^40 long. Often a loop multiplies once too often.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 9**9**9, kernel: 3}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 9**2, kernel: 3}
""",
    ),
    Code(
        "bad-expression",
        "text that cannot be parsed as an expression",
        "Expressions consist of numbers, names, arithmetic, comparison, and, or, not, `x if c else "
        "y`, indexing, lists and a few functions. They are interpreted, never run as code.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 2×8, kernel: 3}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 2*8, kernel: 3}
""",
    ),
    Code(
        "unknown-function",
        "an expression calls a function that does not exist",
        "Expressions have the functions min, max, round, ceil, floor, abs, len, sum and "
        "make_divisible.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: int(32/3), kernel: 3}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: floor(32/3), kernel: 3}
""",
    ),
    Code(
        "division-by-zero",
        "an expression divides by zero",
        "The divisor evaluates to 0 with the current values.",
        """\
input: [3, 8, 8]
vars: {groups: 0}
layers:
  - conv: {out: 32//groups, kernel: 3}
""",
        """\
input: [3, 8, 8]
vars: {groups: 1}
layers:
  - conv: {out: 32//groups, kernel: 3}
""",
    ),
    Code(
        "bad-index",
        "an index outside of its list",
        "The items of a list are numbered from 0, or from −1 at the end.",
        """\
input: [3, 8, 8]
vars: {widths: [16, 32]}
layers:
  - conv: {out: "widths[2]", kernel: 3}
""",
        """\
input: [3, 8, 8]
vars: {widths: [16, 32]}
layers:
  - conv: {out: "widths[1]", kernel: 3}
""",
    ),
    Code(
        "bad-table",
        "a table row does not match the loop names",
        "A loop with several names takes one row of its table per iteration; each row must be a "
        "list with one entry per name.",
        """\
input: [3, 8, 8]
layers:
  - for: [out, depth]
    in: [[8, 1], [16]]
    do:
      - repeat: depth
        do: [conv: {out: out, kernel: 3, padding: 1}]
""",
        """\
input: [3, 8, 8]
layers:
  - for: [out, depth]
    in: [[8, 1], [16, 2]]
    do:
      - repeat: depth
        do: [conv: {out: out, kernel: 3, padding: 1}]
""",
    ),
    Code(
        "too-many-layers",
        "loops or blocks make more layers than allowed",
        "A net has at most 120,000 layers, which keeps every check fast.",
        """\
input: [3, 8, 8]
layers:
  - repeat: 10**12
    do: [relu]
""",
        """\
input: [3, 8, 8]
layers:
  - repeat: 12
    do: [relu]
""",
    ),
)
