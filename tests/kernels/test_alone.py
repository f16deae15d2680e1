"""A kernel on the caller's thread: while others run, with Python's lock free, and without a compiler."""

import threading

import numpy as np
import pytest

from chainrule.errors import CompileError
from chainrule.kernels import alone as module
from chainrule.kernels.alone import compiles, function_of, run_alone
from chainrule.kernels.language.types import I64

ROUNDS = 20_000_000


def summed(k):
    """The numbers below the count, added up one by one, into the first of 16."""
    total = k.variable(k.constant(0, I64))
    for i in k.range(k.integer(0)):
        total.set((total.get() ^ k.splat(i)) + 1)
    k.store(k.pointer(1, I64), 0, total.get())


def test_it_runs():
    out = np.zeros(16, I64)
    run_alone(summed, [3, out])
    assert out.tolist() == [((((0 ^ 0) + 1) ^ 1) + 1 ^ 2) + 1] * 16


def test_pythons_lock_is_free_meanwhile():
    """Another thread goes on in Python while the kernel runs: it ends before the kernel does."""
    out, order, begun = np.zeros(16, I64), [], threading.Event()
    run_alone(summed, [0, out])  # compiled

    def run():
        begun.set()
        run_alone(summed, [ROUNDS * 10, out])
        order.append("kernel")

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    order.append("python")
    thread.join()
    assert order == ["python", "kernel"]


def test_what_is_not_contiguous_is_refused():
    with pytest.raises(ValueError, match="not contiguous"):
        run_alone(summed, [1, np.zeros((16, 2), I64)[:, 0]])


def test_without_a_compiler(monkeypatch):
    def broken(kernel):
        raise CompileError("compile", "no compiler", "one", "install it")

    for remembered in (function_of, compiles):
        remembered.cache_clear()
    assert compiles(summed)
    for remembered in (function_of, compiles):
        remembered.cache_clear()
    monkeypatch.setattr(module, "address_of", broken)
    assert not compiles(summed)
    with pytest.raises(CompileError, match="no compiler"):
        run_alone(summed, [1, np.zeros(16, I64)])
    compiles.cache_clear()
