"""A kernel by itself: its memory is held, its pieces all run, on any number of threads."""

import gc

import numpy as np
import pytest

from chainrule.errors import CompileError
from chainrule.kernels import call as module
from chainrule.kernels.call import Call, address_of
from chainrule.kernels.language.types import I64
from chainrule.kernels.threads import set_threads


def numbered(k):
    """Each piece writes its number, 16 times."""
    out = k.pointer(0, I64)
    k.store(out, k.piece * 16, k.splat(k.piece + k.integer(1)))


@pytest.mark.parametrize("threads", [1, 3])
def test_every_piece_runs_once_a_run(threads):
    set_threads(threads)
    try:
        out = np.zeros(7 * 16, I64)
        call = Call(numbered, [out, 5], 7)
        gc.collect()
        for _ in range(2):
            out[...] = -1
            call.run()
            assert np.array_equal(out.reshape(7, 16), np.repeat(np.arange(5, 12)[:, None], 16, 1))
    finally:
        set_threads(None)


def test_arguments_live_as_long_as_the_call():
    call = Call(numbered, [np.zeros(32, I64), 1], 2)
    gc.collect()
    call.run()
    assert call.arguments[0].tolist() == [1] * 16 + [2] * 16


def test_what_is_not_contiguous_is_refused():
    with pytest.raises(ValueError, match="not contiguous"):
        Call(numbered, [np.zeros((4, 32), I64)[:, ::2], 1], 1)


def test_without_a_compiler(monkeypatch):
    def broken():
        raise CompileError("compile", "no compiler", "one", "install it")

    address_of.cache_clear()
    monkeypatch.setattr(module, "engine", broken)
    with pytest.raises(CompileError, match="no compiler"):
        Call(numbered, [np.zeros(16, I64), 1], 1)
