"""The trainer: order and contents of its events, history, penalty, clipping, what stops it."""

import numpy as np
import pytest

from chainrule import Tensor, nn, optim
from chainrule.data import Dataset
from chainrule.errors import (
    DataError,
    DivergedError,
    GradientError,
    LabelError,
    NonFiniteError,
    SettingError,
    UsageError,
)
from chainrule.random import Generator
from chainrule.train import EpochEnd, FitBegin, FitEnd, FitStop, Position, StepEnd, Trainer

from ..nn.layers import noise
from .runs import toy


def listen(trainer):
    heard = []
    for kind in (FitBegin, StepEnd, EpochEnd, FitEnd):
        trainer.on(kind, heard.append)
    return heard


def test_the_order_of_events():
    trainer, batches = toy()
    heard = listen(trainer)
    trainer.fit(batches, epochs=2)
    kinds = [FitBegin, StepEnd, StepEnd, EpochEnd, StepEnd, StepEnd, EpochEnd, FitEnd]
    assert [type(event) for event in heard] == kinds
    assert heard[0] == FitBegin(epochs=2, steps=2)
    steps = [event for event in heard if isinstance(event, StepEnd)]
    assert [(step.epoch, step.step) for step in steps] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert heard[-1].epochs == 2
    assert heard[-1].seconds >= sum(event.seconds for event in heard if isinstance(event, EpochEnd)) > 0


def test_steps_tell_the_loss_and_accuracy_from_before_the_update():
    trainer, batches = toy()
    heard = listen(trainer)
    weight, (points, labels) = trainer.model.weight.numpy(), batches[0]
    scores = points @ weight.T
    expected = -np.log(np.exp(scores)[np.arange(3), labels] / np.exp(scores).sum(1)).mean()
    trainer.fit(batches, epochs=1)
    assert heard[1].loss == pytest.approx(expected, rel=1e-5)
    assert heard[1].accuracy == pytest.approx((scores.argmax(1) == labels).mean())
    assert heard[1].lr == 0.5


def test_history_is_weighted_by_pictures():
    trainer, batches = toy()
    heard = listen(trainer)
    history = trainer.fit(batches, epochs=3)
    assert history == [event for event in heard if isinstance(event, EpochEnd)]
    assert [row.epoch for row in history] == [1, 2, 3]
    steps = [event for event in heard if isinstance(event, StepEnd)]
    for k, row in enumerate(history):
        first, second = steps[2 * k : 2 * k + 2]
        assert row.loss == pytest.approx((3 * first.loss + second.loss) / 4)
        assert row.accuracy == pytest.approx((3 * first.accuracy + second.accuracy) / 4)
        assert (row.validation_loss, row.validation_accuracy, row.lr) == (None, None, 0.5)
    assert history[-1].loss < history[0].loss


def test_validation_looks_and_does_not_learn():
    trainer, batches = toy(lr=0.0)
    before = {name: array.copy() for name, array in trainer.model.state_dict().items()}
    row = trainer.fit(batches, batches, epochs=1)[0]
    assert row.validation_loss == pytest.approx(row.loss)
    assert row.validation_accuracy == row.accuracy
    assert all(np.array_equal(trainer.model.state_dict()[name], array) for name, array in before.items())


class Modes(nn.Module):
    def __init__(self):
        self.inner, self.seen = nn.Linear(2, 2, rng=Generator(0)), []

    def forward(self, x):
        self.seen.append(self.training)
        return self.inner(x)


def test_training_and_evaluation_modes_and_no_graph_in_evaluation():
    model = Modes().eval()
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), plain=True)
    batch = (noise((4, 2)), np.array([0, 1, 0, 1]))
    trainer.fit([batch], [batch], epochs=2)
    assert model.seen == [True, False, True, False]
    gradient = model.inner.weight.grad
    found = trainer.evaluate([batch])
    assert model.training
    assert model.inner.weight.grad is gradient
    assert found.scores.shape == (4, 2)


def test_evaluation_of_batches_is_that_of_the_whole_set():
    trainer, batches = toy()
    points, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
    parts, whole = trainer.evaluate(batches), trainer.evaluate([(points, labels)])
    assert parts.loss == pytest.approx(whole.loss)
    assert parts.accuracy == whole.accuracy
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-6)
    np.testing.assert_array_equal(parts.labels, labels)


def test_the_schedule_moves_after_each_batch():
    trainer, batches = toy(lr=1.0)
    trainer.schedule = optim.StepLR(trainer.optimizer, 1, gamma=0.5)
    heard = listen(trainer)
    trainer.fit(batches, epochs=2)
    assert [event.lr for event in heard if isinstance(event, StepEnd)] == [1.0, 0.5, 0.25, 0.125]
    assert [event.lr for event in heard if isinstance(event, EpochEnd)] == [0.5, 0.125]


