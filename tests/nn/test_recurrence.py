"""Reading a sequence step by step: states that go on, the way back, dropout, two directions."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.random import Generator

from .layers import noise
from .twins import leaves


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_sequence_goes_on_where_it_stopped(kind):
    layer, x = kind(3, 4, 2, batch_first=True, rng=Generator(0)), noise((2, 9, 3))
    whole, end = layer(x)
    first, state = layer(x[:, :4])
    second, last = layer(x[:, 4:], state)
    assert np.array_equal(np.concatenate([first, second], axis=1), whole)
    assert all(np.array_equal(a, b) for a, b in zip(leaves(last), leaves(end), strict=True))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_an_empty_batch(kind):
    outputs, state = kind(3, 4, batch_first=True)(np.zeros((0, 5, 3), np.float32))
    assert outputs.shape == (0, 5, 4)
    assert all(part.shape == (1, 0, 4) for part in leaves(state))


def backward_lines(layer: nn.Module, steps: int) -> tuple[Any, list[Any]]:
    """The program of one step with a loss on the last hidden value alone, and its lines on the way back."""

    def step(x):
        for parameter in layer.parameters():
            parameter.grad = None
        _, state = layer(x)
        loss = (next(leaves(state))[-1] ** 2).sum()
        loss.backward()
        return loss

    program = cr.trace(step, noise((2, steps, 3)))
    return program, [line for line in program.lines if line.phase == "backward"]


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_only_what_the_last_hidden_value_needs_goes_back(kind):
    layer = kind(3, 4, 2, batch_first=True)
    program, lines = backward_lines(layer, 7)
    made = {program.specs[n].shape for line in lines for n in line.outputs}
    assert not made & {(2, 7, 4), (2, 7, 3)}, "gradients of all outputs, or of the pictures"
    longer = len(backward_lines(layer, 14)[1]) - len(lines)
    assert len(backward_lines(layer, 28)[1]) - len(lines) == 3 * longer  # as many again for each step


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_dropout_drops_between_layers_alone(kind):
    x = noise((4, 2, 3))
    same, kept = (kind(3, 40, 2, dropout=p, rng=Generator(0)) for p in (0.5, 0.0))
    kept.load_state_dict(same.state_dict())
    assert not np.array_equal(same(x)[0], kept(x)[0])
    assert not np.array_equal(same(x)[0], same(x)[0])
    first = [next(leaves(layer(x)[1]))[0] for layer in (same, kept)]  # the last states of the first layer
    assert np.array_equal(*first)
    assert np.array_equal(same.eval()(x)[0], kept(x)[0])
    assert list(same.state_dict()) == list(kept.state_dict())


def test_both_ways_one_side_reads_backwards():
    layer = nn.RNN(3, 4, bidirectional=True, rng=Generator(0))
    x, later = noise((5, 2, 3)), noise((5, 2, 3))
    out = layer(x)[0].numpy()
    later[3] += 1
    changed = (layer(later)[0].numpy() != out).any(axis=1)
    assert changed[:3, :4].sum() == 0 and changed[:4, 4:].all() and not changed[4, 4:].any()
