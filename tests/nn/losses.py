"""One check for every loss layer: PyTorch's number and gradients, plain and compiled, in every reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.errors import DataError
from chainrule.graph import gradients


def check_loss(
    ours: Callable[[str], nn.Module],
    theirs: Callable[[Any, str], Any],
    *inputs: np.ndarray,
    learned: int = 1,
    factor: float = 1.0,
) -> None:
    """In float64.

    theirs:  of torch and a reduction;  learned: so many inputs, the first, have gradients;  factor: of their number
    """
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    for reduction in ("mean", "sum", "none"):
        other = [torch.tensor(a, requires_grad=k < learned) for k, a in enumerate(inputs)]
        expected = theirs(torch, reduction)(*other) * factor
        up = np.random.default_rng(1).normal(size=tuple(expected.shape))
        slopes = torch.autograd.grad(expected, other[:learned], torch.tensor(up))
        loss = ours(reduction)

        def step(up: Any, *values: Any, loss: nn.Module = loss) -> Any:
            mine = [Tensor.of(v.data) if k < learned else v for k, v in enumerate(values)]
            for value in mine[:learned]:
                cr.graph.require_grad(value)
            out = loss(*mine)
            return out, *gradients(out, mine[:learned], up)

        compiled = cr.compile(step, fallback="error")
        given = [Tensor(up), *(Tensor(a) for a in inputs)]
        for run in (step, compiled):
            out, *found = run(*given)
            np.testing.assert_allclose(out.numpy(), expected.detach().numpy(), 1e-10, 1e-12)
            for mine, slope in zip(found, slopes, strict=True):
                np.testing.assert_allclose(mine.numpy(), slope.numpy(), 1e-10, 1e-12)
        assert not compiled.left_to_numpy(*given)


def check_empty(loss: nn.Module, *inputs: np.ndarray) -> None:
    """The mean of nothing is refused."""
    with pytest.raises(DataError, match="an empty batch"):
        loss(*inputs)
