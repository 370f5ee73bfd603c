"""The text of a spec: YAML, and how much of it there may be."""

from archcalc.diagnostic_codes.base import Code
from archcalc.spec.limits import MAX_DEPTH, MAX_ERRORS

TEXT = (
    Code(
        "yaml-syntax",
        "text that is no YAML",
        "The brackets, quotes, colons or indentation do not fit. An expression with a comma or a "
        "bracket inside {…} needs quotes.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: max(8, 16), kernel: 3}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: "max(8, 16)", kernel: 3}
""",
    ),
    Code(
        "unsupported-yaml",
        "a part of YAML that specs do not have",
        "Tags, merge keys (<<), keys that are no words, and several documents in one file are not "
        "part of a spec. Anchors and aliases are.",
        """\
input: [3, 8, 8]
layers:
  - conv: &wide {out: 8, kernel: 3}
  - conv: {<<: *wide, stride: 2}
""",
        """\
input: [3, 8, 8]
defaults: {conv: {out: 8, kernel: 3}}
layers:
  - conv
  - conv: {stride: 2}
""",
    ),
    Code(
        "duplicate-key",
        "one key twice in a mapping",
        "YAML forbids it, and most readers silently keep the last one.",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3, out: 16}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 16, kernel: 3}
""",
    ),
    Code(
        "empty-spec",
        "a spec without content",
        "There is nothing in the file but blanks and comments.",
        """\
# a network, one day
""",
        """\
# a network
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3}
""",
    ),
    Code(
        "nesting-too-deep",
        "brackets or calls too many inside one another",
        f"Lists and mappings stand at most {MAX_DEPTH} inside one another, calls of blocks 50. No "
        "network comes near it, and no spec can make a check slow.",
        f"""\
input: [3, 8, 8]
vars: {{deep: {"[" * MAX_DEPTH}{"]" * MAX_DEPTH}}}
layers:
  - relu
""",
        f"""\
input: [3, 8, 8]
vars: {{deep: {"[" * 5}{"]" * 5}}}
layers:
  - relu
""",
    ),
    Code(
        "too-large",
        "more text than any network needs",
        "Bounds on the size of a file, on the layers, blocks and expressions written in it, and on "
        "the lists that names put together, so that no spec can make a check slow. Loops and "
        "blocks keep a spec small.",
        """\
input: [3, 8, 8]
vars:
  a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  b: [a, a, a, a, a, a, a, a, a, a]
  c: [b, b, b, b, b, b, b, b, b, b]
  d: [c, c, c, c, c, c, c, c, c, c]
layers:
  - conv: {out: len(d), kernel: 1}
""",
        """\
input: [3, 8, 8]
layers:
  - conv: {out: 10**4, kernel: 1}
""",
    ),
    Code(
        "too-many-errors",
        "so many errors that reading stops",
        f"After {MAX_ERRORS} errors the rest is not told. Mostly one cause makes them all.",
        f"""\
input: [3, 8, 8]
layers:
  [{", ".join(["cnov"] * MAX_ERRORS)}]
""",
        f"""\
input: [3, 8, 8]
layers:
  [{", ".join(["relu"] * MAX_ERRORS)}]
""",
    ),
)
