"""Penalties on weights, by hand."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, ShapeError

from .peers import refused


def test_penalties():
    w = [Tensor([1.0, -2.0], requires_grad=True), Tensor([[3.0]], requires_grad=True)]
    assert cr.l2(w, 0.5).item() == 7 and cr.l1(w, 0.5).item() == 3
    (cr.l2(w, 0.5) + cr.l1(w, 0.5)).backward()
    assert w[0].grad.tolist() == [1.5, -2.5] and w[1].grad.tolist() == [[3.5]]
    refused(ShapeError, lambda: cr.l2([], 0.1), "l2", "no weights")


def test_elastic_net_is_the_sum_of_both():
    w = [Tensor([1.0, -2.0], requires_grad=True), Tensor([[0.0]], requires_grad=True)]
    loss = cr.elastic_net(iter(w), 0.5, 0.25)
    loss.backward()
    assert loss.item() == 0.5 * 3 + 0.25 * 5
    assert w[0].grad.tolist() == [0.5 + 0.5, -0.5 - 1] and w[1].grad.tolist() == [[0]]


@pytest.mark.parametrize("penalty", [lambda w: cr.l1(w, 0.1), lambda w: cr.elastic_net(w, 0.1, 0.1)])
def test_one_array_alone_is_not_taken_apart(penalty):
    with pytest.raises(DTypeError, match="several arrays"):
        penalty(np.ones((2, 3)))
