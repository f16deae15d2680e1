"""Embedding: symbols become rows of numbers that are learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..ops.arguments import at_least
from ..ops.embedding import padded_row
from ..random import Generator
from . import init
from .module import Module


class Embedding(Module):
    """Row i of weight (num_embeddings, embedding_dim) for each index i: (…) integers give (…, embedding_dim).

    padding_idx:  a symbol that only fills up short sentences: its row begins at 0, sends no gradient back and so stays
        as it is; negative ones count from the end
    Raises SettingError for sizes below 1 and a padding_idx that is no row, DTypeError unless the indices are integers,
    IndexingError for an index beyond num_embeddings.

    A learned place for each position, added to the symbols, as a transformer wants it:

    >>> import numpy as np
    >>> from chainrule import nn
    >>> symbols, places = nn.Embedding(1000, 16), nn.Embedding(50, 16)  # up to 50 positions
    >>> sentences = np.zeros((4, 7), int)
    >>> (symbols(sentences) + places(np.arange(7))).shape
    (4, 7, 16)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        initialize: init.Initializer = init.standard_normal,
        rng: Generator | None = None,
    ) -> None:
        self.num_embeddings = at_least("Embedding", "num_embeddings", num_embeddings, 1)
        self.embedding_dim = at_least("Embedding", "embedding_dim", embedding_dim, 1)
        self.padding_idx = padding_idx
        if padding_idx is not None:
            self.padding_idx = padded_row("Embedding", padding_idx, num_embeddings)
        begin = initialize if padding_idx is None else with_a_row_of_zeros(initialize, self.padding_idx)
        self.weight = init.parameter((num_embeddings, embedding_dim), begin, rng)

    def forward(self, indices: Any) -> Any:
        return ops.embedding(indices, self.weight, padding_idx=self.padding_idx)

    def extra_repr(self) -> str:
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        return sizes if self.padding_idx is None else f"{sizes}, padding_idx={self.padding_idx}"


def with_a_row_of_zeros(initialize: init.Initializer, row: int | None) -> init.Initializer:
    """The same beginning, but for one row."""

    def begin(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
        made = np.array(initialize(shape, rng))
        made[row] = 0
        return made

    return begin
