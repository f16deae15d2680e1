import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule.kernels.language import write
from chainrule.kernels.language.target import verified
from chainrule.kernels.language.types import BOOL, F32, F64, I32, I64, U8

from .primitives import DTYPES, all_operations, both, memory, saxpy

FAST = re.compile(r"\b(fast|nnan|ninf|nsz|arcp|contract|afn|reassoc|nsw|nuw|fmuladd)\b")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_no_fast_math_anywhere(dtype):
    for kernel in (memory(dtype), all_operations(dtype)):
        assert not FAST.search(write(kernel).text)


def test_lanes_that_are_off_are_written_down_as_zeros():
    lines = write(memory(F32)).text.splitlines()
    reads = [line for line in lines if "@llvm.masked.load" in line or "@llvm.masked.gather" in line]
    assert len(reads) > 4
    assert all(line.endswith("zeroinitializer)") for line in reads)


def test_fma_stands_only_where_a_kernel_says_so():
    def kernel(k):
        x = k.load(k.pointer(0, F32), 0)
        k.store(k.pointer(0, F32), 0, x * x + x)

    assert "fma" not in write(kernel).text
    assert write(saxpy).text.count("@llvm.fma") == 2  # whole vectors, and what is left


def test_equal_kernels_have_equal_names():
    assert write(saxpy) == write(saxpy)
    assert write(memory(F32)).name == write(memory(F32)).name
    assert len({write(all_operations(dtype)).name for dtype in DTYPES}) == len(DTYPES)
    assert write(memory(I32)).name == write(memory(np.dtype("u4"))).name  # moved, not counted with


NAMES = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
from tests.kernels.language.primitives import *
from chainrule.kernels.language import write
for dtype in DTYPES:
    print(write(memory(dtype)), write(all_operations(dtype)))
"""


def test_the_text_does_not_depend_on_the_seed_of_hashes():
    root, source = Path(__file__).parents[3], Path(chainrule.__file__).parents[1]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", NAMES, str(root)],
            env={**os.environ, "PYTHONPATH": str(source), "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in "012"
    ]
    said = [process.communicate()[0] for process in running]
    assert said[0].count("define void @k") == 2 * len(DTYPES)
    assert said[0] == said[1] == said[2]


def test_the_text_is_a_module_and_declares_what_it_calls():
    written = write(memory(BOOL))
    verified("\n".join([*written.declared, written.text]))
    called = set(re.findall(r"@(llvm\.[\w.]+)", written.text))
    assert called == {d.split("@")[1].split("(")[0] for d in written.declared}
    assert list(written.declared) == sorted(written.declared, key=lambda d: d.split("@")[1])


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize(
    "number", [0.1, 1e-45, 1e300, -1e300, 1e-310, 16777217, np.inf, -np.inf, np.nan, -0.0]
)
def test_constants_are_rounded_as_numpy_rounds(number, dtype, engine):
    def kernel(k):
        k.store(k.pointer(0, dtype), 0, k.constant(number, dtype))

    out = both(kernel, [np.zeros(16, dtype)], 1, engine)[0]
    with np.errstate(over="ignore"):
        assert np.array_equal(out, np.full(16, dtype.type(number)), equal_nan=True)


@pytest.mark.parametrize(
    ("number", "dtype"),
    [(-1, U8), (255, np.dtype("i1")), (-128, U8), (2**64 - 1, I64), (True, BOOL)],
    ids=str,
)
def test_constants_of_integers_by_either_reading(number, dtype, engine):
    def kernel(k):
        k.store(k.pointer(0, dtype), 0, k.constant(number, dtype))

    out = both(kernel, [np.zeros(16, dtype)], 1, engine)[0]
    assert ((out.astype(object) - number) % (1 << 8 * dtype.itemsize) == 0).all()


def test_numbers_known_while_tracing_cost_no_instruction():
    def kernel(k):
        for i, mask in k.lanes(0, 32):
            k.store(k.pointer(0, F32), i, k.constant(0, F32), mask)

    text = write(kernel).text
    assert "sdiv" not in text and "masked" not in text


def test_a_division_of_known_numbers_cuts_like_one_of_unknown(engine):
    def kernel(k):
        for n, i in enumerate((k.integer(1), k.whole("add", 0, -7))):
            k.put(k.pointer(0, I64), 2 * n, k.splat(i // 4))
            k.put(k.pointer(0, I64), 2 * n + 1, k.splat(i % 4))

    assert both(kernel, [np.zeros(4, I64), -7], 1, engine)[0].tolist() == [-1, -3, -1, -3]
