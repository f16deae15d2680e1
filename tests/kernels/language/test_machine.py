import inspect

import numpy as np
import pytest

from chainrule.errors import TraceError
from chainrule.kernels.language import Machine, write
from chainrule.kernels.language.checked import Checked, run_checked
from chainrule.kernels.language.llvm import Writer
from chainrule.kernels.language.native import run_native
from chainrule.kernels.language.types import BOOL, F32, F64, I32, I64, LANES, U8

from .primitives import DTYPES, all_operations, arguments_of_memory, both, memory

# --- lanes ----------------------------------------------------------------------------------------------


def one_more(k):
    x = k.pointer(0, F32)
    for i, mask in k.lanes(k.integer(1), k.integer(2)):
        k.store(x, i, k.load(x, i, mask) + 1, mask)


@pytest.mark.parametrize("start", [0, 5])
@pytest.mark.parametrize("count", range(34))
def test_lanes_go_over_each_element_once(start, count, engine):
    x = both(one_more, [np.zeros(start + count + 3, F32), start, start + count], 1, engine)[0]
    assert x.tolist() == [0] * start + [1] * count + [0] * 3


@pytest.mark.parametrize("start", [0, 20, 40])
@pytest.mark.parametrize("missing", [1, 15, 16, 17, 32])
def test_lanes_that_would_go_backward_go_nowhere(start, missing, engine):
    x = both(one_more, [np.zeros(64, F32), start, start - missing], 1, engine)[0]
    assert not x.any()


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (0, 5), (3, 19), (3, 40), (0, 32), (5, 3), (40, 3)])
def test_lanes_between_python_numbers(start, stop, engine):
    def kernel(k):
        x = k.pointer(0, I32)
        for i, mask in k.lanes(start, stop):
            k.store(x, i, k.load(x, i, mask) + 1, mask)

    x = both(kernel, [np.zeros(40, I32)], 1, engine)[0]
    assert x.tolist() == [int(start <= n < stop) for n in range(40)]


def test_a_mask_comes_only_with_what_is_left():
    def kernel(k):
        masks = [None if mask is None else mask.x.tolist() for _, mask in k.lanes(0, k.integer(0))]
        assert masks == [None] * 2 + [[True] * 3 + [False] * 13]

    run_checked(kernel, [35], 1)


# --- pieces ---------------------------------------------------------------------------------------------


def sharing(grain):
    def kernel(k):
        times, first = k.pointer(0, U8), k.pointer(1, BOOL)
        start, stop = k.share(k.integer(2), k.integer(3), grain)
        for i, mask in k.lanes(start, stop):
            k.store(times, i, k.load(times, i, mask) + 1, mask)
            k.store(first, i, k.positions(i) == start, mask)

    return kernel


@pytest.mark.parametrize("grain", [1, 3, 16, 64])
def test_share_covers_all_once_and_cuts_at_the_grain(grain, engine):
    kernel = sharing(grain)
    for count in (0, 1, 2, 15, 16, 17, 63, 64, 65, 200):
        for pieces in (1, 2, 3, 8, 50):
            arguments = [np.zeros(count, U8), np.zeros(count, bool), count, pieces]
            run = both if (count + pieces) % 3 == 0 else lambda *a: run_native(*a[:3], engine) or a[1]
            times, first, *_ = run(kernel, arguments, pieces, engine)
            assert (times == 1).all()
            assert (np.flatnonzero(first) % grain == 0).all()


def test_a_share_without_pieces_left_is_empty():
    def kernel(k):
        start, stop = k.share(10, k.integer(0), 8)
        assert 0 <= start.x <= stop.x <= 10

    run_checked(kernel, [7], 7)


# --- trees and squares ----------------------------------------------------------------------------------


def tree(x, combine):
    """The tree of `reduce`, written out for one vector."""
    x = list(x)
    for distance in (8, 4, 2, 1):
        x = [combine(x[n], x[(n + distance) % LANES]) for n in range(LANES)]
    return x


