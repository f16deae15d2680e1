"""Numbers, conversions and types, as LLVM writes them."""

import numpy as np
import pytest

from chainrule.kernels.language.instructions import conversion, literal, type_of
from chainrule.kernels.language.types import BOOL, F32, F64, I32, I64, U8


@pytest.mark.parametrize(
    ("number", "dtype", "text"),
    [
        (1.5, F32, "0x3FF8000000000000"),
        (-0.0, F64, "0x8000000000000000"),
        (float("inf"), F32, "0x7FF0000000000000"),
        (float("nan"), F32, "0x7FF8000000000000"),
        (-7, I32, "-7"),
        (255, U8, "255"),
        (1, BOOL, "true"),
        (0, BOOL, "false"),
    ],
)
def test_literals(number, dtype, text):
    assert literal(number, dtype) == text


def test_conversions():
    assert conversion(F32, F64) == "fpext"
    assert conversion(F64, F32) == "fptrunc"
    assert conversion(BOOL, F32) == conversion(U8, F32) == "uitofp"
    assert conversion(I32, F32) == "sitofp"
    assert conversion(BOOL, I32) == conversion(U8, I32) == "zext"
    assert conversion(I32, I64) == "sext"
    assert conversion(I64, U8) == "trunc"
    assert conversion(np.dtype("u4"), I32) is None


def test_types_of_arguments():
    assert type_of("<16 x i1> %v3") == "<16 x i1>"
    assert type_of("<16 x i1> <i1 true, i1 false>") == "<16 x i1>"
    assert type_of("ptr align 4 %a0") == "ptr align 4"
    assert type_of("<16 x i8> zeroinitializer") == "<16 x i8>"
