"""Batch norm with its running statistics, and local response norm."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.random import Generator

from .layers import Layer, check_layer, noise
from .steps import OPTIMIZERS, everything, traced_is_direct, whole_step
from .twins import agrees

STATISTICS = {"running_mean": (3,), "running_var": (3,), "num_batches_tracked": ()}
BOTH = {"weight": (3,), "bias": (3,)}
ROWS = {
    "of rows": Layer(lambda rng: nn.BatchNorm1d(3), (6, 3), (6, 3), BOTH, STATISTICS),
    "of sequences": Layer(lambda rng: nn.BatchNorm1d(3), (4, 3, 7), (4, 3, 7), BOTH, STATISTICS),
    "of pictures": Layer(lambda rng: nn.BatchNorm2d(3), (4, 3, 5, 2), (4, 3, 5, 2), BOTH, STATISTICS),
    "local response": Layer(lambda rng: nn.LocalResponseNorm(3, 0.5, 0.75, 2.0), (2, 5, 3, 3), (2, 5, 3, 3)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


def test_training_normalizes_by_the_batch():
    out = nn.BatchNorm2d(3)(Tensor(5 + 2 * noise((8, 3, 4, 4)))).numpy()
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(out.var(axis=(0, 2, 3)), 1, atol=1e-3)


@pytest.mark.parametrize(("shape", "axes"), [((6, 3), 0), ((4, 3, 5), (0, 2))])
def test_running_statistics_follow_with_the_unbiased_variance(shape, axes):
    layer, x = nn.BatchNorm1d(3, momentum=0.25), noise(shape)
    layer(x)
    np.testing.assert_allclose(layer.running_mean, 0.25 * x.mean(axes), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var, 0.75 + 0.25 * x.var(axes, ddof=1), rtol=1e-5)
    assert layer.num_batches_tracked.item() == 1
    layer.eval()(x)
    assert layer.num_batches_tracked.item() == 1


def test_evaluation_uses_the_running_statistics():
    layer, x = nn.BatchNorm1d(3, eps=1e-3).eval(), noise((6, 3))
    layer.running_mean.assign(np.array([1.0, 2.0, 3.0], "float32"))
    layer.running_var.assign(np.array([4.0, 9.0, 16.0], "float32"))
    expected = (x - [1, 2, 3]) / np.sqrt(np.array([4, 9, 16]) + 1e-3)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_traced_is_direct_with_the_running_statistics(optimizer):
    def build():
        rng = Generator(0)
        layers = [nn.Conv2d(2, 3, 3, rng=rng), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten()]
        return nn.Sequential(*layers, nn.Linear(48, 6, rng=rng), nn.BatchNorm1d(6))

    traced_is_direct(build, optimizer, noise((5, 2, 6, 6)), np.arange(5))


def test_a_program_moves_the_running_statistics_at_each_run():
    model = nn.BatchNorm1d(3)
    program = cr.trace(lambda x: model(x).sum(), noise((6, 3)))
    assert model.num_batches_tracked.item() == 0
    before = model.running_mean.numpy().copy()
    for _ in range(3):
        program(noise((6, 3)))
    assert model.num_batches_tracked.item() == 3
    assert not np.array_equal(model.running_mean, before)


def test_a_frozen_batch_norm_still_follows_but_does_not_learn():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2, rng=Generator(0)))
    model[0].requires_grad_(False)
    optimizer = OPTIMIZERS["sgd"](model.parameters())
    before = everything(model, optimizer)
    whole_step(model, optimizer, nn.CrossEntropyLoss())(noise((6, 3)), np.arange(6) % 2)
    after = everything(model, optimizer)
    changed = [name for name in before if before[name].tobytes() != after[name].tobytes()]
    assert "weight 0.weight" not in changed
    assert "weight 0.bias" not in changed
    assert {"buffer 0.running_mean", "weight 1.weight"} <= set(changed)
    assert "grad 0.weight" not in after


def test_local_response_norm_as_the_paper_has_it():
    x, (size, alpha, beta, k) = noise((2, 6, 3, 3)), (3, 0.5, 0.75, 2.0)
    out = nn.LocalResponseNorm(size, alpha, beta, k)(x)
    for c in range(6):
        near = (x[:, max(0, c - 1) : c + 2] ** 2).sum(axis=1)
        np.testing.assert_allclose(out[:, c], x[:, c] / (k + alpha / size * near) ** beta, rtol=1e-5)


def test_printed_form():
    assert repr(nn.BatchNorm2d(8)) == "BatchNorm2d(8, eps=1e-05, momentum=0.1)"
    assert repr(nn.LocalResponseNorm(5)) == "LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1)"


AFFINE = {"weight": (6,), "bias": (6,)}
TRACKED = {"running_mean": (6,), "running_var": (6,), "num_batches_tracked": ()}
OTHERS = {
    "layer": Layer(lambda rng: nn.LayerNorm(6), (4, 3, 6), (4, 3, 6), AFFINE),
    "layer over two axes": Layer(
        lambda rng: nn.LayerNorm((3, 2)), (5, 3, 2), (5, 3, 2), {"weight": (3, 2), "bias": (3, 2)}
    ),
    "layer without bias": Layer(lambda rng: nn.LayerNorm(6, bias=False), (4, 6), (4, 6), {"weight": (6,)}),
    "layer without both": Layer(lambda rng: nn.LayerNorm(6, elementwise_affine=False), (4, 6), (4, 6)),
    "group": Layer(lambda rng: nn.GroupNorm(3, 6), (4, 6, 5, 2), (4, 6, 5, 2), AFFINE),
    "group of rows": Layer(lambda rng: nn.GroupNorm(2, 6, affine=False), (4, 6), (4, 6)),
    "instance of rows": Layer(lambda rng: nn.InstanceNorm1d(6), (4, 6, 5), (4, 6, 5)),
    "instance of pictures": Layer(
        lambda rng: nn.InstanceNorm2d(6, affine=True, track_running_stats=True),
        *((4, 6, 5, 2), (4, 6, 5, 2)),
        AFFINE,
        TRACKED,
    ),
}


@pytest.mark.parametrize("row", OTHERS.values(), ids=OTHERS)
def test_other_norms(row):
    check_layer(row)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch")


PEERS = {
    "layer": ("LayerNorm", ((3, 5), 1e-3), {}, (4, 3, 5)),
    "layer without bias": ("LayerNorm", (5,), {"bias": False}, (4, 5)),
    "group": ("GroupNorm", (2, 6), {}, (3, 6, 2, 3)),
    "batch of sequences": ("BatchNorm1d", (3,), {}, (4, 3, 5)),
    "instance of rows": ("InstanceNorm1d", (3,), {"affine": True}, (2, 3, 5)),
    "instance of pictures": (
        "InstanceNorm2d",
        (3,),
        {"affine": True, "track_running_stats": True},
        (2, 3, 2, 4),
    ),
}


@pytest.mark.parametrize(("name", "sizes", "settings", "shape"), PEERS.values(), ids=PEERS)
def test_norms_are_those_of_torch(torch, name, sizes, settings, shape):
    ours, theirs = getattr(nn, name)(*sizes, **settings), getattr(torch.nn, name)(*sizes, **settings)
    agrees(torch, ours, theirs, shape)


@pytest.mark.parametrize("affine", [True, False])
def test_instance_norm_follows_the_mean_statistics_as_torch_does(torch, affine):
    settings = {"affine": affine, "track_running_stats": True, "momentum": 0.25}
    ours, theirs = nn.InstanceNorm2d(3, **settings), torch.nn.InstanceNorm2d(3, **settings)
    for seed in range(2):
        x = noise((4, 3, 2, 5), seed) * 3 + 1
        ours(x), theirs(torch.tensor(x))
    for name in ("running_mean", "running_var"):
        np.testing.assert_allclose(ours.state_dict()[name], theirs.state_dict()[name], rtol=1e-5)
    np.testing.assert_allclose(ours.eval()(x), theirs.eval()(torch.tensor(x)).detach(), rtol=1e-4, atol=1e-5)


def test_an_empty_batch_moves_no_statistics():
    layer = nn.InstanceNorm1d(3, track_running_stats=True)
    assert layer(np.zeros((0, 3, 4), "float32")).shape == (0, 3, 4)
    assert layer.num_batches_tracked.item() == 0 and not layer.running_mean.numpy().any()


def test_printed_forms():
    assert repr(nn.LayerNorm(8)) == "LayerNorm((8,), eps=1e-05)"
    assert repr(nn.GroupNorm(2, 8)) == "GroupNorm(2, 8, eps=1e-05)"
    assert repr(nn.InstanceNorm2d(8)) == "InstanceNorm2d(8, eps=1e-05, momentum=0.1)"
