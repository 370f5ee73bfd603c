"""The text of a spec: YAML syntax and size limits."""

from archcalc.diagnostic_codes.base import Code
from archcalc.spec.limits import MAX_DEPTH, MAX_ERRORS

TEXT = (
    Code(
        "yaml-syntax",
        "invalid YAML",
        "A comma, colon, bracket or quote is missing or misplaced, or the indentation is "
        "inconsistent. Inside {…}, an expression with a comma or a bracket needs quotes.",
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
        "a YAML feature that specs do not support",
        "Specs cannot use tags, merge keys (<<), keys other than words, or several documents in "
        "one file. Anchors and aliases are supported.",
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
        "the same key twice in a mapping",
        "YAML forbids it, but most YAML readers silently keep the last one.",
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
        "the file has no content",
        "The file contains only blank lines and comments.",
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
        "lists, mappings or block calls nested too deep",
        f"Lists and mappings nest at most {MAX_DEPTH} deep, block calls at most 50. No network "
        "comes near that; the limit keeps every check fast.",
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
        "a spec, list or expression is too large",
        "The size of a file, its numbers of layers, blocks and expressions, and the size of lists "
        "built from other lists are limited, which keeps every check fast. Loops and blocks keep a "
        "spec small.",
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
        "only the first errors are reported",
        f"Only the first {MAX_ERRORS} errors are reported. They often have one common cause.",
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
