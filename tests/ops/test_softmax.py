"""Softmax, its logarithm, the soft maximum: PyTorch, huge scores, infinities."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, ShapeError

from .peers import agrees_with_torch, refused


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_torch(axis):
    agrees_with_torch(lambda x: cr.softmax(x, axis=axis), lambda x: x.softmax(axis), (2, 3, 4))
    agrees_with_torch(lambda x: cr.log_softmax(x, axis=axis), lambda x: x.log_softmax(axis), (2, 3, 4))
    agrees_with_torch(lambda x: cr.logsumexp(x, axis=axis), lambda x: x.logsumexp(axis), (2, 3, 4))
    agrees_with_torch(lambda x: cr.logsumexp(x), lambda x: x.logsumexp((0, 1)), (2, 3))


def test_huge_scores_do_not_overflow():
    x = Tensor([1e38, 1e38, -1e38])
    assert cr.softmax(x).tolist() == [0.5, 0.5, 0]
    assert np.isfinite(cr.logsumexp(x).item())
    assert np.allclose(cr.log_softmax(Tensor([123.0, 456.0, 789.0])).numpy(), [-666, -333, 0])


def test_the_numbers_of_the_notes():
    # exponentiating [123, 456, 789] blows up; shifted by the largest it does not
    assert cr.softmax(np.array([123.0, 456.0, 789.0])).round(4).tolist() == [0, 0, 1]


def test_minus_infinity_masks():
    x = Tensor([0.0, -np.inf, 0.0])
    assert cr.softmax(x).tolist() == [0.5, 0, 0.5]
    assert cr.logsumexp(Tensor([-np.inf, -np.inf])).item() == -np.inf


def test_what_does_not_fit():
    for name in ("softmax", "log_softmax", "logsumexp"):
        function = getattr(cr, name)
        refused(IndexingError, lambda f=function: f(np.ones(3), axis=1), name, "axis 1 of 1 axes")
        refused(ShapeError, lambda f=function: f(np.ones((2, 0)), axis=1), name, "at least one score")
        refused(DTypeError, lambda f=function: f(np.ones(3, int), axis=0), name, "float32 or float64")
