"""The backward pass: needed gradients only, forks, several outputs, higher orders, and what it refuses."""

import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, apply, no_grad
from chainrule.errors import GradientError, ShapeError
from chainrule.graph import Elementwise, Gate, gate, gradients

from .gates import Outer, Softplus, SumAndDifference, Watched, leaf


@pytest.fixture(autouse=True)
def nothing_called():
    Watched.called.clear()


@pytest.mark.parametrize("wanted", [("x",), ("y",), ("x", "y")])
def test_only_needed_gradients_are_computed(wanted):
    x, y = (Tensor([1.0], requires_grad=name in wanted) for name in ("x", "y"))
    apply(Watched(), x, y).sum().backward()
    assert Watched.called == list(wanted)
    assert [v.grad is not None for v in (x, y)] == ["x" in wanted, "y" in wanted]


def test_a_gradient_is_computed_only_on_the_way_to_a_target():
    x, y = leaf(1.0), leaf(2.0)
    out = apply(Watched(), apply(Watched(), x, x), y)
    (found,) = gradients(out, [y], Tensor([1.0]))
    assert Watched.called == ["y"]
    assert found.tolist() == [1]


def test_each_node_is_walked_once():
    x = leaf(1.0)
    h = apply(Watched(), x, x)
    (apply(Watched(), h, h) + h).sum().backward()
    assert Watched.called == ["x", "y"] * 2
    assert x.grad.tolist() == [6]


def test_forks_add():
    x = leaf(3.0)
    a = x * 2
    (a * a + a * x + x).sum().backward()
    assert x.grad.tolist() == [4 * 2 * 3 + 2 * 2 * 3 + 1]


def test_a_leaf_adds_up_over_passes_until_it_is_cleared():
    x = leaf(1.0)
    for _ in range(2):
        (x * 3).sum().backward()
    assert x.grad.tolist() == [6]
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3]


@pytest.mark.parametrize(
    ("shape", "other", "expected"),
    [((), (2, 3), 6.0), ((3,), (2, 3), 2.0), ((2, 1), (2, 3), 3.0), ((1, 1), (2, 3), 6.0), ((1,), (0,), 0.0)],
)
def test_broadcasting_is_undone(shape, other, expected):
    x = Tensor(np.ones(shape, "float32"), requires_grad=True)
    (x + Tensor(np.ones(other, "float32"))).sum().backward()
    assert x.grad.shape == shape
    assert np.all(x.grad.numpy() == expected)


def test_broadcasting_is_undone_once(monkeypatch):
    calls = []
    before = Tensor.sum_to
    monkeypatch.setattr(Tensor, "sum_to", lambda self, shape: calls.append(shape) or before(self, shape))
    x = leaf(1.0)
    (x * Tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert calls == [(1,)]
    assert x.grad.tolist() == [10]


@pytest.mark.parametrize(
    ("weights", "expected"), [((1, None), (1, 1)), ((None, 1), (1, -1)), ((2, 3), (5, -1))]
)
def test_outputs_that_nobody_used_send_no_gradient(weights, expected):
    x, y = leaf(1.0), leaf(2.0)
    outs = apply(SumAndDifference(), x, y)
    parts = [o * float(w) for o, w in zip(outs, weights, strict=True) if w is not None]
    sum(parts[1:], start=parts[0]).sum().backward()
    assert (x.grad.item(), y.grad.item()) == expected


def test_several_outputs_to_second_order():
    x = leaf(3.0, dtype="float64")
    total, difference = apply(SumAndDifference(), x * x, x)
    (slope,) = gradients((total * difference).sum(), [x], create_graph=True)  # x⁴ - x²
    assert slope.tolist() == [4 * 27 - 2 * 3]
    (second,) = gradients(slope.sum(), [x])
    assert second.tolist() == [12 * 9 - 2]


def test_create_graph_to_third_order():
    x = leaf(2.0)
    slopes = [(x**4).sum()]
    for _ in range(3):
        (slope,) = gradients(slopes[-1], [x], create_graph=True)
        slopes.append(slope.sum())
    assert [s.item() for s in slopes] == [16, 32, 48, 48]


def test_backward_leaves_a_graph_only_if_told():
    x = leaf(2.0)
    (x**3).sum().backward()
    assert not x.grad.requires_grad
    x.grad = None
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = gradients(x.grad.sum(), [x])
    assert second.tolist() == [12]


def test_a_graph_is_walked_once_unless_retained():
    x = leaf(2.0)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert x.grad.tolist() == [8]
    with pytest.raises(GradientError, match=r"sum: a graph that was walked before.*retain_graph=True"):
        loss.backward()
    assert x.grad.tolist() == [8]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda: leaf(1.0, 2.0).__mul__(2).backward(), "one number"),
        (lambda: leaf(1.0).detach().sum().backward(), "depends on nothing"),
        (lambda: Tensor([1.0]).sum().backward(), "a path to a parameter"),
        (lambda: quiet(leaf(1.0)).backward(), "outside no_grad"),
        (lambda: (leaf(1.0) > 0).backward(), "depends on nothing"),
        (lambda: (leaf(1.0) * 2).backward(Tensor([1.0, 2.0])), r"an upstream gradient f32\[2\]"),
        (lambda: (leaf(1.0) * 2).backward(Tensor([1.0], dtype="float64")), r"f64\[1\]"),
        (lambda: (leaf(1.0) * 2).backward(1.0), "a float as upstream gradient"),
    ],
)
def test_what_has_no_gradient(wrong, match):
    with pytest.raises(GradientError, match=match) as caught:
        wrong()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


