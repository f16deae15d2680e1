"""Convolutions of pictures abreast to tasks: one kernel for every batch, filters read where they lie, pieces."""

import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.plan import Plan
from chainrule.kernels.abreast import ConvAbreast, FiltersAbreast
from chainrule.kernels.language.control import MOST_PIECES

from .slopes import agrees, arrays, with_slopes
from .steps import arranged


def tasks(function, *shapes):
    plan = Plan(arranged(function, *map(Tensor, arrays(*shapes))))
    return [row.task for row in plan.rows if row.task.name == "convolve"]


@pytest.mark.parametrize("stride", [1, 2, (1, 2)], ids=str)
def test_one_kernel_serves_every_batch(stride):
    made = [
        [
            task.kernel
            for task in tasks(
                with_slopes(lambda x, w, b: cr.relu(cr.conv2d(x, w, b, stride=stride, padding=1))),
                (n, 2, 9, 8),
                (5, 2, 3, 3),
                (5,),
            )
        ]
        for n in (2, 15, 16, 17, 64)
    ]
    assert all(kernels == made[0] for kernels in made)
    assert {type(kernel) for kernel in made[0]} == {ConvAbreast, FiltersAbreast}


@pytest.mark.parametrize("many", [1, 3, 7, 16, 33])
@pytest.mark.parametrize("stride", [1, 3], ids=str)
def test_any_number_of_pictures(many, stride):
    """A vector holds a pixel of several pictures, and where there is no stride, of several pixels."""
    agrees(
        lambda x, w, b: cr.relu(cr.conv2d(x, w, b, stride=stride, padding=1)),
        *arrays((many, 2, 5, 9), (3, 2, 2, 3), (3,)),
    )


def test_work_is_shared_out():
    (large,) = tasks(cr.conv2d, (64, 6, 14, 14), (15, 6, 5, 5))
    (small,) = tasks(cr.conv2d, (1, 1, 5, 5), (2, 1, 2, 2))
    assert large.pieces == large.arguments[0] == MOST_PIECES and small.pieces == 1
    assert large.flops == 2 * 64 * 15 * 100 * 150


def test_a_line_that_is_long_is_cut_into_stretches():
    few, many = (tasks(cr.conv2d, (256, 1, rows, 3), (8, 1, 1, 1))[0] for rows in (1, 200))
    assert few.arguments[1] > 1 == many.arguments[1]


def test_filters_are_read_where_they_lie():
    """Whatever made them: no copy before the convolution."""
    x, w = arrays((2, 2, 5, 6), (3, 4, 3, 2))
    turned = lambda x, w: cr.conv2d(x, cr.permute_dims(w, (1, 3, 2, 0))[:, :, :, ::-1])  # noqa: E731
    agrees(turned, x, w)
    names = [row.task.name for row in Plan(arranged(turned, Tensor(x), Tensor(w))).rows]
    assert names == ["turn", "convolve", "loop"]  # the pictures, and what is handed out


def test_what_stands_beside_goes_with_it_or_not():
    """A number for each filter or each line does; one for each picture or pixel would have a stride of its own."""
    shapes = (3, 2, 5, 6), (4, 2, 2, 2)
    for beside, fits in (((4, 1, 1), True), ((4, 1), True), ((5,), False), ((3, 1, 1, 1), False)):
        given = arrays(*shapes, beside)
        agrees(lambda x, w, z: cr.conv2d(x, w) * z, *given)
        made = arranged(lambda x, w, z: cr.conv2d(x, w) * z, *map(Tensor, given))
        group = next(g for g in made.groups.groups if g.ops and g.ops[0].gate.label == "conv_abreast")
        assert (len(group.ops) > 1) == fits, beside


def test_nothing_is_nothing():
    assert not tasks(cr.conv2d, (0, 2, 5, 5), (3, 2, 2, 2))
