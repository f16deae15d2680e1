"""Depthwise convolutions to tasks: one kernel for every batch and size, work shared out, phases of a stride."""

import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.depthwise import DepthwiseInput
from chainrule.compiler.depthwise_tasks import phases
from chainrule.compiler.plan import Plan
from chainrule.ops.window import Window

from .slopes import arrays, with_slopes
from .steps import arranged


def tasks(stride, n, c, size):
    step = with_slopes(lambda x, w: cr.conv2d(x, w, stride=stride, padding=1, groups=c))
    plan = Plan(arranged(step, *map(Tensor, arrays((n, c, *size), (c, 1, 3, 3)))))
    return [row.task for row in plan.rows if row.task.name == "depthwise"]


@pytest.mark.parametrize("stride", [1, 2])
def test_one_kernel_serves_every_batch_and_size(stride):
    made = [
        [task.kernel for task in tasks(stride, n, c, size)]
        for n, c, size in ((1, 16, (8, 8)), (5, 40, (9, 12)))
    ]
    assert made[0] == made[1]
    assert len(made[0]) == 3


def test_work_is_shared_out():
    assert {task.pieces for task in tasks(1, 8, 32, (28, 28))} == {16}
    assert min(task.pieces for task in tasks(1, 1, 16, (2, 2))) <= 2


def test_flops_are_those_of_the_sum():
    assert {task.flops for task in tasks(1, 2, 16, (6, 5))} == {2 * 2 * 16 * 6 * 5 * 9}


def test_phases_of_a_stride_see_different_taps():
    """Pixel p is met by tap u of line i if 2 · i + u - 1 = p: even ones by tap 1, odd ones by taps 2 and 0."""
    gate = DepthwiseInput(Window((3, 3), (2, 2), (1, 1)), (8, 8))
    even, odd = phases(gate, 0, 4)
    assert (even.pixel, even.axis.results, even.axis.taps, even.axis.first, even.tap) == (0, 4, 1, 0, 1)
    assert (odd.pixel, odd.axis.results, odd.axis.taps, odd.axis.first, odd.tap) == (1, 4, 2, 0, 2)
    assert {even.step, odd.step} == {-2}


def test_pixels_between_windows_see_no_tap():
    gate = DepthwiseInput(Window((1, 1), (2, 2)), (4, 4))
    assert [phase.axis.taps for phase in phases(gate, 1, 2)] == [1, 0]
