"""Winograd's algorithm in compiled steps, and convolutions that stay direct sums: each by itself, compiled is plain.

|compiled - f64| ≤ bound · the largest sum of magnitudes: of |w| · |x| for results, and so on for gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, check
from chainrule.compiler import winograd as module
from chainrule.compiler.last import MOST_WASTE, objection, wasted
from chainrule.compiler.pixels import ConvPixels
from chainrule.compiler.plan import Plan
from chainrule.errors import NonFiniteError
from chainrule.graph import Spec
from chainrule.kernels.product import Product
from chainrule.kernels.transforms import Scheme
from chainrule.kernels.winograd import Winograd, WinogradFilters, WinogradResults, WinogradTiles

from .slopes import arrays
from .steps import arranged

SHARED, AHEAD = (32, 32), (128, 160)
"""Channels and filters: tiles transformed where they are used, and many before."""
SIZES = [(13, 13), (7, 9)]
"""Rows and columns, none of them a whole number of tiles."""
BATCHES = [1, 3]
NEAR, NEARER = 4e-6, 4e-7
"""The bounds of Winograd's algorithm, which is that of `check.compiled`, and of direct sums."""
MARGIN = 1e-3
"""Where a sum is nearer to the kink of relu than this, no gradient arrives: either side would be right."""
VALUES = ("result", "to the pictures", "to the filters", "to the bias")

Arrays = list[np.ndarray]


def layer(x: Any, w: Any, b: Any, **settings: Any) -> Any:
    return cr.relu(cr.conv2d(x, w, b, **settings))


def learning(**settings: Any) -> Any:
    """A step: the layer's result, and its gradients to pictures, filters and bias."""

    def step(x, w, b, upstream):
        slopes = cr.grad(lambda *xs: (layer(*xs, **settings) * upstream).sum(), (0, 1, 2))
        return layer(x, w, b, **settings), *slopes(x, w, b)

    return step