def quiet(x):
    with no_grad():
        return (x * 2).sum()


def test_an_upstream_gradient_may_be_given():
    x = leaf(1.0, 2.0)
    (x * 3).backward(Tensor([1.0, 10.0]))
    assert x.grad.tolist() == [3, 30]
    y = leaf(1.0)
    (y + 1).backward(np.ones(1, "float32"))
    assert isinstance(y.grad, Tensor)


def test_kept_arrays_are_freed_by_the_walk():
    x = leaf(1.0, 2.0)
    h = cr.exp(x)
    array, node = weakref.ref(h.data), h.node
    loss = (h * h).sum()
    del h
    assert array() is not None
    loss.backward()
    gc.collect()
    assert array() is None
    assert node.kept == {} and node.parents == ()


def test_without_backward_the_graph_goes_with_its_result():
    x = leaf(1.0)
    h = cr.exp(x)
    node = weakref.ref(h.node)
    assert node() is not None
    del h
    assert node() is None


def test_a_leaf_that_is_gone_is_skipped():
    x = leaf(1.0)
    loss = (x * 2).sum()
    del x
    loss.backward()


# --- gates of users ---------------------------------------------------------------------------------------


def test_gates_of_users_have_gradients_of_any_order():
    x = leaf(0.5, -1.0, dtype="float64")
    (slope,) = gradients(apply(Softplus(), x).sum(), [x], create_graph=True)
    assert np.allclose(slope.numpy(), 1 / (1 + np.exp(-x.numpy())))
    (second,) = gradients(slope.sum(), [x])
    assert np.allclose(second.numpy(), slope.numpy() * (1 - slope.numpy()))
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0, 5.0)
    apply(Outer(2.0), a, b).sum().backward()
    assert a.grad.tolist() == [24, 24] and b.grad.tolist() == [6, 6, 6]


def wrong_gate(backward):
    """A gate whose backward is wrong in some way."""
    return gate(
        type(
            "Wrong",
            (Elementwise,),
            {"forward": lambda self, xp, x: x * 2, **({"backward": backward} if backward else {})},
        )
    )()


@pytest.mark.parametrize(
    ("backward", "match"),
    [
        (lambda self, upstream: upstream.reshape(3, 2), r"a gradient f32\[3,2\] for an input f32\[2,3\]"),
        (lambda self, upstream: upstream.sum(), r"a gradient f32\[\] for an input"),
        (lambda self, upstream: upstream.reshape(2, 3, 1), r"f32\[2,3,1\]"),
        (lambda self, upstream: upstream.astype("float64"), r"a gradient f64\[2,3\]"),
        (lambda self, upstream: (upstream, upstream), "2 gradients for 1 inputs"),
        (lambda self, upstream: (), "0 gradients for 1 inputs"),
        (lambda self, upstream: 2.0, "gave a float"),
        (lambda self, upstream: upstream.numpy(), "gave a ndarray"),
        (lambda self, upstream: [upstream], "gave a list"),
        (None, "a gate without backward"),
    ],
)
def test_a_wrong_backward_is_told(backward, match):
    x = Tensor(np.ones((2, 3), "float32"), requires_grad=True)
    out = apply(wrong_gate(backward), x)
    with pytest.raises(GradientError, match=match) as caught:
        out.sum().backward()
    assert caught.value.who == "wrong"
    assert caught.value.line.startswith("test_backward.py:")
    assert x.grad is None


def test_a_thunk_may_say_that_there_is_none():
    x = leaf(1.0)
    apply(wrong_gate(lambda self, upstream: lambda: None), x).sum().backward()
    assert x.grad is None


def test_an_error_in_backward_names_the_line_of_the_forward():
    x = Tensor(np.ones((2, 3), "float32"), requires_grad=True)

    def forward():
        return apply(wrong_gate(lambda self, upstream: upstream @ upstream), x)

    out = forward().sum()
    with pytest.raises(ShapeError) as caught:
        out.backward()
    assert caught.value.line.endswith("in forward")


def test_gates_without_a_gradient_path_do_not_raise():
    class Plain(Gate):
        def spec(self, x):
            return x

        def forward(self, x):
            return x

    assert apply(gate(Plain)(), leaf(1.0)).requires_grad
