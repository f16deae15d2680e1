"""The comparison of a layer with PyTorch's of the same name: value and gradients, plain and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn


def agrees_with_torch_layer(name: str, settings: dict[str, Any], x: np.ndarray, rtol: float = 1e-5) -> None:
    """The layer of this name gives PyTorch's numbers, and gradients to its input and its parameters."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    theirs, ours = getattr(torch.nn, name)(**settings), getattr(nn, name)(**settings)
    given = torch.tensor(x, requires_grad=True)
    expected = theirs(given)
    upstream = np.random.default_rng(0).normal(size=tuple(expected.shape)).astype(x.dtype)
    expected.backward(torch.tensor(upstream))
    wanted = [expected.detach(), given.grad, *(p.grad for p in theirs.parameters())]

    def step(x: Any, upstream: Any) -> Any:
        leaves = (x, *ours.parameters())
        out = ours(x)
        return out, *cr.graph.gradients(out, leaves, upstream)

    for run in (step, cr.compile(step, fallback="error")):
        made = run(Tensor(x, requires_grad=True), Tensor(upstream))
        for came, other in zip(made, wanted, strict=True):
            np.testing.assert_allclose(came.numpy(), other.numpy(), rtol, atol=rtol)
