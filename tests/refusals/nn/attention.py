"""What the layers of `nn/attention` refuse."""

import numpy as np

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, refuses, tensor

X, OTHERS = tensor(2, 4, 6), tensor(2, 5, 6)
heads = nn.MultiheadAttention(6, 2)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "MultiheadAttention": (
        *not_floats(heads, 2, 4, 6),
        refuses(DTypeError, lambda: heads(X, tensor(2, 5, 6, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: heads("three"), "query of shape ()"),
        refuses(ShapeError, lambda: heads(tensor(4, 6)), "query of shape (4, 6)"),
        refuses(ShapeError, lambda: heads(X, tensor(2, 5, 3)), "key of shape (2, 5, 3)"),
        refuses(ShapeError, lambda: heads(X, OTHERS, X), "v f32[2,2,4,3]"),
        refuses(ShapeError, lambda: heads(X, tensor(3, 5, 6)), "k f32[3,2,5,3]"),
        refuses(ShapeError, lambda: heads(X, tensor(2, 0, 6)), "nothing to look at"),
        refuses(ShapeError, lambda: heads(X, key_padding_mask=np.ones((4, 2), bool)), "(4, 2)"),
        refuses(ShapeError, lambda: heads(X, attn_mask=np.ones((2, 4, 4), bool)), "(2, 4, 4)"),
        refuses(ShapeError, lambda: heads(X, attn_mask="causal"), "()"),
        refuses(DTypeError, lambda: heads(X, key_padding_mask=np.ones((2, 4))), "float64"),
        refuses(DTypeError, lambda: heads(X, attn_mask=np.ones((4, 4), np.int64)), "mask i64"),
        refuses(SettingError, lambda: nn.MultiheadAttention(6, 4), "num_heads 4"),
        refuses(SettingError, lambda: nn.MultiheadAttention(0, 1), "embed_dim 0"),
        refuses(SettingError, lambda: nn.MultiheadAttention(6, 2, dropout=1), "p 1"),
        refuses(SettingError, lambda: nn.MultiheadAttention(6, 2, bias=None), "bias None"),
        refuses(SettingError, lambda: nn.MultiheadAttention(6, 2, batch_first="no"), "batch_first 'no'"),
        refuses(SettingError, lambda: heads(X, need_weights=0), "need_weights 0"),
        refuses(SettingError, lambda: heads(X, average_attn_weights=None), "average_attn_weights None"),
        refuses(SettingError, lambda: heads(X, is_causal=np.ones((4, 4), bool)), "is_causal"),
    ),
}
