"""Walking back from what has to be finite: the source, the way it took, and what is harmless."""

import numpy as np

import chainrule as cr
from chainrule import optim
from chainrule.check.numbers import Numbers
from chainrule.check.trail import Trail, trail
from chainrule.graph import evaluate

X = np.array([1.0, 0.0, -1.0], "float32")


def walked(step, *batch):
    """The trail of a step run gate by gate, and the paths of its values."""
    program = cr.trace(step, *batch)
    return trail(Numbers(program, evaluate(program, *batch))), program.names()


def sources(step, *batch):
    found, names = walked(step, *batch)
    return [names[source.number] for source in found.sources]


def test_what_where_leaves_out_is_harmless():
    assert sources(lambda x: cr.where(x > 0, cr.log(x), 0.0).sum(), X) == []
    both = lambda x: cr.where(x > 0, cr.log(x), 0.0).sum() + cr.exp(x * 100.0).sum()  # noqa: E731
    assert sources(both, X) == ["exp"]


def test_the_same_value_may_be_harmful_elsewhere():
    """The logarithm is left out at 0 and not at -1: its own mask says which number it was."""
    found, names = walked(lambda x: cr.where(x >= 0, x, cr.log(x)).sum(), X)
    (source,) = found.sources
    assert names[source.number] == "log" and source.mask.tolist() == [False, False, True]


def test_numbers_that_are_read_twice_count_for_both():
    """One line wants the logarithm of 0, the other that of -1."""

    def step(x):
        y = cr.log(x)
        return cr.where(x < 0, y, 0.0).sum() + cr.where(x == 0, y, 0.0).sum()

    (source,) = walked(step, X)[0].sources
    assert source.mask.tolist() == [False, True, True]


def test_infinity_that_becomes_nan_later_is_the_first():
    assert sources(lambda x: (cr.exp(x * 1000.0) * 0.0).sum(), X) == ["exp"]


def test_what_comes_in_stands_before_what_lines_make():
    step = lambda x, y: (cr.log(x) + y).sum()  # noqa: E731
    assert sources(step, X, np.array([0, 0, np.nan], "float32")) == ["y", "log"]


def test_several_sources_are_told_apart_by_looking_closely():
    """Row 0 of the product is left out, so what made its NaN is harmless."""

    def step(x, w):
        y = cr.concat([cr.log(x), x], axis=0) @ w
        return cr.where(np.array([[False], [True]]), y, 0.0).sum() + cr.exp(w * 1000.0).sum()

    x, w = np.array([[0.0, 1.0]], "float32"), np.ones((2, 1), "float32")
    assert sources(step, x, w) == ["exp"]


def learned(function, w):
    """A step that learns w."""
    rule = optim.SGD([w], lr=0.1)

    def step(x):
        rule.zero_grad()
        loss = function(w, x)
        loss.backward()
        rule.step()
        return loss

    return step


def test_gradients_are_asked_where_the_loss_is_finite():
    w = cr.Tensor(np.zeros(3), dtype="float32", requires_grad=True, name="w")
    found, names = walked(learned(lambda w, x: (cr.sqrt(w) * x).sum(), w), X)
    (source,) = found.sources
    assert found.program.lines[source.line].phase == "backward"
    assert names[found.ends[0]] == "w.grad" == names[source.number] and found.route(source.number) == []


def test_what_is_assigned_is_asked_last():
    """It is not what is to blame where the loss is not finite either."""
    mean = cr.Tensor(np.nan, dtype="float32", name="mean")

    def step(x):
        mean.assign(mean * 0.5)
        return cr.log(x).sum()

    found, names = walked(step, np.ones(3, "float32"))
    assert [names[s.number] for s in found.sources] == ["mean"]
    assert [names[n] for n in found.route(found.sources[0].number)] == ["mean.new"]
    assert sources(step, X) == ["log"]


def test_the_way_is_the_shortest_to_the_loss():
    w = cr.Tensor(np.ones(3), dtype="float32", requires_grad=True, name="w")

    def function(w, x):
        y = cr.log(x * w)
        long = ((y + 1.0) * 2.0 + 3.0).sum()
        return long + y.sum()

    found, names = walked(learned(function, w), X)
    (source,) = found.sources
    assert [names[n] for n in found.route(source.number)] == ["sum:2", "loss"]


def test_of_several_gradients_the_nearest_is_named():
    a, b = (cr.Tensor(np.zeros(3), dtype="float32", requires_grad=True, name=name) for name in "ab")
    rule = optim.SGD([a, b], lr=0.1)

    def step(x):
        rule.zero_grad()
        loss = (cr.sqrt(a * 2.0 * 3.0 + b) + x * 0.0).sum()
        loss.backward()
        rule.step()
        return loss

    found, names = walked(step, X)
    assert {names[end] for end in found.ends} == {"a.grad", "b.grad"}
    assert names[found.sources[0].number] == "b.grad" and found.route(found.sources[0].number) == []


def test_nothing_is_walked_where_all_is_finite():
    program = cr.trace(lambda x: x.sum(), X)
    found = Trail(Numbers(program, evaluate(program, X)), [])
    assert found.sources == [] and found.steps == []
