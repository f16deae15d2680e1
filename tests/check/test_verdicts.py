"""What a report says of gradients, for people and for programs."""

import pytest

from chainrule.check.differences import Difference
from chainrule.check.verdicts import ELSEWHERE, GradientReport, Slope
from chainrule.errors import DifferenceError


def slope(path="w", verdict="agrees", error=1e-9, index=(0, 2), kind="parameter"):
    return Slope(
        path, kind, "f32[2,3]", Difference(1.0, 2.0, error, verdict, 1e-5, 1.5, 2.5), index, "each number"
    )


NEAR = " with differences in float64, largest relative error "


@pytest.mark.parametrize(
    ("slopes", "head"),
    [
        ([slope()], "f: 1 gradient agrees" + NEAR + "1.0e-09"),
        (
            [slope(), slope(error=1e-7)],
            "f: 2 gradients agree" + NEAR + "1.0e-07",
        ),
        ([slope(verdict="kink")], "f: 1 gradient agrees with differences in float64, 1 of them at a kink"),
        (
            [slope(verdict="precision"), slope()],
            "f: 2 gradients agree with differences in float64, 1 of them not decided, largest relative error 1.0e-09",
        ),
        ([slope(verdict="wrong"), slope(), slope()], "f: 1 of 3 gradients wrong"),
        (
            [slope("all 9 values together", kind="together", index=None)],
            "f: the gradients of all 9 values together agree" + NEAR + "1.0e-09",
        ),
    ],
)
def test_the_answer_in_one_line(slopes, head):
    assert GradientReport("f", slopes).head() == head


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ((0, 2), "at [0, 2]: backward 1, differences 2"),
        ((), "its slope: "),
        (None, "along a random direction: "),
    ],
)
def test_where_the_slopes_are(index, words):
    assert slope(index=index).sentence().startswith(words)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("agrees", ""),
        ("kink", "two sides are 1.5 and 2.5"),
        ("precision", "not decided"),
        ("wrong", "does not agree"),
    ],
)
def test_what_is_thought_of_them(verdict, words):
    assert words in slope(verdict=verdict).meaning() and bool(slope(verdict=verdict).meaning()) == bool(words)


def test_a_long_report():
    slopes = [slope(f"w{k}", error=k * 1e-9) for k in range(20)]
    slopes[3] = slope("bad", "wrong", 0.5)
    report = GradientReport("f", slopes, left_out=["labels: no floats"])
    assert [s.path for s in report.shown(3)] == ["bad", "w18", "w19"] and report.worst.path == "bad"
    rows = str(report).splitlines()
    assert len(rows) == 1 + 12 + 1 + 3 and rows[-3:] == [
        "  … and 8 that agree better",
        f"  {ELSEWHERE}",
        "  not looked at: labels: no floats",
    ]
    twice = str(GradientReport("f", [slope("v", "wrong"), slope("w", "wrong")]))
    assert twice.count(": wrong\n") == 2 and twice.count("agree with each other") == 1
    assert all(len(report.shown(most)) >= 1 for most in (0, 1))


def test_errors_are_raised_when_asked_for():
    fine = GradientReport("f", [slope(), slope(verdict="kink"), slope(verdict="precision")])
    assert fine.ok and fine.raise_for_errors() is fine
    bad = GradientReport("f", [slope(), slope("v", "wrong", 0.5)])
    assert not bad.ok and bad.wrong == [bad.slopes[1]]
    with pytest.raises(
        DifferenceError, match=r"a wrong gradient to v at \[0, 2\]: backward 1, differences 2"
    ):
        bad.raise_for_errors()


def test_for_programs_there_is_no_nan():
    told = GradientReport("f", [slope(error=float("nan"))]).as_dict()
    assert told["slopes"][0]["error"] is None and told["slopes"][0]["verdict"] == "agrees"
