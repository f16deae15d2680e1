"""One training, step by step."""

import numpy as np
import pytest

from chainrule.errors import DivergedError
from chainrule.lens.walk import Walk, copied, put_back

from .jobs import job


def test_every_step_of_every_epoch():
    moments = list(Walk(job()).moments())
    assert [(m.epoch, m.step) for m in moments] == [(e, s) for e in (1, 2) for s in (1, 2, 3)]
    assert [len(m.labels) for m in moments] == [16, 16, 13] * 2
    assert not np.array_equal(moments[0].images, moments[3].images)


def test_the_model_learns():
    walk = Walk(job())
    walk.trainer.model.eval()
    next(walk.moments())
    assert all(module.training for module in walk.trainer.model.modules())


@pytest.mark.parametrize("plain", [False, True])
def test_looking_changes_nothing_and_sees_what_the_step_does(plain):
    walk = Walk(job(plain=plain))
    moment = next(walk.moments())
    before = copied(walk.cells(moment))
    assert list(before)[:2] == ["linear1.weight", "linear1.bias"] and "optimizer/group0/lr" in before
    values, program = walk.values(moment), walk.program(moment)
    assert all(np.array_equal(cell.data, before[path]) for path, cell in walk.cells(moment).items())
    end = walk.take(moment)
    seen = {walk.names[n]: array for n, array in values.arrays.items()}
    assert seen["loss"] == np.float32(end.loss)
    assert np.array_equal(seen["linear1.weight.new"], walk.cells(moment)["linear1.weight"].data)
    assert values.kernel(1) == ("numpy" if plain else "pack + product")
    assert walk.written(program, 1).startswith("linear1/linear: f32[16,3] <- linear(")
    assert walk.written(program, len(program.lines)) == "none"
    put_back(walk.cells(moment), before)
    assert walk.take(moment) == end


def test_a_loss_that_runs_away_is_an_answer():
    walk = Walk(job(lr=1e38))
    with np.errstate(all="ignore"):
        ends = [walk.take(moment) for moment, _ in zip(walk.moments(), range(4), strict=False)]
    assert any(isinstance(end, DivergedError) for end in ends)
