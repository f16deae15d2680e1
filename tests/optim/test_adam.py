"""Adam and AdamW against PyTorch, over their settings."""

import numpy as np
import pytest

from chainrule import Tensor, errors
from chainrule.optim import Adam, AdamW

SETTINGS = [
    {},
    {"lr": 0.05, "weight_decay": 0.1},
    {"lr": 0.05, "betas": (0.5, 0.8), "weight_decay": 0.0},
    {"lr": 0.02, "betas": (0.0, 0.9), "eps": 1e-3},
    {"lr": 0.02, "betas": (0.9, 0.0), "eps": 0.1, "weight_decay": 0.3},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("rule", [Adam, AdamW])
def test_30_steps_are_those_of_pytorch(agree, rule, settings, dtype):
    agree(rule, dtype, settings)


@pytest.mark.parametrize("rule", [Adam, AdamW])
def test_each_parameter_counts_its_own_steps(agree, rule):
    settings = {"lr": 0.1, "weight_decay": 0.1}
    agree(rule, "float64", settings, absent=lambda t, name: name == "b" and (t < 3 or t % 4 == 0))


def test_a_rate_of_zero_leaves_the_weights_but_not_the_averages():
    w = Tensor([1.0, -2.0], requires_grad=True, name="w")
    optimizer = AdamW([w], lr=0.0)
    w.grad = Tensor([1.0, 2.0])
    optimizer.step()
    state = optimizer.state_dict()
    assert w.tolist() == [1.0, -2.0] and state["w/steps"] == 1
    np.testing.assert_allclose(state["w/mean"], [0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(state["w/square"], [0.001, 0.004], rtol=1e-4)


def test_the_defaults_are_pytorchs(torch):
    for rule in (Adam, AdamW):
        theirs = getattr(torch.optim, rule.__name__)([torch.nn.Parameter(torch.ones(1))]).param_groups[0]
        ours = rule([Tensor([1.0], requires_grad=True)]).param_groups[0]
        assert all(ours[key] == theirs[key] for key in ("lr", "betas", "eps", "weight_decay"))


@pytest.mark.parametrize("rule", [Adam, AdamW])
@pytest.mark.parametrize(
    ("settings", "came", "expected", "hint"),
    [
        ({"lr": -1e-3}, "lr = -0.001", "a finite lr ≥ 0", "lr=0.001"),
        ({"betas": (1.0, 0.9)}, "betas = (1.0, 0.9)", "2 numbers, each ≥ 0 and below 1", "(0.9, 0.999)"),
        ({"betas": (0.9, -0.1)}, "betas = (0.9, -0.1)", "2 numbers", "(0.9, 0.999)"),
        ({"betas": (0.9,)}, "betas = (0.9,)", "2 numbers", "(0.9, 0.999)"),
        ({"betas": 0.9}, "betas = 0.9", "2 numbers", "(0.9, 0.999)"),
        ({"betas": (0.9, float("nan"))}, "nan", "2 numbers", "(0.9, 0.999)"),
        ({"eps": -1e-8}, "eps = -1e-08", "a finite eps ≥ 0", "eps=1e-08"),
        ({"weight_decay": float("nan")}, "weight_decay = nan", "≥ 0", "weight_decay=0.01"),
    ],
)
def test_impossible_settings(four_parts, rule, settings, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        rule([Tensor([1.0], requires_grad=True)], **settings)
    four_parts(caught.value, rule.__name__, came, expected, hint)