def test_the_penalty_is_part_of_the_loss_and_of_the_gradient():
    (plain, batches), (held, _) = toy(plain=True), toy(plain=True, penalty=nn.L2(0.5))
    squares = sum(float((p.numpy() ** 2).sum()) for p in plain.model.parameters())
    weight = plain.model.weight.numpy()
    loss, more = (trainer.step(*batches[0])[0].item() for trainer in (plain, held))
    assert more == pytest.approx(loss + 0.5 * squares, rel=1e-5)
    difference = held.model.weight.grad.numpy() - plain.model.weight.grad.numpy()
    np.testing.assert_allclose(difference, weight, rtol=1e-4, atol=1e-6)


def test_the_gradients_are_clipped_before_the_update():
    trainer, batches = toy(max_norm=0.01, plain=True)
    before = np.concatenate([p.numpy().ravel() for p in trainer.model.parameters()])
    trainer.step(*batches[0])
    norm = np.sqrt(sum(float((p.grad.numpy() ** 2).sum()) for p in trainer.model.parameters()))
    assert norm == pytest.approx(0.01, rel=1e-3)
    after = np.concatenate([p.numpy().ravel() for p in trainer.model.parameters()])
    assert np.linalg.norm(after - before) == pytest.approx(0.5 * 0.01, rel=1e-3)


@pytest.mark.parametrize("settings", [{}, {"penalty": nn.L2(0.5)}, {"max_norm": 0.01}])
def test_compiled_steps_learn_the_same(settings):
    """Loss, scores and weights of a compiled step are those of the plain one, with a penalty and clipped too."""
    (plain, batches), (compiled, _) = toy(plain=True, **settings), toy(**settings)
    for _ in range(3):
        for batch in batches:
            for one, other in zip(plain.step(*batch), compiled.step(*batch), strict=True):
                np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=1e-5, atol=1e-6)
    assert plain.run_step.plain and not compiled.run_step.plain
    for name, array in plain.model.state_dict().items():
        np.testing.assert_allclose(compiled.model.state_dict()[name], array, rtol=1e-5, atol=1e-6)


def test_after_a_compiled_step_there_is_no_gradient_to_read():
    trainer, batches = toy()
    trainer.step(*batches[0])
    with pytest.raises(GradientError, match="weight.grad after a compiled step") as caught:
        _ = trainer.model.weight.grad
    assert "watch" in caught.value.hint and "zero_grad()" in caught.value.hint
    trainer.optimizer.zero_grad()
    assert trainer.model.weight.grad is None


def test_modes_are_those_of_the_trace():
    """A compiled step is traced once for each mode, and evaluation leaves no graph."""
    model = Modes()
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    batch = (noise((4, 2)), np.array([0, 1, 0, 1]))
    trainer.fit([batch] * 3, [batch] * 2, epochs=2)
    assert not trainer.run_step.plain
    assert set(model.seen) == {True, False} and len(model.seen) < 2 * 5
    assert model.training


def test_gradients_do_not_add_up_over_steps():
    trainer, batches = toy(lr=0.0, plain=True)
    trainer.step(*batches[0])
    first = trainer.model.weight.grad.numpy().copy()
    trainer.step(*batches[0])
    np.testing.assert_array_equal(trainer.model.weight.grad, first)


def test_a_loss_that_runs_away_stops_the_training():
    trainer, batches = toy(lr=1e38)
    heard = listen(trainer)
    with pytest.raises(
        DivergedError, match="Trainer.fit: in step . of epoch 1, .* is .*, made by .* to loss"
    ) as caught:
        trainer.fit(batches, epochs=50)
    assert caught.value.expected == "finite numbers"
    assert "1e+37 instead of 1e+38" in caught.value.hint
    assert not [event for event in heard if isinstance(event, EpochEnd | FitEnd)]
    # the step that ran away was held back: the weights are those of the last good one
    assert all(np.isfinite(array).all() for array in trainer.model.state_dict().values())


def test_a_plain_loss_that_runs_away_stops_the_training():
    trainer, batches = toy(lr=1e38, plain=True)
    with pytest.raises(
        DivergedError, match="Trainer.fit: in step . of epoch 1, .* made by .* to loss"
    ) as caught:
        trainer.fit(batches, epochs=50)
    assert caught.value.expected == "finite numbers"
    assert "1e+37 instead of 1e+38" in caught.value.hint


def test_pictures_with_nan_are_named_and_not_the_rate():
    trainer, batches = toy()
    spoiled = batches[1][0].copy()
    spoiled[0, 1] = np.nan
    with pytest.raises(NonFiniteError, match="1 NaN or infinite pixels in batch 2 of epoch 1") as caught:
        trainer.fit([batches[0], (spoiled, batches[1][1])], epochs=1)
    assert not isinstance(caught.value, DivergedError)


def test_tensors_are_batches_too():
    trainer, batches = toy()
    trainer.fit([(Tensor(points), Tensor(labels)) for points, labels in batches], epochs=1)


