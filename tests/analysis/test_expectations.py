"""Expectations: compared with their settings, each failure reported with its likely cause."""

from fractions import Fraction

import pytest

from archcalc.analysis.analyze import analyze
from archcalc.diagnostics import Diagnostic, Span
from archcalc.graph import Expected
from archcalc.ops.base import CHANNELS, Tensor, Weight
from archcalc.ops.reach import Periodic, Window
from archcalc.spec.expressions import Value
from archcalc.spec.syntax import Case, Figure
from tests.analysis.nets import FILE, Builder, Stub, facts, image

CONV = facts(
    image(4, 10, 10),
    weights=(
        Weight("weight", (4, 3)),
        Weight("bias", (4,)),
        Weight("running_mean", (5,), trainable=False),
    ),
    reach=(Window(3, 1, 1, 1), Window(5, 1, 2, 2)),
    macs=1000,
    flops=2400,
)


def value(text):
    """A value as the parser creates it; a list if the text is one."""
    place = (FILE, 100, 9, len(text))
    if text.startswith("["):
        items = tuple(value(t.strip()) for t in text[1:-1].split(","))
        return Value(", ".join(i.text for i in items), False, place, items)
    return Value(text, True, place)


def case(settings=None, inputs=None, rounding="nearest", source=None, **figures):
    return Case(
        tuple(
            Figure(what, value(text), text, Span(FILE, 100, 9, len(text)))
            for what, text in figures.items()
        ),
        {name: value(text) for name, text in (settings or {}).items()},
        inputs,
        source,
        rounding,
        Span(FILE, 99, 1),
        {name: Span(FILE, 99, 9) for name in (settings or {})},
    )


def small():
    """Two layers, and a group of the second."""
    b = Builder(input=image(3, 10, 10))
    t = b.layer(1, given=CONV, op=Stub("conv", weighted=True, connections=1400))
    end = b.layer(t, given=facts(image(4, 10, 10)))
    return b, end, b.group(1, t, end)


def compared(expected_case, target=None, names=None, b=None, end=None, **more):
    """The report of a small net with one case on the net, or on the part that `target` selects."""
    if b is None:
        b, end, group = small()
    picked = {"layer": b.nodes[0], "group": group}[target] if target else b.root
    expected = Expected(picked, expected_case, names or {})
    return analyze(b.net(end, [expected], **more))


def row(report):
    (one,) = report.expectations
    return one


HOLDING = {
    "output": "[4, 10, 10]",
    "params": "16",
    "buffers": "5",
    "weights": "12",
    "macs": "1K",
    "flops": "2400",
    "activations": "800",
    "peak_activation_bytes": "3200",
    "receptive_field": "[3, 5]",
    "effective_stride": "1",
    "effective_padding": "[1, 2]",
    "depth": "1",
    "shortest_depth": "1",
    "paths": "1",
    "connections": "1400",
}


@pytest.mark.parametrize(("what", "text"), HOLDING.items())
def test_figures_of_the_net(what, text):
    report = compared(case(**{what: text}))
    assert row(report).holds is True
    assert report.ok
    assert not report.diagnostics


@pytest.mark.parametrize(("what", "text"), HOLDING.items())
def test_every_figure_can_fail(what, text):
    wrong = text.replace("1", "7").replace("5", "6").replace("8", "9").replace("3", "4")
    wrong = wrong.replace("2400", "2500")
    report = compared(case(**{what: wrong}))
    assert row(report).holds is False
    assert [d.code for d in report.diagnostics] == ["expectation-failed"]
    assert not report.ok


def test_failing_figure_in_full():
    report = compared(case(params="17", source="a paper"), "layer")
    assert row(report) == (
        "layer0", "params", "17", "16", False, "−1 (5.9%)", "a paper", Span(FILE, 100, 9, 2)
    )  # fmt: skip
    (error,) = report.diagnostics
    assert (error.severity, error.span) == ("error", Span(FILE, 100, 9, 2))
    assert error.message == "layer0: params is 16, expected 17"
    assert error.label == "−1 (5.9%)"
    assert error.help == ""


@pytest.mark.parametrize(
    ("figures", "help"),
    [
        ({"params": "12"}, "without biases (expect weights) the count is 12"),
        ({"params": "21"}, "with buffers, which archcalc counts apart, the count is 21"),
        ({"weights": "16"}, "with biases (expect params) the count is 16"),
        ({"macs": "2K"}, "a multiply and an add are one here; counted as two they are 2,000"),
        ({"macs": "2.4K"}, "as flops (expect flops) the work is 2,400"),
        ({"flops": "1000"}, "published FLOPs are often macs: expect macs, which are 1,000"),
        ({"activations": "0.7K"}, ""),
    ],
)
def test_help_suggests_the_intended_metric(figures, help):
    (error,) = compared(case(**figures)).diagnostics
    assert error.help == help


