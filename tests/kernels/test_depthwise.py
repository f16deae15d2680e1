"""Depthwise convolution on both machines: near the plain gates, whatever the window, the channels, the pieces."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.plan import Plan
from chainrule.kernels import depthwise
from chainrule.kernels.depthwise import Across, Axis, Depthwise, DepthwiseFilters, Line, Meetings, Sums
from chainrule.kernels.language.types import F32, F64
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from chainrule.ops.window import Window

from .machines import caught, compiled, holds, on_both, plant, strided, whole_everywhere
from .test_pooling import drawn, last, named

WINDOWS = [
    (Window((3, 3), (1, 1), (1, 1)), (5, 13)),
    (Window((3, 3), (2, 2), (1, 1)), (7, 12)),
    (Window((2, 3), (1, 1), (0, 0)), (4, 11)),
    (Window((3, 2), (3, 2), (0, 1)), (8, 9)),
    (Window((1, 1), (1, 1), (0, 0)), (2, 9)),
    (Window((1, 1), (2, 3), (0, 0)), (5, 7)),  # pixels between windows
    (Window((5, 4), (1, 1), (2, 3)), (3, 4)),
    (Window((3, 3), (1, 1), (4, 4)), (2, 2)),  # windows that are border alone
    (Window((2, 3), (1, 1), (1, 2), (2, 3)), (5, 9)),
    (Window((3, 2), (2, 1), (1, 0), (1, 2)), (6, 8)),
]


class Case:
    """A window over pictures of channels, and the numbers of all three sums."""

    def __init__(self, window, size, n, c, dtype=F32, run=on_both):
        self.window, self.n, self.c, self.dtype, self.run = window, n, c, dtype, run
        self.x, self.w = drawn((n, c, *size), dtype), drawn((c, 1, *window.size), dtype, 1)
        self.high, self.wide = window.output("conv", size)
        self.y = drawn((n, c, self.high, self.wide), dtype, 2)
        self.settings = (window.stride, window.padding, window.dilation, c)

    def axes(self):
        window = self.window
        first = [-p for p in window.padding]
        down = [self.high, self.x.shape[2], first[0], window.size[0], window.stride[0], window.dilation[0]]
        return [*down, self.wide, self.x.shape[3], first[1]]

    def across(self):
        return Across(self.window.size[1], self.window.stride[1], self.window.dilation[1])

    def filters(self):
        """As the kernels see them: (KH, KW, C)."""
        return np.ascontiguousarray(self.w[:, 0].transpose(1, 2, 0))

    def forward(self, pieces=1):
        expected = last(Conv2d(*self.settings).forward(self.x, self.w))
        out = strided(expected.shape, self.dtype)
        arguments = [pieces, self.n, self.c, self.high, last(self.x), *self.axes(), out, *out.strides[:3]]
        arguments += [self.filters(), self.window.size[1] * self.c, self.c]
        kernel = Depthwise(self.dtype, (self.across(),), border=True)
        (made,) = [a for a in self.run(kernel, arguments, pieces, [out]) if isinstance(a, type(out))]
        holds(made, expected, self.bound(expected))
        return made.memory.tobytes()

    def to_filters(self, pieces=1):
        plain = Conv2dWeight(self.window.size, *self.settings).forward(self.x, self.y)
        out = strided((pieces, *self.window.size, self.c), self.dtype)
        arguments = [pieces, self.n, self.c, self.high, *self.axes(), last(self.x), last(self.y), out]
        kernel = DepthwiseFilters(self.dtype, self.across())
        (made,) = [a for a in self.run(kernel, arguments, pieces, [out]) if isinstance(a, type(out))]
        expected = plain[:, 0].transpose(1, 2, 0)
        assert np.abs(made.view().sum(0) - expected).max(initial=0) <= self.bound(expected)
        return made.memory.tobytes()

    def bound(self, expected):
        return 60 * np.finfo(self.dtype).eps * (1 + np.abs(expected).max(initial=0))


@pytest.mark.parametrize(("window", "size"), WINDOWS, ids=named)
def test_windows(window, size):
    """Channels below, at and above 16, both dtypes, several pieces, a batch of none."""
    for number, (n, c) in enumerate([(2, 16), (1, 17), (1, 3), (0, 16)]):
        case = Case(window, size, n, c, (F32, F64)[number % 2])
        case.forward(1 + 2 * number)
        case.to_filters(1 + 2 * number)


@pytest.mark.parametrize("pieces", [2, 3, 16])
def test_pieces_share_out_lines(pieces):
    case = Case(*WINDOWS[0], 2, 19)
    assert case.forward(pieces) == case.forward(1)
    case.to_filters(pieces)


@pytest.mark.parametrize(("window", "size"), WINDOWS[:9], ids=named)
def test_the_way_back_to_pictures(window, size):
    """Pixels that see the same taps are one phase; the filters are read from their end."""
    n, c = 2, 17
    case = Case(window, size, n, c)
    gate = Conv2dInput(size, *case.settings)
    step = cr.compile(lambda y, w: cr.apply(gate, y, w), fallback="error")
    plan = step.plan(Tensor(case.y), Tensor(case.w))
    assert "depthwise" in [row.task.name for row in plan.rows] or 0 in case.y.shape
    expected = gate.forward(case.y, case.w)
    made = step(Tensor(case.y), Tensor(case.w)).numpy()
    assert np.abs(made - expected).max() <= case.bound(expected)
    assert isinstance(plan, Plan)


def test_a_filter_that_is_not_finite_meets_the_border_too():
    """Zeros of the border times infinity are NaN, as they are in the plain gate."""
    case = Case(*WINDOWS[0], 1, 16)
    case.w[3, 0, 0, 0] = np.inf
    case.w[5, 0, 2, 1] = np.nan
    case.y[0, 4, 0, 0] = np.inf
    with np.errstate(all="ignore"):
        for expected, made in (
            (last(Conv2d(*case.settings).forward(case.x, case.w)), self_of(case)),
            (
                Conv2dWeight(case.window.size, *case.settings)
                .forward(case.x, case.y)[:, 0]
                .transpose(1, 2, 0),
                sums_of(case),
            ),
        ):
            for what in (np.isnan, np.isposinf, np.isneginf):
                assert np.array_equal(what(made), what(expected))


def self_of(case):
    out = strided(last(case.y).shape, F32)
    arguments = [1, case.n, case.c, case.high, last(case.x), *case.axes(), out, *out.strides[:3]]
    arguments += [case.filters(), case.window.size[1] * case.c, case.c]
    made = on_both(Depthwise(F32, (case.across(),), border=True), arguments, 1, [out])
    return next(a for a in made if isinstance(a, type(out))).view()


def sums_of(case):
    out = strided((1, *case.window.size, case.c), F32)
    arguments = [1, case.n, case.c, case.high, *case.axes(), last(case.x), last(case.y), out]
    made = on_both(DepthwiseFilters(F32, case.across()), arguments, 1, [out])
    return next(a for a in made if isinstance(a, type(out))).view()[0]


def test_pixels_are_loaded_once():
    assert Across(3, 1, 1).pixels(4) == {n: n for n in range(6)}
    assert Across(2, 2, 3).pixels(2) == {0: 0, 2: 1, 3: 2, 5: 3}
    assert Across(0, 1, 1).pixels(4) == {}
    assert Across(3, 2, 2).reach == 4 and Across(0, 1, 1).reach == 0


FAULTS = [
    (Axis, "inner", "self.length - across.reach - self.first", "self.length + 1 - across.reach - self.first"),
    (Axis, "inner", "0 - self.first", "0 - self.first - 1"),
    (Meetings, "of", "i * self.stride + self.down.first", "i * self.stride"),
    (Meetings, "of", "down.length - first", "down.length - first + 1"),
    (Meetings, "seen", ".at_most(self.across.taps)", ".at_most(self.across.taps - 1)"),
    (Meetings, "stretches", "k.range(stop, self.wide.results)", "k.range(stop + 1, self.wide.results)"),
    (Meetings, "lost", "k.range(met.start)", "k.range(met.start - 1)"),
    (Meetings, "missed", "k.range(start)", "k.range(0)"),
    (Line, "inside", "w[v], total.get()", "w[0], total.get()"),
    (Line, "at_the_border", "line + v * step", "line"),
    (Line, "write", "(j + b) * self.apart", "j * self.apart"),
    (Sums, "inside", "across.met(b, v)", "across.met(0, v)"),
    (Sums, "at_the_border", "* y)", ")"),
    (Sums, "place", "+ v)", ")"),
    (depthwise, "ceiling", "(step - 1)", "0"),
]


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"), FAULTS, ids=lambda part: getattr(part, "__name__", part)
)
def test_planted_faults_are_caught(owner, name, old, new, monkeypatch):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        for window, size in WINDOWS:
            case = Case(window, size, 1, 16)
            case.forward()
            case.to_filters()
        test_a_filter_that_is_not_finite_meets_the_border_too()


def test_it_is_code_of_every_target():
    whole_everywhere(Depthwise(F32, (Across(3, 1, 1), Across(1, 1, 1)), border=False))
    whole_everywhere(DepthwiseFilters(F64, Across(3, 2, 1)))


def test_many_pictures_compiled():
    case = Case(Window((3, 3), (1, 1), (1, 1)), (20, 30), 4, 40, run=compiled)
    assert case.forward(16) == case.forward(1)
    case.to_filters(16)