def given(
    n: int, pair: tuple[int, int], size: tuple[int, int], kernel: int = 3, groups: int = 1, **settings: Any
) -> Arrays:
    """Pictures, filters, bias and an upstream that stays away from the kink."""
    c, f = pair
    x, w, b = arrays((n, c, *size), (f, c // groups, kernel, kernel), (f,), seed=c + n)
    w *= np.float32(c * kernel * kernel / groups) ** -0.5
    sums = cr.conv2d(*(a.astype("f8") for a in (x, w, b)), groups=groups, **settings).data
    (upstream,) = arrays(sums.shape, seed=1)
    return [x, w, b, np.where(np.abs(sums) < MARGIN, 0, upstream).astype("f4")]


def run(step: Any, data: Arrays) -> Arrays:
    return [value.data for value in step(*map(Tensor, data))]


def furthest(step: Any, data: Arrays, **settings: Any) -> dict[str, float]:
    """How far each compiled value is from the plain step in float64, as a part of its largest sum of magnitudes."""
    wide = [a.astype("f8") for a in data]
    exact, sizes = run(learning(**settings), wide), run(learning(**settings), [np.abs(a) for a in wide])
    apart = {}
    for name, came, f64, size in zip(VALUES, run(step, data), exact, sizes, strict=True):
        assert (came.shape, came.dtype) == (f64.shape, np.float32)
        apart[name] = float(np.abs(came - f64).max() / size.max())
    return apart


def compiled(**settings: Any) -> Any:
    return cr.compile(learning(**settings), fallback="error")


def kernels(step: Any, data: Arrays) -> list[tuple[str, type]]:
    """The kernels of convolutions, by the names of their tasks."""
    kinds = (Winograd, WinogradFilters, WinogradResults, WinogradTiles)
    rows = step.plan(*map(Tensor, data)).rows
    wanted = [row.task for row in rows if isinstance(row.task.kernel, kinds) or slides(row.task.kernel)]
    return sorted({(task.name, type(task.kernel)) for task in wanted}, key=str)


def slides(kernel: Any) -> bool:
    return isinstance(kernel, Product) and bool(kernel.window)


# --- by Winograd's algorithm ----------------------------------------------------------------------------

KERNELS = {
    SHARED: [("winograd", Winograd), ("winograd", WinogradFilters)],
    AHEAD: [("tiles", WinogradTiles), ("winograd", WinogradResults)],
}
EVERY = [(n, pair, size) for n in BATCHES for pair in KERNELS for size in SIZES]


@pytest.mark.parametrize(("n", "pair", "size"), EVERY, ids=str)
def test_winograd_is_plain(n, pair, size):
    data, step = given(n, pair, size, padding=1), compiled(padding=1)
    assert kernels(step, data) == KERNELS[pair]
    apart = furthest(step, data, padding=1)
    assert max(apart.values()) < NEAR, apart


@pytest.mark.parametrize(("pair", "groups"), [((64, 64), 4), ((320, 256), 2)], ids=str)
def test_winograd_of_groups_is_plain(pair, groups):
    data, step = given(2, pair, (13, 7), groups=groups, padding=1), compiled(padding=1, groups=groups)
    assert ("product", Product) not in kernels(step, data)
    apart = furthest(step, data, padding=1, groups=groups)
    assert max(apart.values()) < NEAR, apart


@pytest.mark.parametrize("pair", KERNELS, ids=str)
def test_a_check_agrees_with_results(pair):
    for n, size in zip(BATCHES, SIZES, strict=True):
        step = cr.compile(lambda *xs: layer(*xs, padding=1), fallback="error")
        assert check.compiled(step, *map(Tensor, given(n, pair, size, padding=1)[:3])).worst.worst <= 1


@pytest.mark.parametrize("pair", KERNELS, ids=str)
def test_a_check_agrees_with_gradients(pair):
    for n, size in zip(BATCHES, SIZES, strict=True):
        data = map(Tensor, given(n, pair, size, padding=1))
        assert check.compiled(compiled(padding=1), *data).worst.worst <= 1


@pytest.mark.parametrize("pair", KERNELS, ids=str)
def test_a_border_of_any_width(pair):
    """None at all, and one so wide that results see nothing but zeros."""
    for padding, size in ((0, (10, 14)), ((2, 5), (4, 6))):
        data, step = given(2, pair, size, padding=padding), compiled(padding=padding)
        assert kernels(step, data) == KERNELS[pair]
        apart = furthest(step, data, padding=padding)
        assert max(apart.values()) < NEAR, apart


# --- in how many passes ---------------------------------------------------------------------------------


def rows(x, w, **settings):
    return Plan(arranged(lambda x, w: cr.conv2d(x, w, **settings), cr.Tensor(x), cr.Tensor(w))).rows


PASSES = ("tiles", "product", "winograd")


def passes(n, size, channels, filters):
    """The passes of a convolution by Winograd's algorithm, after those of its filters."""
    x, w = np.ones((n, channels, *size), "f4"), np.ones((filters, channels, 3, 3), "f4")
    names = [row.task.name for row in rows(x, w, padding=1) if row.task.name in PASSES]
    return names[names.index("tiles") if "tiles" in names else names.index("winograd") :]


def test_many_channels_go_in_three_passes_over_as_many_tiles_as_a_cache_holds(monkeypatch):
    assert passes(1, (13, 13), 64, 64) == ["winograd"]
    assert passes(1, (13, 13), 128, 160) == [*PASSES]
    monkeypatch.setattr(module, "AT_ONCE", 36 * 160 * 4 * 7)
    assert passes(2, (13, 13), 128, 160) == [*PASSES] * 5  # 32 tiles, 7 at once


@pytest.mark.parametrize("at_once", [1 << 23, 36 * 48 * 4 * 5])
def test_one_pass_and_three_make_the_same_bits(monkeypatch, at_once):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 32, 13, 9)).astype("f4"), rng.normal(size=(48, 32, 3, 3)).astype("f4")
    bias = rng.normal(size=48).astype("f4")

    def made():
        step = cr.compile(lambda x, w, b: cr.relu(cr.conv2d(x, w, b, padding=1)), fallback="error")
        return step(x, w, bias).numpy().tobytes()

    in_one = made()
    monkeypatch.setattr(module, "MANY_FILTERS", 0)
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    assert made() == in_one


def test_flops_are_those_of_all_tiles():
    x, w = np.ones((2, 32, 13, 13), "f4"), np.ones((48, 32, 3, 3), "f4")
    (row,) = [row for row in rows(x, w, padding=1) if row.task.name == "winograd"]
    assert row.task.flops == 2 * Scheme(3).tiles(2, 13, 13) * 36 * 32 * 48


def test_filters_are_laid_out_once_for_two_convolutions():
    x, w = np.ones((2, 32, 8, 8), "f4"), np.ones((32, 32, 3, 3), "f4")
    step = lambda x, w: cr.conv2d(cr.conv2d(x, w, padding=1), w, padding=1)  # noqa: E731
    names = [row.task.name for row in Plan(arranged(step, cr.Tensor(x), cr.Tensor(w))).rows]
    assert names.count("winograd") == 2 and names.count("pack") == 1


