"""Numbers and places as sentences have them: −3.00, 1.2e−05, conv1.weight[3, 0, 1, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

MINUS, TIMES = "−", "×"


def number(x: Any) -> str:
    """About three digits, with a minus sign that is one.

    >>> [number(x) for x in (-3.0, 0.125, 0.03125, 1234.5, 2.5e-7, 4, True)]
    ['−3.00', '0.125', '0.0312', '1,234', '2.50e−07', '4', 'True']
    """
    if not isinstance(x, float):
        x = x.item() if hasattr(x, "item") else x
    if not isinstance(x, float):
        return str(x) if isinstance(x, bool) else f"{x:,}".replace("-", MINUS)
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else f"{MINUS}∞"
    size = abs(x)
    if size and not 5e-4 <= size < 1e6:
        text = f"{x:.2e}"
    elif size >= 100 or size == 0:
        text = f"{x:,.0f}" if size >= 1000 else f"{x:.1f}" if size else "0.00"
    else:
        places = next(n for n, least in ((2, 0.9995), (3, 0.1), (4, 0.01), (5, 0.0)) if size >= least)
        text = f"{x:.{places}f}"
    return text.replace("-", MINUS)


def percent(share: float) -> str:
    """
    >>> percent(0.314), percent(-0.05)
    ('31 %', '−5 %')
    """
    return f"{100 * share:.0f} %".replace("-", MINUS) if math.isfinite(share) else "? %"


def place(name: str, index: Sequence[int]) -> str:
    """One element of a value; the value itself where it is one number.

    >>> place("relu", (0, 3)), place("loss", ())
    ('relu[0, 3]', 'loss')
    """
    return f"{name}[{', '.join(map(str, index))}]" if index else name
