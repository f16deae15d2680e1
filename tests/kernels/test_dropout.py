"""Dropout on both machines: the bits of the plain gate, whatever the count, the pieces, the step."""

import numpy as np
import pytest

from chainrule.kernels import dropout as room
from chainrule.kernels.dropout import BLOCK, Dropout
from chainrule.kernels.language.types import F32, F64
from chainrule.ops.dropout import Dropout as Gate
from chainrule.random import random_bits
from chainrule.random.philox import philox as philox_in_numpy

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere


def dropped(x, step, *, p=0.5, seed=0, layer=0, pieces=1, run=on_both):
    """What the kernel makes of x, which is what the plain gate makes of it."""
    keep, dtype = 1 - p, x.dtype
    out = strided(x.shape, dtype)
    arguments = [pieces, x.size, x, np.array([step]), out, layer, seed & 0xFFFFFFFF, seed >> 32]
    arguments += [int(keep * 2.0**32), np.array([1 / keep], dtype)]
    made = run(Dropout(dtype), arguments, pieces, [out])[4]
    holds(made, Gate(p, seed, layer).forward(x, np.asarray(step)))
    return made.view()


def some(count, dtype=F32):
    return numbers((count,), dtype, np.random.default_rng(count))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 15, 16, 17, 63, 64, 65, 130])
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_any_count(count, dtype):
    dropped(some(count, dtype), 3, pieces=2)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1 - 2.0**-32])
def test_any_probability(p):
    made = dropped(some(200), 1, p=p)
    assert p > 0 or made.all()


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1])
@pytest.mark.parametrize("step", [0, 1, 2**31, 2**32 - 1, 2**32 + 5, 2**62])
def test_any_seed_and_step(seed, step):
    dropped(some(37), step, seed=seed, layer=step % 7)


@pytest.mark.parametrize("layer", [0, 1, 2**31, 2**32 - 2])
def test_any_layer(layer):
    dropped(some(37), 1, layer=layer)


def test_any_number_of_pieces_gives_the_same_bits():
    x = some(5 * BLOCK + 7)
    made = {
        dropped(x, 2, pieces=pieces, run=on_both if pieces in (2, 16) else compiled).tobytes()
        for pieces in range(1, 17)
    }
    assert len(made) == 1


def test_a_long_run_agrees_with_the_counting_function():
    x = np.ones(100_003, F32)
    made = dropped(x, 9, p=0.25, seed=11, layer=4, pieces=16, run=compiled)
    kept = random_bits(11, 4, 9, x.size) < 0.75 * 2.0**32
    assert ((made != 0) == kept).all()
    assert abs(kept.mean() - 0.75) < 0.01


def test_the_words_of_counters_beyond_32_bits():
    """No array is so long, but the upper half of the counter is a word of its own."""

    def kernel(k):
        out = k.pointer(0, np.dtype(np.uint64))
        mask = k.constant(0xFFFFFFFF, np.dtype(np.uint64))
        zero = k.constant(0, np.dtype(np.uint64))
        counter = k.convert(k.positions(2**33 - 8), np.dtype(np.uint64))
        for n, word in enumerate(room.philox(k, counter, [zero + 5, zero + 6], [zero + 7, zero + 8], mask)):
            k.store(out, 16 * n, word & mask)

    found = on_both(kernel, [np.zeros(64, np.uint64)], 1)[0].reshape(4, 16)
    counters = np.arange(2**33 - 8, 2**33 + 8, dtype=np.uint64)
    words = [counters & np.uint64(0xFFFFFFFF), counters >> np.uint64(32), np.full(16, 5), np.full(16, 6)]
    from_paper = philox_in_numpy(np.stack(words, -1).astype(np.uint32), np.array([7, 8], np.uint32))
    assert (from_paper == found.T).all()


def test_nan_and_infinity_are_kept_or_dropped():
    x = np.resize(np.array([np.nan, np.inf, -np.inf, -0.0], F32), 64)
    made = dropped(x, 1)
    assert (made[random_bits(0, 0, 1, 64) >= 2**31] == 0).all()


def test_code_of_every_target():
    for dtype in (F32, F64):
        whole_everywhere(Dropout(dtype))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("range(ROUNDS)", "range(ROUNDS - 1)"),
        ("c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]", "c0 * MULTIPLIERS[1], c2 * MULTIPLIERS[0]"),
        ("(k0 + WEYL[0]) & mask", "k0"),
    ],
)
def test_planted_faults_of_the_rounds(monkeypatch, old, new):
    plant(monkeypatch, room, "philox", old, new)
    with caught():
        test_any_count(17, F32)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("block // 4", "block"),
        ("k.iota() * 4 + number", "k.iota() + 16 * number"),
        ("pieces, BLOCK)", "pieces, 1)"),
        ("< limit", "<= limit - 2**20"),
        ("k.store(out, i, value, mask)", "k.store(out, i, value)"),
    ],
)
def test_planted_faults_of_the_kernel(monkeypatch, old, new):
    plant(monkeypatch, Dropout, "__call__", old, new)
    with caught():
        test_any_count(130, F32)
        test_a_long_run_agrees_with_the_counting_function()
