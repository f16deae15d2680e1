"""Conditions in words."""

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.lens.conditions import condition

A = np.array([-5.0, 0.0, 3.0, 0.0], "float32")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("max > 2.5", True),
        ("max>3", False),
        ("min <= -5", True),
        ("mean < 0", True),
        ("norm >= 1e3", False),
        ("zeros == 0.5", True),
        ("largest > 4", True),
        ("std != 0", True),
        ("finite", True),
        ("not  finite", False),
        ("max > 2 and min < -4 and finite", True),
        ("max > 2 and min > 0", False),
    ],
)
def test_words(text, holds):
    assert condition(text)(A) is holds


def test_what_is_not_finite():
    wild = np.array([np.nan, 1.0])
    assert condition("not finite")(wild) is True and condition("max > 0")(wild) is False
    assert condition("finite")(np.array([True])) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "max",
        "max > ",
        "max > x",
        "1 > 2",
        "__import__('os')",
        "max > 1 or min < 0",
        "not max > 1",
        "median > 1",
    ],
)
def test_other_words_are_refused(text):
    with pytest.raises(UsageError, match="expected one of min, max, mean"):
        condition(text)
