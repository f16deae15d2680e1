"""Tracing: a whole step becomes a program, and what cannot become one is told, with nothing left changed."""

import linecache
import sys
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, apply, grad
from chainrule.errors import TraceError
from chainrule.graph import during, evaluate, mode
from chainrule.graph.mode import DIRECT

from .gates import Outer, Softplus, SumAndDifference, leaf, same_bits

X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)


class Momentum:
    """A linear model with velocity and rate: the smallest step with state."""

    def __init__(self):
        self.w = Tensor(np.full((1, 3), 0.5, "float32"), requires_grad=True, name="w")
        self.velocity = Tensor(np.zeros((1, 3), "float32"), name="velocity")
        self.rate = Tensor(0.1, dtype="float64", weak=True, name="lr")
        self.count = Tensor(0, name="count")

    def step(self, x):
        self.w.grad = None
        loss = (cr.linear(x, self.w) ** 2).mean()
        loss.backward()
        with cr.no_grad(), during("update"):
            self.velocity.assign(self.velocity * 0.9 + self.w.grad)
            self.w.assign(self.w - self.rate * self.velocity)
            self.count.assign(self.count + 1)
        return loss

    def state(self):
        return [self.w, self.velocity, self.rate, self.count, self.w.grad]


def test_five_runs_of_a_program_are_five_direct_steps():
    direct, traced = Momentum(), Momentum()
    program = cr.trace(traced.step, X)
    assert traced.count.item() == 0 and traced.w.grad is None  # tracing computes nothing
    for n in range(5):
        x = X * (n + 1)
        assert same_bits(direct.step(Tensor(x)), program(x))
        for a, b in zip(direct.state(), traced.state(), strict=True):
            assert same_bits(a, b)
    assert traced.count.item() == 5


def test_a_rate_may_change_between_runs():
    direct, traced = Momentum(), Momentum()
    program = cr.trace(traced.step, X)
    for rate in (0.1, 0.01, 1.0):
        for model in (direct, traced):
            model.rate.assign(rate)
        direct.step(Tensor(X))
        program(X)
        assert same_bits(direct.w, traced.w)


def test_parameters_set_between_runs_are_read():
    direct, traced = Momentum(), Momentum()
    program = cr.trace(traced.step, X)
    for model in (direct, traced):
        model.w.assign(np.ones((1, 3), "float32"))
    assert same_bits(direct.step(Tensor(X)), program(X))


def test_state_is_found_by_identity():
    model = Momentum()
    program = cr.trace(model.step, X)
    assert {id(c) for c in program.cells.values()} == {id(v) for v in model.state()[:4]}
    assert [cell.name for cell, _ in program.updates] == ["w", "velocity", "count"]
    assert [cell.name for cell, _ in program.gradients] == ["w"]


def test_what_a_step_returns_keeps_its_form():
    def step(x, names):
        return {"sum": x.sum(), "rest": (x * 2, [x], names, 3)}

    made = cr.trace(step, X, "name")(X, "name")
    assert same_bits(made["sum"], X.sum())
    doubled, (same,), name, three = made["rest"]
    assert same_bits(doubled, X * 2) and same_bits(same, X) and (name, three) == ("name", 3)


def test_gates_of_users_are_traced():
    def step(x, y):
        total, difference = apply(SumAndDifference(), apply(Softplus(), x), y)
        return apply(Outer(), total, difference), grad(lambda v: apply(Softplus(), v).sum())(x)

    x, y = (np.array(n, "float32") for n in ([0.5, 1.0], [1.0, 2.0]))
    expected = step(Tensor(x), Tensor(y))
    made = cr.trace(step, x, y)(x, y)
    assert all(same_bits(a, b) for a, b in zip(made, expected, strict=True))


def test_second_order_is_traced():
    def step(x):
        return grad(grad(lambda v: v**3))(x)

    two = np.array(2, "float32")
    assert cr.trace(step, two)(two).item() == 12


def test_arguments_may_want_a_gradient():
    def step(x):
        (x * x).sum().backward()
        return x.grad

    made = cr.trace(step, leaf(1.0, 2.0))(np.array([1.0, 2.0], "float32"))
    assert made.tolist() == [2, 4]


def test_leaves_may_be_made_inside():
    def step(x):
        inner = x.detach()
        inner.requires_grad = True
        (inner * inner).sum().backward()
        return inner.grad

    assert cr.trace(step, X)(X).tolist() == (2 * X).tolist()


def test_a_gradient_that_the_step_clears_is_cleared_by_the_program():
    used, idle = leaf(1.0), leaf(1.0)
    idle.grad = Tensor([5.0])

    def step(x):
        used.grad = idle.grad = None
        (used * x).sum().backward()

    program = cr.trace(step, np.ones(1, "float32"))
    assert idle.grad.tolist() == [5]
    program(np.ones(1, "float32"))
    assert idle.grad is None and used.grad.tolist() == [1]


def test_a_step_that_fails_changes_no_state():
    cell = Tensor([1.0])

    def step(x, index):
        cell.assign(cell + 1)
        return x[index]

    program = cr.trace(step, X, np.array([0]))
    with pytest.raises(cr.errors.IndexingError):
        program(X, np.array([9]))
    assert cell.tolist() == [1]


def test_swapped_state_changes_together():
    a, b = Tensor([1.0]), Tensor([2.0])

    def step(x):
        before = a * 1
        a.assign(b * 1)
        b.assign(before)

    program = cr.trace(step, X)
    program(X)
    assert (a.item(), b.item()) == (2, 1)


