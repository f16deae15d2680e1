"""What a line hands back, against the gradients of the step itself; and why there is none."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, no_grad
from chainrule.errors import GradientError, UsageError

from ..check.learning import Learning, batch
from .steps import arrays


def test_downstream_adds_up_to_the_upstream_of_the_inputs():
    debugger = cr.debug(Learning("three-layer").plain, *batch())
    for stop in debugger.lines():
        number = debugger.paths[stop.path]
        if stop.phase == "forward" and number in debugger.program.slopes:
            for path, handed in debugger.downstream(stop.path).items():
                uses = [line for line in debugger.program.lines if debugger.paths[path] in line.inputs]
                alone = sum(line.phase == "forward" for line in uses) == 1
                if alone and debugger.paths[path] in debugger.program.slopes:
                    assert np.array_equal(handed, debugger.upstream(path)), path


def test_what_goes_to_one_value_twice_is_added():
    debugger = arrays([3.0, -2.0], step=lambda x: (x * x).sum().backward())
    assert debugger.downstream("multiply")["x"].tolist() == [6, -4]
    assert debugger.local("multiply")["x"].tolist() == [6, -4]


def test_the_local_derivative_of_elementwise_gates_and_reductions():
    def step(x, b):
        (cr.tanh(x + b).mean(axis=1) * 3.0).sum().backward()

    debugger = arrays([[0.0, 1.0], [2.0, -1.0]], [0.5, 0.0], step=step)
    assert debugger.local("add")["b"].tolist() == [[1, 1], [1, 1]], "of each element to the number it read"
    assert debugger.local("tanh")["add"] == pytest.approx(1 - np.tanh(debugger.value("add")) ** 2, rel=1e-6)
    assert debugger.local("mean")["tanh"].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert debugger.downstream("tanh")["add"] == pytest.approx(
        debugger.upstream("tanh") * debugger.local("tanh")["add"], rel=1e-6
    )


def test_the_local_derivative_of_one_element():
    debugger = arrays(
        [[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]], step=lambda x, w: cr.linear(x, w).sum().backward()
    )
    assert debugger.local("linear", (0, 1))["x"].tolist() == [[5, 6]]
    assert debugger.local("linear", (0, 1))["w"].tolist() == [[0, 0], [1, 2]]
    with pytest.raises(UsageError, match=r"each element of several.*index=\(0, 0\)"):
        debugger.local("linear")


def test_inputs_that_no_gradient_goes_to_are_left_out():
    condition = np.array([True, False])
    debugger = arrays([1.0, 2.0], step=lambda x: (cr.where(condition, x, 0.0) * 3.0).sum().backward())
    assert {name: a.tolist() for name, a in debugger.downstream("where").items()} == {"x": [3, 0]}


def looked(x, w):
    """A step with values of every kind that has no gradient."""
    with no_grad():
        aside = w * 2.0
    index = cr.argmax(w, axis=0)
    ((w * x).sum() + (cr.sign(x) + x).sum()).backward()
    return aside, index, w + 1.0


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("argmax", "floats: whole numbers and masks have no slope"),
        ("add:2", "from which nothing leads to the loss"),
        ("sign", "needs no gradient"),
        ("w.grad", "made on the way back"),
    ],
)
def test_why_there_is_no_upstream(path, why):
    debugger = cr.debug(looked, Tensor([1.0, 2.0]), Tensor([1.0, 5.0], requires_grad=True))
    with pytest.raises(GradientError, match=why):
        debugger.upstream(path)
    with pytest.raises(GradientError, match=why):
        debugger.downstream(path)


def test_a_step_without_backward_says_so():
    debugger = cr.debug(lambda x: x * 2.0, np.ones(2, "float32"))
    with pytest.raises(GradientError, match="a step without backward"):
        debugger.upstream("multiply")
