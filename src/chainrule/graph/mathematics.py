"""The closed namespace `xp` in which gates write their formulas; here its life on NumPy arrays.

The kernel language gives the same names a second life on vectors, so a formula may use these names,
`+ - * /`, comparisons, and `& | ~` on masks: nothing else, and no `if` on a value.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..special import erf, normal_cdf


class Mathematics:
    """Functions on arrays, elementwise and broadcasting.  `maximum` and `minimum` pass NaN on."""

    abs = staticmethod(np.abs)
    astype = staticmethod(lambda x, dtype: x.astype(dtype))
    cos = staticmethod(np.cos)
    erf = staticmethod(erf)
    exp = staticmethod(np.exp)
    expm1 = staticmethod(np.expm1)
    floor = staticmethod(np.floor)
    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    normal_cdf = staticmethod(normal_cdf)
    power = staticmethod(np.power)
    sign = staticmethod(np.sign)
    sin = staticmethod(np.sin)
    sqrt = staticmethod(np.sqrt)
    tanh = staticmethod(np.tanh)
    where = staticmethod(np.where)


xp: Final = Mathematics()
