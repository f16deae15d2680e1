"""Dropout: the mean kept, a new mask at each call, the same one from the same seed and counter."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.random import Generator

from .layers import Layer, check_layer, noise
from .steps import OPTIMIZERS, traced_is_direct


def test_layer():
    check_layer(Layer(lambda rng: nn.Dropout(0.2, rng=rng), (4, 50), (4, 50)))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_mean_is_kept_and_a_share_p_is_zero(p):
    out = nn.Dropout(p, rng=Generator(0))(np.ones((200, 500), "float32")).numpy()
    assert np.unique(out).tolist() == pytest.approx([0, 1 / (1 - p)])
    assert (out == 0).mean() == pytest.approx(p, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.03)


def test_each_call_draws_another_mask():
    layer, x = nn.Dropout(rng=Generator(0)), np.ones((20, 20), "float32")
    masks = {layer(x).numpy().tobytes() for _ in range(5)}
    assert len(masks) == 5
    assert layer.counter.item() == 5


def test_the_same_seed_and_counter_give_the_same_mask():
    x = np.ones((20, 20), "float32")
    first, second, other = (nn.Dropout(rng=Generator(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first(x), second(x))
    third = first(x)
    second.counter.assign(np.asarray(1))
    assert np.array_equal(second(x), third)
    assert not np.array_equal(other(x), nn.Dropout(rng=Generator(0))(x))


def test_two_layers_of_one_generator_have_masks_of_their_own():
    rng, x = Generator(0), np.ones((20, 20), "float32")
    assert not np.array_equal(nn.Dropout(rng=rng)(x), nn.Dropout(rng=rng)(x))


def test_evaluation_and_p_of_zero_hand_on_the_value_itself():
    x = Tensor(noise((3, 3)))
    layer = nn.Dropout(0.5).eval()
    assert layer(x) is x
    assert layer.counter.item() == 0
    assert nn.Dropout(0)(x) is x


def test_the_gradient_goes_through_the_same_mask():
    x = Tensor(np.ones((20, 20), "float32"), requires_grad=True)
    out = nn.Dropout(0.5, rng=Generator(0))(x)
    out.sum().backward()
    assert np.array_equal(x.grad, out)


def test_the_counter_is_no_part_of_the_state_dict():
    layer = nn.Dropout()
    layer(np.ones(3, "float32"))
    assert layer.state_dict() == {}


def test_a_program_draws_another_mask_at_each_run_as_direct_calls_do():
    x = np.ones((20, 20), "float32")
    direct, traced = nn.Dropout(rng=Generator(0)), nn.Dropout(rng=Generator(0))
    program = cr.trace(traced, x)
    assert traced.counter.item() == 0
    pairs = [(np.asarray(program(x)), direct(x)) for _ in range(3)]
    assert all(np.array_equal(one, two) for one, two in pairs)
    assert len({one.tobytes() for one, _ in pairs}) == 3
    assert traced.counter.item() == 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_traced_training_is_direct_training(optimizer):
    def build():
        rng = Generator(0)
        layers = [nn.Linear(8, 20, rng=rng), nn.Dropout(0.5, rng=rng), nn.ReLU()]
        return nn.Sequential(*layers, nn.Dropout(0.2, rng=rng), nn.Linear(20, 3, rng=rng))

    traced_is_direct(build, optimizer, noise((6, 8)), np.arange(6) % 3)


def test_printed_form():
    assert repr(nn.Dropout(0.25)) == "Dropout(p=0.25)"


@pytest.mark.parametrize(("kind", "shape"), [(nn.Dropout1d, (40, 50, 3)), (nn.Dropout2d, (40, 50, 2, 3))])
def test_whole_channels_are_dropped(kind, shape):
    check_layer(Layer(lambda rng: kind(0.2, rng=rng), shape, shape))
    out = kind(0.25, rng=Generator(0))(np.ones(shape, "float32")).numpy()
    channels = out.reshape(*shape[:2], -1)
    assert (channels == channels[..., :1]).all()
    assert np.unique(out).tolist() == pytest.approx([0, 4 / 3])
    assert (channels[..., 0] == 0).mean() == pytest.approx(0.25, abs=0.03)


def test_dropped_channels_of_a_program_are_those_of_direct_calls():
    x = noise((4, 6, 3, 2))
    direct, compiled = (
        nn.Dropout2d(rng=Generator(0)),
        cr.compile(nn.Dropout2d(rng=Generator(0)), fallback="error"),
    )
    pairs = [(np.asarray(compiled(x)), np.asarray(direct(x))) for _ in range(3)]
    assert all(np.array_equal(one, two) for one, two in pairs)
    assert len({one.tobytes() for one, _ in pairs}) == 3
