"""Pooling on both machines: the bits of the plain gates, whatever the window, the channels, the pieces."""

import numpy as np
import pytest

from chainrule.kernels import pooling
from chainrule.kernels.language.types import F32, F64, I32
from chainrule.kernels.pooling import (
    AvgPool,
    AvgPoolInput,
    Axis,
    ChannelSum,
    Covered,
    Line,
    MaxPool,
    MaxPoolInput,
    MaxPoolTake,
    Seen,
    Slide,
)
from chainrule.ops.norm import ChannelSum as ChannelSumGate
from chainrule.ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from chainrule.ops.window import Window

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere

CHANNELS = [1, 3, 16, 17, 33]
WINDOWS = [
    (Window((2, 2), (2, 2)), (6, 8)),
    (Window((2, 2), (2, 2)), (5, 7)),  # pixels behind the last window
    (Window((3, 3), (2, 2)), (7, 9)),
    (Window((3, 3), (2, 2), (1, 1)), (7, 6)),
    (Window((3, 3), (1, 1), (1, 1)), (4, 5)),
    (Window((2, 3), (3, 1), (1, 0)), (7, 5)),
    (Window((3, 1), (1, 3), (0, 0)), (3, 8)),
    (Window((1, 1), (3, 2)), (8, 5)),  # pixels between windows
    (Window((5, 4), (2, 3), (2, 2)), (6, 7)),
    (Window((1, 1), (1, 1), (2, 2)), (2, 3)),  # windows that are border alone
    (Window((2, 1), (2, 3), (5, 1)), (1, 1)),
    (Window((2, 2), (2, 2), (0, 0), (2, 2)), (7, 6)),
    (Window((3, 2), (1, 2), (1, 1), (2, 3)), (6, 8)),
    (Window((2, 3), (3, 2), (2, 2), (3, 2)), (8, 5)),
    (Window((3, 3), (2, 3), (1, 1), (3, 1)), (9, 4)),
]
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0]


def named(case):
    return str(case).replace(" ", "")


def drawn(shape, dtype=F32, seed=0):
    return numbers(shape, dtype, np.random.default_rng(seed))


def special(shape, dtype, values=SPECIAL, seed=0):
    return np.random.default_rng(seed).choice(np.array(values, dtype), shape)


