"""Convolutions of pictures abreast: what is bordered, what is summed in shares."""

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.abreast import ENOUGH, shares_of
from chainrule.compiler.pixels import FiltersAbreast, InputAbreast
from chainrule.graph import Spec

from .slopes import agrees, arrays, with_slopes
from .steps import arranged, labels


def gates(kind, function, *shapes):
    made = arranged(with_slopes(function), *map(Tensor, arrays(*shapes)))
    return [op.gate for op in made.groups.flow.ops if isinstance(op.gate, kind)], labels(made)


def test_zeros_stand_only_beside_what_is_sent_back():
    """Above and below, the kernel leaves out what is not there."""
    (gate,), made = gates(InputAbreast, cr.conv2d, (2, 3, 8, 9), (4, 3, 3, 5))
    assert (gate.size, gate.before, gate.edges) == ((8, 9), (2, 4), (4, 4))
    assert sum(group.count("pad") for group in made) == 1
    (gate,), made = gates(
        InputAbreast, lambda x, w: cr.conv2d(x, w, padding=(0, 5)), (2, 3, 8, 9), (4, 3, 3, 5)
    )
    assert (gate.before, gate.edges) == ((2, -1), (0, 0))
    assert sum(group.count("pad") for group in made) == 1  # of the pictures, on the way there


def test_small_gradients_are_summed_in_shares():
    def shares(*shape, lines=28):
        return shares_of(Spec(shape, np.dtype("f4")), lines)

    assert shares(6, 1, 5, 5) == -(-ENOUGH // 150) > 1
    assert shares(16, 6, 5, 5) == 1
    assert shares(1, 1, 1, 1) == 28 and shares(1, 1, 1, 1, lines=3) == 3
    (gate,), made = gates(FiltersAbreast, cr.conv2d, (2, 3, 8, 9), (4, 3, 3, 3))
    assert gate.shares == 4


def test_more_shares_than_lines_have_work():
    agrees(cr.conv2d, *arrays((2, 1, 9, 5), (1, 1, 2, 2)))
