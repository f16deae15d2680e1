"""The arithmetic of windows, held to sliding them by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ShapeError
from chainrule.ops.window import Window

from .peers import refused

sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(st.builds(Window, sizes, sizes, st.tuples(st.integers(0, 3), st.integers(0, 3)), sizes), sizes)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_pieces_and_columns_slide_over_the_bordered_picture(window, extra):
    size = tuple(window.reach(axis) + extra[axis] for axis in (0, 1))
    x = np.arange(2 * size[0] * size[1], dtype="float32").reshape(1, 2, *size)
    output = window.output("window", x.shape)
    padded = window.padded(x, -1)
    assert padded.shape[2:] == tuple(n + 2 * p for n, p in zip(size, window.padding, strict=True))
    assert np.array_equal(window.inner(padded), x)
    (dh, dw) = window.dilation
    tops, lefts = (range(0, padded.shape[2 + a] - window.reach(a) + 1, window.stride[a]) for a in (0, 1))
    assert output == (len(tops), len(lefts))
    seen = np.stack(
        [
            padded[:, :, t : t + window.reach(0) : dh, s : s + window.reach(1) : dw].reshape(1, -1)
            for t in tops
            for s in lefts
        ],
        axis=-1,
    )
    assert np.array_equal(window.columns(padded, output), seen)
    pieces = np.stack(list(window.pieces(padded, output)), axis=2).reshape(seen.shape)
    assert np.array_equal(pieces, seen)


def test_the_sum_one_can_read():
    window = Window((5, 5), (1, 1), (2, 2))
    assert window.sum(0, 32) == "(32+2·2−5)/1+1 = 32"
    assert window.sums((1, 3, 32, 32)) == "(32+2·2−5)/1+1 = 32"
    assert window.sums((1, 3, 32, 30)) == "(32+2·2−5)/1+1 = 32, (30+2·2−5)/1+1 = 30"


def test_a_last_window_that_is_not_whole():
    window = Window((3, 3), (2, 2), (1, 0))
    assert [window.beyond(0, n) for n in (3, 4, 5)] == [0, 1, 0]
    assert [window.beyond(1, n) for n in (3, 4, 5)] == [0, 1, 0]
    assert Window((1, 1), (3, 3)).beyond(0, 2) == 0  # it would begin behind the picture
    assert Window((2, 2), (2, 2), (1, 1)).beyond(0, 3) == 0  # it would begin in the border behind it


def test_what_windows_see():
    window = Window((3, 3), (2, 2), (1, 1))
    assert window.seen(0, 4, 3, border=True).tolist() == [3, 3, 2]
    assert window.seen(0, 4, 3, border=False).tolist() == [2, 3, 1]


@pytest.mark.parametrize(("shape", "axis"), [((1, 1, 2, 9), 2), ((1, 1, 9, 2), 2)])
def test_a_window_that_does_not_fit(shape, axis):
    window = Window((3, 3))
    refused(ShapeError, lambda: window.output("pool", shape), "pool", "a window of 3 over 2", "at most 2")


def test_a_border_that_no_machine_could_hold():
    window = Window((1, 1), padding=(2**20, 2**20))
    came = f"pictures of {(2**21 + 5) ** 2:,} pixels"
    refused(ShapeError, lambda: window.output("conv2d", (1, 1, 5, 5)), "conv2d", came, "less padding")
    assert Window((1, 1), padding=(2**18, 2**18)).output("conv2d", (1, 1, 5, 5)) == (2**19 + 5, 2**19 + 5)
