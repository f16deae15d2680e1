"""Pictures in either order: each rule gives the plain results, whatever follows what."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn

from .slopes import (
    W_NEXT,
    B,
    W,
    X,
    after_a_convolution,
    agrees,
    arrays,
    as_plain,
    with_second_slopes,
    with_slopes,
)

pytestmark = pytest.mark.usefixtures("order")

# --- convolution ----------------------------------------------------------------------------------------

CONVOLUTIONS: list[tuple[dict[str, Any], tuple[int, ...], tuple[int, ...]]] = [
    ({}, (2, 3, 6, 5), (4, 3, 3, 2)),
    ({}, (1, 1, 4, 4), (1, 1, 4, 4)),
    ({}, (3, 5, 4, 6), (7, 5, 1, 1)),
    ({"padding": 1}, (2, 3, 5, 6), (4, 3, 3, 3)),
    ({"padding": (2, 0)}, (2, 3, 5, 6), (4, 3, 3, 3)),
    ({"padding": (0, 3), "stride": (2, 1)}, (2, 2, 7, 4), (3, 2, 2, 5)),
    ({"stride": 2}, (2, 3, 6, 7), (4, 3, 3, 3)),  # a remainder along the height
    ({"stride": (3, 2)}, (2, 3, 9, 8), (4, 3, 2, 3)),  # along both
    ({"stride": 3}, (2, 2, 8, 7), (4, 2, 1, 1)),  # pixels between windows
    ({"stride": (2, 3), "padding": (1, 2)}, (3, 2, 6, 7), (4, 2, 3, 2)),
    ({"stride": 4, "padding": 2}, (1, 2, 5, 5), (3, 2, 3, 3)),
    ({"dilation": 2}, (2, 3, 7, 6), (4, 3, 3, 2)),
    ({"dilation": (1, 3), "padding": (0, 2)}, (2, 2, 4, 7), (3, 2, 2, 3)),
    ({"dilation": (3, 2), "stride": (1, 2), "padding": (3, 1)}, (2, 2, 6, 7), (3, 2, 2, 3)),
    ({"groups": 2}, (2, 4, 5, 4), (6, 2, 3, 3)),
    ({"groups": 4, "padding": 1}, (2, 4, 5, 4), (4, 1, 3, 3)),  # channel by channel
    ({"groups": 3, "stride": 2, "padding": 1}, (2, 3, 5, 6), (6, 1, 2, 3)),
    ({"groups": 2, "dilation": (2, 1), "stride": (1, 2), "padding": (2, 0)}, (2, 6, 6, 5), (4, 3, 2, 3)),
    ({"groups": 2, "padding": 3}, (1, 4, 3, 3), (32, 2, 2, 2)),
    ({"padding": 2}, (2, 2, 4, 3), (3, 2, 1, 1)),  # a border wider than the filter: windows of zeros
    ({"padding": (3, 1)}, (2, 2, 4, 3), (3, 2, 2, 1)),
    ({"padding": 5, "stride": 2}, (2, 2, 3, 4), (3, 2, 2, 3)),
    ({"padding": (4, 5), "stride": (3, 4)}, (1, 2, 4, 3), (3, 2, 1, 2)),
    ({"padding": 4, "dilation": (1, 2), "groups": 2}, (2, 2, 3, 3), (4, 1, 2, 2)),
    ({"padding": 6, "stride": 7}, (1, 1, 1, 1), (1, 1, 3, 3)),  # no window sees the one pixel
    ({}, (2, 17, 5, 5), (33, 17, 3, 3)),
    ({"padding": 1}, (16, 16, 9, 9), (16, 16, 3, 3)),  # shares
]


@pytest.mark.parametrize(("settings", "x", "w"), CONVOLUTIONS, ids=str)
def test_convolutions(settings, x, w):
    agrees(lambda x, w: cr.conv2d(x, w, **settings), *arrays(x, w))


@pytest.mark.parametrize(("settings", "x", "w"), CONVOLUTIONS[:-2], ids=str)
def test_second_slopes_of_convolutions(settings, x, w):
    as_plain(with_second_slopes(lambda x, w: cr.conv2d(x, w, **settings)), *arrays(x, w))


@pytest.mark.parametrize("many", [1, 2, 7, 16])
def test_batches_of_any_size(many):
    agrees(
        lambda x, w, b: cr.relu(cr.conv2d(x, w, b, padding=1)), *arrays((many, 3, 5, 4), (4, 3, 3, 3), (4,))
    )


def test_drawn_convolutions():
    """Larger ones, whose gradients are sums of shares and whose filters lie in panels."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        groups, filters = int(rng.choice([1, 1, 1, 2, 4])), int(rng.choice([1, 5, 16, 17, 48]))
        near, n = int(rng.choice([1, 3, 8, 16, 33])), int(rng.choice([1, 4, 12, 32]))
        size, window = rng.integers(5, 18, 2), rng.integers(1, 6, 2)
        settings = {
            "stride": tuple(map(int, rng.integers(1, 3, 2))),
            "padding": tuple(map(int, rng.integers(0, 4, 2))),
            "groups": groups,
        }
        shapes = (n, near * groups, *size), (filters * groups, near, *window), (filters * groups,)
        rule = lambda x, w, b, settings=settings: cr.tanh(cr.conv2d(x, w, b, **settings) * 0.1)  # noqa: E731
        as_plain(with_slopes(rule), *arrays(*shapes, seed=seed))


