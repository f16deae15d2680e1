"""Statistics of a running step: what NumPy says of the same numbers, of any value, and no bit of the step changes."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.looks import LAST
from chainrule.compiler.statistics import Statistics, summary

from ..check.learning import Learning, batch
from ..zoo.trial import Trial
from .steps import Halved


def alike(said, array):
    expected = Statistics.of(array)
    for name, came, wanted in zip(said._fields, said, expected, strict=True):
        assert came == pytest.approx(wanted, rel=1e-6, abs=1e-7, nan_ok=True), (name, said, expected)


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "lstm"])
def test_every_value_of_a_network(name):
    """Bordered, joined, abreast, channels last, views, labels, parameters and what the optimizer keeps."""
    trial, twin = Trial(name), Trial(name)
    for seed in range(2):
        data = trial.batch(seed)
        with trial.step.watch("*", statistics=True) as said:
            loss = trial.step(*data)
        with twin.step.watch("*") as seen:
            assert twin.step(*data).numpy().tobytes() == loss.numpy().tobytes()
        assert said.keys() == seen.keys()
        for path, (statistics,) in said.items():
            alike(statistics, seen[path][0])
    assert trial.is_in(twin.state())
    ready = trial.step.ready(*trial.batch())
    looked = sum(summary(ready.made.groups, n) is not None for n in ready.values.values())
    assert looked > 0.9 * len(ready.values), "nearly all need no copy"


def test_it_takes_no_memory_and_copies_nothing():
    learning, data = Learning("three-layer"), batch(64)
    learning.step(*data)
    ready = learning.step.ready(*data)
    with learning.step.watch("linear1/relu", "loss", statistics=True):
        learning.step(*data)
    (plan,) = ready.watches.values()
    assert plan.room.arena is not None and plan.peak <= ready.plan.peak + 64 * 4 * 64
    assert sum(row.task.name == "look" for row in plan.rows) == 2
    assert np.shares_memory(plan.room.arena, ready.plan.room.arena)


def test_arrays_and_statistics_in_one_step():
    learning, data = Learning(), batch()
    with (
        learning.step.watch("linear1/relu") as seen,
        learning.step.watch("linear1/relu", "*.grad", statistics=True) as said,
    ):
        learning.step(*data)
    alike(said["linear1/relu"][0], seen["linear1/relu"][0])
    assert "linear2.weight.grad" in said and list(seen) == ["linear1/relu"]


def test_a_parameter_after_the_step_and_views_of_it_before():
    learning, data = Learning(), batch()
    before = learning.model.linear2.weight.numpy().copy()
    with learning.step.watch("linear2.weight", "linear2/permute_dims.back", statistics=True) as said:
        learning.step(*data)
    alike(said["linear2.weight"][0], learning.model.linear2.weight.numpy())
    alike(said["linear2/permute_dims.back"][0], before)
    assert summary(learning.step.ready(*data).made.groups, 0) is not None
    number = learning.step.ready(*data).values["linear2.weight"]
    assert summary(learning.step.ready(*data).made.groups, number).behind == LAST


@pytest.mark.parametrize(
    "x",
    [
        np.full(100, 0.1, "float32"),
        np.array([np.nan, 1], "float32"),
        np.array([1, np.inf, 0], "float32"),
        np.array([-np.inf, np.inf], "float32"),
        np.array([1e30, 1e30], "float32"),
        np.array(3.0, "float32"),
        np.zeros((0, 3), "float32"),
        np.arange(5),
        np.array([True, False]),
        np.linspace(1, 1.0001, 1000),
    ],
    ids=str,
)
def test_odd_numbers(x):
    step = cr.compile(lambda x: (x, cr.reshape(x, (-1,))), fallback="error")
    with step.watch("x", statistics=True) as said:
        step(x)
    expected = Statistics.of(x)
    if np.isnan(expected.max):
        assert np.isnan(said["x"][0].max) and said["x"][0].zeros == pytest.approx(expected.zeros, nan_ok=True)
    else:
        alike(said["x"][0], x)
    if x.shape == (100,):
        assert said["x"][0].std == 0 and said["x"][0].mean == pytest.approx(0.1, rel=1e-7)


def test_a_stretched_value():
    w = Tensor(np.arange(3, dtype="float32"), name="w")
    step = cr.compile(lambda x: x * cr.broadcast_to(w, (4, 3)), fallback="error")
    with step.watch("broadcast_to", statistics=True) as said:
        step(np.ones((4, 3), "float32"))
    alike(said["broadcast_to"][0], np.tile(np.arange(3.0), (4, 1)))


def test_a_step_that_is_held_back_says_nothing():
    learning, (images, labels) = Learning(), batch()
    with learning.step.watch("loss", statistics=True) as said:
        with pytest.raises(cr.errors.NonFiniteError):
            learning.step(images * np.nan, labels)
        learning.step(images, labels)
    assert len(said["loss"]) == 1 and np.isfinite(said["loss"][0].mean)


def test_behind_a_gate_for_numpy():
    step = cr.compile(lambda x: cr.apply(Halved(), x * 2) + 1, fallback="error")
    x = np.arange(40, dtype="float32")
    with step.watch("halved", "multiply", statistics=True) as said:
        step(x)
    alike(said["halved"][0], x)
    alike(said["multiply"][0], 2 * x)


def test_in_words():
    words = "min -1 max 2 mean 0.3333 std 1.247 zeros 0.3333 norm 2.236"
    assert str(Statistics.of(np.array([-1, 0, 2], "float32"))) == words
    assert all(np.isnan(number) for number in Statistics.of(np.zeros((0, 3), "float32")))
