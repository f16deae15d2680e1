import numpy as np
import pytest

from chainrule.errors import TraceError
from chainrule.kernels.language.checked import run_checked
from chainrule.kernels.language.types import BOOL, F32, I32, I64, U8
from chainrule.kernels.language.values import Flag, Index, Pointer, Vector

from .primitives import both


def run(kernel, *arguments):
    run_checked(kernel, list(arguments), 1)


@pytest.mark.parametrize("number", [0, 1, 7, 40])
def test_whole_numbers_have_their_operators(number, engine):
    expressions = [
        lambda i: i + 3,
        lambda i: 3 + i,
        lambda i: i - 3,
        lambda i: 3 - i,
        lambda i: i * 5,
        lambda i: 5 * i,
        lambda i: i // 4,
        lambda i: i % 4,
        lambda i: i * i + 0,
        lambda i: i * 0 + 1,
        lambda i: i * 1 - 0,
        lambda i: 0 + 1 * i,
        lambda i: 0 * i,
        lambda i: 0 - i,
        lambda i: i // 1,
        lambda i: i // 2,
        lambda i: i % 1,
        lambda i: i % 2,
        lambda i: i + 1,
    ]

    def kernel(k):
        for n, expression in enumerate(expressions):
            made = expression(k.integer(0))
            assert type(made) is Index
            k.put(k.pointer(1, I64), n, k.splat(made))
        k.put(k.pointer(1, I64), len(expressions), k.splat(k.integer(0).at_most(5)))

    out = both(kernel, [number, np.zeros(len(expressions) + 1, I64)], 1, engine)[1]
    assert out.tolist() == [*(expression(number) for expression in expressions), min(number, 5)]


@pytest.mark.parametrize("number", [-3, 2, 3, 4])
def test_whole_numbers_compare_to_flags(number, engine):
    tests = [lambda i: i < 3, lambda i: i > 3, lambda i: i == 3, lambda i: i != 3]

    def kernel(k):
        for n, test in enumerate(tests):
            flag = test(k.integer(0))
            assert type(flag) is Flag
            for _ in k.when(flag):
                k.put(k.pointer(1, BOOL), n, k.all_lanes())

    out = both(kernel, [number, np.zeros(4, bool)], 1, engine)[1]
    assert out.tolist() == [test(number) for test in tests]


def test_vectors_meet_numbers_from_both_sides():
    def kernel(k):
        x = k.iota()
        for made, wanted in (
            (1 + x, np.arange(16) + 1),
            (1 - x, 1 - np.arange(16)),
            (3 * x, 3 * np.arange(16)),
            (x + k.integer(0), np.arange(16) + 5),
            (-x, -np.arange(16)),
            (~x, ~np.arange(16)),
            (
                (x & 3) | (x << 2) ^ (x >> 1),
                (np.arange(16) & 3) | (np.arange(16) << 2) ^ (np.arange(16) >> 1),
            ),
            (~(x >= 3), np.arange(16) < 3),
        ):
            assert type(made) is Vector
            assert made.x.tolist() == wanted.tolist()
        assert (1 / k.constant(4, F32)).x.tolist() == [0.25] * 16

    run(kernel, 5)


def test_not_turns_all_bits_of_unsigned_numbers():
    run(lambda k: check((~k.constant(5, U8)).x.tolist(), [250] * 16))


def check(got, wanted):
    assert got == wanted


def test_handles_have_no_hash():
    def kernel(k):
        for handle in (k.integer(0), k.iota()):
            with pytest.raises(TypeError):
                hash(handle)

    run(kernel, 1)


def test_a_handle_is_not_true():
    def kernel(k):
        for handle in (k.integer(0), k.iota(), k.integer(0) < 3):
            with pytest.raises(TraceError, match="branch"):
                bool(handle)

    run(kernel, 1)


def test_a_variable_holds_the_last_vector():
    def kernel(k):
        held = k.variable(k.constant(1, I32))
        before = held.get()
        for i in k.range(3):
            held.set(held.get() + i)
        assert held.dtype == I32
        assert held.get().x.tolist() == [4] * 16
        assert before.x.tolist() == [1] * 16

    run(kernel)


def test_a_pointer_knows_its_dtype():
    def kernel(k):
        assert type(k.pointer(0, F32)) is Pointer
        assert k.pointer(0, F32).dtype == F32

    run(kernel, np.zeros(1, F32))