# --- the same bits --------------------------------------------------------------------------------------


def bits(step: Any, data: Arrays, threads: int | None = None) -> list[bytes]:
    cr.set_threads(threads)
    try:
        return [value.tobytes() for value in run(step, data)]
    finally:
        cr.set_threads(None)


@pytest.mark.parametrize("pair", KERNELS, ids=str)
def test_any_number_of_threads_gives_the_same_bits(pair):
    data, step = given(40, pair, (13, 13), padding=1), compiled(padding=1)
    shared = [
        row.task for row in step.plan(*map(Tensor, data)).rows if row.task.name in ("winograd", "tiles")
    ]
    assert len(shared) >= 3 and all(task.pieces > 3 for task in shared)
    expected = bits(step, data, 1)
    for threads in (2, 3, 4):
        assert bits(step, data, threads) == expected, threads


@pytest.mark.parametrize("pair", KERNELS, ids=str)
def test_watching_changes_no_bit(pair):
    data, step = given(3, pair, (7, 9), padding=1), compiled(padding=1)
    expected = bits(step, data)
    for path in (*step.values(*map(Tensor, data)), "*"):
        with step.watch(path) as seen:
            assert bits(step, data) == expected, path
        assert seen[path] if path != "*" else len(seen) > 20


def test_what_is_watched_is_what_plain_has():
    """The sum before its bias, which no kernel stores unless it is watched."""
    data, step = given(2, SHARED, (7, 9), padding=1), compiled(padding=1)
    with step.watch("conv2d") as seen:
        run(step, data)
    assert relative(seen["conv2d"][0], data, padding=1) < NEAR


def relative(came: np.ndarray, data: Arrays, **settings: Any) -> float:
    """How far a sum of pictures and filters is from float64, as a part of the largest sum of magnitudes."""
    x, w = (Tensor(a.astype("f8")) for a in data[:2])
    exact, size = cr.conv2d(x, w, **settings).data, cr.conv2d(abs(x), abs(w), **settings).data
    return float(np.abs(came - exact).max() / size.max())


# --- direct sums ----------------------------------------------------------------------------------------

DIRECT: dict[str, tuple[tuple[int, int], tuple[int, int], dict[str, Any]]] = {
    "dilation": ((32, 32), (13, 13), {"dilation": 2}),
    "groups of few channels": ((64, 160), (7, 9), {"groups": 8}),
    "few channels": ((8, 32), (13, 13), {}),
    "no whole vectors": ((40, 24), (7, 9), {}),
    "other filters": ((32, 32), (13, 13), {"kernel": 7}),
    "tiles mostly beyond the border": ((32, 32), (5, 5), {}),
}


@pytest.mark.parametrize("n", BATCHES)
@pytest.mark.parametrize("name", DIRECT)
def test_a_direct_sum_is_plain(name, n):
    pair, size, words = DIRECT[name]
    data = given(n, pair, size, padding=1, **words)
    settings = {"padding": 1, **{k: v for k, v in words.items() if k != "kernel"}}
    step = compiled(**settings)
    assert kernels(step, data) == [("product", Product)]
    apart = furthest(step, data, **settings)
    assert max(apart.values()) < NEARER, apart


@pytest.mark.parametrize(("stride", "pair"), [(2, SHARED), ((1, 2), AHEAD)], ids=str)
def test_a_stride_is_a_direct_sum(stride, pair):
    """On the way to the pictures each phase has few taps."""
    settings = {"padding": 1, "stride": stride}
    data, step = given(3, pair, (13, 13), **settings), compiled(**settings)
    assert kernels(step, data) == [("product", Product)]
    apart = furthest(step, data, **settings)
    assert max(apart.values()) < NEARER, apart


def test_float64_is_a_direct_sum():
    data, step = [a.astype("f8") for a in given(1, SHARED, (13, 13), padding=1)], compiled(padding=1)
    assert kernels(step, data) == [("product", Product)]
    for came, plain in zip(run(step, data), run(learning(padding=1), data), strict=True):
        np.testing.assert_allclose(came, plain, rtol=1e-12, atol=1e-12)


# --- what a check allows --------------------------------------------------------------------------------


def test_a_check_lets_pictures_pass_that_are_dark_but_for_a_corner():
    """Numbers of one sign, and one pixel of a tile that is not 0: rounding is correct, and the line is named."""
    rng = np.random.default_rng(0)
    x, w = np.zeros((1, 64, 4, 4), "f4"), rng.uniform(0.5, 1, (64, 64, 3, 3)).astype("f4")
    x[:, :, 0, 0] = rng.uniform(0.5, 1, (1, 64))
    check.compiled(cr.compile(lambda x, w: cr.conv2d(x, w, padding=1), fallback="error"), x, w)


