"""A smaller rate on a plateau, against PyTorch, and in a trainer."""

import numpy as np
import pytest

from chainrule import Tensor, errors, nn, optim
from chainrule.optim import ReduceLROnPlateau
from chainrule.random import Generator
from chainrule.train import Trainer

SETTINGS = [
    {},
    {"patience": 1, "factor": 0.5},
    {"patience": 0, "threshold": 0.1, "cooldown": 2},
    {"patience": 1, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 0.01},
    {"mode": "max", "patience": 1, "threshold": 0.1},
    {"mode": "max", "patience": 0, "threshold_mode": "abs", "threshold": 0.02, "eps": 0.03},
]


def made(lr=0.4, **settings):
    groups = [
        {"params": [Tensor([1.0], requires_grad=True)]},
        {"params": [Tensor([1.0], requires_grad=True)], "lr": 0.1},
    ]
    optimizer = optim.SGD(groups, lr=lr)
    return optimizer, ReduceLROnPlateau(optimizer, **settings)


@pytest.mark.parametrize("start", [1.0, -1.0])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_40_epochs_are_those_of_pytorch(torch, settings, start):
    optimizer, schedule = made(**settings)
    groups = [
        {"params": [torch.nn.Parameter(torch.ones(1))]},
        {"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.1},
    ]
    twin = torch.optim.SGD(groups, lr=0.4)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(twin, **settings)
    rng = np.random.default_rng(5)
    for k in range(40):
        metric = float("nan") if k == 7 else start * 0.9 ** min(k, 6) + rng.normal() * 0.05
        schedule.step(metric), theirs.step(metric)
        rates = [g["lr"] for g in optimizer.param_groups]
        np.testing.assert_allclose(rates, [g["lr"] for g in twin.param_groups], 1e-12)


def test_a_metric_may_be_a_tensor():
    optimizer, schedule = made(patience=0)
    for metric in (Tensor(1.0), Tensor([2.0])):
        schedule.step(metric)
    assert optimizer.lr == pytest.approx(0.04) and schedule.best == 1.0


def test_a_loaded_state_goes_on_exactly():
    optimizer, schedule = made(patience=2)
    for metric in (1.0, 0.5, 0.6, 0.7):
        schedule.step(metric)
    other, again = made(patience=2)
    again.load_state_dict(schedule.state_dict())
    for each in (schedule, again):
        each.step(0.55)
    assert optimizer.lr == other.lr == pytest.approx(0.04)
    with pytest.raises(errors.StateError):
        again.load_state_dict(schedule.state_dict() | {"bad": np.asarray(-1)})


def batches(seed=1):
    x = Generator(seed).normal((4, 3))
    return [(x, np.array([0, 1, 0, 1]))] * 2


@pytest.mark.parametrize("validation", [True, False])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_trainer_steps_it_after_each_epoch_and_traces_no_more(validation, mode):
    model = nn.Linear(3, 2, rng=Generator(0))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = ReduceLROnPlateau(
        optimizer, mode, patience=0, threshold=10.0, threshold_mode="abs", factor=0.5
    )
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, schedule=schedule)
    history = trainer.fit(batches(), batches(2) if validation else None, epochs=4)
    # the first epoch is the best so far; no other is better by 10
    assert [e.lr for e in history] == [0.1, 0.1, 0.05, 0.025] and optimizer.lr == 0.0125
    last = history[0]
    seen = {
        ("min", True): last.validation_loss,
        ("min", False): last.loss,
        ("max", True): last.validation_accuracy,
        ("max", False): last.accuracy,
    }
    assert schedule.best == seen[mode, validation]
    assert trainer.run_step.compiled.traces == 4  # one for each epoch, as without a schedule


@pytest.mark.parametrize(
    ("settings", "came", "expected", "hint"),
    [
        ({"mode": "least"}, "mode = 'least'", "one of min, max", 'mode="min"'),
        ({"threshold_mode": "x"}, "threshold_mode = 'x'", "one of rel, abs", "rel"),
        ({"factor": 1.0}, "factor = 1.0", "0 ≤ factor < 1", "factor=0.1"),
        ({"patience": -1}, "patience = -1", "≥ 0", "patience=10"),
        ({"cooldown": 0.5}, "cooldown = 0.5", "a whole number", "cooldown=0"),
        ({"threshold": -1}, "threshold = -1", "≥ 0", "threshold=0.0001"),
        ({"min_lr": float("nan")}, "min_lr = nan", "≥ 0", "min_lr=0.0"),
    ],
)
def test_impossible_settings(four_parts, settings, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        made(**settings)
    four_parts(caught.value, "ReduceLROnPlateau", came, expected, hint)


def test_what_is_no_metric_or_no_optimizer(four_parts):
    with pytest.raises(errors.SettingError) as caught:
        made()[1].step(None)
    four_parts(caught.value, "ReduceLROnPlateau", "metric None", "a number", "validation_loss")
    with pytest.raises(errors.SettingError) as caught:
        ReduceLROnPlateau(None)
    four_parts(caught.value, "ReduceLROnPlateau", "a NoneType", "an optimizer", "SGD(")
