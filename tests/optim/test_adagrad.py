"""Adagrad and Adadelta against PyTorch, over their settings."""

import numpy as np
import pytest

from chainrule import Tensor, errors
from chainrule.optim import Adadelta, Adagrad

from .steps import compiled_is_plain, resumes_exactly

SETTINGS = [
    (Adagrad, {}),
    (Adagrad, {"lr": 0.1, "weight_decay": 0.1}),
    (Adagrad, {"lr": 0.2, "lr_decay": 0.3, "initial_accumulator_value": 0.5}),
    (Adagrad, {"lr": 0.1, "eps": 0.1, "lr_decay": 0.01, "weight_decay": 0.01}),
    (Adadelta, {}),
    (Adadelta, {"lr": 0.5, "rho": 0.5, "eps": 1e-3}),
    (Adadelta, {"rho": 0.0, "weight_decay": 0.1}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rule", "settings"), SETTINGS, ids=str)
def test_30_steps_are_those_of_pytorch(agree, rule, settings, dtype):
    agree(rule, dtype, settings)


@pytest.mark.parametrize(("rule", "settings"), [(Adagrad, {"lr_decay": 0.2}), (Adadelta, {})])
def test_each_parameter_counts_its_own_steps(agree, rule, settings):
    agree(rule, "float64", settings, absent=lambda t, name: name == "b" and (t < 3 or t % 4 == 0))


@pytest.mark.parametrize(("rule", "settings"), SETTINGS, ids=str)
def test_compiled_is_plain_and_a_state_goes_on_exactly(rule, settings):
    compiled_is_plain(lambda groups: rule(groups, **settings))
    resumes_exactly(lambda parameters: rule(parameters, **settings))


def test_the_defaults_are_pytorchs(torch):
    for rule in (Adagrad, Adadelta):
        theirs = getattr(torch.optim, rule.__name__)([torch.nn.Parameter(torch.ones(1))]).param_groups[0]
        ours = rule([Tensor([1.0], requires_grad=True)]).param_groups[0]
        assert all(ours[key] == theirs[key] for key in ours if key in rule.bounds)


def test_a_weight_without_a_gradient_so_far_does_not_move():
    w = Tensor([1.0, 1.0], requires_grad=True)
    for rule in (Adagrad, Adadelta):
        optimizer = rule([w])
        w.grad = Tensor([0.0, 1.0])
        optimizer.step()
        assert w.numpy()[0] == 1 and np.isfinite(w.numpy()).all()


@pytest.mark.parametrize(
    ("rule", "settings", "came", "expected", "hint"),
    [
        (Adagrad, {"lr": -1}, "lr = -1", "a finite lr ≥ 0", "lr=0.01"),
        (Adagrad, {"lr_decay": -0.1}, "lr_decay = -0.1", "≥ 0", "lr_decay=0.0"),
        (Adagrad, {"initial_accumulator_value": -1}, "value = -1", "≥ 0", "initial_accumulator_value=0.0"),
        (Adagrad, {"eps": float("nan")}, "eps = nan", "≥ 0", "eps=1e-10"),
        (Adadelta, {"rho": 1.0}, "rho = 1.0", "0 ≤ rho < 1", "rho=0.9"),
        (Adadelta, {"eps": -1e-6}, "eps = -1e-06", "≥ 0", "eps=1e-06"),
    ],
)
def test_impossible_settings(four_parts, rule, settings, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        rule([Tensor([1.0], requires_grad=True)], **settings)
    four_parts(caught.value, rule.__name__, came, expected, hint)
