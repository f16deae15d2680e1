"""The comparison with a compiled step: the same numbers and gradients, and no line that NumPy runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.schedule import Python


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers around 0, float32."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def compiles_natively(function: Callable[..., Any], *arrays: np.ndarray, near: float = 2e-6) -> None:
    """function(*tensors) is compiled, its gradients to all float inputs with it, whole."""
    inputs = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    upstream = np.random.default_rng(7).normal(size=function(*inputs).shape).astype(arrays[0].dtype)

    def step(*values: Tensor) -> Any:
        out = function(*values)
        targets = [x for x in values if x.dtype.kind == "f"]
        return [out, *cr.graph.gradients(out, targets, Tensor(upstream))]

    compiled = cr.compile(step, fallback="error")
    for made, plain in zip(compiled(*inputs), step(*inputs), strict=True):
        scale = np.abs(plain.numpy()).max(initial=1.0)
        assert np.allclose(made.numpy(), plain.numpy(), near, near * scale)
    plan = compiled.plan(*inputs)
    left = [s for s in plan.segments if isinstance(s, Python)]
    assert not left, f"NumPy runs {left}"
