"""Attention layers: several heads side by side.  Names and masks as in PyTorch.

N sentences, L positions that ask, S positions that are looked at, E features.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..errors import DTypeError, SettingError, ShapeError
from ..ops.arguments import at_least, flag
from ..random import Generator
from . import init
from .dropout import Dropout
from .linear import Linear
from .module import Module


class MultiheadAttention(Module):
    """num_heads attentions side by side, each on E / num_heads features of its own, and a last linear layer.

    in_proj_weight (3·E, E) and in_proj_bias (3·E,) make queries, keys and values, out_proj the result: PyTorch's names,
    so that its weights can be loaded.  batch_first is True unless told otherwise, which is not PyTorch's choice.

    forward(query, key=None, value=None, key_padding_mask=None, need_weights=True, attn_mask=None,
            average_attn_weights=True, is_causal=False) -> out, weights
    query:  (N, L, E) float, without batch_first (L, N, E)
    key, value:  (N, S, E); the query itself unless given, which is self-attention
    key_padding_mask:  (N, S) bool, true where there is only padding, at which nobody looks
    attn_mask:  (L, S) or (N·num_heads, L, S): bool, true where a position may not look, as in PyTorch (and not as in
        `scaled_dot_product_attention`, where true means that it may); or float, added to the scores
    is_causal:  position i looks at 0 … i only; needs no mask
    Returns out, of the shape of the query, and the weights (N, L, S), the mean over the heads, or with
    average_attn_weights=False (N, num_heads, L, S); None without need_weights.  Who may look nowhere gets weights of 0.
    In training, dropout is applied to the weights, those that are returned too.
    Raises SettingError for impossible settings, ShapeError for shapes that do not fit, DTypeError unless all are of one
    float dtype and the masks bool or of it.
    Source: Vaswani et al. 2017, §3.2.2.

    >>> from chainrule import nn
    >>> out, weights = nn.MultiheadAttention(8, 2)(np.ones((3, 5, 8), np.float32))
    >>> out.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        batch_first: bool = True,
        rng: Generator | None = None,
    ) -> None:
        who = "MultiheadAttention"
        self.embed_dim = at_least(who, "embed_dim", embed_dim, 1)
        self.num_heads = at_least(who, "num_heads", num_heads, 1)
        if embed_dim % num_heads:
            expected = f"a divisor of embed_dim {embed_dim}"
            raise SettingError(who, f"num_heads {num_heads}", expected, "num_heads=1")
        self.batch_first = flag(who, "batch_first", batch_first)
        self.in_proj_weight = init.parameter((3 * embed_dim, embed_dim), init.xavier_uniform, rng)
        self.in_proj_bias = (
            init.parameter((3 * embed_dim,), init.zeros, rng) if flag(who, "bias", bias) else None
        )
        self.out_proj = Linear(embed_dim, embed_dim, bias, initialize=init.xavier_uniform, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        given = {
            "need_weights": need_weights,
            "average_attn_weights": average_attn_weights,
            "is_causal": is_causal,
        }
        for name, told in given.items():
            flag("MultiheadAttention", name, told)
        key = query if key is None else key
        values = (query, key, key if value is None else value)
        for name, x in zip(("query", "key", "value"), values, strict=True):
            self.check(name, x)
        q, k, v = (self.heads(x) for x in self.projected(*values))
        mask = self.mask(key_padding_mask, attn_mask, (*q.shape[:-1], k.shape[-2]), q.dtype)
        out, weights = ops.scaled_dot_product_attention(q, k, v, mask, causal=is_causal, need_weights=True)
        if self.training and self.dropout.p:
            weights = self.dropout(weights)
            out = ops.matmul(weights, v)
        if need_weights and average_attn_weights:
            weights = ops.mean(weights, axis=1)
        return self.out_proj(self.joined(out)), weights if need_weights else None

    def check(self, name: str, x: Any) -> None:
        """x has a batch, positions and the features of the layer."""
        shape = tuple(getattr(x, "shape", ()))
        if len(shape) != 3 or shape[-1] != self.embed_dim:
            axes = ("N", "L") if self.batch_first else ("L", "N")
            hint = f"MultiheadAttention({shape[-1]}, …)" if len(shape) == 3 else "add the batch axis"
            expected = f"({', '.join(axes)}, {self.embed_dim})"
            raise ShapeError("MultiheadAttention", f"{name} of shape {shape}", expected, hint)

    def projected(self, query: Any, key: Any, value: Any) -> tuple[Any, ...]:
        """Queries, keys and values; in one product where they are made of the same numbers."""
        e, w, b = self.embed_dim, self.in_proj_weight, self.in_proj_bias
        if query is key is value:
            return ops.split(ops.linear(query, w, b), e, axis=-1)
        biases = (None,) * 3 if b is None else ops.split(b, e)
        rows = zip((query, key, value), ops.split(w, e), biases, strict=True)
        return tuple(ops.linear(x, some, bias) for x, some, bias in rows)

    def heads(self, x: Any) -> Any:
        """(N, L, E), or (L, N, E), as (N, num_heads, L, E / num_heads)."""
        first, second, _ = x.shape
        apart = ops.reshape(x, (first, second, self.num_heads, self.embed_dim // self.num_heads))
        return ops.permute_dims(apart, (0, 2, 1, 3) if self.batch_first else (1, 2, 0, 3))

    def joined(self, x: Any) -> Any:
        """(N, num_heads, L, E / num_heads) as (N, L, E), or (L, N, E)."""
        beside = ops.permute_dims(x, (0, 2, 1, 3) if self.batch_first else (2, 0, 1, 3))
        return ops.reshape(beside, (*beside.shape[:2], self.embed_dim))

    def mask(self, padding: Any, attn_mask: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        """Both masks as one that broadcasts to the scores (N, num_heads, L, S): true where one may look, or added."""
        n, heads, length, keys = shape
        if padding is not None:
            self.check_mask("key_padding_mask", padding, ((n, keys),))
            if padding.dtype != bool:
                came = f"key_padding_mask of dtype {padding.dtype}"
                raise DTypeError("MultiheadAttention", came, "bool", "key_padding_mask != 0")
            padding = ops.reshape(padding, (n, 1, 1, keys))
        if attn_mask is None:
            return None if padding is None else ops.logical_not(padding)
        self.check_mask("attn_mask", attn_mask, ((length, keys), (n * heads, length, keys)))
        wide = attn_mask if len(attn_mask.shape) == 2 else ops.reshape(attn_mask, shape)
        if wide.dtype == bool:
            return ops.logical_not(wide if padding is None else ops.logical_or(wide, padding))
        if padding is None:
            return wide
        return ops.add(wide, ops.where(padding, np.asarray(-np.inf, dtype), np.zeros((), dtype)))

    def check_mask(self, name: str, mask: Any, shapes: tuple[tuple[int, ...], ...]) -> None:
        """The mask has one of these shapes."""
        shape = tuple(getattr(mask, "shape", ()))
        if shape not in shapes:
            expected = " or ".join(map(str, shapes))
            raise ShapeError(
                "MultiheadAttention", f"{name} of shape {shape}", expected, "a row for each query"
            )
