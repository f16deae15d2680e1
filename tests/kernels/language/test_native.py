import sys

import numpy as np
import pytest

from chainrule.compiler.state import aligned_empty
from chainrule.kernels.language import Engine, write
from chainrule.kernels.language.native import run_native, word
from chainrule.kernels.language.types import BOOL, F32, F64

from .primitives import both, saxpy


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_kernel_runs_piece_by_piece(pieces, engine):
    x, y = np.arange(101, dtype=F32), np.ones(101, F32)
    run_native(saxpy, [x, y, 101, pieces], pieces, engine)
    assert (y == 1 + 2 * x).all()


def test_the_usual_engine_serves(monkeypatch, engine):
    module = sys.modules[Engine.__module__]
    monkeypatch.setattr(module, "_engine", engine)
    y = np.ones(3, F32)
    run_native(saxpy, [y, y, 3, 1], 1)
    assert y.tolist() == [3, 3, 3]


def test_arguments_are_addresses_and_numbers():
    x = np.zeros(4)
    assert word(x) == x.ctypes.data
    assert word(np.int64(-7)) == -7
    with pytest.raises(ValueError, match="contiguous"):
        word(np.zeros((4, 4)).T)


def test_a_kernel_is_compiled_once(engine: Engine):
    def kernel(k):
        k.put(k.pointer(0, F64), k.piece, k.constant(0.125, F64))

    run_native(kernel, [np.zeros(3)], 3, engine)
    before = engine.compiled
    run_native(kernel, [np.zeros(3)], 3, engine)
    assert engine.compiled == before


def test_bytes_that_are_not_0_or_1_are_true(engine):
    def kernel(k):
        mask = k.load(k.pointer(0, BOOL), 0)
        k.store(k.pointer(1, F32), 0, k.where(mask, k.constant(2, F32), k.constant(3, F32)))
        k.store(k.pointer(2, BOOL), 0, mask)

    marks = np.arange(16, dtype=np.uint8) % 4
    _, out, again = both(kernel, [marks, np.zeros(16, F32), np.zeros(16, np.uint8)], 1, engine)
    assert out.tolist() == [3, 2, 2, 2] * 4
    assert again.tolist() == [0, 1, 1, 1] * 4


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_stores_past_the_caches_write_what_others_do(engine, dtype):
    def kernel(k):
        for i in k.range(0, 64, 16):
            k.store_past(k.pointer(1, dtype), i, k.load(k.pointer(0, dtype), i) * 2)

    x, y = np.arange(64, dtype=dtype), aligned_empty((64,), dtype)
    run_native(kernel, [x, y], 1, engine)
    assert np.array_equal(y, 2 * x)
    assert "!nontemporal" in write(kernel).text
