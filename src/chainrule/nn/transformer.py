"""The transformer's encoder, and its layer.  Names and masks as in PyTorch.

N sentences, L positions, E features.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

from .. import ops
from ..errors import SettingError
from ..ops.arguments import at_least, flag
from ..random import Generator
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .norm import LayerNorm


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers at each position; x is added to the result of each, and normalized.

    x = norm1(x + attention(x)), out = norm2(x + linear2(activation(linear1(x)))); with norm_first instead
    x = x + attention(norm1(x)), out = x + linear2(activation(linear1(norm2(x)))), which trains more steadily when deep.
    PyTorch's names: self_attn, linear1, linear2, norm1, norm2.  batch_first is True unless told otherwise.

    activation:  "relu", "gelu", or a function of a tensor
    forward(src, src_mask=None, src_key_padding_mask=None, is_causal=False) -> out
    src:  (N, L, d_model) float, without batch_first (L, N, d_model); masks as in MultiheadAttention
    Raises SettingError for impossible settings, ShapeError for shapes that do not fit, DTypeError unless src
    has the dtype of the weights.
    Source: Vaswani et al. 2017, §3.1; norm first: Xiong et al. 2020.

    >>> import numpy as np
    >>> from chainrule import nn
    >>> nn.TransformerEncoderLayer(8, 2, 16)(np.ones((3, 5, 8), np.float32)).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        *,
        batch_first: bool = True,
        norm_first: bool = False,
        bias: bool = True,
        rng: Generator | None = None,
    ) -> None:
        self.activation = function_of("TransformerEncoderLayer", activation)
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, rng=rng)
        self.linear1 = Linear(d_model, dim_feedforward, bias, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, rng=rng)
        self.norm_first = flag("TransformerEncoderLayer", "norm_first", norm_first)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.dropout1 = Dropout(dropout, rng=rng)
        self.dropout2 = Dropout(dropout, rng=rng)

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        def attend(x: Any) -> Any:
            out, _ = self.self_attn(
                x,
                key_padding_mask=src_key_padding_mask,
                need_weights=False,
                attn_mask=src_mask,
                is_causal=is_causal,
            )
            return self.dropout1(out)

        def feed(x: Any) -> Any:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = src + attend(self.norm1(src))
            return x + feed(self.norm2(x))
        x = self.norm1(src + attend(src))
        return self.norm2(x + feed(x))


class TransformerEncoder(Module):
    """num_layers encoder layers one after the other, and a normalization at the end, if there is one.

    encoder_layer:  each layer is a copy of it, with weights of its own that begin alike, as in PyTorch, and with masks
        of its own in dropout
    norm:  a module for the last result, as it should be with norm_first; or None
    forward(src, mask=None, src_key_padding_mask=None, is_causal=False) -> out, as in TransformerEncoderLayer
    PyTorch's names: layers.0, layers.1, …, norm.
    Raises SettingError for what is no module and for num_layers below 1; ShapeError and DTypeError as its layers.
    Source: Vaswani et al. 2017, §3.1.

    >>> import numpy as np
    >>> from chainrule import nn
    >>> layer = nn.TransformerEncoderLayer(8, 2, 16, norm_first=True)
    >>> nn.TransformerEncoder(layer, 3, nn.LayerNorm(8))(np.ones((3, 5, 8), np.float32)).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        *,
        rng: Generator | None = None,
    ) -> None:
        who = "TransformerEncoder"
        for name, part in (("encoder_layer", encoder_layer), ("norm", norm)):
            if not (isinstance(part, Module) or (part is None and name == "norm")):
                came = f"{name} is a {type(part).__name__}"
                raise SettingError(who, came, "a module", "TransformerEncoderLayer(8, 2)")
        count = at_least(who, "num_layers", num_layers, 1)
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(count))
        for part in self.layers.modules():
            if isinstance(part, Dropout):
                part.draw_seed(rng)
        self.norm = norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


ACTIVATIONS: Final[dict[str, Callable[[Any], Any]]] = {"relu": ops.relu, "gelu": ops.gelu}
"""What stands between the two linear layers, by name."""


def function_of(who: str, activation: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function, or the one of that table."""
    if callable(activation):
        return activation
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        expected = f"{', '.join(map(repr, ACTIVATIONS))}, or a function"
        raise SettingError(who, f"activation {activation!r}", expected, 'activation="relu"')
    return ACTIVATIONS[activation]