# --- what its kernels do meanwhile ----------------------------------------------------------------------


def two_layers(**pool: Any) -> Any:
    """A step: both gradients to biases, and to the pictures, through two layers; what is between may be pooled."""

    def score(x, w, b, v, c):
        between = layer(x, w, b, padding=1)
        between = cr.max_pool2d(between, **pool) if pool else between
        return (layer(between, v, c, padding=1) * 0.1).sum()

    return lambda *data: cr.grad(score, (0, 2, 4))(*data)


def drawn(size: tuple[int, int], n: int = 2, pair: tuple[int, int] = SHARED) -> list[Tensor]:
    c, f = pair
    values = arrays((n, c, *size), (f, c, 3, 3), (f,), (c, f, 3, 3), (c,))
    return [Tensor(a * np.float32(0.06) if a.ndim == 4 and a.shape[2:] == (3, 3) else a) for a in values]


def passes_over(step: Any, data: list[Tensor], *names: str) -> list[str]:
    """The tasks of these names that read or write pictures."""
    plan = step.plan(*data)
    specs = plan.groups.flow.specs
    rows = (row.task for row in plan.rows if row.task.name in names)
    return [task.name for task in rows if any(len(specs[n].shape) == 4 for n in task.reads)]


def near(came: Any, expected: Any) -> None:
    for a, b in zip(came, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=2e-5 * np.abs(b.numpy()).max())


@pytest.mark.parametrize("pair", KERNELS, ids=str)
def test_gradients_to_biases_are_added_up_by_the_kernel_that_makes_their_terms(pair, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 1 << 17)  # in three passes: several stretches
    data, step = drawn((12, 9), pair=pair), cr.compile(two_layers(), fallback="error")
    assert not passes_over(step, data, "reduce")
    near(step(*data), two_layers()(*data))
    assert check.compiled(step, *data).worst.worst <= 1


@pytest.mark.parametrize("pair", KERNELS, ids=str)
@pytest.mark.parametrize("size", [(8, 8), (13, 7), (12, 9), (4, 4)], ids=str)
def test_pools_of_whole_windows_are_a_part_of_the_convolution(pair, size):
    data, pool = drawn(size, n=3, pair=pair), {"kernel_size": 2, "stride": 2}

    def look(x, w, b):
        return cr.max_pool2d(layer(x, w, b, padding=1), **pool)

    alone = cr.compile(look, fallback="error")
    assert not passes_over(alone, data[:3], "pool")
    near([alone(*data[:3])], [look(*data[:3])])
    step = cr.compile(two_layers(**pool), fallback="error")
    assert passes_over(step, data, "pool") == ["pool"], "on the way back"
    near(step(*data), two_layers(**pool)(*data))
    assert check.compiled(step, *data).worst.worst <= 1


def test_what_is_pooled_goes_straight_into_the_next_border():
    step, data = cr.compile(two_layers(kernel_size=2), fallback="error"), drawn((12, 8))
    assert not passes_over(step, data, "copy")


OTHERS = [
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": 2, "stride": 1},
    {"kernel_size": 2, "padding": 1},
    {"kernel_size": 2, "stride": 3},
    {"kernel_size": (2, 3)},
]


@pytest.mark.parametrize("pool", OTHERS, ids=str)
def test_other_pools_are_passes_of_their_own(pool):
    step, data = cr.compile(two_layers(**pool), fallback="error"), drawn((12, 12))
    assert passes_over(step, data, "pool") == ["pool", "pool"]
    near(step(*data), two_layers(**pool)(*data))


def test_pools_of_what_is_read_elsewhere_too():
    """The convolution's results are stored as well, and two pools of them do not share its kernel."""

    def look(x, w, b):
        made = layer(x, w, b, padding=1)
        return cr.max_pool2d(made, 2), made * 2, cr.max_pool2d(made, 2) + cr.max_pool2d(made * 3, 2)

    step, data = cr.compile(look, fallback="error"), drawn((9, 8))[:3]
    near(step(*data), look(*data))
    assert check.compiled(step, *data).worst.worst <= 1


