"""The order of a step: state is written when nobody needs it any more, and not before all can be committed."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, ops, optim
from chainrule.compiler.arrange import arrange, is_plain, status_of
from chainrule.errors import IndexingError, LabelError, NonFiniteError

from .random_graphs import Learner as RandomLearner
from .random_graphs import drawn
from .steps import Learner, X, arranged, near
from .test_compiled import Stumble

ONES = np.ones((5, 3), "float32")


def cells(*arrays):
    return [Tensor(np.asarray(a, "float32"), name=f"cell{k}") for k, a in enumerate(arrays)]


def agrees(make, *arguments, steps=3):
    """A step with cells, plain and compiled, three times."""
    (plain, mine), (compiled, others) = make(), make()
    compiled = cr.compile(compiled, fallback="error")
    for _ in range(steps):
        a = plain(*map(Tensor, arguments))
        b = compiled(*arguments)
        assert near([c.numpy() for c in mine], [c.numpy() for c in others])
        left = [v.numpy() for v in (a if isinstance(a, tuple) else (a,)) if v is not None]
        right = [v.numpy() for v in (b if isinstance(b, tuple) else (b,)) if v is not None]
        assert near(left, right)
    return compiled


def test_two_cells_change_places():
    def make():
        a, b = cells(X, X * 2)

        def step():
            old, total = a + 0, b.sum()
            a.assign(b)
            b.assign(old)
            return total

        return step, [a, b]

    agrees(make)


def test_two_cells_change_places_by_hand():
    def make():
        a, b = cells(X, X * 2)

        def step():
            first, second = a * 1, b * 1
            a.assign(second)
            b.assign(first)
            return a + b

        return step, [a, b]

    agrees(make)


def test_three_cells_go_round():
    def make():
        three = cells(X, X * 2, X * 3)

        def step():
            new = [three[2] - three[0], three[0] * 0.5, three[1] + three[2]]
            for cell, value in zip(three, new, strict=True):
                cell.assign(value)

        return step, three

    agrees(make)


def test_a_cell_is_assigned_to_another_and_to_itself():
    def make():
        a, b, c = cells(X, X * 2, X * 3)

        def step():
            new = b + c
            a.assign(b)
            b.assign(new)
            c.assign(c)
            return a.sum()

        return step, [a, b, c]

    agrees(make)


def test_a_cell_becomes_an_argument_or_a_part_of_one():
    def make():
        a, b, c = cells(X, X[0], X)

        def step(x):
            a.assign(x)
            b.assign(x[1])
            c.assign(ops.permute_dims(x.reshape((3, 5)), (1, 0)))
            return a * 2

        return step, [a, b, c]

    agrees(make, X * 7)


def test_what_is_returned_may_be_the_new_state():
    def make():
        (a,) = cells(X)

        def step(x):
            new = a + x
            a.assign(new)
            return new, a, new.T

        return step, [a]

    compiled = agrees(make, X)
    made = compiled(X)
    before = [v.numpy().copy() for v in made]
    compiled(X)
    assert near(before, [v.numpy() for v in made], 0)


def test_what_is_returned_may_be_the_old_state():
    def make():
        (a,) = cells(X)

        def step(x):
            old = a + 0
            view = a[::-1]
            a.assign(a * 2 + x)
            return old, view

        return step, [a]

    agrees(make, X)


def test_one_value_for_two_cells():
    def make():
        a, b = cells(X, X * 2)

        def step(x):
            new = a * b + x
            a.assign(new)
            b.assign(new)

        return step, [a, b]

    agrees(make, X)


def test_readers_in_another_layout_come_before_the_write():
    def make():
        (a,) = cells(np.arange(9).reshape(3, 3) / 9)

        def step():
            new = a * 0.5 + ops.permute_dims(a, (1, 0))
            total = (a[::-1] @ a).sum(axis=0)
            a.assign(new)
            return total, a.sum()

        return step, [a]

    agrees(make)


def test_numpy_after_an_update():
    def make():
        a, b = cells(X, X)

        def step(x):
            new = a * 0.5 + x
            a.assign(new)
            b.assign(cr.apply(Stumble(), new) * 2)
            return cr.apply(Stumble(), a)

        return step, [a, b]

    compiled = agrees(make, X)
    made = arrange(compiled.program(X))
    plain = [place for place, k in enumerate(made.order) if is_plain(made, k)]
    assert plain and all(place < made.commit for place in plain)


def test_state_is_written_in_place_by_a_loop_that_reads_it():
    made = arranged(Learner(momentum=0.9).step, X)
    writers = {made.groups.maker[value] for value in made.targets}
    assert len(made.targets) == 8
    assert all(k in made.order[made.commit :] for k in writers)


@pytest.mark.parametrize("seed", range(30))
def test_every_group_runs_once_and_no_reader_comes_after_the_writer(seed):
    learner = RandomLearner(drawn(4000 + seed))
    made = arranged(learner.step, *learner.arrays(0))
    groups = made.groups
    assert sorted(made.order) == [k for k, g in enumerate(groups.groups) if g.ops]
    place = {k: p for p, k in enumerate(made.order)}
    for value, cell in made.targets.items():
        writer = groups.maker[value]
        assert place[writer] >= made.commit
        numbers = {n for n, c in made.program.cells.items() if c is cell}
        for k in made.order:
            reads = any(groups.view(n).base in numbers for op in groups.groups[k].ops for n in op.inputs)
            assert not reads or k == writer or place[k] < place[writer]


def test_the_guard_holds_everything_back():
    for where in ("loss", "gradient"):
        learner, plain = Learner(optimizer=optim.Adam), Learner(optimizer=optim.Adam)
        step = cr.compile(learner.step, fallback="error")
        step(X), plain.plain(X)
        before = learner.state()
        bad = X.copy()
        bad[2, 1] = np.inf if where == "loss" else np.nan
        with pytest.raises(NonFiniteError, match="step") as caught:
            step(bad)
        assert "no state was changed" in str(caught.value)
        assert near(learner.state(), before, 0)
        step(X), plain.plain(X)
        assert near(learner.state(), plain.state())


def test_a_gradient_that_is_not_finite_though_the_loss_is():
    w = Tensor(np.zeros(3, "float32"), requires_grad=True, name="w")
    optimizer = optim.SGD([w], lr=0.1)

    @cr.compile(fallback="error")
    def step(x):
        optimizer.zero_grad()
        loss = (ops.sqrt(ops.abs(w)) * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    with pytest.raises(NonFiniteError):
        step(np.ones(3, "float32"))
    assert not w.numpy().any()


def test_a_metric_after_the_update_is_guarded_before_it():
    w = Tensor(np.ones(3, "float32"), requires_grad=True, name="w")
    optimizer = optim.SGD([w], lr=0.5)

    @cr.compile(fallback="error")
    def step(x):
        optimizer.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        optimizer.step()
        return loss, w.sum()

    x = np.ones(3, "float32")
    assert [v.item() for v in step(x)] == [3, 1.5]
    optimizer.lr = 3e38
    with pytest.raises(NonFiniteError):
        step(x * 100)
    assert w.numpy().tolist() == [0.5] * 3
    optimizer.lr = 0.5
    assert [v.item() for v in step(x)] == [1.5, 0]


def test_a_check_that_waits_for_an_update_comes_before_it():
    """Labels are checked beside scores, which dropout makes, which counts."""

    def make(labels):
        count = Tensor(0, name="count")

        @cr.compile(fallback="error")
        def step(x, y, i):
            count.assign(count + 1)
            thin = ops.dropout(x, count, p=0.5, seed=1)
            return (ops.softmax_cross_entropy(thin, y) if labels else thin[i]) * 1.0

        return count, step

    for labels, error in ((True, LabelError), (False, IndexingError)):
        count, step = make(labels)
        step(X, np.arange(5) % 3, np.array([0]))
        with pytest.raises(error):
            step(X, np.full(5, 3), np.array([5]))
        assert count.item() == 1
        step(X, np.arange(5) % 3, np.array([0]))
        assert count.item() == 2


def test_an_update_is_no_part_of_what_makes_its_gradient():
    """So it can be written in place, though the gradient is made element by element."""
    w = Tensor(np.ones(300, "float32"), requires_grad=True, name="w")
    optimizer = optim.Adam([w], lr=0.5)

    def step(x):
        optimizer.zero_grad()
        loss = (w * x + w * w).sum()
        loss.backward()
        optimizer.step()
        return loss

    made = arranged(step, np.ones(300, "float32"))
    groups = made.groups.groups
    gradient = made.groups.maker[made.groups.flow.real(dict(made.program.gradients)[w])]
    writers = {made.groups.maker[value] for value, cell in made.targets.items() if cell.shape == (300,)}
    assert len(writers) == 1 and gradient not in writers
    assert len(groups[writers.pop()].ops) > 5  # the rule itself, not a copy


def test_a_step_that_only_looks_may_return_nan():
    look = cr.compile(lambda x: (ops.log(x), ops.log(x).sum()), fallback="error")
    assert np.isnan(look(-ONES)[1].item())


def test_checks_have_bytes_of_their_own():
    assert status_of(0) == 1 and len({status_of(k) for k in range(9)}) == 9


def stores_past(function, *shapes):
    """Whether each kernel of a step writes past the caches."""
    plan = cr.compile(function).plan(*(Tensor(np.ones(shape, "float32")) for shape in shapes))
    return [any(store.past for _, store in row.task.kernel.formula.stores) for row in plan.rows]


def test_large_results_that_nobody_reads_go_past_the_caches(monkeypatch):
    assert stores_past(lambda x: x * 2.0, (8, 16)) == [False]
    monkeypatch.setattr("chainrule.compiler.arrange.LARGE", 8 * 16 * 4)
    assert stores_past(lambda x: x * 2.0, (8, 16)) == [True]
    assert stores_past(lambda x: x * 2.0, (7, 16)) == [False]
    assert stores_past(lambda x: x > 2.0, (32, 16)) == [False]  # a vector of bytes is less than a cache line
    assert stores_past(lambda x: (x * 2.0, cr.sum(x * 2.0, axis=0)), (8, 16)) == [
        True
    ]  # summed in the same loop
    assert stores_past(lambda x: (y := cr.exp(x), cr.exp(y.T)), (8, 16))[0] is False  # read again


@pytest.mark.parametrize("shape", [(8, 16), (8, 17), (130,), (3, 5, 16), (9, 33)])
def test_their_numbers_are_the_same(monkeypatch, shape):
    x = np.random.default_rng(0).normal(size=shape).astype("f4")
    expected = cr.compile(lambda x: (x * 2.0, cr.tanh(x)))(x)
    monkeypatch.setattr("chainrule.compiler.arrange.LARGE", 4)
    step = cr.compile(lambda x: (x * 2.0, cr.tanh(x)))
    for _ in range(3):
        for a, b in zip(step(x), expected, strict=True):
            assert np.array_equal(a, b)


def test_depthwise_results_too(monkeypatch):
    x, w = (np.random.default_rng(0).normal(size=s).astype("f4") for s in ((2, 16, 6, 5), (16, 1, 3, 3)))
    step = lambda x, w: cr.permute_dims(cr.conv2d(x, w, groups=16, padding=1), (0, 2, 3, 1))  # noqa: E731
    expected = cr.compile(step)(x, w)
    monkeypatch.setattr("chainrule.compiler.arrange.LARGE", 4)
    compiled = cr.compile(lambda x, w: step(x, w))
    assert np.array_equal(compiled(x, w), expected)
    assert any(getattr(row.task.kernel, "past", False) for row in compiled.plan(x, w).rows)
