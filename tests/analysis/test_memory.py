"""The peak of live activations: by hand, and compared with a naive simulation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archcalc.analysis.analyze import analyze
from archcalc.ops.base import product
from tests.analysis.nets import Builder, Stub, facts, image

VIEW = Stub("flatten", view=True)


def peak(b, output=None, **more):
    return analyze(b.net(output, **more)).peak_activation_bytes


def test_input_and_output_are_alive_at_the_same_time():
    b = Builder(input=image(3, 10))  # 30 numbers
    t = b.layer(1, given=facts(image(8, 10)))  # 80
    t = b.layer(t, given=facts(image(2, 10)))  # 20
    assert peak(b, t) == (30 + 80) * 4


def test_a_branch_keeps_its_start_alive():
    b = Builder(input=image(1, 10))
    body = b.layer(b.layer(1, given=facts(image(1, 10))), given=facts(image(1, 10)))
    t = b.join(body, 1)
    assert peak(b, t) == 30 * 4  # the input, and two of the body; then the input, body and sum


def test_views_share_their_input():
    b = Builder(input=image(1, 10))
    t = b.layer(1, given=facts(image(4, 10)))
    flat = b.layer(t, op=VIEW, given=facts(image(40)))
    end = b.layer(flat, given=facts(image(5)))
    assert peak(b, end) == (10 + 40) * 4
    # A view that is read late keeps its memory alive.
    b = Builder(input=image(1, 10))
    flat = b.layer(1, op=VIEW, given=facts(image(10)))
    t = b.layer(1, given=facts(image(7)))
    t = b.layer(t, given=facts(image(6)))
    assert peak(b, b.join(t, flat, given=facts(image(1)))) == (10 + 7 + 6) * 4


def test_a_view_of_a_view():
    b = Builder(input=image(1, 10))
    t = b.layer(1, given=facts(image(4)))
    twice = b.layer(b.layer(t, op=VIEW), op=VIEW)
    other = b.layer(1, given=facts(image(7)))
    assert peak(b, b.join(other, twice)) == (10 + 4 + 7) * 4


def test_a_view_as_output_keeps_its_memory():
    b = Builder(input=image(1, 10))
    t = b.layer(1, given=facts(image(3)))
    flat = b.layer(t, op=VIEW, given=facts(image(3)))
    other = b.layer(1, given=facts(image(5)))
    assert peak(b, outputs={"a": flat, "b": other}) == (10 + 3 + 5) * 4


def test_outputs_live_to_the_end():
    b = Builder(input=image(10))
    early = b.layer(1, given=facts(image(100)))
    late = b.layer(b.layer(1, given=facts(image(4))), given=facts(image(2)))
    assert peak(b, outputs={"early": early, "output": late}) == (100 + 10 + 4) * 4
    assert peak(b, late) == (100 + 10) * 4  # unread and not an output: freed at once


def test_training_only_layers_do_not_run():
    b = Builder(input=image(10))
    b.layer(1, given=facts(image(1000)), training_only=True)
    t = b.layer(1, given=facts(image(5)))
    assert peak(b, t) == 15 * 4
    b.layer(t, known=False, training_only=True)
    assert peak(b, t) == 15 * 4


def test_parts_of_a_split():
    b = Builder(input=image(10))
    left, _right = b.layer(1, given=facts(image(6), image(4)))
    t = b.layer(left, given=facts(image(9)))
    assert peak(b, t) == (10 + 6 + 4) * 4


def test_an_input_without_layers():
    assert peak(Builder(input=image(10)), 1) == 40


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("float64", 8), ("float32", 4), ("float16", 2), ("bfloat16", 2), ("int8", 1)],
)
def test_bytes_per_number(dtype, size):
    b = Builder(input=image(10))
    assert analyze(b.net(1), dtype).peak_activation_bytes == 10 * size


def test_other_types_are_rejected():
    with pytest.raises(ValueError, match="float64, float32, float16, bfloat16, int8, not 'float'"):
        analyze(Builder().net(1), "float")


def test_errors_hide_the_peak():
    b = Builder()
    assert peak(b, b.layer(1, known=False)) is None
    b = Builder()
    b.tensors[1] = None
    assert peak(b, 1) is None


@st.composite
def nets(draw):
    b = Builder(a=image(draw(st.integers(1, 9))), b=image(draw(st.integers(1, 9))))
    for _ in range(draw(st.integers(1, 10))):
        made = st.integers(1, len(b.tensors) - 1)
        sources = draw(st.lists(made, min_size=1, max_size=3))
        training = draw(st.sampled_from([False, False, False, True]))
        if draw(st.booleans()):
            given, op = facts(b.tensors[sources[0]]), VIEW
        else:
            sizes = draw(st.lists(st.integers(1, 20), min_size=1, max_size=2))
            given, op = facts(*map(image, sizes)), Stub(join=True)
        b.layer(*sources, op=op, given=given, training_only=training)
    outputs = draw(st.lists(st.integers(1, len(b.tensors) - 1), max_size=2))
    return b.net(outputs={str(i): t for i, t in enumerate(outputs)})


def simulate(net):
    """Every step separately: which tensors must be alive, and their size."""
    nodes = [node for node in net.nodes if not node.training_only]

    def memory(tensor):
        maker = net.producers[tensor]
        if maker is not None and net.nodes[maker].op.view:
            node = net.nodes[maker]
            return memory(node.inputs[0]) if not node.training_only else None
        return tensor

    made = set(net.inputs.values())
    most = sum(product(net.tensors[t].shape) for t in made)
    for moment, node in enumerate(nodes):
        made |= {t for t in node.outputs if memory(t) == t}
        needed = {memory(t) for t in net.outputs.values()}
        for later in nodes[moment:]:
            needed |= {memory(t) for t in later.inputs}
        needed |= {memory(t) for t in node.outputs}
        unread = {
            t
            for t in net.inputs.values()
            if not any(t == memory(i) for n in nodes for i in n.inputs)
        }
        most = max(most, sum(product(net.tensors[t].shape) for t in made & (needed | unread)))
    return most


@given(nets())
def test_against_a_simulation(net):
    assert analyze(net).peak_activation_bytes == simulate(net) * 4
