"""The alignment: optimal, in order, and complete."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from archcalc.compare import align
from archcalc.compare.align import aligned, likeness
from tests.compare.support import of_text


def item(word, label, output=(1,), family="f", macs=0, *, is_layer=True):
    totals = SimpleNamespace(macs=macs)
    return SimpleNamespace(
        word=word,
        label=label,
        named=not label.isdecimal(),
        output=output,
        family=family,
        totals=totals,
        is_layer=is_layer,
    )


ITEMS = st.builds(
    item,
    st.sampled_from(["conv", "relu", "pool"]),
    st.sampled_from(["0", "1", "a", "b"]),
    st.sampled_from([(1,), (2,)]),
    st.just("f"),
)


def best(a, b):
    """The greatest sum of similarities, by trying all alignments."""
    if not a or not b:
        return 0
    rest = max(best(a[1:], b), best(a, b[1:]))
    alike = likeness(a[0], b[0])
    return max(rest, alike + best(a[1:], b[1:])) if alike else rest


@settings(max_examples=150)
@given(st.lists(ITEMS, max_size=5), st.lists(ITEMS, max_size=5))
def test_the_alignment_is_optimal(a, b):
    rows = aligned([a, b])
    assert [x for x, _ in rows if x is not None] == a
    assert [y for _, y in rows if y is not None] == b
    pairs = [(x, y) for x, y in rows if x is not None and y is not None]
    assert all(likeness(x, y) for x, y in pairs)
    assert sum(likeness(x, y) for x, y in pairs) == best(a, b)


@settings(max_examples=50)
@given(st.lists(st.lists(ITEMS, max_size=4), min_size=3, max_size=3))
def test_three_nets_keep_all_layers(levels):
    rows = aligned(levels)
    for position, level in enumerate(levels):
        assert [row[position] for row in rows if row[position] is not None] == level


def test_what_corresponds():
    conv = item("conv", "conv1", (8,))
    assert likeness(conv, item("conv", "conv1", (8,))) > likeness(conv, item("conv", "3", (8,)))
    assert likeness(conv, item("conv", "3", (8,))) > likeness(conv, item("conv", "3", (9,)))
    assert not likeness(conv, item("relu", "2", (8,), "activation"))
    # one activation for another at the same position, but not anywhere
    relu, tanh = item("relu", "1", (8,), "act"), item("tanh", "4", (8,), "act")
    assert likeness(relu, tanh)
    assert not likeness(relu, item("tanh", "4", (9,), "act"))
    # a layer, and a block around one with the same operation
    block = item("basic", "stem", (8,), "block", macs=72, is_layer=False)
    assert not likeness(conv, block)
    assert likeness(item("conv", "conv1", (8,), macs=72), block)


def test_a_level_too_long_to_score(monkeypatch):
    monkeypatch.setattr(align, "_MOST", 10)
    a = [item("conv", str(i), (1,), macs=1) for i in range(8)]
    b = [item("conv", str(i), (2,), macs=2) for i in range(2, 12)]
    rows = aligned([a, b])
    assert [(x and x.label, y and y.label) for x, y in rows] == [
        ("0", None),
        ("1", None),
        *((str(i), str(i)) for i in range(2, 8)),
        *((None, str(i)) for i in range(8, 12)),
    ]


def test_a_chain_of_thousands():
    chain = (
        "input: [4, 8, 8]\nlayers:\n  - repeat: {n}\n    do:\n      - conv: {{out: 4, kernel: 1}}\n"
    )
    found = of_text(chain.format(n=3000), chain.format(n=3500))
    present = [[item is not None for item in match.items] for match in found.rows]
    assert present.count([True, True]) == 3000
    assert present.count([False, True]) == 500
