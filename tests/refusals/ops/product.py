"""What the functions of `ops/product` refuse."""

from chainrule import ops

from ..rows import Refusal
from .reduction import several

TABLE: dict[str, tuple[Refusal, ...]] = {"prod": several(ops.prod)}