def test_help_for_heads_that_were_counted():
    b, end, _ = small()
    b.layer(end, given=facts(image(1), weights=(Weight("weight", (84,)),)), training_only=True)
    _, error = compared(case(params="100"), b=b, end=end).diagnostics  # the head is unread
    assert error.help == "with the layers that run in training only the count is 100"


def test_help_for_truncated_numbers():
    (error,) = compared(case(flops="2.3K")).diagnostics
    assert error.help == ""
    (error,) = compared(case(activations="0.70K")).diagnostics
    assert error.help == ""
    b, end, _ = small()
    b.layer(end, given=facts(image(1), macs=99))
    _, error = compared(case(macs="1.0K"), b=b, end=end).diagnostics
    assert error.help == "the source truncates: write rounding: down"
    assert row(compared(case(macs="1.0K", rounding="down"), b=b, end=end)).holds


def test_figures_of_a_layer_and_a_group():
    assert row(compared(case(activations="400"), "layer")).holds
    report = compared(case(params="0", depth="0", paths="1", output="[4, 10, 10]"), "group")
    assert [r.holds for r in report.expectations] == [True] * 4
    assert {r.where for r in report.expectations} == {"block"}


@pytest.mark.parametrize(
    ("what", "text", "shown"),
    [
        ("effective_stride", "1", "1"),  # one number for all axes if they agree
        ("effective_stride", "[1, 1]", "[1, 1]"),
        ("receptive_field", "3", "[3, 5]"),
    ],
)
def test_one_number_or_one_per_axis(what, text, shown):
    assert row(compared(case(**{what: text}))).actual == shown


def test_a_list_of_another_length_fails():
    assert row(compared(case(output="[4, 10]"))).holds is False
    assert row(compared(case(receptive_field="[3, 5, 5]"))).holds is False


def test_a_single_number_is_the_shape_of_a_vector():
    b = Builder(input=image(10))
    t = b.layer(1, given=facts(Tensor((7,), (CHANNELS,))))
    assert row(compared(case(output="7"), b=b, end=t)).holds
    assert row(compared(case(output="8"), b=b, end=t)).actual == "[7]"
    b = Builder(input=image(4, 4))
    assert row(compared(case(output="4"), b=b, end=b.layer(1))).holds is False


def test_expressions_use_the_current_names():
    report = compared(case(params="4*n", output="[n, 5*2, 10]"), names={"n": 4})
    assert [r.holds for r in report.expectations] == [True, True]
    (error,) = compared(case(params="4*n"), names={"n": 5}).diagnostics
    assert error.message == "params is 16, expected 20"


def test_rational_stride():
    b = Builder(input=image(1, 8))
    t = b.layer(1, given=facts(image(1, 16), reach=(Periodic((0, 0), (0, 0), 1),)))
    assert b.net(t)
    for text in ("0.5", "1/2"):
        assert row(compared(case(effective_stride=text), b=b, end=t)).holds
    report = compared(case(effective_stride="1/3"), b=b, end=t)
    assert row(report).actual == str(Fraction(1, 2))
    assert row(report).difference == "+0.166667 (50%)"


class TestBadExpectation:
    """An invalid expectation is an error."""

    def bad(self, report):
        assert row(report).holds is None
        (error,) = report.diagnostics
        assert (error.code, error.severity) == ("bad-expectation", "error")
        assert error.span.line == 100
        return error

    def test_unknown_metric(self):
        assert self.bad(compared(case(parameters="1"))).help == "did you mean params?"
        assert "output, params" in self.bad(compared(case(qqqq="1"))).help

    @pytest.mark.parametrize("text", ["4.09k", "many", "true", "[1, 2]"])
    def test_no_number(self, text):
        error = self.bad(compared(case(params=text)))
        assert "4.09G" in error.help

    @pytest.mark.parametrize("what", ["depth", "paths", "shortest_depth", "peak_activation_bytes"])
    def test_metrics_that_a_layer_does_not_have(self, what):
        self.bad(compared(case(**{what: "1"}), "layer"))

    def test_peak_of_a_group(self):
        self.bad(compared(case(peak_activation_bytes="1"), "group"))

    def test_receptive_field_of_a_vector(self):
        b = Builder(input=image(10))
        self.bad(compared(case(receptive_field="1"), b=b, end=b.weighted(1)))

    def test_output_of_a_net_with_heads_only(self):
        b, end, _ = small()
        report = compared(case(output="[4, 10, 10]"), b=b, end=None, outputs={"head": end})
        assert "no main output" in self.bad(report).label

    def test_error_in_an_expression_keeps_its_code(self):
        report = compared(case(params="1//0"))
        assert [d.code for d in report.diagnostics] == ["division-by-zero"]
        assert row(report).holds is None


