"""Totals of layers, groups and the net, shared weights, heads, and unknown counts."""

from hypothesis import given
from hypothesis import strategies as st

from archcalc.analysis import cost
from archcalc.analysis.analyze import analyze
from archcalc.analysis.figures import Totals
from archcalc.ops.base import Weight
from tests.analysis.nets import Builder, Stub, facts, image

CONV = facts(
    image(4, 10),
    weights=(
        Weight("weight", (4, 3)),
        Weight("bias", (4,)),
        Weight("running_mean", (5,), trainable=False),
    ),
    macs=7,
    flops=20,
)
LAYER = Totals(16, 5, 7, 20, 40)


def test_layers_add_up():
    b = Builder()
    t = b.layer(b.layer(1, given=CONV), given=CONV)
    report = analyze(b.net(t))
    assert [layer.totals for layer in report.layers] == [LAYER, LAYER]
    assert report.totals == Totals(32, 10, 14, 40, 80)
    assert report.layers[1].inputs == ((4, 10),)
    assert report.layers[1].output == (4, 10)


def test_shared_weights_count_once_and_macs_each_time():
    b = Builder()
    t = b.layer(1, given=CONV)
    t = b.layer(t, given=CONV, shared=0)
    report = analyze(b.net(t))
    assert report.layers[1].totals == LAYER._replace(params=0, buffers=0)
    assert report.totals == Totals(16, 5, 14, 40, 80)
    assert cost.weights(b.nodes) == 12


def test_heads_that_run_in_training_only():
    b = Builder()
    t = b.layer(1, given=CONV)
    head = b.layer(t, given=CONV, training_only=True)
    aux = b.group(1, t, head)
    t = b.layer(t, given=CONV)
    both = b.group(1, 1, t)
    report = analyze(b.net(t))
    assert report.totals == Totals(32, 10, 14, 40, 80)
    assert report.of(both) == LAYER
    assert report.of(aux) == LAYER  # the cost of the head itself
    assert report.of(b.group(3, t, t)) == Totals(0, 0, 0, 0, 0)


def test_unknown_counts_make_the_total_unknown():
    b = Builder()
    t = b.layer(1, given=CONV)
    known = b.group(0, 1, t)
    t = b.layer(t, given=CONV._replace(macs=None, flops=None))
    uncounted = b.group(0, 1, t)
    t = b.layer(t, known=False)
    report = analyze(b.net(t))
    assert report.of(known) == LAYER
    assert report.of(uncounted) == Totals(32, 10, None, None, 80)
    assert report.totals == Totals(None, None, None, None, None)
    assert report.layers[2].totals == report.totals
    assert report.layers[2].output is None
    assert cost.weights(b.nodes) is None


@given(st.lists(st.sampled_from([0, 3, None]), max_size=8), st.data())
def test_group_totals_are_sums(counts, data):
    b = Builder()
    for macs in counts:
        b.layer(1, given=facts(image(2), macs=macs))
    start = data.draw(st.integers(0, len(counts)))
    end = data.draw(st.integers(start, len(counts)))
    group = b.group(start, 1, 1)
    group.end = end
    inside = counts[start:end]
    expected = None if None in inside else sum(inside)
    report = analyze(b.net(1))
    assert report.of(group).macs == expected
    assert report.of(group).activations == 2 * len(inside)


def test_connections_leave_out_layers_without_weights():
    # LeNet-5 (LeCun et al. 1998): C1 has 122,304 connections, S2 5,880.
    b = Builder()
    t = b.layer(1, op=Stub(connections=122_304), given=facts(image(6, 28, 28)))
    t = b.layer(t, op=Stub(connections=None), given=facts(image(6, 28, 28), macs=1))
    t = b.layer(t, op=Stub(connections=5_880), given=facts(image(6, 14, 14)))
    net = b.net(t)
    assert cost.connections(net, net.nodes) == 128_184
    b.layer(t, known=False)
    net = b.net(t)
    assert cost.connections(net, net.nodes) is None
