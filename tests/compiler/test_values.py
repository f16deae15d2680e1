"""What there is to say of each value: shape, gate, phase, line."""

import numpy as np
import pytest

from chainrule.compiler.values import INPUT, STATE, about
from chainrule.errors import UsageError

from ..check.learning import Learning, batch


@pytest.fixture(scope="module")
def plan():
    return Learning("two-layer").step.plan(*batch())


def test_every_value_that_can_be_watched(plan):
    values = plan.values()
    assert {"images", "linear1/relu", "linear1/relu.grad", "linear1.weight", "loss"} <= set(values)
    assert values["images"].gate == INPUT and values["linear1.weight"].gate == STATE
    relu = values["linear1/relu"]
    assert (relu.shape, relu.dtype, relu.gate, relu.phase) == ((6, 7), np.float32, "relu", "forward")
    assert values["linear1/relu.grad"].phase == "backward"
    assert values["linear1.weight.new"].phase == "update"
    assert "learning.py:" in relu.line and relu.layer == "relu1"
    assert plan.program.names()[relu.number] == "linear1/relu"


def test_patterns_choose(plan):
    assert list(plan.values("linear?/relu", "loss")) == ["linear1/relu", "loss"]
    with pytest.raises(UsageError, match="plan.values: no value 'linear9'") as caught:
        plan.values("linear9")
    assert "linear1" in caught.value.hint


def test_the_printed_form(plan):
    lines = str(plan.values("linear1*")).splitlines()
    assert lines[0].split() == ["value", "shape", "gate", "phase", "line"]
    row = next(line for line in lines if line.startswith("linear1/relu "))
    assert row.split()[1:4] == ["f32[6,7]", "relu", "forward"] and "learning.py:" in row
    assert not any(line != line.rstrip() for line in lines)


def test_the_step_says_the_same():
    learning = Learning("two-layer")
    assert str(learning.step.values(*batch())) == str(learning.step.plan(*batch()).values())
    assert about(learning.step.program(*batch()), {})._known == {}