def test_what_an_error_hides_is_unknown():
    b, end, _ = small()
    end = b.layer(end, known=False)
    error = Diagnostic("window-too-large", "error", "…", None)
    every = {what: text for what, text in HOLDING.items() if what != "peak_activation_bytes"}
    report = compared(case(**every), b=b, end=end, diagnostics=[error])
    assert {r.actual for r in report.expectations} == {"unknown"}
    assert {r.holds for r in report.expectations} == {None}
    assert report.diagnostics == (error,)


def test_an_error_hides_the_main_output():
    b, _, _ = small()
    error = Diagnostic("no-tensor", "error", "…", None)
    report = compared(case(output="[4]"), b=b, end=None, outputs={}, diagnostics=[error])
    assert row(report).actual == "unknown"


def test_weights_of_heads_that_run_in_training_only():
    b, end, _ = small()
    head = b.layer(end, given=facts(image(1), weights=(Weight("weight", (84,)),)))
    b.nodes[-1] = b.nodes[-1]._replace(training_only=True)
    auxiliary = b.group(2, end, head)
    on_head, on_net = case(weights="84"), case(weights="12")
    expected = [Expected(auxiliary, on_head, {}), Expected(b.root, on_net, {})]
    report = analyze(b.net(end, expected))
    assert [r.holds for r in report.expectations] == [True, True]


def test_an_axis_that_is_unknown():
    b = Builder(input=image(1, 8, 8))
    strided = facts(image(1, 8, 8), reach=(Window(1, 2), None))
    t = b.join(1, b.layer(1, given=strided), allow=["misaligned-branches"])
    report = compared(case(receptive_field="1"), b=b, end=t)
    assert (row(report).holds, row(report).actual) == (None, "[unknown, 1]")


class TestInForce:
    """A case is only compared if the net has its settings."""

    @pytest.mark.parametrize(
        ("settings", "variables", "overridden", "judged"),
        [
            ({}, {"n": 1}, [], True),
            ({}, {"n": 1}, ["n"], False),
            ({"n": "2"}, {"n": 2}, ["n"], True),
            ({"n": "1"}, {"n": 1}, [], True),  # as in the spec
            ({"n": "2"}, {"n": 1}, [], False),
            ({"n": "2"}, {"n": 2, "m": 1}, ["n", "m"], False),
            ({"n": "2*m"}, {"n": 2, "m": 1}, ["n"], True),
            ({"word": "wide"}, {"word": "wide"}, ["word"], True),
            ({"flag": "true"}, {"flag": True}, ["flag"], True),
            ({}, {}, ["input input"], False),
        ],
    )
    def test_settings(self, settings, variables, overridden, judged):
        report = compared(
            case(settings, params="99"), variables=variables, overridden=frozenset(overridden)
        )
        assert row(report).holds is (False if judged else None)
        assert row(report).actual == ("16" if judged else "")
        assert report.ok is not judged

    @pytest.mark.parametrize(
        ("text", "overridden", "judged"),
        [
            ("[3, 10, 10]", ["input input"], True),
            ("[3, 10, 10]", [], True),
            ("[3, 11, 11]", ["input input"], False),
        ],
    )
    def test_inputs(self, text, overridden, judged):
        for inputs in (value(text), {"input": value(text)}):
            report = compared(case({}, inputs, params="16"), overridden=frozenset(overridden))
            assert row(report).holds is (True if judged else None)

    def test_other_inputs_are_those_of_the_spec(self):
        b = Builder(a=image(3, 4), b=image(3, 4))
        t = b.join(1, 2)
        settings = case({}, {"a": value("[3, 4]")}, params="0")
        report = compared(settings, b=b, end=t, overridden=frozenset(["input a"]))
        assert row(report).holds is True
        report = compared(settings, b=b, end=t, overridden=frozenset(["input b"]))
        assert row(report).holds is None

    def test_unknown_var(self):
        report = compared(case({"wdth": "2"}, params="1"), variables={"width": 1})
        (error,) = report.diagnostics
        assert (error.code, error.help) == ("bad-expectation", "did you mean width?")
        assert row(report).holds is None


def test_one_error_for_equal_failures_of_a_loop():
    b, end, _ = small()
    cases = case(params="17")
    expected = [Expected(b.root, cases, {}), Expected(b.root, cases, {})]
    report = analyze(b.net(end, expected))
    assert len(report.expectations) == 2
    assert len(report.diagnostics) == 1
