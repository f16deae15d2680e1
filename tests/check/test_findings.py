"""Each kind of finding teaches: what it means, what to try; and a report prints as a short page."""

import pytest

from chainrule.check.findings import LESSONS, Finding, SetupReport


@pytest.mark.parametrize("name", LESSONS)
def test_each_lesson_says_what_it_means_and_what_to_try(name):
    meaning, hint = LESSONS[name]
    assert (
        80 < len(meaning) < 420 and meaning.endswith(".") and 20 < len(hint) < 220 and not hint.endswith(".")
    )
    assert "  " not in meaning + hint


@pytest.mark.parametrize(
    "name", ["initial loss", "update ratio", "saturation", "inputs", "dead units", "overfitting"]
)
def test_numbers_come_with_their_source(name):
    assert any(source in LESSONS[name].meaning for source in ("CS231n notes", "LeCun et al. 1998"))


def test_a_finding_on_the_page():
    finding = Finding("labels", "the batch", "8 examples, all of class 3")
    rows = str(finding).splitlines()
    assert rows[0] == "labels: the batch: 8 examples, all of class 3"
    assert all(row.startswith("    ") and len(row) <= 96 for row in rows[1:])
    assert rows[-1].startswith("    Try: shuffle")
    assert finding.as_dict()["hint"] == LESSONS["labels"].hint
    assert Finding("labels", "", "", "this first").hint == "this first"


def test_reports():
    empty = SetupReport(measured={"inputs": "mean 0", "labels": "3 classes"})
    assert empty.ok and str(empty) == "nothing found: 2 checks"
    left = SetupReport(left_out=["whether it floats"])
    assert str(left) == "nothing found: 0 checks\nnot looked at: whether it floats"
    finding = Finding("labels", "the batch", "all alike")
    report = SetupReport([finding, finding])
    assert not report.ok and report.head() == "2 findings" and report.named("labels") == [finding] * 2
    assert SetupReport([finding]).head() == "1 finding" and not report.named("inputs")
