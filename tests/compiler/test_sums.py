"""Sums of products in one go: fewer kernels, the same numbers, and every value of them still to be seen."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn, optim
from chainrule.compiler import sums as module
from chainrule.compiler.plan import Plan
from chainrule.compiler.sums import MOST_PAIRS, Products, Regrouping
from chainrule.errors import DifferenceError
from chainrule.kernels.language import engine

from ..check.learning import Learning, batch
from ..kernels.machines import plant
from .steps import arranged

RNG = np.random.default_rng(0)


def factors(count, m=40, n=24, depth=9):
    """Pairs of matrices (m, depth) and (depth, n)."""
    return [RNG.normal(size=shape).astype("f4") for _ in range(count) for shape in ((m, depth), (depth, n))]


def added(*pairs):
    """The products of pairs, one added to the others after the other."""
    total = pairs[0] @ pairs[1]
    for a, b in zip(pairs[2::2], pairs[3::2], strict=True):
        total = total + a @ b
    return total


def kernels(function, *arguments):
    """How many pairs each product of a plan has."""
    rows = Plan(arranged(function, *map(Tensor, arguments))).rows
    return [row.task.kernel.pairs for row in rows if row.task.name == "product"]


def holds(function, *arguments):
    """The compiled numbers are those of float64."""
    came = cr.compile(function, fallback="error")(*arguments)
    exact = function(*(Tensor(x.astype("f8")) for x in arguments))
    bound = function(*(Tensor(np.abs(x).astype("f8")) for x in arguments))
    assert np.all(np.abs(came.numpy() - exact.numpy()) <= 2e-6 * bound.numpy())


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_products_that_are_added_up_are_made_a_few_at_once(count):
    pairs = factors(count)
    whole, rest = divmod(count, MOST_PAIRS)
    assert kernels(added, *pairs) == [MOST_PAIRS] * whole + [rest] * (rest > 0)
    holds(added, *pairs)


def test_other_terms_are_added_afterwards():
    def step(a, b, c, d, bias, wide):
        return (wide + (a @ b + bias)) + c @ d

    arguments = (*factors(2), RNG.normal(size=24).astype("f4"), RNG.normal(size=(40, 24)).astype("f4"))
    assert kernels(step, *arguments) == [2]
    holds(step, *arguments)


@pytest.mark.parametrize(
    "step",
    [
        lambda a, b, c, d: ((first := a @ b) + c @ d, first * 2),  # a term that is read elsewhere too
        lambda a, b, c, d: ((first := a @ b) + c @ d, first),  # or returned
        lambda a, b, c, d: a @ b - c @ d,
        lambda a, b, c, d: cr.relu(a @ b) + c @ d,
        lambda a, b, c, d: (a @ b).sum(axis=0) + c @ d,  # of another shape
    ],
)
def test_what_stays_as_it_is(step):
    assert kernels(step, *factors(2)) == [1, 1]


def test_a_total_that_is_needed_is_made():
    def step(*pairs):
        half = added(*pairs[:4])
        return half, half + added(*pairs[4:])

    pairs = factors(4)
    assert kernels(step, *pairs) == [2, 2]
    for came, exact in zip(cr.compile(step)(*pairs), step(*map(Tensor, pairs)), strict=True):
        assert came.numpy() == pytest.approx(exact.numpy(), rel=1e-5, abs=1e-4)


def test_large_right_factors_stay_alone():
    pairs = factors(2, m=8, n=1024, depth=512)
    assert kernels(added, *pairs) == [1, 1]


def test_the_gate_is_the_sum():
    a, b, c, d = factors(2)
    assert Products().forward(a, b, c, d) == pytest.approx(a @ b + c @ d)
    specs = [Tensor(x).spec for x in (a, b, c, d)]
    assert Products().spec(*specs).shape == (40, 24) and Products().multiply_adds(*specs) == 2 * 40 * 24 * 9


def test_every_value_is_still_seen_and_none_changes_the_others():
    pairs = factors(6)
    step, twin = (cr.compile(added, fallback="error") for _ in range(2))
    with step.watch("*") as seen:
        came = step(*pairs)
    assert came.numpy().tobytes() == twin(*pairs).numpy().tobytes()
    total = np.zeros((40, 24))
    products, totals = [seen[path][0] for path in seen if path.startswith("matmul")], ["add"]
    totals += [f"add:{k}" for k in range(2, 6)]
    assert len(products) == 6 and set(totals) < set(seen)
    for number, product in enumerate(products):
        assert product == pytest.approx(pairs[2 * number] @ pairs[2 * number + 1], rel=1e-4, abs=1e-5)
        total = total + product
        if number:
            assert seen[totals[number - 1]][0] == pytest.approx(total, rel=1e-4, abs=1e-4)


def test_what_nobody_watches_is_not_made():
    step = cr.compile(added, fallback="error")
    pairs = factors(6)
    rows = len(step.plan(*pairs).rows)
    with step.watch("matmul:2"):
        step(*pairs)
    (plan,) = step.ready(*pairs).watches.values()
    assert rows == 2 and [row.task.name for row in plan.rows[2:]] == ["product", "look"]


def test_products_of_weights_that_change_are_seen_as_they_were():
    learning, twin = Learning("lstm"), Learning("lstm")
    data = batch(6, 0)
    for _ in range(2):
        with learning.step.watch("lstm/linear:2") as seen:
            learning.step(*data)
        with twin.step.watch("lstm/lstm_cell.h_next", "lstm.weight_hh_l0") as before:
            twin.step(*data)
        assert np.isfinite(seen["lstm/linear:2"][0]).all() and len(before) == 2
    assert learning.state() == twin.state()


def test_terms_that_cancel_agree_with_the_gates():
    """What is left of large terms is as exact as they are: no line is named for that."""
    a, b, *_ = factors(1, depth=300)
    report = cr.check.compiled(cr.compile(added, fallback="error"), a, b, a, -b, a, b)
    assert report.worst.worst < 1


def test_a_shorter_batch_compiles_nothing():
    model = nn.LSTM(6, 40, batch_first=True, rng=cr.random.Generator(0))
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @cr.compile
    def step(x):
        optimizer.zero_grad()
        loss = (model(x)[0] ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    step(RNG.normal(size=(96, 5, 6)).astype("f4"))
    known = len(engine().addresses)
    step(RNG.normal(size=(70, 5, 6)).astype("f4"))
    assert len(engine().addresses) == known


@pytest.mark.parametrize(
    ("method", "old", "new", "path"),
    [
        ("written", "for n in term.inputs]", "for n in term.inputs][:4]", "add:2"),
        ("written", "others = [term for", "others = [] and [term for", "add:4"),
    ],
)
def test_a_term_that_is_lost_is_named(monkeypatch, method, old, new, path):
    plant(monkeypatch, Regrouping, method, old, new)
    with pytest.raises(DifferenceError) as caught:
        cr.check.compiled(cr.compile(added, fallback="error"), *factors(6))
    assert f" of {path} " in str(caught.value)


def test_the_planted_faults_are_in_what_is_right():
    assert module.MOST_PAIRS == 4
    cr.check.compiled(cr.compile(added, fallback="error"), *factors(6))
