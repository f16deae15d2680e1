"""The table of gates: one row for each, with settings to try, inputs that suit it, and inputs it refuses.

A gate without a row fails the tests.  The laws in `laws.py` run over all rows and all their cases.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import chainrule
from chainrule.graph import Gate

from .rows import Row
from .tables import (
    activation,
    arithmetic,
    attention,
    conv,
    dropout,
    elementary,
    indexing,
    linear,
    loss,
    margin,
    norm,
    order,
    pool,
    product,
    rectifier,
    recurrent,
    reduction,
    regression,
    resample,
    scan,
    selection,
    shape,
    softmax,
    standardize,
    transposed,
    unfold,
)


def every_gate() -> dict[str, type[Gate]]:
    """Every decorated gate of ops, by name; abstract ones have no label of their own."""
    for module in pkgutil.walk_packages(chainrule.ops.__path__, "chainrule.ops."):
        importlib.import_module(module.name)

    def below(cls: type) -> Iterator[type]:
        for sub in cls.__subclasses__():
            yield sub
            yield from below(sub)

    ours = (c for c in below(Gate) if c.__module__.startswith("chainrule.ops.") and "label" in vars(c))
    return {c.__name__: c for c in ours}


ROWS: tuple[Row, ...] = (
    *activation.ROWS,
    *arithmetic.ROWS,
    *elementary.ROWS,
    *selection.ROWS,
    *reduction.ROWS,
    *scan.ROWS,
    *order.ROWS,
    *softmax.ROWS,
    *loss.ROWS,
    *margin.ROWS,
    *regression.ROWS,
    *norm.ROWS,
    *standardize.ROWS,
    *linear.ROWS,
    *attention.ROWS,
    *conv.ROWS,
    *transposed.ROWS,
    *unfold.ROWS,
    *pool.ROWS,
    *rectifier.ROWS,
    *product.ROWS,
    *resample.ROWS,
    *recurrent.ROWS,
    *dropout.ROWS,
    *indexing.ROWS,
    *shape.ROWS,
)

TABLE: dict[str, Row] = {row.name: row for row in ROWS}