def test_convolutions_in_a_row():
    def network(x, w, b, w_next):
        return cr.conv2d(cr.tanh(cr.conv2d(x, w, b, padding=1, stride=2)), w_next, padding=(1, 0))

    agrees(network, X, W, B, W_NEXT)
    as_plain(with_second_slopes(network), X, W, B, W_NEXT)


def test_a_gradient_that_is_one_number_everywhere():
    step = cr.grad(lambda x, w: cr.conv2d(x, w, padding=1, stride=2).sum(), (0, 1))
    as_plain(step, X, W)


def test_filters_may_be_made_of_pictures():
    """And lie with their own second axis last then."""

    def network(x, w, seen):
        filters = cr.conv2d(seen, w, padding=1)  # (5, 4, 3, 3)
        return cr.conv2d(cr.conv2d(x, w, padding=1), filters)

    agrees(network, X, W, *arrays((5, 3, 3, 3)))


def test_a_picture_may_be_its_own_filter():
    agrees(lambda x: cr.conv2d(x, x, padding=2), X)


def test_a_filter_may_be_used_twice():
    agrees(
        lambda x, w: cr.conv2d(cr.relu(cr.conv2d(x, w, padding=1)), w, padding=(1, 0)),
        *arrays((2, 3, 5, 4), (3, 3, 3, 3)),
    )


# --- pooling --------------------------------------------------------------------------------------------

POOLS: list[tuple[Any, dict[str, Any]]] = [
    (2, {}),
    (3, {"stride": 2}),
    (3, {"stride": 1, "padding": 1}),
    ((2, 3), {"stride": (1, 2), "padding": (1, 0)}),
    (1, {"stride": 3}),
    ((4, 5), {"padding": (2, 2)}),
]


@pytest.mark.parametrize("pool", [cr.max_pool2d, cr.avg_pool2d], ids=lambda pool: pool.__name__)
@pytest.mark.parametrize(("size", "settings"), POOLS, ids=str)
def test_pooling(pool, size, settings):
    for shape in ((2, 3, 6, 5), (1, 1, 7, 5), (1, 17, 5, 6)):
        agrees(lambda x: pool(x, size, **settings), *arrays(shape))
    network = after_a_convolution(lambda y: pool(y, size, **settings))
    agrees(network, X, W)
    as_plain(with_second_slopes(network), X, W)


# --- element by element ---------------------------------------------------------------------------------

BESIDE = [
    (4, 1, 1),
    (1, 4, 1, 1),
    (2, 4, 1, 1),
    (2, 1, 1, 1),
    (2, 1, 6, 5),
    (1, 1, 6, 5),
    (6, 5),
    (6, 1),
    (5,),
    (1,),
    (),
    (2, 4, 6, 5),
]


@pytest.mark.parametrize("shape", BESIDE, ids=str)
def test_what_stands_beside_pictures_may_have_any_shape(shape):
    network = after_a_convolution(lambda y, other: cr.tanh(y * other + other) - other / (y * y + 1))
    agrees(network, X, W, *arrays(shape))


@pytest.mark.parametrize("shape", [(4, 1, 1), (2, 1, 6, 5), ()], ids=str)
def test_second_slopes_element_by_element(shape):
    network = after_a_convolution(lambda y, other: cr.sigmoid(y * other) + other * other)
    as_plain(with_second_slopes(network), X, W, *arrays(shape))


def test_numbers_and_constants_beside_pictures():
    mask = np.random.default_rng(3).random((2, 4, 6, 5)) < 0.5
    row = np.linspace(0, 1, 4, dtype="f4").reshape(4, 1, 1)

    def rule(y):
        width = str(y.dtype)
        kept = cr.where(mask, y, -0.5) * row.astype(width)
        return cr.maximum(kept, 0.1 * y) + np.full((2, 1, 1, 5), 0.25, width) * 2

    agrees(after_a_convolution(rule), X, W)


