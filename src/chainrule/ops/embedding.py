"""Embedding: a learned row of numbers for each symbol."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, SettingError, ShapeError
from ..graph import Spec, Value, no_grad, require_kind
from .arguments import Operand, checked_shape, dtype_of, named
from .indexing import index
from .selection import equal, where
from .shape import reshape


@named
def embedding(indices: Operand, w: Operand, *, padding_idx: int | None = None) -> Any:
    """Row i of w for each index i: out[…, :] = w[indices[…], :].  A row's gradient is the sum over its places.

    indices:  any shape, integers from 0 to V - 1: symbols, words, positions; negative ones count from the end
    w:  (V, E) float     a row for each symbol
    padding_idx:  a symbol that only fills up short sentences: its row sends no gradient back and is never learned
    Returns (…, E).
    Raises ShapeError unless w has two axes, DTypeError unless it is float and the indices are integers, IndexingError
    for an index beyond V, SettingError for a padding_idx that is no row.
    Source: Bengio et al. 2003, the matrix C.  Also: nn.Embedding.

    >>> import numpy as np
    >>> from chainrule import Tensor, embedding
    >>> embedding(np.asarray([2, 0]), Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    Tensor([[5., 6.],
            [1., 2.]])
    """
    who, shape = "embedding", checked_shape("embedding", w, "w")
    require_kind(who, "w", Spec(shape, dtype_of(w)), "float")
    if len(shape) != 2:
        raise ShapeError(who, f"w of shape {shape}", "(V, E)", "a row for each symbol")
    places = checked_shape(who, indices, "indices")
    if dtype_of(indices).kind not in "iu":
        came = f"indices {Spec(places, dtype_of(indices))}"
        raise DTypeError(who, came, "an integer dtype", 'indices.astype("int64")')
    key = indices if isinstance(indices, Value) else np.asarray(indices)
    rows = index(w, key)
    if padding_idx is None:
        return rows
    with no_grad():
        held = index(w, key)  # in a compiled step, the same rows again
    padding = equal(key, padded_row(who, padding_idx, shape[0]))
    return where(reshape(padding, (*places, 1)), held, rows)


def padded_row(who: str, padding_idx: int, count: int) -> int:
    """The row of the padding, counted from the front."""
    whole = isinstance(padding_idx, int | np.integer) and not isinstance(padding_idx, bool)
    if not (whole and -count <= padding_idx < count):
        expected = f"a row from {-count} to {count - 1}"
        raise SettingError(who, f"padding_idx {padding_idx!r}", expected, "padding_idx=0")
    return int(padding_idx) % count