@pytest.mark.parametrize("dtype", [F32, F64, I32], ids=str)
def test_reduce_is_the_tree_of_8_4_2_1(dtype, engine):
    def kernel(k):
        x = k.load(k.pointer(0, dtype), 0)
        k.store(k.pointer(1, dtype), 0, k.reduce(x, "add"))
        k.store(k.pointer(1, dtype), LANES, k.reduce(x, "maximum"))
        k.store(k.pointer(1, dtype), 2 * LANES, k.reduce(x, "minimum"))
        k.store(k.pointer(1, dtype), 3 * LANES, k.reduce(x, "multiply"))

    rng = np.random.default_rng(0)
    for _ in range(20):
        x = (rng.standard_normal(LANES) * 10.0 ** rng.integers(0, 9, LANES)).astype(dtype)
        x = x if dtype.kind == "f" else x % 5 + 1  # whole numbers whose product is one
        out = both(kernel, [x, np.zeros(4 * LANES, dtype)], 1, engine)[1]
        assert out[:LANES].tolist() == tree(x, lambda a, b: a + b)
        assert len(set(out[:LANES].tolist())) == 1
        assert out[LANES : 2 * LANES].tolist() == [x.max()] * LANES
        assert out[2 * LANES : 3 * LANES].tolist() == [x.min()] * LANES
        with np.errstate(over="ignore"):
            assert out[3 * LANES :].tolist() == tree(x, lambda a, b: a * b)


@pytest.mark.parametrize("combine", ["maximum", "minimum"])
def test_an_extreme_of_all_is_nan_if_one_is(combine, engine):
    def kernel(k):
        x = k.load(k.pointer(0, F32), 0)
        k.store(k.pointer(1, F32), 0, k.reduce(x, combine))

    for n in range(LANES):
        x = np.arange(LANES, dtype=F32)
        x[n] = np.nan
        assert np.isnan(both(kernel, [x, np.zeros(LANES, F32)], 1, engine)[1]).all()


@pytest.mark.parametrize("dtype", [F32, U8, BOOL], ids=str)
def test_transpose(dtype, engine):
    def kernel(k):
        x, y = k.pointer(0, dtype), k.pointer(1, dtype)
        for n, row in enumerate(k.transpose([k.load(x, LANES * n) for n in range(LANES)])):
            k.store(y, LANES * n, row)

    x = np.random.default_rng(0).integers(0, 256, (LANES, LANES)).astype(dtype)
    assert (both(kernel, [x, np.zeros_like(x)], 1, engine)[1] == x.T).all()


# --- memory, loops, variables ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_way_to_memory(dtype, engine):
    for count in (1, 3, 16, 37):
        arguments = arguments_of_memory(dtype, count)
        x, offsets = arguments[1], arguments[2]
        after = both(memory(dtype), arguments, 1, engine, unwritten=(3, 4, 5, 6, 8))
        assert after[3].tobytes() == x[offsets].tobytes()
        assert after[4][offsets].tobytes() == x.tobytes()
        assert after[5][1:].tobytes() == x[1:].tobytes()
        assert after[7][0] == (count > 3)


def test_nested_loops_and_variables(engine):
    def kernel(k):  # the sum of each row, and the number of rows whose sum is over a bound
        x, sums, many = k.pointer(0, F32), k.pointer(1, F32), k.pointer(2, I64)
        rows, columns = k.integer(3), k.integer(4)
        count = k.variable(k.constant(0, I64))
        for r in k.range(rows):
            total = k.variable(k.constant(0, F32))
            for c, mask in k.lanes(0, columns):
                total.set(total.get() + k.load(x, r * columns + c, mask))
            row = k.reduce(total.get(), "add")
            k.put(sums, r, row)
            for _ in k.when(k.first(k.convert(row > 10, I64)) == 1):
                count.set(count.get() + 1)
        k.put(many, 0, count.get())

    for rows, columns in ((0, 3), (1, 1), (4, 15), (3, 16), (5, 50)):
        x = np.arange(rows * columns, dtype=F32).reshape(rows, columns)
        arguments = [x, np.zeros(rows, F32), np.zeros(1, I64), rows, columns]
        _, sums, many, *_ = both(kernel, arguments, 1, engine, unwritten=(1, 2))
        assert (sums == x.sum(axis=1)).all()
        assert many == (sums > 10).sum()


def test_a_loop_with_steps(engine):
    def kernel(k):
        for i in k.range(k.integer(1), k.integer(2), 5):
            k.put(k.pointer(0, U8), i, k.constant(1, U8))

    x = both(kernel, [np.zeros(30, U8), 3, 24], 1, engine)[0]
    assert np.flatnonzero(x).tolist() == [3, 8, 13, 18, 23]


# --- what both machines refuse --------------------------------------------------------------------------

