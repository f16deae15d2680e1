"""The encoder of a transformer and its layer: PyTorch's numbers, masks, dropout, names."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.random import Generator

from .layers import Layer, check_layer, noise
from .steps import traced_is_direct
from .twins import agrees

FUTURE = np.triu(np.ones((4, 4), bool), 1)
ENCODER = {
    "self_attn.in_proj_weight": (18, 6),
    "self_attn.in_proj_bias": (18,),
    "self_attn.out_proj.weight": (6, 6),
    "self_attn.out_proj.bias": (6,),
    "linear1.weight": (10, 6),
    "linear1.bias": (10,),
    "linear2.weight": (6, 10),
    "linear2.bias": (6,),
    "norm1.weight": (6,),
    "norm1.bias": (6,),
    "norm2.weight": (6,),
    "norm2.bias": (6,),
}
ROWS = {
    "encoder": Layer(
        lambda rng: nn.TransformerEncoderLayer(6, 3, 10, 0.0, rng=rng), (2, 4, 6), (2, 4, 6), ENCODER
    ),
    "encoder, norm first": Layer(
        lambda rng: nn.TransformerEncoderLayer(6, 1, 10, 0.0, norm_first=True, rng=rng),
        (2, 4, 6),
        (2, 4, 6),
        ENCODER,
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch")


@pytest.mark.parametrize(("norm_first", "activation"), [(True, "relu"), (False, "gelu")])
def test_the_encoder_layer_is_that_of_torch(torch, norm_first, activation):
    ours = nn.TransformerEncoderLayer(6, 2, 10, 0.0, activation, norm_first=norm_first)
    theirs = torch.nn.TransformerEncoderLayer(
        6, 2, 10, 0.0, activation, norm_first=norm_first, batch_first=True
    )
    mask = torch.tensor(FUTURE)
    agrees(torch, ours, theirs, (2, 4, 6))
    agrees(
        torch,
        ours,
        theirs,
        (2, 4, 6),
        mine=lambda x: ours(x, FUTURE, is_causal=True),
        other=lambda x: theirs(x, mask),
    )


def test_the_encoder_layer_takes_a_function():
    x = noise((2, 4, 6))
    plain, given = (
        nn.TransformerEncoderLayer(6, 2, 10, 0.0, activation=f, rng=Generator(0)) for f in ("relu", cr.relu)
    )
    assert np.array_equal(plain(x), given(x))
    other = nn.TransformerEncoderLayer(6, 2, 10, 0.0, activation=cr.tanh, rng=Generator(0))
    assert not np.array_equal(plain(x), other(x))


def test_traced_is_direct():
    def build():
        layer = nn.TransformerEncoderLayer(6, 2, 10, 0.25, rng=Generator(0))
        return nn.Sequential(layer, nn.Flatten(), nn.Linear(24, 3, rng=Generator(1)))

    traced_is_direct(build, "adam", noise((5, 4, 6)), np.array([0, 2, 1, 2, 0]))


def test_the_encoder_is_that_of_torch(torch):
    layer = nn.TransformerEncoderLayer(6, 2, 10, 0.0, norm_first=True)
    other = torch.nn.TransformerEncoderLayer(6, 2, 10, 0.0, norm_first=True, batch_first=True)
    ours = nn.TransformerEncoder(layer, 2, nn.LayerNorm(6))
    theirs = torch.nn.TransformerEncoder(other, 2, torch.nn.LayerNorm(6), enable_nested_tensor=False)
    mask = torch.tensor(FUTURE)
    agrees(torch, ours, theirs, (2, 4, 6))
    agrees(torch, ours, theirs, (2, 4, 6), mine=lambda x: ours(x, FUTURE), other=lambda x: theirs(x, mask))


def test_the_layers_of_an_encoder_begin_alike_and_go_their_own_ways():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 10), 2, rng=Generator(0))
    first, second = (dict(layer.named_parameters()) for layer in encoder.layers)
    assert all(
        np.array_equal(first[name], second[name]) and first[name] is not second[name] for name in first
    )
    seeds = [part.seed for part in encoder.modules() if isinstance(part, nn.Dropout)]
    assert len(set(seeds)) == len(seeds) == 8


def test_each_layer_of_an_encoder_gets_its_own_gradient():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 10), 2, rng=Generator(0))
    cr.sum(encoder(noise((5, 4, 6))) ** 2).backward()
    first, second = (layer.linear1.weight.grad for layer in encoder.layers)
    assert first is not None and second is not None and not np.array_equal(first, second)
