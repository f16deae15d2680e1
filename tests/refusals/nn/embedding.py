"""What the layers of `nn/embedding` refuse."""

import numpy as np

from chainrule import nn
from chainrule.errors import DTypeError, IndexingError, SettingError

from ..rows import Refusal, not_values, refuses, tensor

TABLE: dict[str, tuple[Refusal, ...]] = {
    "Embedding": (
        *not_values(nn.Embedding(5, 3)),
        refuses(DTypeError, lambda: nn.Embedding(5, 3)(tensor(2, 2)), "f32[2,2]"),
        refuses(DTypeError, lambda: nn.Embedding(5, 3)(np.ones(2, bool)), "bool[2]"),
        refuses(IndexingError, lambda: nn.Embedding(5, 3)(np.array([5])), "shape (5, 3)"),
        refuses(SettingError, lambda: nn.Embedding(0, 3), "num_embeddings 0"),
        refuses(SettingError, lambda: nn.Embedding(5, 1.5), "embedding_dim 1.5"),
        refuses(SettingError, lambda: nn.Embedding(5, 3, 5), "padding_idx 5"),
        refuses(SettingError, lambda: nn.Embedding(5, 3, "pad"), "padding_idx 'pad'"),
    ),
}