A = {"f": F32, "d": F64, "i": I32, "l": I64, "b": BOOL, "u": U8}


def escaped(k):
    for i in k.range(3):
        last = k.splat(i)
    k.store(k.pointer(0, I64), 0, last)


def escaped_index(k):
    for i in k.range(3):
        last = i
    k.splat(last + 1)


def escaped_when(k):
    for _ in k.when(k.integer(1) == 3):
        last = k.splat(k.integer(1))
    k.store(k.pointer(0, I64), 0, last)


def escaped_constant_when(k):
    for _ in k.when(k.compare("eq", 1, 1)):
        last = k.splat(k.integer(1))
    k.store(k.pointer(0, I64), 0, last)


def escaped_variable(k):
    for i in k.range(3):
        last = k.variable(k.splat(i))
    last.get()


def escaped_variable_set(k):
    for i in k.range(3):
        last = k.variable(k.splat(i))
    last.set(k.iota())


def escaped_behind_an_inner_loop(k):
    for i in k.range(3):
        for _ in k.range(2):
            pass
        last = k.splat(i)
    k.store(k.pointer(0, I64), 0, last)


def escaped_lanes(k):
    for i, mask in k.lanes(0, 20):
        last = k.load(k.pointer(0, I64), i, mask)
    k.store(k.pointer(0, I64), 0, last)


@pytest.fixture(params=["writes", "runs"])
def attempt(request):
    """Each machine, given a kernel of slot 0, 20 numbers, and slot 1, the number 3."""
    if request.param == "writes":
        return write
    return lambda kernel: run_checked(kernel, [np.zeros(20, I64), 3], 1)


@pytest.mark.parametrize(
    "kernel",
    [
        escaped,
        escaped_index,
        escaped_when,
        escaped_constant_when,
        escaped_variable,
        escaped_variable_set,
        escaped_behind_an_inner_loop,
        escaped_lanes,
    ],
)
def test_a_value_that_escapes_its_loop_is_refused(kernel, attempt):
    with pytest.raises(TraceError, match=r"used after the loop.*try: k\.variable"):
        attempt(kernel)


def test_a_value_from_outside_may_be_used_inside(attempt):
    def kernel(k):
        one = k.splat(k.integer(1))
        for i in k.range(2):
            for _ in k.when(i < 1):
                k.store(k.pointer(0, I64), i, one + i)

    attempt(kernel)


