"""The checks of settings at the door of every layer."""

import numpy as np
import pytest

from chainrule.errors import SettingError
from chainrule.nn.settings import count, fraction, is_number, positive


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_counts(value):
    assert type(count("Linear", "in_features", value)) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, 2.5, True, "3", None])
def test_no_counts(value):
    with pytest.raises(SettingError) as caught:
        count("Linear", "in_features", value)
    assert (
        str(caught.value) == f"Linear: in_features {value!r}; expected a whole number ≥ 1; try: in_features=1"
    )


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.25)])
def test_fractions(value):
    assert fraction("Dropout", "p", value) == value


@pytest.mark.parametrize("value", [1, 1.5, -0.1, float("nan"), "a", None, True])
def test_no_fractions(value):
    with pytest.raises(SettingError, match="Dropout: p .*0 ≤ p < 1"):
        fraction("Dropout", "p", value)


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), "1", None])
def test_not_positive(value):
    with pytest.raises(SettingError, match=r"L2: strength .*try: strength=0\.0001"):
        positive("L2", "strength", value, 1e-4)
    assert positive("L2", "strength", 0, 1e-4) == 0.0


def test_numbers():
    assert [is_number(value) for value in (1, 2.5, np.float32(1), float("inf"), True, "1")] == [True] * 3 + [
        False
    ] * 3