def last(x):
    """(N, C, H, W) as the kernels see it: (N, H, W, C)."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


class Pooled:
    """All five kernels of one window on pictures x (N, C, H, W), each against its plain gate."""

    def __init__(self, window, x, dy=None, pieces=1, run=on_both):
        self.window, self.x, self.pieces, self.run = window, x, pieces, run
        self.size = window.output("pool", x.shape)
        self.small = (*x.shape[:2], *self.size)
        self.dy = drawn(self.small, x.dtype, 1) if dy is None else dy
        with np.errstate(all="ignore"):
            _, self.winner = MaxPool2d(window).forward(x)

    def call(self, kernel, inputs, outputs):
        """The outputs of a kernel, which are what the gate gave."""
        (n, c, *size), window = self.x.shape, self.window
        axes = zip(size, self.size, window.size, window.stride, window.padding, strict=True)
        made = [strided(last(y).shape, y.dtype) for y in outputs]
        arguments = [self.pieces, n, c, *(int(s) for axis in axes for s in axis), *map(last, inputs), *made]
        after = self.run(kernel(self.x.dtype, window.dilation), arguments, self.pieces, made)
        found = after[len(after) - len(made) :]
        for y, out in zip(outputs, found, strict=True):
            holds(out, last(y))
        return [out.memory.tobytes() for out in found]

    def max_pool(self):
        return self.call(MaxPool, [self.x], MaxPool2d(self.window).forward(self.x))

    def max_pool_input(self):
        dx = MaxPool2dInput(self.window, self.x.shape[2:]).forward(self.dy, self.winner)
        return self.call(MaxPoolInput, [self.dy, self.winner], [dx])

    def max_pool_take(self):
        out = MaxPool2dTake(self.window).forward(self.x, self.winner)
        return self.call(MaxPoolTake, [self.x, self.winner], [out])

    def avg_pool(self):
        return self.call(AvgPool, [self.x], [AvgPool2d(self.window).forward(self.x)])

    def avg_pool_input(self):
        dx = AvgPool2dInput(self.window, self.x.shape[2:]).forward(self.dy)
        return self.call(AvgPoolInput, [self.dy], [dx])

    def check(self):
        """The bytes of all results."""
        with np.errstate(all="ignore"):
            each = (
                self.max_pool,
                self.max_pool_input,
                self.max_pool_take,
                self.avg_pool,
                self.avg_pool_input,
            )
            return tuple(made for kernel in each for made in kernel())


@pytest.mark.parametrize(("window", "size"), WINDOWS, ids=named)
def test_windows(window, size):
    """Batches of 0, 1 and 2, channels below, at and above 16, both dtypes, several pieces."""
    for number, (n, c) in enumerate([(2, 3), (1, 17), (0, 16)]):
        x = drawn((n, c, *size), (F32, F64)[number % 2])
        Pooled(window, x, pieces=1 + 2 * number).check()


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("channels", CHANNELS)
def test_channels(channels, dtype):
    for window in (Window((2, 2), (2, 2)), Window((3, 3), (2, 2), (1, 1))):
        Pooled(window, drawn((2, channels, 5, 4), dtype), pieces=3).check()


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize(("window", "size"), WINDOWS[:9:2], ids=named)
def test_nan_and_infinity(window, size, dtype):
    """The first NaN wins and stays; -inf loses to nothing, but the border never wins."""
    x = special((2, 17, *size), dtype)
    x[:, : len(SPECIAL)] = np.array(SPECIAL, dtype)[:, None, None]  # channels of one number
    Pooled(window, x, special(Pooled(window, x).small, dtype, seed=1), pieces=2).check()


@pytest.mark.parametrize(("window", "size"), WINDOWS, ids=named)
def test_ties_and_zeros_of_both_signs(window, size):
    some = [special((2, 5, *size), F32, values) for values in ([0.0, 1.0], [0.0, -0.0], [-0.0])]
    x = np.concatenate(some, 1)
    Pooled(window, x, special(Pooled(window, x).small, F32, [0.0, -0.0])).check()


def test_a_window_in_the_border_has_no_winner():
    window, x = WINDOWS[9][0], drawn((1, 16, *WINDOWS[9][1]))
    pooled = Pooled(window, x)
    out, winner = MaxPool2d(window).forward(x)
    assert np.isneginf(out[:, :, 0]).all()
    assert not winner.any()
    pooled.check()


def test_winners_that_no_window_has():
    """They are nobody's, and nothing outside is read for them."""
    for bad in (-1, 4, 2**31 - 1, -(2**31)):
        pooled = Pooled(Window((2, 2), (2, 2), (1, 1)), drawn((1, 16, 4, 6)))
        pooled.winner = np.full(pooled.small, bad, I32)
        pooled.max_pool_input()
        pooled.max_pool_take()


def test_any_number_of_pieces_gives_the_same_bits():
    made = {
        Pooled(
            Window((3, 3), (2, 2), (1, 1)),
            drawn((2, 17, 7, 6)),
            pieces=pieces,
            run=on_both if pieces in (3, 16) else compiled,
        ).check()
        for pieces in range(1, 17)
    }
    assert len(made) == 1


def test_larger_pictures():
    for window in (Window((2, 2), (2, 2)), Window((3, 3), (2, 2)), Window((7, 7), (3, 2), (3, 3))):
        Pooled(window, drawn((3, 40, 33, 30)), pieces=5, run=compiled).check()


def test_drawn_windows():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        size, stride, dilation = (tuple(rng.integers(1, 4, 2).tolist()) for _ in range(3))
        padding = tuple(rng.integers(0, 4, 2).tolist())
        window = Window(size, stride, padding, dilation)
        least = [max(window.reach(axis) - 2 * padding[axis], 1) for axis in (0, 1)]
        shape = (
            int(rng.integers(1, 3)),
            int(rng.integers(1, 20)),
            *(int(n + rng.integers(4)) for n in least),
        )
        run = on_both if seed < 20 else compiled
        Pooled(window, drawn(shape, seed=seed), pieces=int(rng.integers(1, 6)), run=run).check()


# --- neighbouring channels --------------------------------------------------------------------------------


def channel_sum(x, before, after, pieces=1, run=on_both):
    """The sum, which is what the plain gate makes of it."""
    out = strided(x.shape, x.dtype)
    arguments = [pieces, *x.shape, before, after, x, out]
    made = run(ChannelSum(x.dtype), arguments, pieces, [out])[-1]
    with np.errstate(all="ignore"):
        holds(made, ChannelSumGate(before, after).forward(x))
    return made.memory.tobytes()


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("channels", [*CHANNELS, 0, 15, 32, 48, 50, 100])
def test_channel_sums(channels, dtype):
    x = drawn((3, channels), dtype)
    for before, after in ((2, 2), (0, 0), (0, 3), (1, 0), (16, 17), (40, 1)):
        channel_sum(x, before, after, 2)


