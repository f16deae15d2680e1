"""A traced step made ready: for which arguments and modes it is the step, and the plans that it keeps."""

import gc

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.ready import MOST_WATCHES, without_collections
from chainrule.errors import UsageError

from ..check.learning import Learning, batch


def test_it_is_the_step_for_these_arguments_and_modes():
    learning, data = Learning("dropout"), batch()
    ready = learning.step.ready(*data)
    assert ready.holds() and len(ready.taken(data)) == 2
    assert ready.taken((data[0][:3], data[1][:3])) is None and ready.taken(data[:1]) is None
    learning.model.eval()
    assert not ready.holds() and ready.taken(data) is None


def test_a_few_watches_are_remembered():
    learning, data = Learning(), batch()
    ready = learning.step.ready(*data)
    numbers = list(ready.values.values())
    first = ready.watching(frozenset(numbers[:1]), frozenset())
    assert ready.watching(frozenset(numbers[:1]), frozenset()) is first
    for count in range(2, MOST_WATCHES + 2):
        ready.watching(frozenset(numbers[:count]), frozenset())
    assert (
        len(ready.watches) <= MOST_WATCHES
        and ready.watching(frozenset(numbers[:1]), frozenset()) is not first
    )
    assert ready.matching(("loss",)) is ready.matching(("loss",)) == {"loss": ready.values["loss"]}
    with pytest.raises(UsageError, match="watch learn: no value 'lost'"):
        ready.matching(("lost",))


def test_python_looks_for_no_cycles_meanwhile():
    with without_collections():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with without_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_plan_is_made_when_it_is_needed():
    step = cr.compile(lambda x: x * 2, fallback="error")
    ready = step.ready(np.ones(3, "float32"))
    assert "plan" not in vars(ready) and ready.plan is ready.plan
