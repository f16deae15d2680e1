"""SGD against PyTorch, over every combination of its settings."""

import numpy as np
import pytest

from chainrule import Tensor, errors
from chainrule.optim import SGD

SETTINGS = [
    {"lr": 0.1},
    {"lr": 0.1, "weight_decay": 0.05},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    {"lr": 0.05, "momentum": 0.5, "dampening": 0.9, "weight_decay": 0.1},
    {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
    {"lr": 0.1, "dampening": 0.5},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_30_steps_are_those_of_pytorch(agree, settings, dtype):
    agree(SGD, dtype, settings)


def test_a_parameter_without_gradient_waits_and_its_first_push_is_undamped(agree):
    settings = {"lr": 0.1, "momentum": 0.9, "dampening": 0.4}
    agree(SGD, "float64", settings, absent=lambda t, name: name == "b" and (t < 3 or t % 4 == 0))


def test_slots_exist_from_the_start_and_only_those_in_use():
    w = Tensor([[1.0, 2.0]], requires_grad=True, name="w")
    kinds = lambda **settings: [n for n in SGD([w], 0.1, **settings).state_dict() if "/" in n and n[0] == "w"]  # noqa: E731
    assert kinds() == []
    assert kinds(momentum=0.9) == ["w/velocity"]
    assert kinds(momentum=0.9, dampening=0.1) == ["w/velocity", "w/steps"]
    np.testing.assert_array_equal(
        SGD([w], 0.1, momentum=0.9).state_dict()["w/velocity"], np.zeros((1, 2), "f4")
    )


@pytest.mark.parametrize(
    ("settings", "came", "expected", "hint"),
    [
        ({"lr": -0.1}, "lr = -0.1", "a finite lr ≥ 0", "lr=0.1"),
        ({"lr": float("nan")}, "lr = nan", "a finite lr ≥ 0", "lr=0.1"),
        ({"lr": float("inf")}, "lr = inf", "a finite lr ≥ 0", "lr=0.1"),
        ({"lr": "fast"}, "lr = 'fast'", "a finite lr ≥ 0", "lr=0.1"),
        ({"lr": True}, "lr = True", "a finite lr ≥ 0", "lr=0.1"),
        ({"lr": (0.1,)}, "lr = (0.1,)", "a finite lr ≥ 0", "lr=0.1"),
        ({"lr": 0.1, "momentum": 1.0}, "momentum = 1.0", "0 ≤ momentum < 1", "momentum=0.9"),
        ({"lr": 0.1, "momentum": -0.1}, "momentum = -0.1", "0 ≤ momentum < 1", "momentum=0.9"),
        ({"lr": 0.1, "dampening": 1.5}, "dampening = 1.5", "0 ≤ dampening < 1", "dampening=0"),
        ({"lr": 0.1, "weight_decay": -1}, "weight_decay = -1", "≥ 0", "weight_decay=0.0001"),
        ({"lr": 0.1, "nesterov": 1}, "nesterov = 1", "True or False", "nesterov=True"),
        ({"lr": 0.1, "nesterov": True}, "momentum 0.0", "momentum > 0", "momentum=0.9"),
        (
            {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "nesterov": True},
            "dampening 0.1",
            "no dampening",
            "dampening=0",
        ),
    ],
)
def test_impossible_settings(four_parts, settings, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        SGD([Tensor([1.0], requires_grad=True)], **settings)
    four_parts(caught.value, "SGD", came, expected, hint)
