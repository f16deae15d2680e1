"""Labels that are no class stop the compiled step as they stop the plain one, and nothing is changed."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn, ops, optim
from chainrule.compiler.labels import LabelCheck
from chainrule.errors import LabelError
from chainrule.graph import Spec

SCORES = np.arange(12, dtype="float32").reshape(4, 3) / 7


def test_the_check_is_a_gate():
    check = LabelCheck("softmax_cross_entropy", 3)
    assert check.spec(Spec((4, 3), np.dtype("f4")), Spec((4,), np.dtype("i8"))) == Spec((), np.dtype(bool))
    assert check.forward(SCORES, np.array([0, 2, 1, 0])).item() is True
    with pytest.raises(LabelError):
        check.forward(SCORES, np.array([0, 3, 1, 0]))


@pytest.mark.parametrize("function", [ops.softmax_cross_entropy, ops.multiclass_hinge])
@pytest.mark.parametrize("wrong", [[0, 1, 2, 3], [0, -1, 2, 1], [2**40, 0, 0, 0], [0, 0, 0, -(2**40)]])
def test_a_wrong_label_says_so_as_in_the_plain_step(function, wrong):
    labels = np.array(wrong)
    compiled = cr.compile(lambda x, y: function(x, y).mean(), fallback="error")
    fine = compiled(SCORES, np.array([0, 1, 2, 2])).item()
    with pytest.raises(LabelError) as ours:
        compiled(SCORES, labels)
    with pytest.raises(LabelError) as plain:
        function(Tensor(SCORES), labels)
    assert (ours.value.who, ours.value.came) == (plain.value.who, plain.value.came)
    assert "test_labels.py" in ours.value.line
    assert compiled(SCORES, np.array([0, 1, 2, 2])).item() == fine


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "int8", "uint64"])
def test_labels_of_any_width(dtype):
    labels = np.array([0, 2, 1, 1], dtype)
    compiled = cr.compile(lambda x, y: ops.softmax_cross_entropy(x, y), fallback="error")
    plain = ops.softmax_cross_entropy(Tensor(SCORES), labels).numpy()
    assert np.allclose(compiled(SCORES, labels).numpy(), plain, atol=1e-6)
    with pytest.raises(LabelError):
        compiled(SCORES, np.array([0, 2, 3, 1], dtype))


def test_a_wrong_label_changes_no_state():
    layer = nn.Linear(3, 3, rng=cr.random.Generator(0))
    optimizer = optim.Adam(layer.parameters(), lr=0.1)

    @cr.compile(fallback="error")
    def step(x, y):
        optimizer.zero_grad()
        ops.softmax_cross_entropy(layer(x), y).mean().backward()
        optimizer.step()

    step(SCORES, np.array([0, 1, 2, 2]))
    cells = [*layer.parameters(), *optimizer._state.values()]
    before = [c.numpy().tobytes() for c in cells]
    with pytest.raises(LabelError):
        step(SCORES, np.array([0, 1, 2, 3]))
    assert [c.numpy().tobytes() for c in cells] == before
    step(SCORES, np.array([0, 1, 2, 2]))
    assert [c.numpy().tobytes() for c in cells] != before