# --- What is not one fixed program -----------------------------------------------------------------------

KEPT = []


class Keeper:
    held = None


def branches(model, x):
    return x * 2 if (x.sum() > 0) else x


def loops(model, x):
    while x.sum():
        x = x - 1


def keeps_in_an_attribute(model, x):
    Keeper.held = x * 2
    return x


def adds_to_an_earlier_gradient(model, x):
    (model.w * x).sum().backward()


def assigns_outside_numbers(model, x):
    model.velocity.assign(np.ones((1, 3), "float32"))
    return x


REFUSED = {
    "if": (branches, "a look at the numbers", "x * 2 if"),
    "while": (loops, "a look at the numbers", "while"),
    "float": (lambda model, x: float(x.sum()), "a look at the numbers", "float("),
    "int": (lambda model, x: int(x.sum()), "a look at the numbers", "int("),
    "item": (lambda model, x: model.w.sum().item(), "a look at the numbers", "item()"),
    "tolist": (lambda model, x: x.tolist(), "a look at the numbers", "tolist()"),
    "numpy": (lambda model, x: x.numpy(), "a look at the numbers", "numpy()"),
    "asarray": (lambda model, x: np.asarray(x), "a look at the numbers", "asarray"),
    "numpy function": (lambda model, x: np.mean(x.numpy()), "a look at the numbers", "np.mean"),
    "state": (lambda model, x: model.count.item(), "a look at the numbers", "model.count"),
    "index": (lambda model, x: [1, 2][model.count], "a look at the numbers", "[1, 2]"),
    "list": (lambda model, x: KEPT.append(x * 2), "kept after the step", "KEPT.append"),
    "attribute": (keeps_in_an_attribute, "kept after the step", "Keeper.held = x * 2"),
    "old gradient": (adds_to_an_earlier_gradient, "an earlier step left in w.grad", "backward()"),
    "reading an old gradient": (lambda model, x: model.w.grad * 1, "an earlier step left", "w.grad"),
    "outside numbers": (assigns_outside_numbers, "velocity set to numbers of outside the step", ""),
    "nested": (lambda model, x: cr.trace(lambda y: y, X), "a trace inside of a trace", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    function, came, code = REFUSED[name]
    model = Momentum()
    model.step(Tensor(X))  # leaves a gradient
    before = [(v, v.data, v.node) for v in model.state()]
    gradient = model.w.grad

    def step(x):
        cr.sum(model.w * model.rate)  # state is read before it goes wrong
        return function(model, x)

    with pytest.raises(TraceError, match=came.replace(".", r"\.")) as caught:
        cr.trace(step, X)
    error = caught.value
    assert all((error.who, error.came, error.expected, error.hint))
    if code:
        file, line = error.line.split(" in ")[0].split(":")
        assert file == "test_trace.py" and code in linecache.getline(__file__, int(line))
    for value, data, node in before:
        assert value.data is data and value.node is node
    assert model.w.grad is gradient
    KEPT.clear()
    Keeper.held = None
    assert same_bits(model.step(Tensor(X)), model.step(Tensor(X))) is False  # and it trains on


def test_a_profiler_may_hold_the_frames_of_a_step_for_a_moment():
    def step(x):
        twice = x * 2
        frames = [sys._getframe()]
        threading.Timer(0.1, frames.clear).start()
        return twice.sum()

    assert cr.trace(step, X).lines


def test_any_error_inside_leaves_no_trace_behind():
    model = Momentum()
    data = model.w.data

    def step(x):
        model.step(x)
        raise KeyError("a slip")

    with pytest.raises(KeyError):
        cr.trace(step, X)
    assert model.w.data is data and model.w.grad is None
    assert mode.get() is DIRECT
    assert model.step(Tensor(X)).item() >= 0


def test_a_promise_of_another_trace_is_refused():
    with pytest.raises(TraceError):
        cr.trace(lambda x: KEPT.append(x * 2), X)
    (stale,) = KEPT
    KEPT.clear()
    with pytest.raises(TraceError, match="a promise of another trace"):
        cr.trace(lambda x: x + stale, X)
    with pytest.raises(TraceError, match="a promise of a trace that has ended"):
        stale * 2
    assert repr(stale) == "Tensor(promise of f32[2,3])"


@pytest.mark.parametrize("batch", [(X, X), [X], {"x": X}, (1, [Tensor(X)])])
def test_arrays_hidden_in_a_container_are_refused(batch):
    with pytest.raises(TraceError, match="each array as an argument of its own"):
        cr.trace(lambda b: 1, batch)


def test_shapes_and_lengths_may_be_looked_at():
    def step(x):
        rows = [row.sum() for row in x]
        return x.reshape(-1) if len(x) == 2 and x.ndim == 2 and x.shape[1] == 3 else rows

    assert cr.trace(step, X)(X).shape == (6,)


def test_the_gradient_of_state_is_known_before_the_step_changes_it():
    w = Tensor([1.0, -2.0], requires_grad=True)

    def step(x):
        w.grad = None
        (w * x).sum().backward()
        w.grad = w.grad * 0.5

    program = cr.trace(step, np.array([3.0, 4.0], "float32"))
    (cell,) = program.cells
    values = evaluate(program, np.array([3.0, 4.0], "float32"))
    assert values[program.slopes[cell]].tolist() == [3, 4]
    assert values[program.gradients[0][1]].tolist() == [1.5, 2]
