"""Attention against PyTorch, its masks, queries that may look nowhere, and dropout of the weights."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

attend = cr.scaled_dot_product_attention
SHAPES = (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")


def some(*shape: int) -> np.ndarray:
    """A mask in which every row has a true entry, but for the first."""
    mask = np.random.default_rng(1).integers(0, 2, shape).astype(bool)
    mask[..., 2] = True
    mask[(0,) * (len(shape) - 1)] = False
    return mask


def test_it_is_that_of_torch(torch):
    theirs = torch.nn.functional.scaled_dot_product_attention
    agrees_with_torch(attend, theirs, *SHAPES)
    agrees_with_torch(
        lambda q, k, v: attend(q, k, v, causal=True, scale=0.3),
        lambda q, k, v: theirs(q, k, v, is_causal=True, scale=0.3),
        *SHAPES,
    )
    agrees_with_torch(attend, lambda q, k, v, m: theirs(q, k, v, attn_mask=m), *SHAPES, (2, 1, 4, 6))


@pytest.mark.parametrize("shape", [(2, 3, 4, 6), (4, 6), (2, 1, 1, 6)])
def test_a_mask_is_that_of_torch(torch, shape):
    mask = some(*shape)
    agrees_with_torch(
        lambda q, k, v: attend(q, k, v, mask),
        lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(
            q, k, v, attn_mask=torch.tensor(mask)
        ),
        *SHAPES,
    )


@pytest.mark.parametrize("bare", [True, False], ids=["bool", "minus infinity"])
def test_who_may_look_nowhere_gets_nothing_and_sends_nothing(bare):
    rng = np.random.default_rng(0)
    mask = np.array([[True, True], [False, False], [True, False]])
    given = mask if bare else np.where(mask, 0, -np.inf).astype("float32")

    def step(q, k, v):
        out, weights = attend(q, k, v, given, need_weights=True)
        return out, weights, cr.graph.gradients((out * out).sum(), [q, k, v])

    values = [
        Tensor(rng.normal(size=s), dtype="float32", requires_grad=True) for s in ((3, 2), (2, 2), (2, 4))
    ]
    for run in (step, cr.compile(step, fallback="error")):
        out, weights, gradients = run(*values)
        assert all(np.isfinite(g.numpy()).all() for g in gradients)
        assert not out.numpy()[1].any() and not weights.numpy()[1].any() and not gradients[0].numpy()[1].any()
        assert weights.numpy()[2].tolist() == [1, 0]
        np.testing.assert_allclose(weights.numpy()[0].sum(), 1, rtol=1e-6)


def test_what_a_query_may_not_look_at_does_not_matter():
    """Not even where it is not a number, as padding may be."""
    q, k, v = (np.random.default_rng(n).normal(size=(3, 2)).astype("float32") for n in range(3))
    padded = k.copy()
    padded[2] = np.nan
    mask = np.array([True, True, False])
    out = attend(q, padded, np.where(np.isnan(padded), 0, v).astype("float32"), mask)
    np.testing.assert_array_equal(out, attend(q, k, np.where(np.isnan(padded), 0, v).astype("float32"), mask))
    np.testing.assert_allclose(out, attend(q, k[:2], v[:2]), rtol=1e-6)


def test_dropout_drops_weights():
    q, k, v = (Tensor(np.random.default_rng(n).normal(size=(2, 8, 4))) for n in range(3))
    plain = attend(q, k, v, need_weights=True)[1].numpy()
    out, weights = attend(q, k, v, need_weights=True, p=0.5, step=np.asarray(1), seed=3)
    dropped = weights.numpy() == 0
    assert 0.3 < dropped.mean() < 0.7
    np.testing.assert_allclose(weights.numpy()[~dropped], 2 * plain[~dropped])
    np.testing.assert_allclose(out, weights.numpy() @ v.numpy())
    np.testing.assert_array_equal(out, attend(q, k, v, p=0.5, step=np.asarray(1), seed=3))


def test_what_does_not_fit():
    q, k, v = np.ones((3, 2), "float32"), np.ones((4, 2), "float32"), np.ones((4, 5), "float32")
    refused(
        ShapeError, lambda: attend(q, k[:, :1], v), "scaled_dot_product_attention", "queries as wide as keys"
    )
    refused(
        ShapeError,
        lambda: attend(q, k, v, np.ones((4, 3), bool)),
        "scaled_dot_product_attention",
        "mask bool[4,3]",
    )
    refused(
        DTypeError,
        lambda: attend(q, k, v, np.ones((3, 4), int)),
        "scaled_dot_product_attention",
        "mask i64",
        "mask != 0",
    )
    refused(SettingError, lambda: attend(q, k, v, p=0.5), "scaled_dot_product_attention", "no step")
