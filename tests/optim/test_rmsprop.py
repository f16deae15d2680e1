"""RMSprop against PyTorch, over its settings."""

import numpy as np
import pytest

from chainrule import Tensor, errors
from chainrule.optim import RMSprop

from .steps import compiled_is_plain, resumes_exactly

SETTINGS = [
    {},
    {"lr": 0.05, "weight_decay": 0.1},
    {"lr": 0.02, "alpha": 0.5, "eps": 1e-3},
    {"lr": 0.02, "momentum": 0.9},
    {"lr": 0.02, "centered": True},
    {"lr": 0.01, "alpha": 0.8, "centered": True, "momentum": 0.5, "weight_decay": 0.01},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_30_steps_are_those_of_pytorch(agree, settings, dtype):
    if dtype == "float32" and settings.get("centered"):
        # s - m² of the first step cancels: a few digits of float32 are left, to PyTorch as to us
        settings = {**settings, "eps": 0.1}
    agree(RMSprop, dtype, settings)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_compiled_is_plain_and_a_state_goes_on_exactly(settings):
    compiled_is_plain(lambda groups: RMSprop(groups, **settings))
    resumes_exactly(lambda parameters: RMSprop(parameters, **settings))


def test_only_the_slots_in_use_exist():
    w = Tensor([1.0], requires_grad=True, name="w")
    kinds = lambda **settings: [n for n in RMSprop([w], **settings).state_dict() if n.startswith("w/")]  # noqa: E731
    assert kinds() == ["w/square"]
    assert kinds(centered=True, momentum=0.9) == ["w/square", "w/mean", "w/velocity"]


def test_equal_gradients_do_not_make_the_centered_root_nan():
    gradients = np.random.default_rng(0).normal(size=100).astype("float32")
    w = Tensor(np.zeros(100, "float32"), requires_grad=True)
    optimizer = RMSprop([w], alpha=0.5, eps=1e-3, centered=True)
    for _ in range(60):  # s - m² goes to 0, but for rounding
        w.grad = Tensor(gradients)
        optimizer.step()
        assert np.isfinite(w.numpy()).all()


def test_the_defaults_are_pytorchs(torch):
    theirs = torch.optim.RMSprop([torch.nn.Parameter(torch.ones(1))]).param_groups[0]
    ours = RMSprop([Tensor([1.0], requires_grad=True)]).param_groups[0]
    assert all(ours[key] == theirs[key] for key in (*RMSprop.bounds, "centered"))


@pytest.mark.parametrize(
    ("settings", "came", "expected", "hint"),
    [
        ({"lr": "fast"}, "lr = 'fast'", "a finite lr ≥ 0", "lr=0.01"),
        ({"alpha": 1.0}, "alpha = 1.0", "0 ≤ alpha < 1", "alpha=0.99"),
        ({"momentum": 1.5}, "momentum = 1.5", "0 ≤ momentum < 1", "momentum=0.9"),
        ({"eps": -1}, "eps = -1", "≥ 0", "eps=1e-08"),
        ({"centered": 1}, "centered = 1", "True or False", "centered=True"),
    ],
)
def test_impossible_settings(four_parts, settings, came, expected, hint):
    with pytest.raises(errors.SettingError) as caught:
        RMSprop([Tensor([1.0], requires_grad=True)], **settings)
    four_parts(caught.value, "RMSprop", came, expected, hint)
