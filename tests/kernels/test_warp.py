"""Warps on both machines: the bits of the plain form, which tests/data/test_warp.py holds to fractions."""

import numpy as np
import pytest

from chainrule.data.warp import plain
from chainrule.kernels import warp as room
from chainrule.kernels.language.types import F32, F64, U8
from chainrule.kernels.warp import Warp, Words

from .machines import caught, compiled, numbers, on_both, plant, strided, whole_everywhere

DTYPES = [U8, F32, F64]
SHAPES = [(4, 3, 5, 6), (3, 5, 4, 19), (2, 1, 3, 33), (5, 4, 1, 1), (2, 2, 2, 16)]


def maps_for(count, width):
    """In turns: mirrored and shifted, shifted far, turned and stretched, and between pixels in one number alone."""
    rng = np.random.default_rng(1)
    made = np.tile(np.eye(2, 3), (count, 1, 1))
    made[::7] = [[1, 0, -1], [0, -1, width]]
    made[1::7, :, 2] = [1, -3]
    made[2::7] = rng.normal(size=made[2::7].shape) * [1, 1, 4]
    for number, (axis, term) in enumerate([(0, 2), (1, 2), (0, 1), (1, 1)], 3):
        made[number::7, axis, term] += 0.37
    return np.rint(made * 65536).astype(np.int64)


def check(shape, dtype, pieces=1, run=on_both, turned=0):
    """The bytes of the result, which is that of the plain form."""
    count, _, height, width = shape
    x = numbers(shape, dtype, np.random.default_rng(0))
    if dtype != U8:
        x[:, :, -1, 0] = np.inf
    maps = np.roll(maps_for(count + 7, width), -turned, 0)[:count]
    kernel = Warp(dtype)
    out = strided(shape, dtype)
    words = np.zeros((pieces, (height + 2) * (width + 2)), kernel.word)
    made = run(kernel, [pieces, *shape, maps, x, out, words], pieces, [out, words])[-2]
    expected = plain(x, maps)
    assert made.view().tobytes() == expected.tobytes(), f"{made.view()} {expected}"
    return made.memory.tobytes()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(shape, dtype):
    for turned in range(0, 7, shape[0]):
        check(shape, dtype, pieces=2, turned=turned)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_any_number_of_pieces_gives_the_same_bits(dtype):
    made = {check((9, 3, 4, 7), dtype, n, on_both if n in (3, 16) else compiled) for n in range(1, 17)}
    assert len(made) == 1


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_code_of_every_target(dtype):
    whole_everywhere(Warp(dtype))


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Warp, "__call__", "k.share(count, pieces)", "(0, count)"),
        (Warp, "__call__", ".at_most(channels - 1)", ""),
        (Warp, "__call__", "words.clear()", "pass"),
        (Warp, "__call__", "k.piece * area", "area"),
        (Warp, "__call__", "m[0] * i + m[2]", "m[0] * i"),
        (Warp, "row", "numbers[0] | ", ""),
        (Warp, "row", "numbers[1] | ", ""),
        (Warp, "row", "numbers[2] | ", ""),
        (Warp, "row", " | numbers[3]", ""),
        (Warp, "packed", "8 * number", "8"),
        (Warp, "blended", "(row + LEAST)", "row"),
        (Warp, "blended", "(column + LEAST)", "column"),
        (Warp, "bytes", " + (1 << 2 * WEIGHT - 1)", ""),
        (Warp, "bytes", "(lower - upper) * row", "(upper - lower) * row"),
        (Warp, "floats", "k.where((row | column) == 0, a, ", "("),
        (Words, "clear", "(self.width + 2)", "self.width"),
        (Words, "fill", "(i + 1)", "i"),
        (Words, "gather", "cut(k, column, self.width)", "cut(k, column, self.height)"),
        (room, "cut", "k.constant(-1, I64)", "k.constant(0, I64)"),
        (room, "weight", "FRACTION - WEIGHT", "FRACTION"),
    ],
)
def test_planted_faults(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        for dtype in (U8, F32):
            for shape in SHAPES[:3]:
                for turned in range(0, 7, 2):
                    check(shape, dtype, pieces=2, turned=turned)
