"""Plans: a user's gate among native segments, errors that pass through, memory known before anything runs."""

import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Tensor, gate, ops, optim
from chainrule.compiler.plan import Plan
from chainrule.compiler.schedule import Python
from chainrule.errors import IndexingError, InPlaceError, LabelError, NonFiniteError, ShapeError
from chainrule.graph import Spec

from .steps import Learner, X, arranged, near


class Unlucky(Exception):
    """An error that chainrule does not know."""


@gate
class Cubed(Gate):
    """out = x³, refusing numbers above a limit."""

    limit: float = 100.0

    def spec(self, x):
        return x

    def forward(self, x):
        if x.size and np.abs(x).max() > self.limit:
            raise Unlucky(f"{np.abs(x).max():g}")
        return x * x * x

    def backward(self, upstream, *, x):
        return upstream * 3 * x * x


@gate
class Split(Gate):
    """low = min(x, 0), high = max(x, 0), of a matrix turned over."""

    outputs = ("low", "high")

    def spec(self, x):
        turned = Spec(x.shape[::-1], x.dtype)
        return turned, turned

    def forward(self, x):
        return np.minimum(x, 0).T, np.maximum(x, 0).T


@gate
class Rude(Gate):
    """A gate that writes into its input."""

    def spec(self, x):
        return x

    def forward(self, x):
        x *= 2
        return x


@gate
class Liar(Gate):
    """A gate whose result is not what its spec said."""

    def spec(self, x):
        return x

    def forward(self, x):
        return x.astype("float64")


def native(function, **settings):
    return cr.compile(function, fallback="error", **settings)


