"""The order of pictures in memory: which one is chosen, what is a view of what, what is handed out and kept, what is
refused, and faults in the rules.
"""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.compiler import layout
from chainrule.compiler.draft import Draft
from chainrule.compiler.flow import flow_of, returned_numbers
from chainrule.compiler.layout import MOST_FILTERS, RULES, Layout, in_order
from chainrule.compiler.pixels import ABREAST, LAST, ConvAbreast, ConvPixels, Order, Pixels
from chainrule.compiler.views import contiguous
from chainrule.errors import DataError

from ..kernels.machines import plant
from .slopes import W_NEXT, B, W, X, agrees, arrays, as_plain, with_slopes
from .steps import arranged, labels

# --- which order ----------------------------------------------------------------------------------------


def chain(*filters: int, groups: int = 1, channels: int = 1) -> list[Order]:
    """The orders of convolutions one after the other, with so many filters."""
    shapes, near = [(3, channels, 9, 9)], channels
    for many in filters:
        shapes.append((many, near // groups, 2, 1))
        near = many

    def step(x, *ws):
        for w in ws:
            x = cr.conv2d(x, w, groups=groups)
        return x.sum()

    made = arranged(step, *map(Tensor, arrays(*shapes)))
    gates = [op.gate for op in made.groups.flow.ops]
    return [
        {ConvAbreast: ABREAST, ConvPixels: LAST}[type(g)]
        for g in gates
        if isinstance(g, ConvAbreast | ConvPixels)
    ]


def test_pictures_of_few_channels_lie_abreast():
    assert chain(6, 15, 1) == [ABREAST] * 3
    assert chain(16) == chain(64, channels=3) == chain(8, channels=16) == [LAST]


def test_they_stay_so_if_filters_are_not_many():
    """On the way back it is the channels that would lie last."""
    assert chain(6, 16) == chain(6, MOST_FILTERS) == [ABREAST, ABREAST]
    assert chain(6, MOST_FILTERS + 1) == [ABREAST, LAST]
    assert chain(6, 16, 16) == [ABREAST, ABREAST, LAST]


def test_it_is_the_channels_of_a_group_that_count():
    assert chain(8, channels=8, groups=8) == chain(32, channels=32, groups=4) == [ABREAST]
    assert chain(32, channels=32, groups=32) == []  # each with a filter of its own: no product at all
    assert chain(32, channels=32, groups=2) == [LAST]


def test_the_batch_does_not_decide():
    for n in (1, 2, 16, 100):
        x, w = arrays((n, 3, 5, 6), (4, 3, 3, 3))
        made = arranged(lambda x, w: cr.conv2d(x, w).sum(), Tensor(x), Tensor(w))
        assert lies(made, values(made)["conv2d"], ABREAST)


def test_pools_of_few_channels_lie_abreast():
    for channels, expected in ((3, ABREAST), (16, LAST)):
        made = arranged(lambda x: cr.max_pool2d(x, 2), Tensor(*arrays((2, channels, 6, 6))))
        assert lies(made, values(made)["max_pool2d.out"], expected)


@pytest.mark.parametrize(("channels", "expected"), [(MOST_FILTERS, ABREAST), (MOST_FILTERS + 8, LAST)])
def test_values_of_both_orders_meet(channels, expected):
    """Abreast, unless channels are many."""

    def step(x, w, v):
        return cr.conv2d(x, w, padding=1, groups=8) * cr.conv2d(x, v)

    given = arrays((2, channels, 5, 4), (channels, channels // 8, 3, 3), (channels, channels, 1, 1))
    agrees(step, *given)
    made = arranged(step, *map(Tensor, given))
    assert lies(made, values(made)["conv2d"], ABREAST) and lies(made, values(made)["conv2d:2"], LAST)
    assert lies(made, values(made)["multiply"], expected)


def test_gradients_take_the_way_of_their_convolution():
    """Whatever the order of what arrives, and though another convolution of the same pictures goes another way."""

    def step(x, w, v):
        return (cr.conv2d(x, w, padding=1) * cr.conv2d(x, v)[:, :5]).sum()

    made = arranged(with_slopes(step), *map(Tensor, arrays((2, 4, 5, 6), (5, 4, 3, 3), (20, 4, 1, 1))))
    gates = [group[0] for group in labels(made)]
    assert {*gates} >= {"conv_abreast", "input_abreast", "filters_abreast", "conv_pixels", "conv_filters"}
    assert gates.count("conv_pixels") == 2 and gates.count("conv_abreast") == 1


# --- what is a view of what -----------------------------------------------------------------------------


def lies(made: Any, number: int, order: Order) -> bool:
    """Whether a value (N, C, H, W) is a view of memory in an order, and of nothing more."""
    view = made.groups.view(number)
    strides = contiguous(tuple(view.shape[a] for a in order))
    return (view.strides, view.offset) == (tuple(strides[order.index(a)] for a in range(4)), 0)


def values(made: Any) -> dict[str, int]:
    """The numbers of a program's values, by path."""
    return {name: number for number, name in made.program.names().items()}


def copies(made: Any) -> int:
    """How many copies there are that no gate of the program asks for."""
    return sum(row == "astype" for group in labels(made) for row in group)


def test_results_of_convolutions_and_what_follows_are_views(order):
    def step(x, w, b, w_next):
        y = cr.relu(cr.conv2d(x, w, b, padding=1))
        pooled = cr.max_pool2d(y, 2)
        z = cr.sigmoid(cr.conv2d(pooled, w_next))
        both = cr.concat([z, cr.tanh(z)], axis=1)
        return cr.avg_pool2d(cr.pad(both, [(0, 0), (0, 0), (1, 1), (0, 1)])[:, :, ::2], 2).mean()

    made = arranged(step, *map(Tensor, (X, W, B, W_NEXT)))
    known = values(made)
    paths = [path for path, n in known.items() if made.groups.view(n).base in made.groups.maker]
    pictures = [path for path in paths if made.program.specs[known[path]].ndim == 4 and "reshape" not in path]
    assert len(pictures) >= 10
    assert [path for path in pictures if not lies(made, known[path], order)] == ["index"]
    bordered, cut = (made.groups.view(known[path]) for path in ("pad", "index"))
    assert cut.base == bordered.base and cut.strides[order[-1]] == 1  # a part of the border's memory


def test_sums_over_channels_have_them_last():
    made = arranged(lambda x, w: cr.local_response_norm(cr.conv2d(x, w), 3), Tensor(X), Tensor(W))
    assert lies(made, values(made)["conv2d"], ABREAST)
    (gate,) = [op.gate for op in made.groups.flow.ops if isinstance(op.gate, Pixels)]
    assert gate.order == LAST


def test_one_kernel_holds_the_convolution_its_bias_and_relu(order):
    gate = {ABREAST: "conv_abreast", LAST: "conv_pixels"}[order]
    made = arranged(lambda x, w, b: cr.relu(cr.conv2d(x, w, b)), *map(Tensor, (X, W, B)))
    assert [gate, "add", "relu"] in labels(made)


def test_a_line_of_layers_copies_only_at_its_ends(order):
    """Channels last, the filters of each layer, and what is flattened; nothing between, and abreast nothing at all."""

    def step(x, w, b, w_next):
        y = cr.max_pool2d(cr.relu(cr.conv2d(x, w, b, padding=1)), 2)
        return cr.conv2d(y, w_next).reshape(2, -1).sum()

    made = arranged(step, *map(Tensor, (X, W, B, W_NEXT)))
    assert (copies(made), len(labels(made))) == {ABREAST: (0, 5), LAST: (3, 8)}[order]


def test_pictures_of_one_channel_are_read_as_they_lie():
    x, w = arrays((2, 1, 5, 6), (16, 1, 3, 3))
    made = arranged(lambda x, w: cr.conv2d(x, w).sum(), Tensor(x), Tensor(w))
    assert copies(made) == 1  # the filters


def test_one_picture_of_few_channels_is_read_as_it_lies():
    x, w = arrays((1, 3, 5, 6), (4, 3, 3, 3))
    assert copies(arranged(lambda x, w: cr.conv2d(x, w).sum(), Tensor(x), Tensor(w))) == 0


def test_pictures_are_turned_and_bordered_once(order):
    """For two convolutions, and for their gradients, which have borders of their own."""

    def step(x, w, other):
        return (cr.conv2d(x, w, padding=1) * cr.conv2d(x, other, padding=1)).sum()

    made = arranged(with_slopes(step), *map(Tensor, (X, W, W + 1)))
    assert sum(group.count("pad") for group in labels(made)) == 1 + 2


def test_a_step_without_pictures_stays_as_it_is():
    def step(x, w):
        return cr.relu(x * w + 1).mean(axis=(0, 2, 3)).sum()

    program = cr.trace(step, Tensor(X), Tensor(X[:1]))
    flow = flow_of(program, returned_numbers(program.output))
    before = list(flow.ops)
    in_order(flow)
    assert flow.ops == before


def test_what_comes_before_the_first_convolution_stays_as_it_is(order):
    made = arranged(lambda x, w: cr.conv2d(x * 2, w).sum(), Tensor(X), Tensor(W))
    assert lies(made, values(made)["multiply"], (0, 1, 2, 3))
    assert lies(made, values(made)["conv2d"], order)


def test_what_is_handed_out_is_row_major(order):
    step = cr.compile(lambda x, w: cr.relu(cr.conv2d(x, w)), fallback="error")
    made = step(X, W).numpy()
    assert made.flags.c_contiguous and made.shape == (2, 4, 4, 3)
    assert np.allclose(made, cr.relu(cr.conv2d(X, W)), atol=1e-5)


def test_gradients_that_are_kept_are_row_major(order):
    w = Tensor(W, requires_grad=True, name="w")

    def step(x):
        w.grad = None
        loss = cr.conv2d(x, w).sum()
        loss.backward()
        return loss

    cr.compile(step, keep_gradients=True, fallback="error")(X)
    assert w.grad.data.flags.c_contiguous
    assert np.allclose(w.grad, cr.grad(lambda w: cr.conv2d(X, w).sum())(W), atol=1e-4)


# --- state ----------------------------------------------------------------------------------------------


def test_pictures_are_kept_in_cells(order):
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


def test_filters_are_learned_in_place(order):
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


def test_no_pictures_at_all(order):
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


def test_the_largest_stride_is_no_misfit_of_a_pool():
    as_plain(with_slopes(lambda x: cr.max_pool2d(x, 2, stride=2**31 - 1)), X)


def test_a_large_stride_or_border_is_no_misfit():
    """One window, wherever the next would be."""
    agrees(lambda x, w: cr.conv2d(x, w, stride=10**6), *arrays((2, 3, 4, 4), (4, 3, 3, 3)))
    agrees(lambda x, w: cr.conv2d(x, w, padding=9, stride=(11, 7)), *arrays((2, 3, 4, 4), (4, 3, 3, 3)))


# --- faults that have to be found -----------------------------------------------------------------------


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
    (Layout, "padded", "op.gate.widths[a] for a in order", "op.gate.widths[a] for a in range(4)", bordered),
    (Layout, "joined", "order.index(op.gate.axis)", "op.gate.axis", joined),
    (Layout, "indexed", "turned = replace(gate, key=tuple(key[a] for a in order))", "turned = gate", cut),
    (Layout, "reduction", "order.index(a) for a in op.gate.axis", "a for a in op.gate.axis", summed),
    (
        Layout,
        "reduction",
        "there.index(a) for a in sorted(there)",
        "k for k, a in enumerate(there)",
        square(lambda y, z: y.sum(axis=0) + y.sum(axis=1)),
    ),
    (Draft, "turned", "(1,) * (4 - len(shape)) + shape", "shape + (1,) * (4 - len(shape))", beside),
    (Draft, "settle", "PermuteDims(back(order))", "PermuteDims((0, 1, 2, 3))", beside),
]


@pytest.mark.parametrize(("owner", "name", "old", "new", "check"), FAULTS)
def test_planted_faults_are_caught(order, monkeypatch, owner, name, old, new, check):
    check()
    plant(monkeypatch, owner, name, old, new)
    rules = tuple((kind, getattr(Layout, rule.__name__)) for kind, rule in RULES)
    monkeypatch.setattr(layout, "RULES", rules)
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or shapes that no longer fit
        check()