def test_pools_and_sums_keep_the_bits_for_any_number_of_threads_and_watched():
    data = drawn((13, 12), n=3)
    made = []
    for threads in (1, 2, 3, 4):
        cr.set_threads(threads)
        step = cr.compile(two_layers(kernel_size=2), fallback="error")
        made.append([a.numpy().tobytes() for a in step(*data)])
    cr.set_threads(None)
    with step.watch("*") as seen:
        made.append([a.numpy().tobytes() for a in step(*data)])
    assert len(seen.steps) == 1 and all(other == made[0] for other in made[1:])


def test_a_sum_that_alone_is_not_finite_is_held_back():
    x, w, _, _, c = (np.zeros_like(a.numpy()) for a in drawn((24, 24)))
    b, v = Tensor(np.full(32, 1e-3, "f4"), requires_grad=True), np.full((32, 32, 3, 3), 0.06, "f4")
    x = Tensor(x, requires_grad=True)
    optimizer = cr.optim.SGD([x, b], lr=0.0)

    @cr.compile(fallback="error")
    def step(scale):
        optimizer.zero_grad()
        loss = (layer(layer(x, w, b, padding=1), v, c, padding=1) * scale).sum()
        loss.backward()
        optimizer.step()
        return loss

    before = b.numpy().copy()
    assert np.isfinite(step(np.float32(1)).item())
    with pytest.raises(NonFiniteError):
        step(np.float32(6e34))
    np.testing.assert_array_equal(b.numpy(), before)


def test_the_error_at_many_channels():
    """Of a sum over 512 channels and 9 taps of numbers with a variance of 1, relative to the largest."""
    x, w = arrays((1, 512, 14, 14), (512, 512, 3, 3))
    step = cr.compile(lambda x, w: cr.conv2d(x, w, padding=1), fallback="error")
    assert any(isinstance(row.task.kernel, WinogradResults) for row in step.plan(x, w).rows)
    exact = np.asarray(cr.conv2d(x.astype("f8"), w.astype("f8"), padding=1))
    apart = np.abs(np.asarray(step(x, w)) - exact).max() / np.abs(exact).max()
    assert apart < 2e-5, apart


@pytest.mark.parametrize("size", [(5, 5), (9, 14), (16, 16)], ids=str)
@pytest.mark.parametrize("padding", [0, 1])
def test_filters_of_2_by_2(size, padding):
    """Tiles of 5×5 results; a pool behind them is a pass of its own, since no tile is made of whole windows."""
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=s).astype("f4") for s in ((2, 32, *size), (48, 32, 2, 2), (48,)))
    step = cr.compile(lambda x, w, b: cr.relu(cr.conv2d(x, w, b, padding=padding)), fallback="error")
    kinds = [row.task.name for row in step.plan(x, w, b).rows]
    assert ("winograd" in kinds) == (wasted(Scheme(2), *(n - 1 + 2 * padding for n in size)) <= MOST_WASTE)
    far = cr.relu(cr.conv2d(*(a.astype("f8") for a in (x, w, b)), padding=padding))
    sizes = cr.conv2d(*(abs(a).astype("f8") for a in (x, w, b)), padding=padding)
    assert np.abs(step(x, w, b).numpy() - far).max() <= 4e-6 * sizes.max()

    def pooled(x, w, b):
        return cr.max_pool2d(cr.conv2d(x, w, b, padding=padding), 2)

    both = cr.compile(pooled, fallback="error")
    assert "pool" in [row.task.name for row in both.plan(x, w, b).rows]
    assert np.abs(both(x, w, b).numpy() - pooled(x, w, b)).max() <= 8e-6 * sizes.max()


def test_many_channels_of_2_by_2_filters_are_a_direct_sum():
    x, w = Spec((1, 16, 16, 64), np.dtype("f4")), np.dtype("f4")
    assert "round too much" in objection(ConvPixels((1, 1), (1, 1), 1), Spec((2, 2, 512, 64), w), x)
    assert not objection(ConvPixels((1, 1), (1, 1), 1), Spec((2, 2, 256, 64), w), x)


def test_transposed_convolution_with_a_stride_is_made_of_such_filters():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 32, 16, 16)).astype("f4"), rng.normal(size=(32, 48, 4, 4)).astype("f4")
    step = cr.compile(lambda x, w: cr.conv_transpose2d(x, w, stride=2, padding=1), fallback="error")
    assert [row.task.name for row in step.plan(x, w).rows].count("winograd") == 4
    far = cr.conv_transpose2d(x.astype("f8"), w.astype("f8"), stride=2, padding=1)
    sizes = cr.conv_transpose2d(abs(x).astype("f8"), abs(w).astype("f8"), stride=2, padding=1)
    assert np.abs(step(x, w).numpy() - far).max() <= 4e-6 * sizes.max()
