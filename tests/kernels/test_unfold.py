"""Windows as columns, and back, on both machines: the bits of the plain gates, whatever the window and the pieces."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.unfold import Axis, Fold, Unfold, Windows
from chainrule.ops.unfold import Fold as FoldGate
from chainrule.ops.unfold import Unfold as UnfoldGate
from chainrule.ops.window import Window

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere
from .test_pooling import SPECIAL, WINDOWS, named, special

WIDE = [
    (Window((3, 3), (1, 1), (1, 1)), (4, 37)),
    (Window((2, 3), (1, 2), (0, 1)), (3, 38)),
    (Window((3, 2), (2, 1), (1, 1), (2, 5)), (6, 33)),
    (Window((1, 2), (1, 3), (0, 0), (1, 20)), (1, 70)),
]
"""Lines of more than a vector."""


def check(window, x, columns=None, pieces=1, run=on_both):
    """The bytes of both kernels' results, which are those of the gates."""
    (n, c, *size), output = x.shape, window.output("unfold", x.shape)
    shape = (n, c, *window.size, *output)
    if columns is None:
        columns = numbers(shape, x.dtype, np.random.default_rng(1))
    axes = zip(size, output, window.size, window.stride, window.padding, window.dilation, strict=True)
    sizes = [pieces, n * c, *(int(s) for axis in axes for s in axis)]
    flat = columns.reshape(n, c * window.size[0] * window.size[1], output[0] * output[1])
    with np.errstate(all="ignore"):
        unfolded = UnfoldGate(window).forward(x).reshape(shape)
        folded = FoldGate(window, tuple(size)).forward(flat)
    made = []
    for kind, given, expected in ((Unfold, x, unfolded), (Fold, columns, folded)):
        out = strided(expected.shape, x.dtype)
        kernel = kind(x.dtype, window.stride[1] == 1)
        found = run(kernel, [*sizes, np.ascontiguousarray(given), out], pieces, [out])[-1]
        holds(found, expected)
        made.append(found.memory.tobytes())
    return tuple(made)


def drawn(shape, dtype=F32, seed=0):
    return numbers(shape, dtype, np.random.default_rng(seed))


@pytest.mark.parametrize(("window", "size"), [*WINDOWS, *WIDE], ids=named)
def test_windows(window, size):
    """Batches of 0, 1 and 2, both dtypes, several pieces."""
    for number, (n, c) in enumerate([(2, 3), (1, 1), (0, 2)]):
        check(window, drawn((n, c, *size), (F32, F64)[number % 2]), pieces=1 + 2 * number)


@pytest.mark.parametrize(("window", "size"), [*WINDOWS[:9:2], *WIDE], ids=named)
def test_nan_infinity_and_zeros_of_both_signs(window, size):
    x = special((1, 2, *size), F32)
    shape = (1, 2, *window.size, *window.output("unfold", x.shape))
    for some in (SPECIAL, [0.0, -0.0], [-0.0]):
        check(window, x, special(shape, F32, some, seed=1), pieces=2)


def test_any_number_of_pieces_gives_the_same_bits():
    x = drawn((2, 3, 7, 20))
    made = {
        check(Window((3, 3), (2, 2), (1, 1)), x, pieces=n, run=on_both if n in (3, 16) else compiled)
        for n in range(1, 17)
    }
    assert len(made) == 1


def test_drawn_windows():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        size, stride, dilation = (tuple(rng.integers(1, 4, 2).tolist()) for _ in range(3))
        padding = tuple(rng.integers(0, 4, 2).tolist())
        window = Window(size, stride, padding, dilation)
        least = [max(window.reach(axis) - 2 * padding[axis], 1) for axis in (0, 1)]
        shape = (2, int(rng.integers(1, 4)), *(int(n + rng.integers(20)) for n in least))
        run = on_both if seed < 15 else compiled
        check(window, drawn(shape, seed=seed), pieces=int(rng.integers(1, 6)), run=run)


@pytest.mark.parametrize("kernel", [Unfold, Fold])
@pytest.mark.parametrize("near", [True, False])
def test_code_of_every_target(kernel, near):
    whole_everywhere(kernel(F32, near))


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Axis, "first", " - self.padding", ""),
        (Axis, "inside", "self.before(0 - self.first(tap))", "tap - tap"),
        (Axis, "before", "positive(distance)", "distance"),
        (Axis, "before", " + (self.stride - 1)", ""),
        (Axis, "before", ".at_most(self.output)", ""),
        (Windows, "pixels", "self.width.stride", "1"),
        (Windows, "add", " + value", ""),
        (Unfold, "__call__", "k.share(windows.planes * down.size * along.size, windows.pieces)", "(0, 1)"),
        (Unfold, "__call__", "fill(k, columns, here, here + left)", "pass"),
        (Unfold, "__call__", "here + along.output)", "here + right)"),
        (Unfold, "__call__", "out + top * along.output)", "out)"),
        (Unfold, "__call__", "out + windows.places)", "out + bottom * along.output)"),
        (Fold, "__call__", "fill(k, x, line, line + along.length)", "pass"),
        (Fold, "__call__", "k.share(windows.planes * down.length, windows.pieces)", "(0, windows.planes)"),
        (Fold, "lines", "k.when(distance > -1)", "[None]"),
        (Fold, "lines", "k.when(place * down.stride == distance)", "[None]"),
        (Fold, "lines", "k.when(place < down.output)", "[None]"),
    ],
)
def test_planted_faults(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        for window, size in (WINDOWS[2], WINDOWS[3], WINDOWS[8], *WIDE[:3]):
            check(window, drawn((2, 3, *size)), pieces=2)
