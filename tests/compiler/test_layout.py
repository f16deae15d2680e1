"""Pictures with their channels last: what is a view of what, and that results stay the same."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.compiler import layout
from chainrule.compiler.flow import flow_of, returned_numbers
from chainrule.compiler.layout import MOST_SHARES, RULES, Layout, channels_last, shares_of
from chainrule.compiler.views import contiguous
from chainrule.errors import DataError
from chainrule.graph import Spec

from ..kernels.machines import plant
from .random_graphs import difference
from .steps import arranged, labels

RNG = np.random.default_rng(0)
X, W, B = (RNG.normal(size=shape).astype("f4") for shape in ((2, 3, 6, 5), (4, 3, 3, 3), (4,)))
W_NEXT = RNG.normal(size=(6, 4, 2, 2)).astype("f4")


# --- what is compared -----------------------------------------------------------------------------------


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype("f4") for shape in shapes]


def with_slopes(function: Any) -> Any:
    """The step that returns a function's value and its gradients to all arguments, under a drawn upstream."""

    def step(*given):
        made = function(*given)
        upstream = np.random.default_rng(1).normal(size=made.shape).astype(str(made.dtype))
        places = tuple(range(len(given)))
        return made, *cr.grad(lambda *xs: (function(*xs) * upstream).sum(), places)(*given)

    return step


def with_second_slopes(function: Any) -> Any:
    """The step that returns the gradients of the squared length of all gradients."""

    def length(*given):
        places = tuple(range(len(given)))
        slopes = cr.grad(lambda *xs: (function(*xs) ** 2).sum(), places, create_graph=True)(*given)
        return sum((slope * slope).mean() for slope in slopes)

    return lambda *given: cr.grad(length, tuple(range(len(given))))(*given)


def as_plain(step: Any, *given: np.ndarray, numpy: bool = False, tight: bool = False) -> Any:
    """A step gives compiled what it gives plain, as far as float64 says; numpy: it may run lines."""
    compiled = cr.compile(step, fallback="error")
    tensors, wide = [*map(Tensor, given)], [Tensor(a.astype("f8")) for a in given]
    wrong = difference(
        numbered(compiled(*tensors)), numbered(step(*tensors)), numbered(step(*wide)), tight=tight
    )
    assert not wrong, wrong
    if not numpy:
        assert not compiled.left_to_numpy(*tensors)
    return compiled


def numbered(made: Any) -> dict[str, np.ndarray]:
    return {f"value {k}": value.data for k, value in enumerate(made)}


def agrees(function: Any, *given: np.ndarray, numpy: bool = False) -> None:
    """Forward and backward, in both widths."""
    as_plain(with_slopes(function), *given, numpy=numpy)
    as_plain(with_slopes(function), *(a.astype("f8") for a in given), numpy=numpy, tight=True)


def after_a_convolution(function: Any) -> Any:
    """A function of a value that lies with its channels last, (N, 4, H, W)."""
    return lambda x, w, *rest: function(cr.conv2d(x, w, padding=1), *rest)


# --- what is a view of what -----------------------------------------------------------------------------


def lies_last(made: Any, number: int) -> bool:
    """Whether a value (N, C, H, W) is a view of memory (N, H, W, C), and of nothing more."""
    view = made.groups.view(number)
    n, c, h, w = view.shape
    far, line, pixel, _ = contiguous((n, h, w, c))
    return (view.strides, view.offset) == ((far, 1, line, pixel), 0)


def values(made: Any) -> dict[str, int]:
    """The numbers of a program's values, by path."""
    return {name: number for number, name in made.program.names().items()}


def copies(made: Any) -> int:
    """How many copies there are that no gate of the program asks for."""
    return sum(row == "astype" for group in labels(made) for row in group)


def test_results_of_convolutions_and_what_follows_are_views():
    def step(x, w, b, w_next):
        y = cr.relu(cr.conv2d(x, w, b, padding=1))
        pooled = cr.max_pool2d(y, 2)
        z = cr.local_response_norm(cr.conv2d(pooled, w_next), 3)
        both = cr.concat([z, cr.tanh(z)], axis=1)
        return cr.avg_pool2d(cr.pad(both, [(0, 0), (0, 0), (1, 1), (0, 1)])[:, :, ::2], 2).mean()

    made = arranged(step, *map(Tensor, (X, W, B, W_NEXT)))
    known = values(made)
    paths = [path for path, n in known.items() if made.groups.view(n).base in made.groups.maker]
    pictures = [path for path in paths if made.program.specs[known[path]].ndim == 4 and "reshape" not in path]
    assert len(pictures) >= 10
    assert [path for path in pictures if not lies_last(made, known[path])] == ["index"]
    bordered, cut = (made.groups.view(known[path]) for path in ("pad", "index"))
    assert cut.base == bordered.base and cut.strides[1] == 1  # a part of the border's memory


