"""Pictures with their channels last: what is a view of what, what is handed out and kept, what is refused, and
faults in the rules.
"""

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
from .slopes import W_NEXT, B, W, X, agrees, arrays, as_plain, with_slopes
from .steps import arranged, labels

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
    made = arranged(lambda x, w, b: cr.relu(cr.conv2d(x, w, b)), *map(Tensor, (X, W, B)))
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


def thin_border() -> None:
    agrees(lambda x, w: cr.conv2d(x, w, padding=(3, 1)), *arrays((2, 2, 5, 5), (3, 2, 2, 2)))


def spread_out() -> None:
    agrees(
        lambda x, w: cr.conv2d(x, w, padding=1, stride=(2, 3), dilation=(1, 2)),
        *arrays((2, 2, 9, 9), (3, 2, 2, 2)),
    )


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
    ("sent_back", "reach - gate.padding[axis]", "reach", thin_border),
    ("framed", "Slice(max(-a, 0), n", "Slice(0 * max(-a, 0), n", wide_border),
    ("in_phases", "tap(a, p, s), n, s)", "tap(a, 0, s), n, s)", wide_border),
    ("spread", "zip(wide, gate.stride, strict", "zip(wide, gate.stride[::-1], strict", spread_out),
    ("bordered", "(p, p) for p in padding", "(p, p) for p in reversed(padding)", thin_border),
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
