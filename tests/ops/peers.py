"""The comparison with PyTorch: the same operation on the same numbers, forward and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import Tensor


def agrees_with_torch(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    *shapes: tuple[int, ...],
    labels: Any = None,
    tolerance: float = 1e-10,
    make: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray] | None = None,
) -> None:
    """ours(*tensors, labels) and theirs give the same numbers and the same gradients, in float64."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    rng = np.random.default_rng(0)
    arrays = [(make or normal)(rng, shape) for shape in shapes]
    mine = [Tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = ours(*mine, *([] if labels is None else [labels]))
    expected = theirs(*other, *([] if labels is None else [torch.tensor(labels)]))
    assert out.shape == tuple(expected.shape)
    assert np.allclose(out.numpy(), expected.detach().numpy(), tolerance, tolerance)
    upstream = rng.normal(size=out.shape)
    out.backward(Tensor(upstream))
    expected.backward(torch.tensor(upstream))
    for a, b in zip(mine, other, strict=True):
        assert np.allclose(a.grad.numpy(), b.grad.numpy(), tolerance, tolerance)


def functional() -> Any:
    """PyTorch's functions."""
    reason = "compares with PyTorch: pip install torch==2.13.0"
    return pytest.importorskip("torch", reason=reason).nn.functional


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(size=shape)


def refused(kind: type[Exception], call: Callable[[], Any], who: str, *parts: str) -> None:
    """The call raises an error of this kind that names who, and says these parts somewhere."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.who == who
    assert all((error.who, error.came, error.expected, error.hint))
    for part in parts:
        assert part in str(error)
