"""How a model learns from arrays: the same numbers as a trainer that is given the batches."""

import numpy as np
import pytest

from chainrule import nn, optim
from chainrule.errors import DivergedError
from chainrule.estimators.lessons import Lessons
from chainrule.estimators.scaling import Scaling
from chainrule.random import Generator
from chainrule.train import Trainer

X = np.random.default_rng(0).normal(5, 3, (50, 6)).astype("float32")
Y = np.arange(50) % 3


def trainer(plain=False, schedule=None):
    model = nn.Sequential(nn.Linear(6, 8, rng=Generator(1)), nn.ReLU(), nn.Linear(8, 3, rng=Generator(2)))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    made = schedule and schedule(optimizer)
    return Trainer(model, nn.CrossEntropyLoss(), optimizer, schedule=made, penalty=nn.L2(1e-3), plain=plain)


def weights(trainer):
    return np.concatenate([p.numpy().ravel() for p in trainer.model.parameters()])


@pytest.mark.parametrize("plain", [False, True])
def test_as_a_trainer_that_is_given_the_batches(plain):
    ours, theirs, scaling, rng = trainer(plain), trainer(plain), Scaling.fit(X), Generator(3)
    curve = Lessons("Who", 1e30, ours, scaling, rng).run(X, Y, 2, 16)
    orders = [rng.split("epoch", epoch).permutation(50) for epoch in (1, 2)]
    ready = ((X - scaling.mean) * scaling.slope).astype("float32")
    batches = [[order[i : i + 16] for i in range(0, 50, 16)] for order in orders]
    epochs = [theirs.fit([(ready[c], Y[c]) for c in epoch], epochs=1)[0] for epoch in batches]
    assert [len(c) for c in batches[0]] == [16, 16, 16, 2]
    assert np.allclose(weights(ours), weights(theirs), atol=1e-6)
    assert curve == pytest.approx([epoch.loss for epoch in epochs], rel=1e-5)


def test_columns_first_is_the_same_samples():
    """And it is turned once: a step is handed rows that lie one after the other."""
    one, other = trainer(), trainer()
    Lessons("Who", 0.1, one, Scaling.fit(X), Generator(3)).run(X, Y, 1, 16)
    lessons = Lessons("Who", 0.1, other, Scaling.fit(X), Generator(3))
    seen, run_step = [], lessons.run_step
    lessons.run_step = lambda X, *rest: seen.append(X) or run_step(X, *rest)
    lessons.run(np.asfortranarray(X), Y, 1, 16)
    assert all(array is seen[0] and array.flags.c_contiguous for array in seen) and len(seen) == 4
    assert np.array_equal(weights(one), weights(other))


def test_plain_is_compiled():
    fast, slow = trainer(), trainer(plain=True)
    for each in (fast, slow):
        Lessons("Who", 1e30, each, Scaling.fit(X), Generator(3)).run(X, Y, 2, 16)
    assert np.allclose(weights(fast), weights(slow), atol=1e-6)


def test_the_schedule_moves_after_each_batch_and_a_plateau_after_each_epoch():
    stepped = trainer(schedule=lambda optimizer: optim.PolynomialLR(optimizer, 8))
    Lessons("Who", 1e30, stepped, Scaling.fit(X), Generator(3)).run(X, Y, 1, 16)
    assert stepped.optimizer.lr == pytest.approx(0.05)
    flat = trainer(schedule=lambda o: optim.ReduceLROnPlateau(o, patience=0, threshold=10.0, factor=0.5))
    Lessons("Who", 1e30, flat, Scaling.fit(X), Generator(3)).run(X, Y, 3, 16)
    assert flat.optimizer.lr == pytest.approx(0.0125)


@pytest.mark.parametrize("plain", [False, True])
def test_a_step_that_runs_away_is_named(plain):
    each = trainer(plain)
    each.optimizer.lr = 1e30
    with pytest.raises(DivergedError, match="^.*Who: in epoch 1, .*lr=1e.29 instead of 1e.30"):
        Lessons("Who", 1e30, each, Scaling.fit(X), Generator(3)).run(X, Y, 3, 16)
