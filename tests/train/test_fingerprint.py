"""A fingerprint changes with every part of a set that is learned from, and with nothing else."""

import numpy as np
import pytest

from chainrule.data import Dataset
from chainrule.train import fingerprint

PICTURES = np.arange(24, dtype=np.uint8).reshape(3, 2, 2, 2)


def made(images=PICTURES, labels=(0, 1, 0), classes=("a", "b"), name="one"):
    return Dataset(images, np.array(labels), classes, name)


def test_it_does_not_depend_on_the_name_nor_on_how_the_pictures_lie():
    turned = np.ascontiguousarray(PICTURES.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0)
    assert not turned.flags.c_contiguous
    assert fingerprint(made()) == fingerprint(made(name="other")) == fingerprint(made(turned))


OTHER = PICTURES.copy()
OTHER[2, 1, 1, 1] ^= 1
OTHERS = {
    "a pixel": made(OTHER),
    "a label": made(labels=(0, 1, 1)),
    "a class": made(classes=("a", "c")),
    "the shape": made(PICTURES.reshape(3, 2, 4, 1)),
    "the dtype": made(PICTURES.astype("float32")),
    "the order": made(PICTURES[::-1]),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_set_has_another(other):
    assert fingerprint(other) != fingerprint(made())
