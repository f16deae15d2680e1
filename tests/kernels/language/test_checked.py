import numpy as np
import pytest

from chainrule.errors import TraceError
from chainrule.kernels.language.checked import run_checked
from chainrule.kernels.language.native import run_native
from chainrule.kernels.language.regions import Fault
from chainrule.kernels.language.types import BOOL, F32, F64, I32, I64, LANES, U8

from .primitives import DTYPES, arguments_of_memory, memory, results, same_bits, saxpy

SIZES = (0, 1, 15, 16, 17, 40)


# --- the same numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_operation_gives_the_bits_of_the_compiled_one(dtype, engine):
    plain = results(run_checked, dtype, 700)
    compiled = results(run_native, dtype, 700, engine=engine)
    assert [name for name in plain if not same_bits(plain[name], compiled[name])] == []


def test_no_warning_leaks_and_none_is_swallowed_outside():
    results(run_checked, F32, 300)
    with pytest.warns(RuntimeWarning):
        np.float32(1) / np.zeros(1, F32)


# --- memory ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [F32, F64, I32, U8, BOOL], ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_good_kernel_passes(dtype, seed):
    run_checked(memory(dtype), arguments_of_memory(dtype, 37), 1, seed=seed, unwritten=(3, 4, 5, 6, 8))


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_pieces_in_any_order(count, pieces):
    x = np.arange(count, dtype=F32)
    y = np.ones(count, F32)
    for seed in range(3):
        run_checked(saxpy, [x, y, count, pieces], pieces, seed=seed)
    assert (y == 1 + 6 * x).all()


def caught(kernel, arguments, pieces=1, **options):
    """The message of the fault of a kernel, the same in any order of the pieces."""
    for seed in range(12):
        with pytest.raises(Fault) as caught:
            run_checked(
                kernel,
                [x.copy() if isinstance(x, np.ndarray) else x for x in arguments],
                pieces,
                seed=seed,
                **options,
            )
    return str(caught.value)


def test_an_off_by_one_read_is_caught():
    def kernel(k):
        x, y = k.pointer(0, F32), k.pointer(1, F32)
        for i, mask in k.lanes(0, k.integer(2)):
            k.store(y, i, k.load(x, i + 1, mask), mask)

    message = caught(kernel, [np.zeros(20, F32), np.zeros(20, F32), 20])
    assert message == "argument 0: there is no element 20 of 20 float32; piece 0"


def test_a_read_before_the_start_is_caught():
    message = caught(lambda k: k.load(k.pointer(0, F32), k.integer(1) - 1), [np.zeros(40, F32), 0])
    assert "there is no element -1 of 40 float32" in message


def test_a_lost_mask_is_caught():
    def kernel(k):
        x = k.pointer(0, I32)
        for i, _ in k.lanes(0, 20):
            k.store(x, i, k.constant(1, I32))

    assert "argument 0: there is no element 20 of 20 int32" in caught(kernel, [np.zeros(20, I32)])


def test_a_lost_mask_of_a_gather_is_caught():
    def kernel(k):
        for i, _ in k.lanes(0, 5):
            k.gather(k.pointer(0, F64), k.positions(i) * 3)

    assert "there is no element 15 of 13 float64" in caught(kernel, [np.zeros(13)])


@pytest.mark.parametrize("access", ["load", "store", "gather", "scatter"])
def test_lanes_that_are_off_are_never_touched(access):
    def kernel(k):
        x, value, mask = k.pointer(0, F32), k.constant(7, F32), k.below(3)
        far = k.where(mask, k.iota(), k.constant(1 << 60, I64))
        if access == "load":
            k.load(x, 0, mask)
        if access == "store":
            k.store(x, 0, value, mask)
        if access == "gather":
            k.gather(x, far, mask)
        if access == "scatter":
            k.scatter(x, far, value, mask)

    x = np.zeros(3, F32)
    run_checked(kernel, [x], 1)
    assert x.tolist() == [7 * (access in ("store", "scatter"))] * 3


def test_lanes_that_are_off_read_zero(engine):
    def kernel(k):
        k.store(k.pointer(1, F32), 0, k.load(k.pointer(0, F32), 0, k.below(3)))
        k.store(k.pointer(1, F32), LANES, k.gather(k.pointer(0, F32), k.iota(), k.below(2)))

    for run in (run_checked, lambda *a: run_native(*a, engine)):
        y = np.ones(32, F32)
        run(kernel, [np.full(3, 5, F32), y], 1)
        assert y.tolist() == [5] * 3 + [0] * 13 + [5] * 2 + [0] * 14


def test_an_overlapping_write_between_pieces_is_caught():
    def kernel(k):
        k.store(k.pointer(0, F32), k.piece * 15, k.constant(1, F32))

    assert "wrote element 15 of 64 float32" in caught(kernel, [np.zeros(64, F32)], 2)


def test_bytes_that_two_dtypes_share_are_one_place():
    def kernel(k):
        for _ in k.when(k.piece == 0):
            k.put(k.pointer(0, I32), 0, k.constant(1, I32))
        for _ in k.when(k.piece == 1):
            k.put(k.pointer(1, U8), 0, k.constant(1, U8))

    whole = np.zeros(8, U8)
    run_checked(kernel, [whole[:4], whole[4:]], 2)
    for seed in range(4):
        with pytest.raises(Fault, match="wrote"):
            run_checked(kernel, [whole[:6], whole[3:]], 2, seed=seed)


