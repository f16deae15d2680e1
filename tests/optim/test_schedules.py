"""The schedules against PyTorch for 50 steps, and their errors."""

import numpy as np
import pytest

from chainrule import Tensor, errors, optim

SCHEDULES = [
    ("StepLR", {"step_size": 7, "gamma": 0.3}),
    ("StepLR", {"step_size": 1}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("CosineAnnealingLR", {"T_max": 60, "eta_min": 0.01}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 30}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 40, "power": 2.5}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 51}),
    ("OneCycleLR", {"max_lr": [0.7, 0.2], "total_steps": 60, "pct_start": 0.45, "div_factor": 5.0}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 51, "pct_start": 0.0, "final_div_factor": 10.0}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 51, "base_momentum": 0.5, "max_momentum": 0.9}),
    ("OneCycleLR", {"max_lr": 0.7, "total_steps": 51, "cycle_momentum": False}),
]
OPTIMIZERS = [("SGD", {"lr": 0.4, "momentum": 0.9}), ("Adam", {"lr": 0.4})]


def groups(make):
    return [{"params": [make()]}, {"params": [make()], "lr": 0.1}]


def ours(name, **settings):
    return getattr(optim, name)(groups(lambda: Tensor([1.0], requires_grad=True)), **settings)


def seen(optimizer):
    """Rate and momentum of every group."""
    return [
        (g["lr"], *([g["betas"][0]] if "betas" in g else [g["momentum"]])) for g in optimizer.param_groups
    ]


@pytest.mark.parametrize(("rule", "rule_settings"), OPTIMIZERS)
@pytest.mark.parametrize(("name", "settings"), SCHEDULES)
def test_50_steps_are_those_of_pytorch(torch, name, settings, rule, rule_settings):
    optimizer = ours(rule, **rule_settings)
    twin = getattr(torch.optim, rule)(groups(lambda: torch.nn.Parameter(torch.ones(1))), **rule_settings)
    schedule = getattr(optim, name)(optimizer, **settings)
    theirs = getattr(torch.optim.lr_scheduler, name)(twin, **settings)
    for t in range(51):
        np.testing.assert_allclose(seen(optimizer), seen(twin), rtol=1e-9, atol=1e-12, err_msg=f"step {t}")
        assert [schedule.rate(t, k) for k in (0, 1)] == [g["lr"] for g in optimizer.param_groups]
        if t < 50:
            twin.step()
            schedule.step()
            theirs.step()


def test_inverse_time_by_hand():
    optimizer = ours("SGD", lr=0.4)
    schedule = optim.InverseTimeLR(optimizer, decay=0.5)
    for t in range(20):
        assert [g["lr"] for g in optimizer.param_groups] == [0.4 / (1 + 0.5 * t), 0.1 / (1 + 0.5 * t)]
        schedule.step()


def test_rate_is_pure():
    optimizer = ours("SGD", lr=0.4, momentum=0.9)
    schedule = optim.CosineAnnealingLR(optimizer, T_max=10)
    drawn = [schedule.rate(t) for t in range(11)]
    assert optimizer.lr == 0.4 and schedule.t == 0
    for rate in drawn:
        assert optimizer.lr == rate
        schedule.step()


def test_one_cycle_ends_where_it_was_told_to():
    optimizer = ours("SGD", lr=0.4, momentum=0.9)
    schedule = optim.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    assert schedule.momentum(2) == pytest.approx(0.85)
    for _ in range(10):
        schedule.step()
    assert optimizer.lr == schedule.rate(9) == pytest.approx(1 / 25 / 1e4)
    with pytest.raises(errors.SettingError, match="step 11 of a cycle of 10"):
        schedule.step()
    assert schedule.t == 10


@pytest.mark.parametrize("total", [1, 2, 3, 4, 10])
def test_short_cycles_stay_between_their_ends(total):
    schedule = optim.OneCycleLR(ours("Adam"), max_lr=1.0, total_steps=total)
    rates = [schedule.rate(t) for t in range(total + 1)]
    assert min(rates) == pytest.approx(4e-6) and max(rates) <= 1.0


@pytest.mark.parametrize(
    ("name", "settings", "came", "expected", "hint"),
    [
        ("StepLR", {"step_size": 0}, "step_size = 0", "a whole number step_size ≥ 1", "step_size=10"),
        ("StepLR", {"step_size": 2.5}, "step_size = 2.5", "a whole number", "step_size=10"),
        ("StepLR", {"step_size": 2, "gamma": -1}, "gamma = -1", "a finite gamma ≥ 0", "gamma=0.1"),
        ("CosineAnnealingLR", {"T_max": True}, "T_max = True", "a whole number", "T_max=10"),
        ("CosineAnnealingLR", {"T_max": 5, "eta_min": float("nan")}, "eta_min = nan", "≥ 0", "eta_min=0.0"),
        ("LinearLR", {"total_iters": 0}, "total_iters = 0", "a whole number", "total_iters=10"),
        ("LinearLR", {"start_factor": -0.5}, "start_factor = -0.5", "≥ 0", "start_factor=0.1"),
        ("ExponentialLR", {"gamma": -0.5}, "gamma = -0.5", "a finite gamma ≥ 0", "gamma=0.9"),
        ("InverseTimeLR", {"decay": "slow"}, "decay = 'slow'", "a finite decay ≥ 0", "decay=0.01"),
        ("PolynomialLR", {"total_iters": 0}, "total_iters = 0", "a whole number", "total_iters=10"),
        ("PolynomialLR", {"power": -1}, "power = -1", "a finite power ≥ 0", "power=1.0"),
        ("OneCycleLR", {"max_lr": -1, "total_steps": 9}, "max_lr = -1", "a finite max_lr ≥ 0", "max_lr="),
        ("OneCycleLR", {"max_lr": [1, 2, 3], "total_steps": 9}, "3 rates", "one for each group", "max_lr"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 0}, "total_steps = 0", "≥ 1", "total_steps=10"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "pct_start": 1}, "pct_start = 1", "< 1", "=0.3"),
        (
            "OneCycleLR",
            {"max_lr": 1, "total_steps": 9, "max_momentum": 1.5},
            "max_momentum = 1.5",
            "< 1",
            "=0.95",
        ),
        (
            "OneCycleLR",
            {"max_lr": 1, "total_steps": 9, "div_factor": 0},
            "div_factor = 0",
            "div_factor ≥ 1",
            "div_factor=25.0",
        ),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9}, "no momentum", "momentum or betas", "momentum=0.9"),
    ],
)
def test_impossible_settings(four_parts, name, settings, came, expected, hint):
    optimizer = ours("SGD", lr=0.4, momentum=0.0 if came == "no momentum" else 0.9)
    with pytest.raises(errors.SettingError) as caught:
        getattr(optim, name)(optimizer, **settings)
    four_parts(caught.value, name, came, expected, hint)
    assert optimizer.lr == 0.4