def test_one_product_holds_the_convolution_its_bias_and_relu():
    made = arranged(lambda x, w, b: cr.relu(cr.conv2d(x, w, b)).sum(), *map(Tensor, (X, W, B)))
    assert ["conv_pixels", "add", "relu"] in labels(made)


def test_a_line_of_layers_copies_only_at_its_ends():
    """The filters of each layer, and what is flattened; nothing between."""

    def step(x, w, b, w_next):
        y = cr.max_pool2d(cr.relu(cr.conv2d(x, w, b, padding=1)), 2)
        return cr.conv2d(y, w_next).reshape(2, -1).sum()

    made = arranged(step, *map(Tensor, (X, W, B, W_NEXT)))
    assert copies(made) == 3 and len(labels(made)) == 8


def test_pictures_of_one_channel_are_read_as_they_lie():
    x, w = arrays((2, 1, 5, 6), (4, 1, 3, 3))
    made = arranged(lambda x, w: cr.conv2d(x, w).sum(), Tensor(x), Tensor(w))
    assert copies(made) == 1  # the filters


def test_pictures_are_turned_and_bordered_once():
    """For two convolutions, and for their gradients."""

    def step(x, w, other):
        return (cr.conv2d(x, w, padding=1) * cr.conv2d(x, other, padding=1)).sum()

    made = arranged(with_slopes(step), *map(Tensor, (X, W, W + 1)))
    assert sum(group.count("pad") for group in labels(made)) == 1


def test_a_step_without_pictures_stays_as_it_is():
    def step(x, w):
        return cr.relu(x * w + 1).mean(axis=(0, 2, 3)).sum()

    program = cr.trace(step, Tensor(X), Tensor(X[:1]))
    flow = flow_of(program, returned_numbers(program.output))
    before = list(flow.ops)
    channels_last(flow)
    assert flow.ops == before


def test_what_comes_before_the_first_convolution_stays_as_it_is():
    made = arranged(lambda x, w: cr.conv2d(x * 2, w).sum(), Tensor(X), Tensor(W))
    assert not lies_last(made, values(made)["multiply"])
    assert lies_last(made, values(made)["conv2d"])


def test_what_is_handed_out_is_row_major():
    step = cr.compile(lambda x, w: cr.relu(cr.conv2d(x, w)), fallback="error")
    made = step(X, W).numpy()
    assert made.flags.c_contiguous and made.shape == (2, 4, 4, 3)
    assert np.allclose(made, cr.relu(cr.conv2d(X, W)), atol=1e-5)


def test_gradients_that_are_kept_are_row_major():
    w = Tensor(W, requires_grad=True, name="w")

    def step(x):
        w.grad = None
        loss = cr.conv2d(x, w).sum()
        loss.backward()
        return loss

    cr.compile(step, keep_gradients=True, fallback="error")(X)
    assert w.grad.data.flags.c_contiguous
    assert np.allclose(w.grad, cr.grad(lambda w: cr.conv2d(X, w).sum())(W), atol=1e-4)


