"""The LSTM that reads rows of pictures: what it reads, what it costs, and the same losses as PyTorch."""

import numpy as np
import pytest

from chainrule import nn, zoo
from chainrule.errors import ChainruleError
from chainrule.random import Generator
from chainrule.zoo.recurrent import rows

from ..nn.layers import noise
from . import peers


def test_a_step_in_time_is_a_row_of_all_channels():
    x = noise((2, 3, 4, 5))
    sequence = rows(x)
    assert sequence.shape == (2, 4, 15)
    for n, h in np.ndindex(2, 4):
        np.testing.assert_array_equal(sequence[n, h], x[n, :, h].ravel())


def test_the_scores_come_from_the_last_hidden_value():
    model, x = zoo.lstm((2, 5, 3), 4, hidden=7, rng=Generator(0)), noise((3, 2, 5, 3))
    outputs, _ = model.lstm(rows(x))
    np.testing.assert_allclose(model(x), model.linear(outputs[:, -1]), rtol=1e-6, atol=1e-7)
    assert model(x[:0]).shape == (0, 4)


def test_costs():
    told = nn.summary(zoo.lstm(), (1, 28, 28))
    outputs = {row.path: row.output for row in told.rows}
    assert (outputs["lstm"], outputs["linear"]) == ((28, 128), (10,))
    assert told.parameters == 4 * 128 * (28 + 128 + 2) + 10 * 129
    assert told.multiply_adds == 28 * 512 * (28 + 128) + 10 * 128


@pytest.mark.parametrize("shape", [(2, 1, 4, 9), (2, 3)])
def test_other_pictures_are_refused(shape):
    with pytest.raises(ChainruleError):
        zoo.lstm((1, 4, 8))(noise(shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lstm_learns_as_pytorch_does(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours, theirs = zoo.lstm((3, 6, 5), rng=Generator(0)), peers.lstm(torch, 15)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    peers.learn_alike(torch, ours, theirs, (3, 6, 5), dtype)
