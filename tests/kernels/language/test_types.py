import numpy as np
import pytest

from chainrule.kernels.language.types import (
    BOOL,
    F32,
    F64,
    I64,
    U8,
    bits_of,
    element,
    integer_of,
    memory_suffix,
    stored,
    suffix,
    vector,
)


@pytest.mark.parametrize(
    ("dtype", "lane", "memory", "name", "bits"),
    [
        (F32, "float", "float", "v16f32", 32),
        (F64, "double", "double", "v16f64", 64),
        (np.dtype("i2"), "i16", "i16", "v16i16", 16),
        (U8, "i8", "i8", "v16i8", 8),
        (I64, "i64", "i64", "v16i64", 64),
        (BOOL, "i1", "i8", "v16i1", 1),
    ],
    ids=str,
)
def test_what_llvm_calls_a_dtype(dtype, lane, memory, name, bits):
    assert (element(dtype), stored(dtype), suffix(dtype), bits_of(dtype)) == (lane, memory, name, bits)
    assert vector(dtype) == f"<16 x {lane}>"
    assert memory_suffix(dtype) == ("v16i8" if dtype == BOOL else name)


def test_the_integer_of_the_same_width():
    assert integer_of(F32) == np.int32
    assert integer_of(F64) == np.int64
    assert integer_of(U8) == np.int8
