"""Attention: means of values, weighed by how well their keys suit a query.  Axes: …, positions, features."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError, SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, common_dtype, gate
from .arguments import Operand, flag, named, shape_of
from .dropout import dropout
from .elementary import exp
from .linear import matmul
from .reduction import sum
from .selection import equal, greater_equal, where
from .shape import matrix_transpose
from .softmax import lowered, shifted


@gate
class Attention(Gate):
    """out = weights · v with weights = softmax(scale · q · kᵀ) over the positions that each query may look at.

    A mask of bool is true where it may, one of floats is added to the scores; a query that may look nowhere has
    weights of 0, and 0 as its result.  With a = upstream · vᵀ + upstream_weights arriving at the weights and
    s = scale · weights · (a - Σ weights · a), element by element: downstream to q = s · k, to k = sᵀ · q, to
    v = weightsᵀ · upstream, to a float mask = s / scale.
    """

    pattern: ClassVar[str] = "attends"
    broadcasts: ClassVar[bool] = True  # the mask
    scale: float
    causal: bool = False
    outputs: ClassVar[tuple[str, ...]] = ("out", "weights")

    def spec(self, q: Spec, k: Spec, v: Spec, *mask: Spec) -> tuple[Spec, Spec]:
        dtype = common_dtype(self.label, {"q": q, "k": k, "v": v}, "float")
        stack = q.shape[:-2]
        alike = min(q.ndim, k.ndim, v.ndim) >= 2 and stack == k.shape[:-2] == v.shape[:-2]
        if not alike or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
            expected = "q (…, L, E), k (…, S, E) and v (…, S, V), with the same leading axes"
            hint = "a value for each key, queries as wide as keys"
            raise ShapeError(self.label, f"q {q}, k {k} and v {v}", expected, hint)
        if 0 in k.shape[-2:]:
            came = f"k {k}: nothing to look at"
            raise ShapeError(self.label, came, "at least one key of one feature", "skip empty sequences")
        weights = Spec((*stack, q.shape[-2], k.shape[-2]), dtype)
        self.check_mask(weights, mask)
        return Spec((*weights.shape[:-1], v.shape[-1]), dtype), weights

    def check_mask(self, weights: Spec, mask: tuple[Spec, ...]) -> None:
        """At most one, of bool or as the scores, that broadcasts to their shape."""
        if len(mask) > 1:
            raise ShapeError(self.label, f"{len(mask)} masks", "one, or none", "logical_and of them")
        for given in mask:
            if given.dtype not in (np.dtype(bool), weights.dtype):
                came, expected = f"mask {given}", f"bool, or {weights.dtype} to be added to the scores"
                raise DTypeError(self.label, came, expected, "mask != 0")
            wide = weights.shape[max(0, len(weights.shape) - given.ndim) :]
            if given.ndim > len(weights.shape) or any(
                m not in (1, n) for m, n in zip(given.shape, wide, strict=True)
            ):
                expected = f"a shape that broadcasts to {weights.shape}: (…, L, S)"
                raise ShapeError(self.label, f"mask {given}", expected, "a new axis of size 1 for the heads")

    def multiply_adds(self, *specs: Spec) -> int:
        out, weights = self.spec(*specs)
        return weights.size * (specs[0].shape[-1] + out.shape[-1])

    def forward(self, q: np.ndarray, k: np.ndarray, v: np.ndarray, *mask: np.ndarray) -> Any:
        scores = np.matmul(q, np.swapaxes(k, -1, -2)) * np.asarray(self.scale, q.dtype)
        nowhere = np.asarray(-np.inf, q.dtype)
        for given in mask:
            scores = np.where(given, scores, nowhere) if given.dtype == bool else scores + given
        if self.causal:
            scores = np.where(np.greater_equal(*places(scores.shape)), scores, nowhere)
        weights = np.exp(shifted(scores, -1)[1])
        total = np.sum(weights, axis=-1, keepdims=True)
        weights = weights / np.where(total == 0, np.ones((), q.dtype), total)
        return np.matmul(weights, v), weights

    def backward(
        self, upstream: Any, *, q: Value, k: Value, v: Value, mask: tuple[Spec, ...], weights: Value
    ) -> Any:
        up, up_weights = upstream
        arrived = up_weights
        if up is not None:
            through = matmul(up, matrix_transpose(v))
            arrived = through if arrived is None else through + arrived
        to_scores = weights * (arrived - sum(weights * arrived, axis=-1, keepdims=True))
        slopes = to_scores * self.scale
        to_masks = (to_scores if given.floating else None for given in mask)
        to_v = None if up is None else lambda: matmul(matrix_transpose(weights), up)
        return lambda: matmul(slopes, k), lambda: matmul(matrix_transpose(slopes), q), to_v, *to_masks

    def parts(self, q: Value, k: Value, v: Value, *mask: Value) -> Any:
        scores = matmul(q, matrix_transpose(k)) * self.scale
        for given in mask:
            scores = where(given, scores, -np.inf) if given.dtype == bool else scores + given
        if self.causal:
            scores = where(greater_equal(*places(scores.shape)), scores, -np.inf)
        weights = exp(lowered(scores, len(scores.shape) - 1)[1])
        total = sum(weights, axis=-1, keepdims=True)
        weights = weights / where(equal(total, 0.0), 1.0, total)
        return matmul(weights, v), weights


def places(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The number of each query, (L, 1), and of each key, (S,)."""
    queries, keys = (np.arange(n, dtype=np.int32) for n in shape[-2:])
    return queries[:, None], keys


