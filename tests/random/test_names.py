"""Children of a seed: what `Generator.split` gives, remembered without a difference."""

import numpy as np
import pytest

from chainrule.errors import DTypeError, SettingError
from chainrule.random import Generator
from chainrule.random.names import _led, child


def test_a_child_is_that_of_the_generator_remembered_or_not():
    _led.cache_clear()
    first = child(3, ("epoch", 1))
    assert (
        first
        == child(3, ("epoch", 1))
        == child(3, ("epoch", np.int64(1)))
        == Generator(3).split("epoch", 1).seed
    )
    assert _led.cache_info().hits >= 2


def test_names_and_seeds_tell_children_apart():
    keys = [
        (1,),
        ("1",),
        (1, 1),
        (11,),
        ("a", "b"),
        ("ab",),
        ("a", "", "b"),
        ("s1",),
        (-1,),
        ("é",),
        ("\ud800",),
    ]
    assert len({child(seed, key) for seed in (0, 1, 2**63) for key in keys}) == 3 * len(keys)


def test_known_children_stay():
    """Runs of before are repeated: these numbers must not change."""
    assert [child(0, ("shuffle",)), child(7, ("epoch", 0))] == [11014474425738737477, 13178790647758114667]


@pytest.mark.parametrize(("error", "key"), [(SettingError, ()), (DTypeError, (1.5,)), (DTypeError, (None,))])
def test_errors_have_their_four_parts(error, key):
    with pytest.raises(error) as caught:
        child(0, key)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
