"""Gradient clipping against PyTorch, and traced."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, errors
from chainrule.optim import SGD, clip_grad_norm, clip_grad_value

SHAPES = [(3, 4), (5,), ()]


def parameters_with_gradients(dtype, scale=1.0):
    rng = np.random.default_rng(5)
    parameters = [Tensor(np.zeros(shape, dtype), requires_grad=True) for shape in SHAPES]
    for p in parameters:
        p.grad = Tensor(np.asarray(rng.normal(size=p.shape) * scale, dtype))
    return parameters


def as_torch(torch, parameters):
    twins = [torch.nn.Parameter(torch.from_numpy(p.numpy().copy())) for p in parameters]
    for twin, p in zip(twins, parameters, strict=True):
        twin.grad = None if p.grad is None else torch.from_numpy(p.grad.numpy().copy())
    return twins


def assert_same_gradients(parameters, twins, tolerance):
    for p, twin in zip(parameters, twins, strict=True):
        if p.grad is None:
            assert twin.grad is None
        else:
            np.testing.assert_allclose(p.grad.numpy(), twin.grad.numpy(), rtol=tolerance)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, np.inf, np.nan, 0.0])
@pytest.mark.parametrize("max_norm", [0.0, 0.5, 3.0, 1e4, float("inf")])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
def test_the_norm_is_clipped_as_in_pytorch(torch, dtype, tolerance, max_norm, scale):
    parameters = parameters_with_gradients(dtype, scale)
    parameters[1].grad = None
    twins = as_torch(torch, parameters)
    total = clip_grad_norm(parameters, max_norm)
    theirs = torch.nn.utils.clip_grad_norm_(twins, max_norm)
    assert total.dtype == dtype and total.shape == ()
    np.testing.assert_allclose(total.numpy(), theirs.numpy(), rtol=tolerance)
    assert_same_gradients(parameters, twins, tolerance)


@pytest.mark.parametrize("limit", [0.0, 0.3, 10])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_are_clipped_as_in_pytorch(torch, dtype, limit):
    parameters = parameters_with_gradients(dtype)
    parameters[0].grad = Tensor(np.where(np.arange(12).reshape(3, 4) % 5 == 0, np.nan, 1).astype(dtype))
    twins = as_torch(torch, parameters)
    clip_grad_value(parameters, limit)
    torch.nn.utils.clip_grad_value_(twins, limit)
    assert_same_gradients(parameters, twins, 0)


def test_one_tensor_a_generator_and_no_gradient_at_all():
    (w, *_) = parameters_with_gradients("float32")
    expected = np.sqrt((w.grad.numpy() ** 2).sum())
    np.testing.assert_allclose(clip_grad_norm(w, 100.0).item(), expected, rtol=1e-6)
    np.testing.assert_allclose(clip_grad_norm((p for p in [w]), 1.0).item(), expected, rtol=1e-6)
    w.grad = None
    assert clip_grad_norm([w], 1.0).item() == 0.0
    clip_grad_value([w], 1.0)
    assert w.grad is None


def test_gradients_of_two_widths_share_one_length():
    w = Tensor(np.zeros(1, "f4"), requires_grad=True)
    v = Tensor(np.zeros(1, "f8"), requires_grad=True)
    w.grad, v.grad = Tensor(np.full(1, 3, "f4")), Tensor(np.full(1, 4, "f8"))
    assert clip_grad_norm([w, v], 2.5).item() == 5.0
    np.testing.assert_allclose([w.grad.item(), v.grad.item()], [1.5, 2.0], rtol=1e-6)
    assert (w.grad.dtype, v.grad.dtype) == ("f4", "f8")


@pytest.mark.parametrize("clip", [lambda p: clip_grad_norm(p, 0.1), lambda p: clip_grad_value(p, 0.01)])
def test_traced_is_direct_to_the_bit_whether_it_clips_or_not(clip):
    batches = [np.random.default_rng(k).normal(size=4) * 10.0**-k for k in range(4)]
    ends = []
    for traced in (False, True):
        w = Tensor(np.ones(4), requires_grad=True, name="w")
        optimizer = SGD([w], lr=0.1, momentum=0.9)

        def step(x, w=w, optimizer=optimizer):
            optimizer.zero_grad()
            (w * x).sum().backward()
            total = clip([w])
            optimizer.step()
            return total

        run = cr.trace(step, batches[0]) if traced else step
        totals = [run(Tensor(x)) for x in batches]
        ends.append([w.tolist(), [None if t is None else t.item() for t in totals]])
    assert ends[0] == ends[1]


def test_clipping_leaves_no_nodes_and_belongs_to_the_update():
    w = Tensor(np.ones(4), requires_grad=True)

    def step(x):
        w.grad = None
        (w * x).sum().backward()
        assert not clip_grad_norm([w], 0.1).requires_grad
        assert not w.grad.requires_grad

    program = cr.trace(step, np.ones(4))
    assert {line.phase for line in program.lines if line.gate.label in ("sqrt", "minimum")} == {"update"}


@pytest.mark.parametrize("limit", [-1.0, float("nan"), "big", None, True])
@pytest.mark.parametrize(
    ("clip", "who", "name"),
    [(clip_grad_norm, "clip_grad_norm", "max_norm"), (clip_grad_value, "clip_grad_value", "limit")],
)
def test_impossible_limits(four_parts, clip, who, name, limit):
    with pytest.raises(errors.SettingError) as caught:
        clip([], limit)
    four_parts(caught.value, who, f"{name} = {limit!r}", f"a number {name} ≥ 0", f"{name}=1.0")
