"""Whether an array has neither NaN nor infinity, asked without an array of flags."""

from __future__ import annotations

from typing import Any

import numpy as np


def all_finite(array: np.ndarray[Any, Any]) -> bool:
    """Whether all numbers are finite, of any dtype.

    NaN and infinity stay in a sum; one that is not finite may also come of numbers too large to be added up.

    >>> all_finite(np.array([1.0, 2.0])), all_finite(np.array([1.0, np.nan])), all_finite(np.arange(3))
    (True, False, True)
    """
    if array.dtype.kind not in "fc":
        return True
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())
