"""Shape and dtype without the value."""

import numpy as np
import pytest

from chainrule.graph import Spec
from chainrule.graph.spec import dtype_name


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("float32", "f32"), ("float64", "f64"), ("int64", "i64"), ("uint8", "u8"), ("bool", "bool")],
)
def test_names(dtype, name):
    assert dtype_name(np.dtype(dtype)) == name
    assert str(Spec((2, 3), np.dtype(dtype))) == f"{name}[2,3]"


def test_a_spec_is_a_value():
    spec = Spec((2, 3), np.dtype("float32"))
    assert spec == Spec((2, 3), np.dtype("float32")) and hash(spec) == hash(Spec((2, 3), spec.dtype))
    assert (spec.ndim, spec.size, spec.floating) == (2, 6, True)
    assert Spec((), spec.dtype).size == 1
    assert spec != Spec((2, 3), np.dtype("float64")) and spec != Spec((3, 2), spec.dtype)


def test_weak_specs():
    weak = Spec((), np.dtype("float64"), True)
    assert str(weak) == "f64~[]"
    assert weak.with_shape(()).weak and not weak.with_shape((1,)).weak
    assert not weak.with_dtype("float32").weak
