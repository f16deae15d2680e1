"""Unfold and fold against PyTorch, and columns that do not fit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import SettingError, ShapeError

from .peers import agrees_with_torch, functional, refused


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": (1, 0)}, {"dilation": (2, 1)}], ids=str)
def test_unfold_and_fold_are_those_of_torch(settings):
    f = functional()
    agrees_with_torch(
        lambda x: cr.unfold(x, (3, 2), **settings), lambda x: f.unfold(x, (3, 2), **settings), (2, 3, 6, 5)
    )
    columns = cr.unfold(np.zeros((2, 3, 6, 5)), (3, 2), **settings).shape
    agrees_with_torch(
        lambda x: cr.fold(x, (6, 5), (3, 2), **settings),
        lambda x: f.fold(x, (6, 5), (3, 2), **settings),
        columns,
    )


def test_folds_that_do_not_fit():
    refused(ShapeError, lambda: cr.fold(np.ones((1, 4, 5)), 4, 2, stride=2), "fold", "(N, C·4, 4)")
    refused(SettingError, lambda: cr.unfold(np.ones((1, 4, 5, 5), "float32"), 0), "unfold", "kernel_size 0")
