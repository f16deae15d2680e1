"""Multi-head attention: PyTorch's numbers, masks, dropout, names."""

import numpy as np
import pytest

from chainrule import Tensor, nn
from chainrule.random import Generator

from .layers import Layer, check_layer, noise
from .twins import agrees

HEADS = {
    "inner.in_proj_weight": (18, 6),
    "inner.in_proj_bias": (18,),
    "inner.out_proj.weight": (6, 6),
    "inner.out_proj.bias": (6,),
}


class Outputs(nn.Module):
    """The first of what attention returns, as the common check wants it."""

    def __init__(self, inner: nn.Module) -> None:
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


ROWS = {
    "attention": Layer(
        lambda rng: Outputs(nn.MultiheadAttention(6, 2, rng=rng)), (3, 4, 6), (3, 4, 6), HEADS
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch")


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_attention_to_itself_is_that_of_torch(torch, batch_first, bias):
    settings = {"bias": bias, "batch_first": batch_first}
    ours = nn.MultiheadAttention(6, 2, **settings)
    theirs = torch.nn.MultiheadAttention(6, 2, **settings)
    agrees(torch, ours, theirs, (3, 4, 6), other=lambda x: theirs(x, x, x))


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_to_others_is_that_of_torch(torch, batch_first):
    ours = nn.MultiheadAttention(6, 3, batch_first=batch_first)
    theirs = torch.nn.MultiheadAttention(6, 3, batch_first=batch_first)
    shapes = [(2, 4, 6), (2, 5, 6), (2, 5, 6)] if batch_first else [(4, 2, 6), (5, 2, 6), (5, 2, 6)]
    call = {"average_attn_weights": False}
    agrees(
        torch,
        ours,
        theirs,
        *shapes,
        mine=lambda *values: ours(*values, **call),
        other=lambda *values: theirs(*values, **call),
    )


PADDING = np.array([[False, False, True, True], [False] * 4])
FUTURE = np.triu(np.ones((4, 4), bool), 1)
EACH = np.random.default_rng(0).normal(size=(4, 4, 4))
MASKS = {
    "padding": {"key_padding_mask": PADDING},
    "future": {"attn_mask": FUTURE},
    "both": {"key_padding_mask": PADDING, "attn_mask": FUTURE},
    "added": {"attn_mask": EACH[0]},
    "added to each head": {"attn_mask": EACH},
    "added, and padding": {"attn_mask": EACH, "key_padding_mask": PADDING},
}


@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
@pytest.mark.filterwarnings("ignore:Support for mismatched:UserWarning")
def test_masks_are_those_of_torch(torch, masks):
    ours, theirs = nn.MultiheadAttention(6, 2), torch.nn.MultiheadAttention(6, 2, batch_first=True)
    given = {name: torch.tensor(mask) for name, mask in masks.items()}
    agrees(
        torch,
        ours,
        theirs,
        (2, 4, 6),
        mine=lambda x: ours(x, **masks),
        other=lambda x: theirs(x, x, x, **given),
    )


def test_is_causal_is_the_mask_of_the_future():
    layer, x = nn.MultiheadAttention(6, 2, rng=Generator(0)), noise((2, 4, 6))
    for one, other in zip(layer(x, is_causal=True), layer(x, attn_mask=FUTURE), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    assert layer(x, need_weights=False)[1] is None


def test_a_sentence_of_padding_alone_gives_no_nan():
    layer = nn.MultiheadAttention(6, 2, rng=Generator(0))
    x = Tensor(noise((2, 4, 6)), requires_grad=True)
    out, weights = layer(x, key_padding_mask=np.array([[True] * 4, [False] * 4]))
    out.sum().backward()
    assert not weights.numpy()[0].any() and np.isfinite(out.numpy()).all()
    assert np.isfinite(x.grad.numpy()).all() and all(
        np.isfinite(p.grad.numpy()).all() for p in layer.parameters()
    )


def test_dropout_drops_weights_in_training_alone():
    layer, x = nn.MultiheadAttention(6, 2, dropout=0.5, rng=Generator(0)), noise((2, 20, 6))
    out, weights = layer(x, average_attn_weights=False)
    assert 0.4 < (weights.numpy() == 0).mean() < 0.6
    whole, all_weights = layer.eval()(x)
    assert all_weights.numpy().all() and not np.allclose(whole, out)
