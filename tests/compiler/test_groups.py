"""Groups: who waits for whom, over which space they run, and where values lie."""

import numpy as np

from chainrule.compiler.flow import Op
from chainrule.compiler.groups import LOOP, PRODUCT, Group, Groups, ones, size
from chainrule.compiler.pixels import ConvAbreast, ConvPixels
from chainrule.compiler.tiles import WinogradPixels
from chainrule.compiler.views import View
from chainrule.graph import Spec
from chainrule.kernels.transforms import Scheme
from chainrule.ops.linear import Matmul


class Values:
    """As much of a flow as groups ask for: values of the same shape."""

    def __init__(self, *shape):
        self.specs = [Spec(shape, np.dtype("f4"))] * 3

    def real(self, number):
        return number

    def new(self, spec):
        self.specs = [*self.specs, spec]
        return len(self.specs) - 1


def group(gate, *space):
    return Group(PRODUCT, space, [Op(gate, (), (0,), 0)])


def test_order_goes_through_all_that_wait():
    groups = Groups(None, groups=[Group(LOOP, (), []) for _ in range(5)], depends=[0] * 5)
    groups.order(1, 0)
    groups.order(4, 1)
    groups.order(3, 4)
    groups.order(4, 2)
    assert groups.waits(4, 0) and groups.waits(3, 2) and groups.waits(3, 0) and not groups.waits(2, 4)


def test_rows_of_a_stack_and_size_of_views():
    assert group(Matmul(), 2, 3, 4, 5).rows() == (6, 4, 5)
    assert group(Matmul(), 4, 5).rows() == (1, 4, 5)
    assert group(ConvPixels((1, 1), (1, 1), 1), 2, 3, 4, 5).rows() == (1, 24, 5)
    assert View(0, (2, 3), (3, 1)).size == 6


def test_rows_of_pictures():
    """Each picture and each line by itself, where a kernel can step over what is around them."""
    assert group(WinogradPixels(Scheme(3), 1, 32, 5), 2, 3, 4, 5).rows() == (2, 3, 4, 5)
    assert group(ConvAbreast((1, 1), (1, 1), 1), 5, 3, 4, 20).rows() == (5, 3, 1, 80)
    assert group(ConvAbreast((1, 2), (1, 1), 1), 5, 3, 4, 20).rows() == (5, 3, 4, 20)


def test_a_value_lies_by_itself_or_in_its_home():
    groups = Groups(Values(2, 3))
    assert groups.home(1) == groups.view(1) == View(1, (2, 3), (3, 1))
    groups.homes[1] = View(2, (2, 3), (10, 1), 4)
    assert groups.home(1) == groups.place(groups.view(1)) == View(2, (2, 3), (10, 1), 4)
    assert groups.view(1).base == 1
    assert groups.place(View(1, (3, 2), (1, 3))) == View(2, (3, 2), (1, 10), 4)


def test_panels_of_the_same_stack_are_shared():
    groups = Groups(Values(4, 20))
    first = groups.panels(groups.view(0), (1, 4, 20), 16)
    assert groups.panels(groups.view(0), (1, 4, 20), 16) == first
    assert groups.panels(groups.view(1), (1, 4, 20), 16) != first
    assert groups.flow.specs[first].shape == (1, 2, 4, 16)


def test_bits_of_a_number():
    assert list(ones(0b101001)) == [0, 3, 5] and list(ones(0)) == []
    assert size((2, 3, 4)) == 24 and size(()) == 1
