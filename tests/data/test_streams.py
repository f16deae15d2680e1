"""The door of transforms."""

import numpy as np
import pytest

from chainrule.data.streams import streams
from chainrule.errors import DTypeError, ShapeError
from chainrule.random import Generator, Samples

IMAGES = np.zeros((3, 1, 2, 2), np.uint8)


def test_streams_go_through():
    rng = Samples(0, [5, 6, 7])
    assert streams("flip", IMAGES, rng) is rng


def test_a_generator_stands_for_the_first_pictures():
    rng = Generator(4)
    made = streams("flip", IMAGES, rng)
    np.testing.assert_array_equal(made.words(3), Samples(4, [0, 1, 2]).words(3))
    assert rng.state()["position"] == 0


@pytest.mark.parametrize(
    ("error", "images", "rng"),
    [
        (ShapeError, IMAGES[0], Generator(0)),
        (ShapeError, IMAGES, Samples(0, [1, 2])),
        (DTypeError, IMAGES.astype(np.int64), Generator(0)),
        (DTypeError, IMAGES.astype(np.float16), Generator(0)),
        (DTypeError, IMAGES.astype(bool), Generator(0)),
    ],
)
def test_errors_have_their_four_parts(error, images, rng):
    with pytest.raises(error) as caught:
        streams("RandomFlip", images, rng)
    assert caught.value.who == "RandomFlip"
    assert all((caught.value.came, caught.value.expected, caught.value.hint))
