"""Arguments of a compiled step: what a plan depends on, and as kernels read them."""

import numpy as np
import pytest

from chainrule import Tensor
from chainrule.compiler.inputs import as_example, as_input, kind_of
from chainrule.errors import TraceError


def test_what_a_plan_depends_on_of_an_argument():
    x = np.ones((2, 3), "float32")
    assert kind_of(x) == ((2, 3), np.float32) != kind_of(x.astype("float64"))
    assert kind_of(Tensor(x)) != kind_of(Tensor(x, requires_grad=True))
    assert kind_of(2) == (int, 2) != kind_of(2.0)
    with pytest.raises(TraceError, match="an argument of type list"):
        kind_of([1])


def test_arguments_as_kernels_read_them():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    assert as_input(x) is x and as_example(x) is x
    turned, foreign = x.T, x.astype(">f4")
    assert as_input(turned).flags.c_contiguous and np.array_equal(as_input(turned), x.T)
    assert as_example(foreign).dtype.isnative and np.array_equal(as_example(foreign), x)
