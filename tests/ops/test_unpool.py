"""Pooling undone, against PyTorch and compiled."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import IndexingError, ShapeError

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional, refused


@pytest.mark.parametrize("size", [None, (6, 5), (2, 3, 6, 5)])
def test_it_is_that_of_torch(size):
    f, x = functional(), np.random.default_rng(3).normal(size=(2, 3, 6, 5 if size else 4))
    _, indices = cr.max_pool2d(x, (2, 2), return_indices=True)
    agrees_with_torch(
        lambda x, indices: cr.max_unpool2d(x, indices, 2, output_size=size),
        lambda x, indices: f.max_unpool2d(x, indices, 2, output_size=size),
        (2, 3, 3, 2),
        labels=indices,
    )


def test_it_compiles_with_the_pooling():
    def there_and_back(x):
        return cr.max_unpool2d(*cr.max_pool2d(x, 2, padding=1, return_indices=True), 2, padding=1)

    compiles_natively(there_and_back, normal(2, 3, 6, 8))
    compiles_natively(lambda x: there_and_back(cr.relu(x * 2.0)), normal(2, 17, 6, 8))


def test_numbers_that_name_one_pixel_add():
    x = np.array([0.0, 5.0, 0.0]).reshape(1, 1, 1, 3)
    out, indices = cr.max_pool2d(x, (1, 2), stride=1, return_indices=True)
    assert cr.max_unpool2d(out, indices, (1, 2), stride=1).tolist() == [[[[0, 10, 0]]]]


def test_pixels_and_sizes_that_there_are_not():
    x, indices = np.ones((1, 1, 2, 2)), np.full((1, 1, 2, 2), 16)
    refused(IndexingError, lambda: cr.max_unpool2d(x, indices, 2), "max_unpool2d", "index 16")
    wrong = lambda: cr.max_unpool2d(x, indices, 2, output_size=(6, 4))  # noqa: E731
    refused(ShapeError, wrong, "max_unpool2d", "within a stride of 4×4")
