"""Rows of the gates of `ops/product`: the product of many numbers, and of the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError
from chainrule.ops.product import Prod, ProductOfOthers

from ..builders import reduction
from ..reference import rowwise
from ..rows import Row, bad, case, real, whole


def of_others(row: np.ndarray) -> Any:
    return np.array([np.prod(np.delete(row, k)) for k in range(row.size)])


ROWS: tuple[Row, ...] = (
    reduction(Prod, real, np.prod, eps=4e-6),
    Row(
        "ProductOfOthers",
        (
            case(ProductOfOthers(0), real(5)),
            case(ProductOfOthers(1), real(3, 4)),
            case(ProductOfOthers(1), real(2, 7, 3)),
            case(ProductOfOthers(2), real(1, 2, 3)),
            case(ProductOfOthers(0), real(8)),
            case(ProductOfOthers(1), real(0, 3)),
        ),
        rowwise(of_others),
        (
            bad(IndexingError, ProductOfOthers(1), real(3)),
            bad(DTypeError, ProductOfOthers(0), whole(3)),
        ),
        eps=4e-6,
        native="parts",
    ),
)
