"""Values and expressions."""

from archcalc.diagnostic_codes.base import Code

VALUES = (
    Code(
        "wrong-type",
        "a value of another kind than is needed",
        "Numbers, words, lists, true and false, and mappings each have their places. What YAML 1.1 "
        "took for booleans (yes, no, on, off) is text.",
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
        "a value of the right kind that is out of bounds",
        "A number is too small or too large for what it says, a word is none of those known here, "
        "or two attributes exclude each other.",
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
        "a size that is not integral",
        "Numbers are exact, and sizes are counts: 0.35·32 = 11.2 channels cannot be. Say how it "
        "is rounded.",
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
        "a number beyond any network",
        "Numbers stay below 2^1024, the height and width of an input below 2^24, and an axis of an "
        "output or a weight is at most 2^40 long. Most often a loop multiplies once too often.",
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
        "text that is no expression",
        "Expressions have numbers, names, arithmetic, comparison, and, or, not, `x if c else y`, "
        "indexing, lists and a few functions. They are read and worked out, never run as code.",
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
        "a function that there is not",
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
        "a division by zero",
        "The divisor works out to 0 under the values in force.",
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
        "an index outside its list",
        "The items of a list count from 0, or from the end with −1.",
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
        "a row of a table that does not fit the loop's names",
        "A loop with several names takes a list from its table at every turn, with one entry for "
        "each name.",
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
        "loops or blocks that make more layers than any network has",
        "A net may have 120,000 layers. So no spec can make a check slow.",
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
