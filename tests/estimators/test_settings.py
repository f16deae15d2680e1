"""Parameters are checked when fit needs them."""

import numpy as np
import pytest

from chainrule import random
from chainrule.errors import SettingError
from chainrule.estimators.settings import generator, require


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 0),
        ("lr", float("inf")),
        ("lr", "fast"),
        ("l2", -1),
        ("weight_decay", None),
        ("momentum", 1),
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", True),
    ],
)
def test_what_a_parameter_may_not_be(name, value):
    with pytest.raises(SettingError, match=f"^Who: {name}"):
        require("Who", {name: value})


def test_what_it_may_be():
    require("Who", {"lr": 1, "l2": 0, "momentum": 0.0, "epochs": np.int64(3), "batch_size": 1, "other": "x"})


def test_seeds():
    assert generator("Who", np.int64(3)).seed == 3
    with random.seeded(5) as current:
        assert generator("Who", None) is current
    for wrong, words in ((-1, "-1"), (1.0, "1.0"), (np.random.RandomState(0), "NumPy's RandomState")):
        with pytest.raises(SettingError, match=f"^Who: random_state .*{words}"):
            generator("Who", wrong)
