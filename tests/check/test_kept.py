"""All that trying out may change comes back: numbers, gradients, rates, modes, attributes, random streams."""

import numpy as np
import pytest

from chainrule import nn, optim
from chainrule.check.kept import kept, rates
from chainrule.random import Generator

from .sick import batch, network, trainer


def test_a_compiled_step_writes_where_the_old_numbers_were():
    made = trainer(network(), plain=False)
    made.step(*batch())
    before = [p.numpy().copy() for p in made.model.parameters()]
    with kept(made):
        made.step(*batch())
        assert any(
            not np.array_equal(p.numpy(), a) for p, a in zip(made.model.parameters(), before, strict=True)
        )
    assert all(np.array_equal(p.numpy(), a) for p, a in zip(made.model.parameters(), before, strict=True))


def test_after_an_error_too():
    made = trainer(network(), optimizer=None)
    before = made.model.first.weight.numpy().copy()
    with pytest.raises(ZeroDivisionError), kept(made):
        made.step(*batch())
        made.penalty = nn.L2(1.0)
        raise ZeroDivisionError
    assert np.array_equal(made.model.first.weight.numpy(), before) and made.penalty is None


def test_rates_modes_attributes_and_streams():
    model = network(nn.Dropout(0.5, rng=Generator(0)))
    optimizer = optim.Adam(
        [{"params": model.first.parameters(), "lr": 0.1}, {"params": model.last.parameters()}], lr=0.2
    )
    made = trainer(model, optimizer=optimizer)
    model.stream, model.foreign = Generator(3), np.random.default_rng(3)
    stream, foreign, everywhere = (
        model.stream.state(),
        model.foreign.bit_generator.state,
        np.random.get_state()[1].copy(),
    )
    with kept(made):
        optimizer.lr = 0.5
        model.eval()
        model.middle0.p, model.extra = 0.0, 1
        model.stream.bits(5), model.foreign.random(5), np.random.random(5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.2]
    assert model.training and model.middle0.p == 0.5 and not hasattr(model, "extra")
    assert model.stream.state() == stream and model.foreign.bit_generator.state == foreign
    assert (np.random.get_state()[1] == everywhere).all()


def test_only_what_is_not_learned():
    made = trainer(network())
    array = made.model.first.weight.data
    with kept(made, learning=False):
        made.model.eval()
    assert made.model.training and made.model.first.weight.data is array
    assert len([*rates(made.optimizer)]) == 2, "lr and momentum"
