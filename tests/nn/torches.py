"""The comparison of a layer with PyTorch's: the same weights and numbers, plain and compiled, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn

from .layers import noise


def is_that_of_torch(ours: nn.Module, theirs: Any, shape: tuple[int, ...], tolerance: float = 2e-5) -> None:
    """The values, and the gradients to the input and to every parameter, in float32."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    x, parameters = Tensor(noise(shape), requires_grad=True), list(ours.parameters())
    for parameter, other in zip(parameters, theirs.parameters(), strict=True):
        parameter.assign(noise(parameter.shape, 5))
        assert parameter.shape == tuple(other.shape)
        other.data = torch.tensor(parameter.numpy().copy())
    given = torch.tensor(x.numpy().copy(), requires_grad=True)
    expected = theirs(given)
    upstream = noise(tuple(expected.shape), 6)
    expected.backward(torch.tensor(upstream))

    def step(x: Tensor) -> Any:
        out = ours(x)
        return [out, *cr.graph.gradients(out, [x, *parameters], Tensor(upstream))]

    right = [expected.detach(), given.grad, *(p.grad for p in theirs.parameters())]
    for run in (step, cr.compile(step, fallback="error")):
        for made, number in zip(run(x), right, strict=True):
            assert made.shape == tuple(number.shape)
            assert np.allclose(made.numpy(), number.numpy(), tolerance, tolerance)