def test_pictures_of_other_kinds_of_numbers():
    """Truth values and whole numbers follow their pictures."""

    def rule(y):
        above = cr.greater(y, 0.2)
        counted = cr.astype(cr.logical_not(above), "int32") * 2
        return cr.where(above, y, cr.astype(counted, str(y.dtype)) * y)

    agrees(after_a_convolution(rule), X, W)


def test_what_dropout_keeps_does_not_depend_on_the_order_in_memory():
    """Its bits go by the pixels as the user counts them."""
    rule = after_a_convolution(lambda y: cr.dropout(y, np.asarray(3), p=0.5, seed=11, layer=2))
    agrees(rule, X, W)


def test_pictures_that_become_five_axes():
    agrees(after_a_convolution(lambda y, other: y * other), X, W, *arrays((3, 1, 4, 1, 1)))
    agrees(after_a_convolution(lambda y: cr.broadcast_to(y, (3, 2, 4, 6, 5)) * 2), X, W)


def test_sums_and_products_of_two_ways():
    """A residual block: the pictures themselves are added to what became of them."""
    agrees(lambda x, w: cr.relu(x + cr.conv2d(x, w, padding=1)) * x, *arrays((2, 3, 5, 4), (3, 3, 3, 3)))


# --- reductions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [(0, 2, 3), (2, 3), 1, (0,), (1, 2), (0, 1), -1, (0, 3), None], ids=str)
@pytest.mark.parametrize("kind", ["sum", "mean", "max", "var"])
def test_reductions(kind, axis, keepdims):
    reduce = getattr(cr, kind)
    as_plain(with_slopes(after_a_convolution(lambda y: reduce(y, axis=axis, keepdims=keepdims))), X, W)


def test_what_is_reduced_goes_on():
    """A gate for each channel, as in squeeze and excitation; and statistics taken off."""

    def gated(y, v):
        return y * cr.sigmoid(cr.linear(y.mean(axis=(2, 3)), v)).reshape(2, 4, 1, 1)

    agrees(after_a_convolution(gated), X, W, *arrays((4, 4)))
    agrees(after_a_convolution(lambda y: y - y.mean(axis=(0, 2, 3), keepdims=True)), X, W)
    agrees(after_a_convolution(lambda y: cr.softmax(y, axis=1)), X, W)
    agrees(after_a_convolution(lambda y: cr.logsumexp(y, axis=(2, 3))), X, W)


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_the_place_of_the_largest(axis):
    step = after_a_convolution(lambda y: (cr.argmax(y, axis=axis), y.max(axis=axis)))
    as_plain(step, X, W)


# --- borders, joins, parts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "widths",
    [[(0, 0), (0, 0), (1, 1), (1, 1)], [(0, 0), (1, 2), (0, 0), (0, 3)], [(1, 0), (0, 1), (2, 0), (0, 0)]],
    ids=str,
)
def test_borders(widths):
    for value in (0.0, 0.5):
        agrees(after_a_convolution(lambda y, value=value: cr.pad(y, widths, value=value)), X, W)


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -3])
def test_joins(axis):
    shape = [2, 4, 6, 5]
    shape[axis] = 2
    agrees(after_a_convolution(lambda y, z: cr.concat([y, cr.tanh(y), y], axis=axis)), X, W, *arrays((1,)))
    agrees(after_a_convolution(lambda y, z: cr.concat([z, y, z * 2], axis=axis)), X, W, *arrays(tuple(shape)))


def test_branches_are_joined_and_go_on():
    def network(x, w, v, w_next):
        left, right = cr.relu(cr.conv2d(x, w, padding=1)), cr.max_pool2d(x, 3, stride=1, padding=1)
        return cr.conv2d(cr.concat([left, cr.conv2d(right, v)], axis=1), w_next)

    agrees(network, X, W, *arrays((2, 3, 1, 1), (3, 6, 2, 2)))


def test_splits_over_channels():
    def rule(y):
        low, high = cr.split(y, (1, 3), axis=1)
        return cr.concat([high * 2, low], axis=1)

    agrees(after_a_convolution(rule), X, W)