@named
def scaled_dot_product_attention(
    q: Operand,
    k: Operand,
    v: Operand,
    mask: Operand | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    need_weights: bool = False,
    p: float = 0.0,
    step: Operand | None = None,
    seed: int = 0,
    layer: int = 0,
) -> Any:
    """For each query a mean of the values, weighed by softmax(q · kᵀ / √E): soft looking-up.

    q:  (…, L, E) float     L queries; … are batch and heads, the same for all three
    k:  (…, S, E) float     S keys
    v:  (…, S, V) float     a value for each key
    mask:  broadcasts to (…, L, S): bool, true where a query may look; or float, added to the scores
    causal:  query i looks at the keys 0 … i only
    scale:  what q · kᵀ is multiplied by; 1/√E unless given
    need_weights:  whether the weights (…, L, S) are returned too
    p, step, seed, layer:  dropout of the weights, as in `dropout`; needs a step unless p is 0
    Returns (…, L, V).  A query that may look nowhere gets weights and a result of 0, and sends no gradient back.
    Raises ShapeError for shapes that do not fit and for no key, DTypeError unless all are of one float dtype and the
    mask bool or of it, SettingError for an impossible scale or dropout and for a flag
    that is neither True nor False.
    Cost: 2·L·S·(E + V) flops for each batch and head.
    Source: Vaswani et al. 2017, §3.2.1.  Also: nn.MultiheadAttention.

    >>> import numpy as np
    >>> from chainrule import Tensor, scaled_dot_product_attention
    >>> keys, values = Tensor([[9.0, 0.0], [0.0, 9.0]]), Tensor([[1.0], [2.0]])
    >>> scaled_dot_product_attention(keys, keys, values, np.asarray([True, False]))
    Tensor([[1.],
            [1.]])
    """
    who = "scaled_dot_product_attention"
    asked = flag(who, "need_weights", need_weights)
    gate = Attention(checked_scale(q, scale), flag(who, "causal", causal))
    out, weights = apply(gate, q, k, v, *(() if mask is None else (mask,)))
    if p != 0:
        if step is None:
            came, expected = f"p {p!r} and no step", "an integer that counts the calls"
            raise SettingError(who, came, expected, "step=np.asarray(1)")
        weights = dropout(weights, step, p=p, seed=seed, layer=layer)
        out = matmul(weights, v)
    return (out, weights) if asked else out


def checked_scale(q: Operand, scale: float | None) -> float:
    """The scale that was given, or 1/√E."""
    if scale is None:
        shape = shape_of(q)
        return 1 / math.sqrt(shape[-1]) if shape and shape[-1] else 1.0  # which the gate refuses
    if isinstance(scale, bool) or not isinstance(scale, int | float | np.number) or not np.isfinite(scale):
        raise SettingError(
            "scaled_dot_product_attention", f"scale {scale!r}", "a finite number", "scale=None for 1/√E"
        )
    return float(scale)