def learner(limit=100.0):
    w = Tensor(np.ones((3, 2), "float32") / 4, requires_grad=True, name="w")
    optimizer = optim.Adam([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (cr.apply(Cubed(limit), x @ w) + 1).mean()
        loss.backward()
        optimizer.step()
        return loss

    return w, optimizer, step


def test_a_users_gate_runs_among_native_segments():
    (w, _, step), (other, _, plain) = learner(), learner()
    compiled = native(step)
    for _ in range(3):
        assert near([compiled(X).item()], [plain(Tensor(X)).item()])
        assert near([w.numpy()], [other.numpy()])
    kinds = [type(s) for s in compiled.plan(X).segments]
    assert kinds.count(Python) == 1 and kinds[0] is kinds[-1] is tuple
    assert [type(g) for g in compiled.left_to_numpy(X)] == [Cubed]


def test_its_exception_passes_through_and_nothing_has_changed():
    w, optimizer, step = learner()
    compiled = native(step)
    compiled(X)
    cells = [w, *optimizer._state.values()]
    before = [c.numpy().copy() for c in cells]
    with pytest.raises(Unlucky) as caught:
        compiled(X * 1e4)
    assert type(caught.value) is Unlucky and caught.value.__cause__ is None
    assert near([c.numpy() for c in cells], before, 0)
    compiled(X)
    assert not near([w.numpy()], before[:1])


def test_several_outputs_in_any_layout():
    step = native(lambda x: tuple(v * 2 for v in cr.apply(Split(), x * 1)))
    low, high = step(X)
    assert np.array_equal(low.numpy(), 2 * np.minimum(X, 0).T)
    assert np.array_equal(high.numpy(), 2 * np.maximum(X, 0).T)
    assert np.array_equal(native(lambda x: cr.apply(Split(), x)[1])(X).numpy(), np.maximum(X, 0).T)


def test_a_gate_reads_views_and_gives_what_is_returned():
    step = native(lambda x: (cr.apply(Cubed(), x.T[::-1]), cr.apply(Cubed(), x)))
    turned, straight = step(X)
    assert near([turned.numpy(), straight.numpy()], [X.T[::-1] ** 3, X**3])


def test_a_gate_that_misbehaves_is_told_so():
    for bad, error in ((Rude(), InPlaceError), (Liar(), ShapeError)):
        with pytest.raises(error) as caught:
            native(lambda x, g=bad: cr.apply(g, x + 1) * 2)(X)
        assert "test_plan.py" in caught.value.line
    assert X[0, 0] == -1


def test_errors_of_numbers_name_the_line():
    losses = native(lambda x, y: ops.softmax_cross_entropy(x, y))
    with pytest.raises(LabelError, match="0") as caught:
        losses(X, np.array([0, 1, 2, 3, 0]))
    assert "test_plan.py" in caught.value.line and "<lambda>" in caught.value.line
    rows = native(lambda x, i: x[i])
    with pytest.raises(IndexingError) as caught:
        rows(X, np.array([5]))
    assert "test_plan.py" in caught.value.line


def test_the_guard_resets():
    one = Learner()
    step = native(one.step)
    step(X)
    before = one.state()
    for _ in range(3):
        with pytest.raises(NonFiniteError):
            step(X * np.float32(np.nan))
        assert near(one.state(), before, 0)
    step(X)


def test_a_plan_without_work():
    assert native(lambda x: (x, None))(X)[0].numpy().tobytes() == X.tobytes()
    assert native(lambda x: x + 1)(np.zeros((0, 4), "f4")).shape == (0, 4)
    assert native(lambda: Tensor([1.0]) * 2)().item() == 2


def test_two_plans_of_one_arrangement():
    made = arranged(lambda x: ops.exp(x) * 2 + x, X)
    one, other = Plan(made), Plan(made, frozenset(op.outputs[0] for g in made.groups.groups for op in g.ops))
    results = [list(plan.run([X]).values())[0] for plan in (one, other)]
    assert results[0].tobytes() == results[1].tobytes() and other.peak > one.peak


def test_two_threads_may_call_one_step():
    """Each gets the results of its own arrays: addresses and arena are not shared by two calls at a time."""
    step = cr.compile(lambda x: (x * 2 + 1) @ np.eye(64, dtype="f4"), fallback="error")
    inputs = [np.full((300, 64), float(k), "f4") for k in range(4)]
    step(inputs[0])
    wrong = []

    def call(k):
        for _ in range(300):
            if not (step(inputs[k]).numpy() == 2 * k + 1).all():
                wrong.append(k)

    callers = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@pytest.mark.parametrize("part", [lambda a: a, lambda a: a[1:], lambda a: a.T[::2].reshape(-1)])
@pytest.mark.parametrize("past", [1, 1 << 30])
def test_who_holds_a_part_of_a_large_result_holds_it(part, past, monkeypatch):
    """A view of an array that lies in another one holds the other one alone."""
    monkeypatch.setattr("chainrule.compiler.arrange.LARGE", past)
    step, x = cr.compile(lambda x: x * 2.0), np.ones((2048, 1200), "f4")
    held = part(step(x).numpy())
    step(x * 3)
    assert (held == 2).all()
    place = step(x).numpy().ctypes.data
    assert step(x).numpy().ctypes.data == place  # and its pages are used again


def test_a_large_result_that_somebody_holds_is_never_written_again():
    step = cr.compile(lambda x: x + 1, fallback="error")
    x = np.zeros((200, 200), "f4")
    held = step(x).numpy()
    view = step(x + 1).numpy()[3:]
    again = [step(x + k) for k in range(5)]
    assert (held == 1).all() and (view == 2).all()
    assert [float(t.numpy()[0, 0]) for t in again] == [1, 2, 3, 4, 5]
    del again
    first = step(x).numpy().ctypes.data
    assert step(x).numpy().ctypes.data == first  # nobody holds it: its pages are used again


def test_an_interrupt_right_after_the_walk_leaves_no_stale_panels(monkeypatch):
    w = cr.Tensor(np.ones((40, 40), "f4"), requires_grad=True)
    optimizer = cr.optim.SGD([w], lr=1.0)

    @cr.compile(fallback="error")
    def learn(x):
        optimizer.zero_grad()
        loss = (x @ w.mT).sum()
        loss.backward()
        optimizer.step()
        return loss

    look = cr.compile(lambda x: x @ w.mT, fallback="error")
    x = np.ones((3, 40), "f4")
    look(x)
    plan = learn.plan(x)
    walk = plan.walk

    def stopped(*arguments):
        walk(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "walk", stopped)
    with pytest.raises(KeyboardInterrupt):
        learn(x)
    np.testing.assert_allclose(look(x).numpy(), x @ w.numpy().T)
