"""Products that are made for the guard alone: only if their factors are so large that a result may not be finite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph import Spec
from ..kernels.doubt import InDoubt
from ..kernels.formula import Formula, Number, Operand, Step
from ..kernels.loops import Loops
from ..ops.arithmetic import Multiply
from .groups import PRODUCT, Group, Groups
from .single import fill
from .tasks import Address, Argument, Task, Wanted, address, along, arranged, placed, share_out
from .views import View, collapsed


def is_only_guarded(group: Group, wanted: Wanted) -> bool:
    """Whether nobody wants to have the results of a product without an epilogue."""
    made = set(group.makes())
    return group.kind == PRODUCT and len(group.ops) == 1 and made <= wanted.guarded - wanted.stored


def in_doubt(groups: Groups, group: Group, tasks: list[Task]) -> list[Task]:
    """The tasks of such a product, the last of which does nothing unless a factor is large, or not finite."""
    *before, product = tasks
    doubt = groups.flow.new(Spec((), np.dtype(np.bool_)))
    looks = [look(groups, groups.place(groups.view(n)), doubt) for n in group.ops[0].inputs]
    arguments = [*product.arguments, Address(doubt)]
    made = replace(
        product,
        kernel=InDoubt(product.kernel, len(product.arguments)),
        arguments=arguments,
        reads=(*product.reads, doubt),
        name="guard",
        flops=0,
    )
    return [*before, *fill(groups, groups.view(doubt), 0), *looks, made]


def look(groups: Groups, view: View, doubt: int) -> Task:
    """Raise the doubt if a number of a factor is not below the bound: it is infinite after a multiplication."""
    dtype = groups.flow.specs[view.base].dtype
    axes = sorted(zip(view.strides, view.shape, strict=True), reverse=True)  # in the order of memory
    loops = arranged(collapsed(tuple(n for _, n in axes), [tuple(s for s, _ in axes)], ()))
    outer, inner = loops[:-1], loops[-1]
    grown = Step(Multiply(), "forward", (0, Number(growth(dtype), dtype)), dtype)
    formula = Formula((Operand(dtype, along(inner.strides[0])),), (grown,), (), (1,))
    pieces = share_out(2 * view.size)
    arguments: list[Argument] = [pieces, *(axis.size for axis in loops)]
    arguments += [*placed(address(groups, view), 0, outer, inner), Address(doubt)]
    return Task(Loops(formula, len(outer)), arguments, pieces, (view.base,), (doubt,), "guard")


def growth(dtype: np.dtype) -> float:
    """What a number is multiplied by: where infinity begins at 2^E, the result is finite for numbers below 2^(3/8 · E),
    and so is each sum of 2^(E/4 - 1) products of two of them.

    >>> growth(np.dtype("float32")) == 2.0**80
    True
    """
    largest = int(np.finfo(dtype).maxexp)
    return float(2.0 ** (largest - 3 * largest // 8))
