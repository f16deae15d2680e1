"""Pixels by themselves, on both machines: the bits of NumPy."""

import numpy as np
import pytest

from chainrule.data.shades import mixed_plain, scaled_plain
from chainrule.kernels.language.types import F32, U8
from chainrule.kernels.shades import Mix, Scale

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere

SHAPES = [(3, 2, 4, 5), (2, 3, 1, 16), (1, 1, 1, 1), (4, 1, 3, 11)]


def scale(shape, dtype, pieces=1, run=on_both):
    rng = np.random.default_rng(0)
    x, slope, offset = numbers(shape, dtype, rng), *numbers((2, shape[1]), F32, rng)
    out, size = strided(shape, F32), shape[2] * shape[3]
    made = run(Scale(dtype), [pieces, *shape[:2], size, slope.copy(), offset.copy(), x, out], pieces, [out])[
        -1
    ]
    holds(made, scaled_plain(x, slope, offset))
    return made.memory.tobytes()


def mix(shape, pieces=1, run=on_both):
    rng = np.random.default_rng(0)
    x, rest = numbers(shape, F32, rng), rng.random(shape[0], np.float32)
    out = strided(shape, F32)
    made = run(Mix(), [pieces, len(x), x[:1].size, rest, x, out], pieces, [out])[-1]
    holds(made, mixed_plain(x, rest))
    return made.memory.tobytes()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(shape):
    scale(shape, U8, 2)
    scale(shape, F32)
    mix(shape, 2)


def test_any_number_of_pieces_gives_the_same_bits():
    for check in (lambda n, run: scale((5, 3, 4, 7), U8, n, run), lambda n, run: mix((9, 1, 4, 7), n, run)):
        assert len({check(n, on_both if n in (3, 16) else compiled) for n in range(1, 17)}) == 1


def test_code_of_every_target():
    for kernel in (Scale(U8), Scale(F32), Mix()):
        whole_everywhere(kernel)


@pytest.mark.parametrize(
    ("owner", "old", "new"),
    [
        (Scale, "k.share(count * channels, pieces)", "(0, count * channels)"),
        (Scale, "k.spread(slope, plane % channels)", "k.spread(slope, 0)"),
        (Scale, "k.spread(offset, plane % channels)", "k.spread(slope, plane % channels)"),
        (Scale, "pixels * times - less", "pixels - less"),
        (Scale, "k.load(x, plane * size + p, mask)", "k.load(x, p, mask)"),
        (Mix, "k.share(count, pieces)", "(0, count)"),
        (Mix, " % count", ""),
        (Mix, "- mine) * share", ") * share"),
        (Mix, "k.spread(rest, n)", "k.spread(rest, 0)"),
    ],
)
def test_planted_faults(monkeypatch, owner, old, new):
    plant(monkeypatch, owner, "__call__", old, new)
    with caught():
        for shape in SHAPES:
            test_shapes(shape)