@pytest.mark.parametrize(
    "branch",
    [
        lambda k: bool(k.integer(1)),
        lambda k: 1 if k.integer(1) < 2 else 0,
        lambda k: 1 if k.iota() < 2 else 0,
        lambda k: not k.below(3),
        lambda k: k.integer(1) in (1, 2),
    ],
)
def test_a_python_branch_on_a_value_is_refused_with_a_way_out(branch, attempt):
    with pytest.raises(TraceError, match=r"a Python branch.*try: where\(…\), or `for _ in k\.when\(…\)`"):
        attempt(branch)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda k, f, d, i, l, b, u: f + d, "vectors of float32 and float64.*try: k.convert"),
        (lambda k, f, d, i, l, b, u: i < l, "vectors of int32 and int64"),
        (lambda k, f, d, i, l, b, u: k.where(b, f, d), "vectors of float32 and float64"),
        (lambda k, f, d, i, l, b, u: k.where(i, f, f), "a mask of int32"),
        (lambda k, f, d, i, l, b, u: k.fma(f, f, d), "vectors of float32 and float64"),
        (lambda k, f, d, i, l, b, u: k.fma(i, i, i), "fma of int32"),
        (lambda k, f, d, i, l, b, u: k.unary("sqrt", l), "sqrt of int64"),
        (lambda k, f, d, i, l, b, u: k.unary("abs", b), "abs of bool"),
        (lambda k, f, d, i, l, b, u: k.shuffle(f, d, range(16)), "vectors of float32 and float64"),
        (lambda k, f, d, i, l, b, u: k.shuffle(f, f, range(17, 33)), "a shuffle to lanes"),
        (lambda k, f, d, i, l, b, u: k.shuffle(f, f, range(8)), "a shuffle to lanes"),
        (lambda k, f, d, i, l, b, u: i / i, "div of int32"),
        (lambda k, f, d, i, l, b, u: f & f, "and of float32"),
        (lambda k, f, d, i, l, b, u: f << 1, "shl of float32"),
        (lambda k, f, d, i, l, b, u: b + b, "add of bool"),
        (lambda k, f, d, i, l, b, u: -b, "sub of bool"),
        (lambda k, f, d, i, l, b, u: b < b, "lt of bool"),
        (lambda k, f, d, i, l, b, u: i << 32, "a shift of int32 by 32"),
        (lambda k, f, d, i, l, b, u: u >> -1, "a shift of uint8 by -1"),
        (lambda k, f, d, i, l, b, u: u + 256, "the constant 256 of uint8"),
        (lambda k, f, d, i, l, b, u: i * 0.5, "the constant 0.5 of int32"),
        (lambda k, f, d, i, l, b, u: k.constant(np.inf, I32), "the constant inf of int32"),
        (lambda k, f, d, i, l, b, u: b & 2, "the constant 2 of bool"),
        (lambda k, f, d, i, l, b, u: k.bits(f, I64), "the bits of float32 read as int64"),
        (lambda k, f, d, i, l, b, u: k.bits(u, BOOL), "the bits of uint8 read as bool"),
        (lambda k, f, d, i, l, b, u: k.first(f), "a whole number of float32"),
        (lambda k, f, d, i, l, b, u: k.variable(f).set(d), "a store of float64 into float32"),
        (lambda k, f, d, i, l, b, u: k.store(k.pointer(0, F32), 0, l), "a store of int64 into float32"),
        (lambda k, f, d, i, l, b, u: k.put(k.pointer(0, F32), 0, l), "a store of int64 into float32"),
        (lambda k, f, d, i, l, b, u: k.scatter(k.pointer(0, F32), l, i), "a store of int32 into float32"),
        (lambda k, f, d, i, l, b, u: k.gather(k.pointer(0, F32), i), "offsets of int32.*k.int64"),
        (lambda k, f, d, i, l, b, u: k.scatter(k.pointer(0, F32), i, f), "offsets of int32"),
        (lambda k, f, d, i, l, b, u: k.load(k.pointer(0, I64), 0, l), "a mask of int64"),
        (lambda k, f, d, i, l, b, u: k.store(k.pointer(0, I64), 0, l, i), "a mask of int32"),
        (lambda k, f, d, i, l, b, u: k.gather(k.pointer(0, I64), l, u), "a mask of uint8"),
        (lambda k, f, d, i, l, b, u: k.raise_flag(k.pointer(0, U8), u), "a mask of uint8"),
        (lambda k, f, d, i, l, b, u: k.any_lane(i), "a mask of int32"),
        (lambda k, f, d, i, l, b, u: list(k.when(b)), "`when` of a Vector"),
        (lambda k, f, d, i, l, b, u: list(k.range(0, 4, 0)), "a loop in steps of 0"),
        (lambda k, f, d, i, l, b, u: next(iter(k.range(4))), "a loop left by break or return"),
        (lambda k, f, d, i, l, b, u: [None for _ in k.range(2) if next(k.range(3)) is None], "a loop left"),
    ],
)
def test_both_machines_refuse_the_same(wrong, message, attempt):
    with pytest.raises(TraceError, match=message):
        attempt(lambda k: wrong(k, *(k.constant(0, dtype) for dtype in A.values())))


def test_whole_numbers_are_whole(attempt):
    with pytest.raises(TypeError):
        attempt(lambda k: k.integer(1) + 0.5)
    with pytest.raises(TypeError):
        attempt(lambda k: k.load(k.pointer(0, I64), k.iota()))


# --- the language as a whole ----------------------------------------------------------------------------


def test_both_machines_are_told_apart_by_what_they_know():
    assert Checked.runs and not Writer.runs
    assert {Checked, Writer} <= set(Machine.__subclasses__())


def test_the_kernels_of_these_tests_use_every_primitive():
    used = set()

    class Spy(Writer):
        def __getattribute__(self, name):
            used.add(name)
            return super().__getattribute__(name)

    for dtype in DTYPES:
        all_operations(dtype)(Spy())
        memory(dtype)(Spy())
    methods = {name for name, _ in inspect.getmembers(Machine, inspect.isfunction) if name[0] != "_"}
    aligned = {"store_past"}  # its memory begins at a cache line: tests in test_native and test_checked
    assert methods - used == {"divide", "end", "positions", "refuse", "share", "transpose"} | aligned