def test_a_race_is_caught():
    def kernel(k):  # each piece reads what its neighbour writes
        x = k.pointer(0, F32)
        k.put(x, k.piece, k.spread(x, (k.piece + 1) % 3))

    message = caught(kernel, [np.zeros(3, F32)], 3)
    assert "wrote element" in message or "read element" in message


def test_what_all_read_nobody_writes():
    def kernel(k):
        one = k.spread(k.pointer(0, F32), 0)
        for _ in k.when(k.piece == 2):
            k.put(k.pointer(0, F32), 0, one)

    assert "element 0 of 1 float32" in caught(kernel, [np.zeros(1, F32)], 4)


def test_one_piece_may_read_what_it_wrote():
    def kernel(k):
        x = k.pointer(0, F32)
        k.put(x, k.piece, k.constant(3, F32))
        k.put(x, k.piece, k.spread(x, k.piece) * 2)

    x = np.zeros(5, F32)
    run_checked(kernel, [x], 5, unwritten=(0,))
    assert x.tolist() == [6] * 5


def test_pieces_may_raise_one_flag():
    def kernel(k):
        k.raise_flag(k.pointer(0, BOOL), k.splat(k.piece) > 1)

    flag = np.zeros(2, bool)
    run_checked(kernel, [flag], 2)
    assert flag.tolist() == [False, False]
    run_checked(kernel, [flag], 4)
    assert flag.tolist() == [True, False]


def test_a_flag_that_another_piece_reads_is_a_race():
    def kernel(k):
        flag = k.pointer(0, BOOL)
        k.raise_flag(flag, k.splat(k.piece) == 1)
        k.put(k.pointer(1, BOOL), k.piece, k.spread(flag, 0))

    message = caught(kernel, [np.zeros(1, bool), np.zeros(3, bool)], 3)
    assert message.startswith("argument 0: ") and "element 0 of 1 bool" in message


def test_a_read_of_unwritten_memory_is_caught():
    def kernel(k):
        x = k.pointer(0, F32)
        k.store(x, 0, k.constant(0, F32))
        k.load(x, 1)

    message = caught(kernel, [np.zeros(17, F32)], unwritten=(0,))
    assert message == "argument 0: nobody wrote element 16 of 17 float32; piece 0"


def test_scratch_memory_holds_nothing_at_first():
    def kernel(k):
        own = k.scratch(I64, 20)
        k.store(own, 0, k.iota())
        k.load(own, 4)

    assert "scratch: nobody wrote element 16 of 20 int64" in caught(kernel, [])
    assert "scratch: there is no element 20" in caught(lambda k: k.spread(k.scratch(F32, 20), 20), [])


def test_what_is_only_for_reading_is_not_written():
    x = np.zeros(16, F32)
    x.flags.writeable = False
    with pytest.raises(Fault, match="nobody may write element 0 of 16 float32"):
        run_checked(lambda k: k.store(k.pointer(0, F32), 0, k.constant(1, F32)), [x], 1)
    with pytest.raises(Fault, match="nobody may write"):
        run_checked(lambda k: k.raise_flag(k.pointer(0, F32), k.all_lanes()), [x], 1)


def test_arguments_are_what_the_kernel_takes_them_for():
    assert "argument 1: there are 1; piece 0" in caught(lambda k: k.pointer(1, F32), [0])
    assert "a whole number used as an address" in caught(lambda k: k.pointer(0, F32), [0])
    assert "an address used as a whole number" in caught(lambda k: k.integer(0), [np.zeros(1)])
    with pytest.raises(Fault, match="argument 0: an array that is not contiguous"):
        run_checked(lambda k: None, [np.zeros((4, 4)).T[1:]], 1)


def test_whole_numbers_stay_within_64_bits():
    assert "64 bits" in caught(lambda k: k.integer(0) * (1 << 62), [4])
    assert "by 0" in caught(lambda k: k.integer(0) // k.integer(1), [4, 0])


def test_a_shift_by_more_bits_than_there_are_is_caught():
    def kernel(k):
        k.binary("shl", k.constant(1, I32), k.convert(k.iota() * 4, I32))

    assert "shl: of int32 by [0, 4" in caught(kernel, [])


def test_a_fault_names_the_first_lane_that_is_outside():
    def kernel(k):
        k.scatter(k.pointer(0, U8), k.iota() * -1 + 3, k.constant(1, U8))

    assert "there is no element -1 of 16 uint8" in caught(kernel, [np.zeros(16, U8)])


def test_a_value_of_one_round_is_gone_in_the_next():
    def kernel(k):
        total = k.constant(0, F32)
        for _ in k.range(k.integer(0)):
            total = total + 1

    run_checked(kernel, [1], 1)
    with pytest.raises(TraceError, match="used after the loop"):
        run_checked(kernel, [2], 1)


@pytest.mark.parametrize("offset", [-65, 81])
def test_nothing_is_read_far_from_an_array(offset):
    """No lane is on, and no byte is touched: but where there is no memory at all, that takes long."""

    def kernel(k):
        x = k.pointer(0, F32)
        k.store(x, 0, k.load(x, 0) + k.load(x, k.whole("add", offset, 0), k.below(0)))

    with pytest.raises(Fault, match=f"nothing is read, but far from element {offset} of 16 float32"):
        run_checked(kernel, [np.zeros(16, np.float32)], 1)


def test_a_store_past_the_caches_begins_a_line():
    def kernel(k):
        k.store_past(k.pointer(0, F32), k.integer(1), k.constant(3, F32))

    made = np.zeros(40, F32)
    run_checked(kernel, [made, 16], 1)
    assert made.tolist() == [0] * 16 + [3] * 16 + [0] * 8
    assert "in the middle of a line" in caught(kernel, [made, 8])
