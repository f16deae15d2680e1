"""What the layers of `nn/transformer` refuse."""

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, refuses, tensor

X = tensor(2, 4, 6)
encoder = nn.TransformerEncoderLayer(6, 2, 8)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "TransformerEncoder": (
        *not_floats(nn.TransformerEncoder(encoder, 2), 2, 4, 6),
        refuses(ShapeError, lambda: nn.TransformerEncoder(encoder, 2)(tensor(2, 4, 5)), "(2, 4, 5)"),
        refuses(ShapeError, lambda: nn.TransformerEncoder(encoder, 2)(X, np.ones((4, 5), bool)), "(4, 5)"),
        refuses(SettingError, lambda: nn.TransformerEncoder(cr.relu, 2), "encoder_layer is a function"),
        refuses(SettingError, lambda: nn.TransformerEncoder(encoder, 0), "num_layers 0"),
        refuses(SettingError, lambda: nn.TransformerEncoder(encoder, 1.5), "num_layers 1.5"),
        refuses(SettingError, lambda: nn.TransformerEncoder(encoder, 2, "layer"), "norm is a str"),
    ),
    "TransformerEncoderLayer": (
        *not_floats(encoder, 2, 4, 6),
        refuses(DTypeError, lambda: encoder(tensor(2, 4, 6, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: encoder(tensor(2, 4, 5)), "(2, 4, 5)"),
        refuses(ShapeError, lambda: encoder(tensor(4, 6)), "(4, 6)"),
        refuses(ShapeError, lambda: encoder(X, np.ones((4, 5), bool)), "(4, 5)"),
        refuses(ShapeError, lambda: encoder(X, None, np.ones((2, 5), bool)), "(2, 5)"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 4), "num_heads 4"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 2, 0), "out_features 0"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 2, norm_first=1), "norm_first 1"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 2, 8, -1), "p -1"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 2, activation="sinus"), "'sinus'"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 2, activation=["relu"]), "['relu']"),
        refuses(SettingError, lambda: nn.TransformerEncoderLayer(6, 2, layer_norm_eps=0), "eps 0"),
    ),
}
