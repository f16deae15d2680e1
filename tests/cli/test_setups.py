"""What is timed, checked and stepped through: a network with its first batch."""

from pathlib import Path

import numpy as np
import pytest

from chainrule import data
from chainrule.cli.setups import on_noise, on_pictures
from chainrule.errors import UsageError


def test_the_pictures_inside_the_package():
    setup = on_pictures("two-layer", 4)
    train, _ = data.load("fashion-6k")
    assert setup.heading() == "two-layer on 4 pictures of 1×28×28 (fashion-6k)"
    assert np.array_equal(setup.labels, train.labels[:4])
    assert np.allclose(setup.images, setup.normalize(train.images[:4], None))
    loss, scores = setup.step(*setup.batch)
    assert np.isfinite(loss.item()) and scores.shape == (4, 10)


def test_noise_where_those_do_not_fit():
    assert on_pictures("alexnet", 1).heading() == "alexnet on a picture of 3×227×227 (noise)"
    with pytest.raises(UsageError, match="do not fit into alexnet"):
        on_pictures("alexnet", 1, "fashion-6k")


def test_a_run_has_its_own_pictures_and_weights(run: Path, pictures: Path):
    for setup in (on_pictures(str(run), 3), on_pictures(str(run), 3, str(pictures))):
        assert setup.heading().startswith("linear on 3 pictures of 1×8×8")
        assert setup.labels.max() < 2
    before = setup.trainer.model.state_dict()
    with setup.look() as look:
        loss, _ = look(*setup.batch)
    assert loss.item() < 0.6, "it has learned"
    assert all(np.array_equal(a, before[key]) for key, a in setup.trainer.model.state_dict().items())
    with pytest.raises(UsageError, match="classes of"):
        on_pictures(str(run), 3, "fashion-6k")


def test_noise_of_a_shape(run: Path):
    assert on_noise("linear", 2, (3, 4, 5)).images.shape == (2, 3, 4, 5)
    assert on_noise(str(run), 2).images.shape == (2, 1, 8, 8)
    with pytest.raises(UsageError, match="given for a run"):
        on_noise(str(run), 2, (1, 8, 8))