KEYS: list[Any] = [
    np.s_[:, :, ::2, ::2],
    np.s_[:, 1:3],
    np.s_[1:],
    np.s_[..., ::-1],
    np.s_[:, ::-1, 1:5, -3:],
    np.s_[:, :, 4:1:-2, 1:1],
    np.s_[:, 2],
    np.s_[0, :, 1:, 3],
    np.s_[:, None, 1:3],
    np.s_[:, :, -2:, None],
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_parts_of_pictures(key):
    agrees(after_a_convolution(lambda y: cr.tanh(y[key]) + 1), X, W)
    agrees(lambda x: cr.max_pool2d(x, 2, stride=1)[key], *arrays((2, 4, 7, 6)))


def test_parts_go_into_convolutions():
    agrees(after_a_convolution(lambda y, v: cr.conv2d(y[:, 1:3, ::2, 1:], v)), X, W, *arrays((3, 2, 2, 2)))
    as_plain(
        with_second_slopes(after_a_convolution(lambda y, v: cr.conv2d(y[:, :, ::2], v))),
        X,
        W,
        *arrays((3, 4, 2, 2)),
    )


def test_picked_pictures_channels_and_pixels():
    numbers = np.array([1, 0, 1])
    for key in ((numbers,), (slice(None), numbers), (slice(None), slice(None), numbers, numbers)):
        agrees(after_a_convolution(lambda y, key=key: y[key] * 2), X, W, numpy=True)


# --- other shapes ---------------------------------------------------------------------------------------


def test_flatten_and_back():
    rule = after_a_convolution(lambda y, v: cr.linear(y.reshape(2, -1), v).reshape(2, 4, 3, 2))
    agrees(rule, X, W, *arrays((24, 120)))
    agrees(lambda x, w, *rest: cr.max_pool2d(rule(x, w, *rest), 2, stride=1), X, W, *arrays((24, 120)))


@pytest.mark.parametrize(
    "shape", [(2, 4, 30), (8, 6, 5), (2, 4, 5, 6), (2, 2, 2, 6, 5), (240,), (4, 2, 6, 5)], ids=str
)
def test_other_shapes(shape):
    agrees(after_a_convolution(lambda y: cr.tanh(y.reshape(shape)) * 2), X, W)


@pytest.mark.parametrize("axes", [(0, 2, 3, 1), (1, 0, 3, 2), (3, 2, 1, 0), (0, 1, 3, 2)], ids=str)
def test_axes_in_another_order(axes):
    agrees(after_a_convolution(lambda y: cr.tanh(cr.permute_dims(y, axes)) * y.sum()), X, W)


def test_matrices_of_pixels():
    """Attention between pixels: products of values that lie with their channels last."""

    def rule(y):
        seen = y.reshape(2, 4, 30)
        return seen @ cr.softmax(cr.matrix_transpose(seen) @ seen * 0.1, axis=-1)

    agrees(after_a_convolution(rule), X, W)


def test_unfold_and_fold_beside_convolutions():
    """They run on pictures as the user sees them."""
    agrees(after_a_convolution(lambda y: cr.fold(cr.unfold(y, 2), (6, 5), 2)), X, W)


# --- norms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_local_response_norm(size):
    rule = lambda y: cr.local_response_norm(y, size, alpha=0.5, k=2.0)  # noqa: E731
    agrees(after_a_convolution(rule), X, W)
    agrees(rule, *arrays((2, 19, 3, 2)))
    as_plain(with_second_slopes(after_a_convolution(rule)), X, W)


@pytest.mark.parametrize("shape", [(3, 5), (2, 5, 7), (2, 3, 2, 2, 3)], ids=str)
def test_channels_of_what_is_no_picture(shape):
    """Beside pictures, so that the pass looks at the step."""
    agrees(
        lambda z, x, w: cr.local_response_norm(z, 3) * cr.conv2d(x, w).sum(), *arrays(shape), X, W, numpy=True
    )


def test_batch_norm():
    rule = after_a_convolution(lambda y, v, b: cr.relu(cr.batch_norm(y, v, b)[0]))
    agrees(rule, X, W, *arrays((4,), (4,)))
    statistics = after_a_convolution(lambda y, v, b: cr.concat(list(cr.batch_norm(y, v, b)[1:]), axis=0))
    agrees(statistics, X, W, *arrays((4,), (4,)))


def test_second_slopes_of_batch_norm():
    as_plain(with_second_slopes(lambda x, v, b: cr.batch_norm(x, v, b)[0]), X, *arrays((3,), (3,)))


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_as_a_layer(training):
    """The running statistics follow, or are used: the same state plain and compiled."""
    outcomes = []
    for width in ("plain", "compiled"):
        conv, norm = nn.Conv2d(3, 4, 3, rng=cr.random.Generator(0)), nn.BatchNorm2d(4)
        norm.running_mean.assign(Tensor(B))
        model = nn.Sequential(conv, norm).train(training)
        step = cr.compile(lambda x, model=model: model(x), fallback="error")
        run = step if width == "compiled" else model
        made = [run(Tensor(X * k)).numpy() for k in (1, 2)]
        outcomes.append([*made, *(b.numpy() for _, b in model.named_buffers())])
    for ours, plain in zip(*outcomes, strict=True):
        assert np.allclose(ours, plain, rtol=1e-5, atol=1e-5)
