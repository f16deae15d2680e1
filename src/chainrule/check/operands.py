"""What a line read where it went wrong, in numbers that explain it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..graph import Elementwise, Gate, Reduction, apply, gradients, recording, xp
from ..tensor import Tensor
from .numbers import first
from .passing import multiplies

Given = tuple[np.ndarray, ...]


class Operands(NamedTuple):
    """What was read.

    read:  (name, number) of each operand, those of a constant without a name
    note:  what these numbers are, where they are not simply the operands
    """

    read: list[tuple[str, float]]
    note: str = ""

    def __str__(self) -> str:
        return " and ".join(
            f"{name} = {number:.6g}" if name else f"{number:.6g}" for name, number in self.read
        )


def operands(gate: Gate, given: Given, names: Sequence[str], index: tuple[int, ...]) -> Operands:
    """What explains the result of a gate at an index.

    given, names:  the arrays that it read and their paths, "" for constants
    An elementwise gate's own operands there; the largest product of a sum of products, and the largest term of
    another sum, with what all of them add up to; for other gates the largest magnitude of each input.

    >>> from chainrule.ops.arithmetic import Divide
    >>> print(operands(Divide(), (np.ones(3), np.zeros(())), ("x", "y"), (1,)))
    x = 1 and y = 0
    """
    if isinstance(gate, Elementwise):
        return Operands([(name, at(array, index)) for name, array in zip(names, given, strict=True)])
    if isinstance(gate, Reduction) and gate.combine == "add":
        return largest_term(gate, given[0], names[0], index)
    if multiplies(gate, given):
        return largest_product(gate, given, names, index)
    floats = [(name, a) for name, a in zip(names, given, strict=True) if a.dtype.kind == "f" and a.size]
    return Operands([(f"max |{name}|" if name else "", largest(a)) for name, a in floats])


def at(array: np.ndarray, index: tuple[int, ...]) -> float:
    """The element that broadcasting brings to an index."""
    tail = index[len(index) - array.ndim :]
    return float(array[tuple(0 if n == 1 else i for i, n in zip(tail, array.shape, strict=True))])


def largest(array: np.ndarray) -> float:
    return float(np.abs(array.astype(np.float64)).max())


def largest_term(gate: Reduction, x: np.ndarray, name: str, index: tuple[int, ...]) -> Operands:
    """The largest of the numbers that a sum adds up at an index."""
    axes = [axis for axis in range(x.ndim) if gate.keepdims or axis not in gate.axis]
    places = dict(zip(axes, index, strict=True))
    cut = tuple(slice(None) if axis in gate.axis else places[axis] for axis in range(x.ndim))
    there = x[cut].astype(np.float64).reshape(-1)
    terms = np.asarray(gate.map(xp, there))
    number = float(there[np.abs(terms).argmax()])
    return Operands([(name, number)], f"the largest of {terms.size} terms; {adding_up(terms.sum(), x.dtype)}")


def largest_product(gate: Gate, given: Given, names: Sequence[str], index: tuple[int, ...]) -> Operands:
    """The factors of the largest product that a result is the sum of.

    A gate that multiplies its inputs has as its slope to one factor what this factor was multiplied by.
    """
    values = [Tensor(a.astype(np.float64), requires_grad=True) for a in given]
    token = recording.set(True)
    try:
        out = apply(gate, *values)
        there = np.zeros(out.shape)
        there[index] = 1
        (partners,) = gradients(out, values[:1], Tensor(there))
    finally:
        recording.reset(token)
    partner = partners.data  # type: ignore[union-attr]
    products = values[0].data * partner
    place = first(np.abs(products) == np.abs(products).max())
    read = [(names[0], float(values[0].data[place])), (names[1], float(partner[place]))]
    many = int((partner != 0).sum())
    return Operands(read, f"the largest of {many} products; {adding_up(products.sum(), given[0].dtype)}")


def adding_up(total: float, dtype: np.dtype) -> str:
    """What terms add up to, and whether that is beyond the numbers of a dtype."""
    most = float(np.finfo(dtype).max)
    beyond = f"beyond {dtype}'s {most:.2g}" if abs(total) > most else "sums on the way go beyond it"
    return f"they add up to {total:.3g}, {beyond}"