def test_channel_sums_that_leave_out_the_middle():
    for before, after in ((-1, 3), (3, -1), (-20, 25), (-2, 1), (-1, -1)):
        channel_sum(drawn((2, 50)), before, after)


def test_channel_sums_without_rows_and_with_odd_numbers():
    channel_sum(drawn((0, 20)), 2, 2)
    for seed in range(3):
        channel_sum(special((5, 70), F32, seed=seed), 2, 1)
    channel_sum(np.full((2, 40), -0.0, F32), 2, 2)


def test_channel_sums_in_any_number_of_pieces():
    x = drawn((7, 33))
    made = {channel_sum(x, 2, 2, n, on_both if n in (3, 16) else compiled) for n in range(1, 17)}
    assert len(made) == 1


def test_drawn_channel_sums():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows, channels, before, after = (int(n) for n in rng.integers(0, [5, 120, 20, 20]))
        channel_sum(drawn((rows, channels), seed=seed), before, after, 3)


# --- code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [MaxPool, MaxPoolInput, MaxPoolTake, AvgPool, AvgPoolInput, ChannelSum])
def test_code_of_every_target(kernel):
    whole_everywhere(kernel(F32))


# --- faults that have to be found -------------------------------------------------------------------------


def overlapping():
    """Windows with everything: they overlap, have a border, leave pixels out."""
    test_windows(*WINDOWS[3])
    test_windows(*WINDOWS[8])
    test_windows(*WINDOWS[9])
    test_windows(*WINDOWS[12])


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Axis, "meeting", ".at_most(self.size)", ""),
        (Axis, "meeting", "self.steps(0 - first)", "(first - first)"),
        (Axis, "meeting", "self.steps(0 - first).at_most(stop)", "self.steps(0 - first)"),
        (Axis, "steps", "positive(distance)", "distance"),
        (Axis, "steps", " + (self.dilation - 1)", ""),
        (Axis, "covering", " - beyond", ""),
        (Axis, "covering", ".at_most(last + 1)", ""),
        (Axis, "covering", "positive(last + 1 - self.output)", "last - last"),
        (Axis, "pixels", " + (stride - 1)", ""),
        (Axis, "pixels", "positive(0 - begin)", "0"),
        (Axis, "hit", "self.dilation == 1", "True"),
        (Seen, "pixels", " * down.dilation", ""),
        (Covered, "windows", "u * along.size", "u * down.size"),
        (
            Slide,
            "windows",
            "k.share(self.batch * height.output, self.pieces)",
            "(0, self.batch * height.output)",
        ),
        (Slide, "covered", "k.share(self.batch * height.length, self.pieces)", "(0, height.length)"),
        (MaxPoolInput, "__call__", "place + c, mask) == number", "place + c, mask) == 0"),
    ],
)
def test_planted_faults_of_windows(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        overlapping()
        test_ties_and_zeros_of_both_signs(*WINDOWS[9])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("~(value <= best)", "(value > best)"),
        (" & (best == best)", ""),
        ("~(value <= best)", "~(value < best)"),
    ],
)
def test_planted_order_of_winners(monkeypatch, old, new):
    plant(monkeypatch, pooling, "beats", old, new)
    with caught():
        test_nan_and_infinity(*WINDOWS[2], F32)


@pytest.mark.parametrize(("old", "new"), [("-0.0", "0.0"), ("window.cut()", "slide.channels < 0")])
def test_planted_signs_of_zero(monkeypatch, old, new):
    plant(monkeypatch, AvgPool, "__call__", old, new)
    with caught():
        test_ties_and_zeros_of_both_signs(*WINDOWS[3])


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (ChannelSum, "__call__", "positive(channels - positive(after) - head)", "(channels - head)"),
        (ChannelSum, "__call__", "(positive(before) + (LANES - 1))", "(before - before)"),
        (Line, "there", "(lane >= before) & ", ""),
        (Line, "there", " & (lane < until)", ""),
    ],
)
def test_planted_faults_of_channel_sums(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        for channels in (33, 100):
            test_channel_sums(channels, F32)
