"""Embedding: rows of a table, the row of the padding, and PyTorch's numbers."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.random import Generator

from .twins import agrees


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch")


SYMBOLS = np.array([[1, 2, 1], [0, 4, 4]])


@pytest.mark.parametrize("padding_idx", [None, 1, -1])
def test_it_is_that_of_torch(torch, padding_idx):
    ours, theirs = nn.Embedding(5, 3, padding_idx), torch.nn.Embedding(5, 3, padding_idx)
    given = torch.tensor(SYMBOLS)
    agrees(torch, ours, theirs, mine=lambda: ours(SYMBOLS), other=lambda: theirs(given))


def test_the_row_of_the_padding_begins_at_zero_and_stays():
    layer = nn.Embedding(5, 3, padding_idx=-1, rng=Generator(0))
    assert not layer.weight.numpy()[4].any() and layer.weight.numpy()[:4].all()
    layer.weight.assign(np.ones((5, 3), "float32"))
    layer(SYMBOLS).sum().backward()
    assert layer(SYMBOLS).numpy().all()
    assert layer.weight.grad.numpy().tolist() == [[1] * 3, [2] * 3, [1] * 3, [0] * 3, [0] * 3]


def test_rows_begin_with_variance_one():
    weight = nn.Embedding(200, 100, rng=Generator(0)).weight.numpy()
    assert abs(weight.mean()) < 0.02 and abs(weight.var() - 1) < 0.02


def test_names_and_printed_form():
    layer = nn.Embedding(7, 2, padding_idx=-1)
    assert list(layer.state_dict()) == ["weight"]
    assert repr(layer) == "Embedding(7, 2, padding_idx=6)"
    assert repr(nn.Embedding(7, 2)) == "Embedding(7, 2)"


def test_a_sentence_learns_its_places():
    """A learned row for each position, beside the one for each symbol."""
    symbols, places = nn.Embedding(9, 4, rng=Generator(0)), nn.Embedding(6, 4, rng=Generator(1))

    @cr.compile
    def step(sentences):
        out = symbols(sentences) + places(np.arange(sentences.shape[1]))
        return out, cr.graph.gradients(out.sum(), [places.weight])[0]

    out, gradient = step(np.zeros((2, 5), int))
    np.testing.assert_allclose(out[1], symbols.weight.numpy()[0] + places.weight.numpy()[:5])
    assert gradient.numpy()[:, 0].tolist() == [2, 2, 2, 2, 2, 0]