def test_shares_of_a_gradient():
    """As few as fit a core's cache, which divide the pictures, and no more than pay."""

    def shares(n, size, c, f, window, groups=1):
        x, y = Spec((n, size, size, c), np.dtype("f4")), Spec((n, size, size, f), np.dtype("f4"))
        return shares_of(x, y, Spec((f, c // groups, window, window), np.dtype("f4")), groups)

    assert shares(1, 32, 16, 16, 3) == 1
    assert shares(64, 4, 2, 2, 3) == 1
    assert shares(64, 32, 16, 16, 3, groups=2) == 1
    assert shares(0, 32, 16, 16, 3) == 1
    assert 1 < shares(64, 32, 16, 16, 3) <= MOST_SHARES
    assert all(n % shares(n, 32, 16, 16, 3) == 0 for n in range(1, 70))
    assert shares(61, 32, 16, 16, 3) == 1  # a prime
    assert shares(64, 4, 256, 256, 3) == 1  # partial sums would be larger than what is read


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
        rule = lambda x, w, b, settings=settings: cr.relu(cr.conv2d(x, w, b, **settings)) * 0.1  # noqa: E731
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
    """NumPy runs them, on pictures as the user sees them."""
    agrees(after_a_convolution(lambda y: cr.fold(cr.unfold(y, 2), (6, 5), 2)), X, W, numpy=True)


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


# --- state ----------------------------------------------------------------------------------------------


def test_pictures_are_kept_in_cells():
    """A cell holds them as the user sees them, and is read so at the next step."""
    made = []
    for compiled in (False, True):
        cell = Tensor(np.zeros((2, 4, 6, 5), "f4"), name="cell")

        def step(x, w, cell=cell):
            y = cr.conv2d(x, w, padding=1) + cell * 0.5
            cell.assign(y)
            return (y * cell).sum()

        run = cr.compile(step, fallback="error") if compiled else step
        made.append([run(Tensor(X), Tensor(W)).item() for _ in range(3)] + [cell.numpy()])
    for plain, ours in zip(*made, strict=True):
        assert np.allclose(plain, ours, rtol=1e-4, atol=1e-4)


def test_filters_are_learned_in_place():
    """The gradient of filters lies in another order than they do."""
    made = []
    for compiled in (False, True):
        w = Tensor(W.copy(), requires_grad=True, name="w")
        rule = cr.optim.SGD([w], lr=0.01, momentum=0.9)

        def step(x, w=w, rule=rule):
            rule.zero_grad()
            loss = (cr.conv2d(x, w, padding=1) ** 2).mean()
            loss.backward()
            rule.step()
            return loss

        run = cr.compile(step, fallback="error") if compiled else step
        made.append([run(Tensor(X)).item() for _ in range(3)] + [w.numpy()])
    for plain, ours in zip(*made, strict=True):
        assert np.allclose(plain, ours, rtol=1e-4, atol=1e-5)


# --- nothing to see, and what does not fit --------------------------------------------------------------


def test_no_pictures_at_all():
    """A batch of none: every gate, forward and backward."""
    empty = np.zeros((0, 3, 6, 5), "f4")

    def network(x, w, v):
        y = cr.local_response_norm(cr.relu(cr.conv2d(x, w, padding=1)), 3)
        y = cr.concat([cr.max_pool2d(y, 2), cr.avg_pool2d(y, 2)], axis=1)
        return cr.linear(cr.pad(y[:, ::2], [(0, 0), (0, 0), (1, 0), (0, 0)]).reshape(0, 32), v)

    step = with_slopes(network)
    compiled = as_plain(step, empty, W, *arrays((5, 32)))
    out, to_x, to_w, to_v = compiled(*map(Tensor, (empty, W, *arrays((5, 32)))))
    assert out.shape == (0, 5) and to_x.shape == empty.shape
    assert not to_w.numpy().any() and not to_v.numpy().any()


def refusal(step: Any, *given: np.ndarray) -> tuple[Any, ...]:
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011
        step(*map(Tensor, given))
    error = caught.value
    return type(error), getattr(error, "who", None), str(error)


MISFITS: dict[str, tuple[Any, tuple[tuple[int, ...], ...]]] = {
    "no output": (lambda x, w: cr.conv2d(x, w), ((2, 3, 2, 5), (4, 3, 3, 3))),
    "no output behind a layer": (
        lambda x, w: cr.conv2d(cr.max_pool2d(cr.conv2d(x, w), 2), w[:, :1]),
        ((2, 3, 4, 6), (1, 3, 3, 3)),
    ),
    "no output of a pool": (lambda x, w: cr.max_pool2d(cr.conv2d(x, w), 5), ((2, 3, 6, 6), (4, 3, 3, 3))),
    "channels": (lambda x, w: cr.conv2d(cr.conv2d(x, w), w), ((2, 3, 6, 6), (4, 3, 3, 3))),
    "groups": (lambda x, w: cr.conv2d(x, w, groups=2), ((2, 3, 6, 6), (4, 3, 3, 3))),
    "groups of filters": (lambda x, w: cr.conv2d(x, w, groups=3), ((2, 3, 6, 6), (4, 1, 3, 3))),
    "dilation": (lambda x, w: cr.conv2d(x, w, dilation=1000), ((2, 3, 6, 6), (4, 3, 3, 3))),
    "dilation beyond words": (
        lambda x, w: cr.conv2d(x, w, dilation=10**30),
        ((2, 3, 6, 6), (4, 3, 3, 3)),
    ),
    "padding of a pool": (
        lambda x, w: cr.avg_pool2d(cr.conv2d(x, w), 2, padding=2),
        ((2, 3, 6, 6), (4, 3, 3, 3)),
    ),
    "no channels": (lambda x, w: cr.conv2d(x, w), ((2, 0, 6, 6), (4, 0, 3, 3))),
    "axes": (lambda x, w: cr.conv2d(x, w), ((3, 6, 6), (4, 3, 3, 3))),
    "one number a channel": (
        lambda x, w: cr.batch_norm(cr.conv2d(x, w), np.ones(4, "f4"), np.ones(4, "f4"))[0],
        ((1, 3, 3, 3), (4, 3, 3, 3)),
    ),
    "joined": (lambda x, w: cr.concat([x, cr.conv2d(x, w)], axis=1), ((2, 3, 6, 6), (4, 3, 3, 3))),
    "beside": (lambda x, w: cr.conv2d(x, w) + x, ((2, 3, 6, 6), (4, 3, 3, 3))),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_is_refused_as_plain(name):
    step, shapes = MISFITS[name]
    given = [np.ones(shape, "f4") for shape in shapes]
    compiled = cr.compile(step, fallback="error")
    expected = refusal(step, *given)
    assert refusal(compiled, *given) == expected
    assert refusal(compiled, *given) == expected  # and again


def test_an_empty_batch_has_no_loss():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, rng=cr.random.Generator(0)), nn.Flatten())
    loss = nn.CrossEntropyLoss()
    step = lambda x, labels: loss(model(x), labels)  # noqa: E731
    given = np.zeros((0, 3, 4, 4), "f4"), np.zeros(0, "i8")
    expected = refusal(step, *given)
    assert expected[0] is DataError and refusal(cr.compile(step, fallback="error"), *given) == expected


def test_a_stride_beyond_words_is_no_misfit_of_a_pool():
    as_plain(with_slopes(lambda x: cr.max_pool2d(x, 2, stride=10**30)), X)


def test_a_large_stride_or_border_is_no_misfit():
    """One window, wherever the next would be."""
    agrees(lambda x, w: cr.conv2d(x, w, stride=10**6), *arrays((2, 3, 4, 4), (4, 3, 3, 3)))
    agrees(lambda x, w: cr.conv2d(x, w, padding=9, stride=(11, 7)), *arrays((2, 3, 4, 4), (4, 3, 3, 3)))


# --- faults that have to be found -----------------------------------------------------------------------


def wide_border() -> None:
    agrees(lambda x, w: cr.conv2d(x, w, padding=(3, 1), stride=(2, 1)), *arrays((2, 2, 5, 5), (3, 2, 2, 2)))


def grouped() -> None:
    agrees(lambda x, w: cr.conv2d(x, w, groups=2), *arrays((2, 4, 5, 5), (4, 2, 3, 3)))


def square(function: Any) -> Any:
    """On pictures whose axes are all of one size, so that no shape tells them apart."""
    return lambda: agrees(
        lambda x, w, *rest: function(cr.conv2d(x, w, padding=1), *rest),
        *arrays((4, 4, 4, 4), (4, 4, 3, 3), (4, 4, 4)),
    )


bordered = square(lambda y, z: cr.pad(y, [(0, 0), (0, 1), (0, 0), (1, 0)]))
joined = square(lambda y, z: cr.concat([y, y * 2], axis=1))
cut = square(lambda y, z: y[:, 1:3, ::-1] * 1)
summed = square(lambda y, z: y.sum(axis=(0, 1)))
beside = square(lambda y, z: y * z)

FAULTS = [
    ("to_input", "reach - gate.padding[axis]", "reach", wide_border),
    ("to_input", "Slice(max(-before, 0), shape", "Slice(0 * max(-before, 0), shape", wide_border),
    ("to_input", "Slice(start, stop, gate.stride[axis])", "Slice(start, stop, gate.stride[0])", wide_border),
    ("bordered", "(p, p) for p in padding", "(p, p) for p in reversed(padding)", wide_border),
    ("mirrored", "(WHOLE, WHOLE, back, back)", "(WHOLE, WHOLE, back, WHOLE)", grouped),
    ("mirrored", "(3, 4, 1, 0, 2)", "(3, 4, 1, 2, 0)", grouped),
    ("padded", "op.gate.widths[a] for a in TO_LAST", "op.gate.widths[a] for a in range(4)", bordered),
    ("joined", "TO_LAST.index(op.gate.axis)", "op.gate.axis", joined),
    ("indexed", "turned = replace(gate, key=tuple(key[a] for a in TO_LAST))", "turned = gate", cut),
    ("reduction", "TO_LAST.index(a) for a in op.gate.axis", "a for a in op.gate.axis", summed),
    (
        "reduction",
        "there.index(a) for a in sorted(there)",
        "k for k, a in enumerate(there)",
        square(lambda y, z: y.sum(axis=0)),
    ),
    ("last", "(1,) * (4 - len(shape)) + shape", "shape + (1,) * (4 - len(shape))", beside),
]


@pytest.mark.parametrize(("name", "old", "new", "check"), FAULTS)
def test_planted_faults_are_caught(monkeypatch, name, old, new, check):
    check()
    plant(monkeypatch, Layout, name, old, new)
    rules = tuple((kind, getattr(Layout, rule.__name__)) for kind, rule in RULES)
    monkeypatch.setattr(layout, "RULES", rules)
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or shapes that no longer fit
        check()