def test_nothing_to_learn_from():
    trainer, _ = toy()
    with pytest.raises(DataError, match="no training batches"):
        trainer.fit([], epochs=1)
    with pytest.raises(DataError, match="evaluate: no batches"):
        trainer.evaluate([])


def test_labels_out_of_range_name_the_gate():
    trainer, batches = toy()
    with pytest.raises(LabelError, match="^softmax_cross_entropy: label 2 at 0; expected labels from 0 to 1"):
        trainer.fit([(batches[0][0], batches[0][1] + 2 - batches[0][1])], epochs=1)


def test_a_layer_that_does_not_fit_is_named():
    model = nn.Sequential({"body": nn.Sequential(nn.Linear(2, 3)), "head": nn.Linear(4, 2)})
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    with pytest.raises(ValueError, match="^head: linear: "):
        trainer.fit(toy()[1], epochs=1)


@pytest.mark.parametrize(
    ("batches", "epochs", "kind", "came"),
    [
        (Dataset(np.zeros((4, 1, 2, 2), np.uint8), np.zeros(4, int), ("a",)), 1, DataError, "a data set"),
        ((np.zeros((4, 2), "float32"), np.zeros(4, int)), 1, DataError, "a tuple of arrays"),
        ((batch for batch in ()), 1, DataError, "a generator"),
        ([], 0, SettingError, "epochs 0"),
        ([], 1.5, SettingError, "epochs 1.5"),
    ],
)
def test_what_cannot_be_fitted(batches, epochs, kind, came):
    model = nn.Linear(2, 1)
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    with pytest.raises(kind) as caught:
        trainer.fit(batches, epochs=epochs)
    assert came in caught.value.came and caught.value.hint


def test_a_regression_has_a_loss_and_no_accuracy():
    x = np.eye(2, dtype="float32")
    model = nn.Linear(2, 1)
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    history = trainer.fit([(x, x[:, :1])] * 20, [(x, x[:, :1])], epochs=2)
    assert history[1].validation_loss < history[0].loss and np.isnan(history[1].accuracy)


def test_nan_pictures_leave_the_weights_alone():
    model = nn.Linear(2, 2)
    before = model.weight.numpy()
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    with pytest.raises(NonFiniteError, match="1 NaN"):
        trainer.fit([(np.array([[np.nan, 1.0]], "float32"), np.array([0]))], epochs=1)
    np.testing.assert_array_equal(model.weight.numpy(), before)


def test_only_classes_of_events_are_listened_to():
    model = nn.Linear(2, 1)
    with pytest.raises(UsageError, match="EpochEnd"):
        Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1)).on("epoch", print)


def test_steps_taken_one_by_one_are_those_of_fit():
    trainer, batches = toy()
    heard = listen(trainer)
    trainer.fit(batches, epochs=2)
    other, _ = toy()
    taken = []
    for epoch in (1, 2):
        other.begin_epoch()
        taken += [other.take(epoch, number, *batch) for number, batch in enumerate(batches, 1)]
    assert taken == [event for event in heard if isinstance(event, StepEnd)]


def test_a_stop_ends_behind_the_step_that_runs():
    trainer, batches = toy()
    heard = listen(trainer)
    trainer.on(FitStop, heard.append)
    trainer.on(StepEnd, lambda event: trainer.stop() if (event.epoch, event.step) == (2, 1) else None)
    history = trainer.fit(batches, epochs=3)
    assert [row.epoch for row in history] == [1]
    assert [type(event) for event in heard[-2:]] == [StepEnd, FitStop] and heard[-1] == FitStop(2, 1)
    assert trainer.position.told == "after step 1 of epoch 2"
    rest = trainer.fit(batches, epochs=3, start=trainer.position)
    assert [row.epoch for row in rest] == [2, 3] and rest[0].loss != history[0].loss


def test_a_reason_is_raised_once_everybody_was_told():
    trainer, batches = toy()
    told = []
    trainer.on(FitStop, told.append)
    trainer.on(EpochEnd, lambda event: trainer.stop(KeyboardInterrupt("enough")))
    with pytest.raises(KeyboardInterrupt, match="enough"):
        trainer.fit(batches, epochs=3)
    assert told == [FitStop(2, 0)]


def test_a_stop_of_before_is_forgotten():
    trainer, batches = toy()
    trainer.stop(KeyboardInterrupt())
    assert len(trainer.fit(batches, epochs=1)) == 1


def test_going_on_tells_what_was_done():
    trainer, batches = toy()
    heard = listen(trainer)
    start = Position(epoch=2, step=1, steps=2)
    assert [row.epoch for row in trainer.fit(batches, epochs=2, start=start)] == [2]
    assert heard[0] == FitBegin(2, 2, done=3)
    assert (start.epoch, start.step) == (2, 1), "the place that was given stays as it was"
    assert [(e.epoch, e.step) for e in heard if isinstance(e, StepEnd)] == [(2, 2)]
    with pytest.raises(DataError, match="2 batches in an epoch"):
        trainer.fit(batches, epochs=2, start=Position(steps=3))
