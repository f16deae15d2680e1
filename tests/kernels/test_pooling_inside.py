"""Max pooling with windows that are written out, on both machines: the bits of the plain gates."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64, I32
from chainrule.kernels.pooling_inside import Inside, MaxPoolInputApart, MaxPoolInside
from chainrule.ops.pool import MaxPool2d, MaxPool2dInput
from chainrule.ops.window import Window

from .machines import caught, compiled, on_both, plant, whole_everywhere
from .test_pooling import CHANNELS, SPECIAL, Pooled, drawn, named, special

WINDOWS = [
    (Window((2, 2), (2, 2)), (6, 8)),
    (Window((2, 2), (2, 2)), (5, 7)),  # pixels behind the last window
    (Window((2, 3), (2, 3)), (7, 8)),
    (Window((3, 1), (3, 1)), (8, 3)),
    (Window((1, 1), (1, 1)), (3, 4)),
    (Window((4, 4), (4, 4)), (4, 9)),
]
OVERLAPPING = [
    (Window((3, 3), (2, 2)), (7, 9)),
    (Window((2, 3), (1, 2)), (6, 7)),
    (Window((1, 2), (3, 4)), (8, 9)),  # pixels between windows
]


class WrittenOut(Pooled):
    """The kernels of one window, each against its plain gate."""

    def max_pool(self):
        expected = MaxPool2d(self.window).forward(self.x)
        return self.call(lambda dtype, _: MaxPoolInside(dtype, self.window.size), [self.x], expected)

    def max_pool_input(self):
        dx = MaxPool2dInput(self.window, self.x.shape[2:]).forward(self.dy, self.winner)
        kernel = lambda dtype, _: MaxPoolInputApart(dtype, self.window.size)  # noqa: E731
        return self.call(kernel, [self.dy, self.winner], [dx])

    def check(self):
        with np.errstate(all="ignore"):
            apart = self.window.size == self.window.stride
            return (*self.max_pool(), *(self.max_pool_input() if apart else ()))


@pytest.mark.parametrize(("window", "size"), [*WINDOWS, *OVERLAPPING], ids=named)
def test_windows(window, size):
    """Batches of 0, 1 and 2, channels below, at and above 16, both dtypes, several pieces."""
    for number, (n, c) in enumerate([(2, 3), (1, 17), (0, 16)]):
        WrittenOut(window, drawn((n, c, *size), (F32, F64)[number % 2]), pieces=1 + 2 * number).check()


@pytest.mark.parametrize("channels", CHANNELS)
def test_channels(channels):
    for dtype in (F32, F64):
        WrittenOut(Window((2, 2), (2, 2)), drawn((2, channels, 5, 4), dtype), pieces=3).check()


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize(("window", "size"), [*WINDOWS[:3], *OVERLAPPING], ids=named)
def test_nan_and_infinity(window, size, dtype):
    x = special((2, 17, *size), dtype)
    x[:, : len(SPECIAL)] = np.array(SPECIAL, dtype)[:, None, None]  # channels of one number
    WrittenOut(window, x, special(WrittenOut(window, x).small, dtype, seed=1), pieces=2).check()


@pytest.mark.parametrize(("window", "size"), WINDOWS, ids=named)
def test_ties_and_zeros_of_both_signs(window, size):
    some = [special((2, 5, *size), F32, values) for values in ([0.0, 1.0], [0.0, -0.0], [-0.0])]
    x = np.concatenate(some, 1)
    WrittenOut(window, x, special(WrittenOut(window, x).small, F32, [0.0, -0.0])).check()


def test_winners_that_no_window_has():
    """They are nobody's."""
    for bad in (-1, 4, 2**31 - 1, -(2**31)):
        pooled = WrittenOut(*WINDOWS[0][:1], drawn((1, 16, 4, 6)))
        pooled.winner = np.full(pooled.small, bad, I32)
        pooled.max_pool_input()


def test_any_number_of_pieces_gives_the_same_bits():
    made = {
        WrittenOut(
            *WINDOWS[1][:1], drawn((2, 17, 7, 6)), pieces=n, run=on_both if n in (3, 16) else compiled
        ).check()
        for n in range(1, 17)
    }
    assert len(made) == 1


@pytest.mark.parametrize("kernel", [MaxPoolInside, MaxPoolInputApart])
def test_code_of_every_target(kernel):
    whole_everywhere(kernel(F32, (2, 2)))


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Inside, "lines", "row // height.output * height.length", "row // height.output * height.output"),
        (Inside, "lines", "* height.stride", ""),
        (Inside, "corners", "j * width.stride", "j"),
        (Inside, "pixels", "v * self.slide.channels", "v"),
        (MaxPoolInside, "__call__", "beats(value, best)", "(value > best)"),
        (MaxPoolInside, "__call__", "beats(value, best)", "beats(value, best) | (value == best)"),
        (MaxPoolInside, "__call__", "beats(value, best)", "~(value <= best)"),
        (MaxPoolInputApart, "__call__", "zero + k.where", "k.where"),
        (MaxPoolInputApart, "__call__", "won == number", "won == 0"),
        (MaxPoolInputApart, "clear", "slide.width.output * wide", "slide.width.output"),
        (MaxPoolInputApart, "clear", "slide.height.output * high", "slide.height.length"),
        (MaxPoolInputApart, "clear", "range(high)", "range(1)"),
        (MaxPoolInputApart, "clear", "slide.height.output - 1", "slide.height.output - 2"),
    ],
)
def test_planted_faults_are_caught(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        for case in (*WINDOWS[1:3], OVERLAPPING[0]):
            test_windows(*case)
            test_nan_and_infinity(*case, F32)
        test_ties_and_zeros_of_both_signs(*WINDOWS[0])
