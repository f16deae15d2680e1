"""How an element was made, as a clause with numbers: a function for each pattern of a gate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import Elementwise, Reduction
from ..ops.product import ProductOfOthers
from ..ops.reduction import Argmax, Var
from ..words import many
from .digits import TIMES, number, place
from .element import Element

SIGNS = {"add": "+", "subtract": "−", "multiply": TIMES, "divide": "/", "power": "^"}
RELATIONS = {
    "greater": ">",
    "greater_equal": "≥",
    "less": "<",
    "less_equal": "≤",
    "equal": "=",
    "not_equal": "≠",
    "logical_and": "and",
    "logical_or": "or",
}

WORDS = {"max": "largest", "min": "smallest", "prod": "product", "var": "variance"}
"""What a gate of many numbers makes of them, where that is not its name."""


def made(element: Element) -> str:
    """The clause of one element.

    >>> import chainrule as cr
    >>> debugger = cr.debug(lambda x, y: x * y, np.full(1, 2.0), np.full(1, -3.0))
    >>> made(debugger.element("multiply", 0))
    '2.00 × −3.00 = −6.00'
    """
    if isinstance(element.gate, Elementwise) and element.gate.pattern != "draws":
        return by_numbers(element)
    if isinstance(element.gate, Reduction | Var):
        return reduced(element)
    if isinstance(element.gate, Argmax | ProductOfOthers):
        return along_axis(element)
    if element.whole.dtype.kind != "f":
        return composed(element)
    return MADE.get(element.gate.pattern, composed)(element)


def by_numbers(element: Element) -> str:
    """An elementwise gate: one number of each input."""
    label, seen, value = element.gate.label, [number(x) for x in element.seen()], number(element.value)
    if label in SIGNS:
        return f"{seen[0]} {SIGNS[label]} {seen[1]} = {value}"
    if label in RELATIONS:
        return f"{seen[0]} {RELATIONS[label]} {seen[1]} is {value}"
    return f"{listed(seen)} {'gives' if len(seen) == 1 else 'give'} {value}"


def listed(words: list[str]) -> str:
    """
    >>> listed(["x", "y", "z"])
    'x, y and z'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def reduced(element: Element) -> str:
    """Numbers along axes that become one."""
    gate: Any = element.gate
    read, value = element.inputs[0], number(element.value)
    of = f"{many(math.prod(read.array.shape[axis] for axis in gate.axis), 'number')} of {read.name}"
    return f"{value} is the {WORDS.get(gate.label, gate.label.replace('_', ' '))} of {of}"


def along_axis(element: Element) -> str:
    """Where the winner of an axis stands, or what the others of an axis come to."""
    gate: Any = element.gate
    read, value = element.inputs[0], number(element.value)
    count = read.array.shape[gate.axis]
    if isinstance(gate, ProductOfOthers):
        return f"{value} is the product of {many(count - 1, 'other number')} of {read.name}"
    word = WORDS[gate.label.replace("arg", "")]
    return f"{value} is where the {word} of {many(count, 'number')} of {read.name} stands"


def moved(element: Element) -> str:
    """A number that comes from another place."""
    for read in element.receivers():
        if read.reached:
            return f"{number(element.value)} comes from {place(read.name, read.reached[0])}"
    filled = any(True for _ in element.receivers())
    return f"{number(element.value)} {'is filled in' if filled else f'comes from {element.inputs[0].name}'}"


def gathered(element: Element) -> str:
    """A sum, or a mean, of numbers at some places."""
    read = next((r for r in element.receivers() if r.reached), None)
    if read is None:
        return f"{number(element.value)}, of no number"
    return f"{number(element.value)} is gathered from {many(len(read.reached), 'number')} of {read.name}"


def mixed(element: Element) -> str:
    """A sum of products, with the largest of them."""
    read = next((r for r in element.receivers() if r.reached), None)
    if read is None or read.slope is None:
        return f"{number(element.value)}, of no product that is not 0"
    products = read.array * read.slope
    at = tuple(int(i) for i in np.unravel_index(int(np.abs(products).argmax()), products.shape))
    other = next((r.name for r in element.inputs if r.name != read.name), read.name)
    whose = f" of {other}" if len(element.inputs) > 1 else ""
    factors = f"{number(read.array[at])} of {place(read.name, at)} {TIMES} {number(read.slope[at])}{whose}"
    count = int(np.count_nonzero(products))
    if not count:
        return f"{number(element.value)}, of no product that is not 0"
    if count == 1:
        return f"{number(element.value)} is one product, {factors}"
    some = " that are not 0" if count < max(len(r.reached) for r in element.receivers()) else ""
    terms = f"{number(element.value)} is the sum of {many(count, 'product')}{some}"
    return f"{terms}, the largest {number(products[at])} = {factors}"


def shared(element: Element) -> str:
    """Scores that become shares of one total."""
    read = element.inputs[0]
    if element.gate.label != "logsumexp":
        scores = many(read.array.shape[element.gate.axis], "score")  # type: ignore[attr-defined]
        return f"{number(read.array[element.index])} among {scores} gives {number(element.value)}"
    return f"{number(element.value)} is the logsumexp of numbers of {read.name}"


def probabilities(element: Element) -> tuple[np.ndarray, int]:
    """The probability of each class at an element of the cross-entropy, and the right class."""
    scores, labels = (read.array for read in element.inputs)
    row = np.moveaxis(scores, 1, -1)[element.index].astype(np.float64)
    weights = np.exp(row - row.max())
    return weights / weights.sum(), int(labels[element.index])


def judged(element: Element) -> str:
    """A loss of scores and a label."""
    if element.gate.label != "softmax_cross_entropy":
        return f"class {int(element.inputs[1].array[element.index])} is right; the loss is {number(element.value)}"
    shares, right = probabilities(element)
    p = number(float(shares[right]))
    return f"class {right} is right and has probability {p}: −ln {p} = {number(element.value)}"


def normalized(element: Element) -> str:
    """A number brought to the scale of its neighbours."""
    value, read = number(element.value), element.inputs[0]
    if element.gate.label == "standardize":
        return standardized(element)
    if element.gate.label != "batch_norm":
        return f"{number(read.array[element.index])} among its neighbours gives {value}"
    if element.output:
        count = read.array.size // read.array.shape[1]
        word = element.gate.outputs[element.output]
        return f"{value} is the {WORDS.get(word, word)} of {count:,} numbers of {read.name}"
    channel = element.index[1]
    x, mean, var = (
        float(read.array[element.index]),
        float(element.outs[1][channel]),
        float(element.outs[2][channel]),
    )
    deviation = math.sqrt(var + element.gate.eps)  # type: ignore[attr-defined]
    w, b = (number(r.array[channel]) for r in element.inputs[1:])
    apart = f"({number(x)} − mean {number(mean)}) / deviation {number(deviation)}"
    return f"{apart} = {number((x - mean) / deviation)}, {TIMES} {w} + {b} = {value}"


def standardized(element: Element) -> str:
    """A number of so many that get mean 0 and variance 1, or their deviation."""
    gate: Any = element.gate
    value, read = number(element.value), element.inputs[0]
    alike = tuple(slice(None) if a in gate.axis else i for a, i in enumerate(element.index))
    together = read.array[alike].astype(np.float64)
    if element.output:
        numbers = many(together.size, "number")
        return f"{value} is the deviation of {numbers} of {read.name}, √(variance {number(together.var())} + eps)"
    deviation = float(element.outs[1][tuple(0 if a in gate.axis else i for a, i in enumerate(element.index))])
    mean = number(float(together.mean()))
    return f"({number(read.array[element.index])} − mean {mean}) / deviation {number(deviation)} = {value}"


def attended(element: Element) -> str:
    """A mean of values, with the position that weighs most; or one of the weights."""
    gate: Any = element.gate
    (q, k, v), value = element.inputs[:3], number(element.value)
    *batch, query, last = element.index
    weights = element.outs[1][*batch, query]
    if not weights.any():
        return f"{value}: position {query} may look nowhere"
    most = int(weights.argmax())
    if element.output == 0:
        there = place(v.name, (*batch, most, last))
        seen = f"weight {number(weights[most])} {TIMES} {number(v.array[*batch, most, last])} of {there}"
        return f"position {query} looks most at position {most}, {seen}; with the others {value}"
    if element.value == 0:
        return f"position {query} does not look at position {last}"
    score = number(gate.scale * float(q.array[*batch, query] @ k.array[*batch, last]))
    looked = f"position {query} looks at position {last} with weight {value}"
    return f"{looked}: {score} = {number(gate.scale)} {TIMES} q · k"


def remembered(element: Element) -> str:
    """A cell of a recurrent network."""
    arrays = [read.array.astype(np.float64) for read in element.inputs]
    n, unit = element.index
    width, value = element.whole.shape[1], number(element.value)

    def sigma(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    if element.gate.label == "lstm_cell":
        i, f, g, o = (arrays[0][n, k * width + unit] for k in range(4))
        if element.output == 0:
            c = math.tanh(float(element.outs[1][n, unit]))
            return f"o {number(sigma(o))} {TIMES} tanh c {number(c)} = {value}"
        kept = f"f {number(sigma(f))} {TIMES} c {number(arrays[1][n, unit])}"
        return f"{kept} + i {number(sigma(i))} {TIMES} g {number(math.tanh(g))} = {value}"
    (x_r, x_z, x_n), (h_r, h_z, h_n) = ([a[n, k * width + unit] for k in range(3)] for a in arrays[:2])
    z, new = sigma(x_z + h_z), math.tanh(x_n + sigma(x_r + h_r) * h_n)
    old = f"z {number(z)} {TIMES} h {number(arrays[2][n, unit])}"
    return f"(1 − z {number(z)}) {TIMES} n {number(new)} + {old} = {value}"


def drawn(element: Element) -> str:
    """A number that dropout kept or dropped."""
    (x, _), keep = element.inputs, 1 - element.gate.p  # type: ignore[attr-defined]
    seen, value = number(x.array[element.index]), number(element.value)
    if not any(read.reached for read in element.receivers()):
        return f"dropped, {seen} gives {value}"
    return f"kept, {seen} {TIMES} {number(1 / keep)} = {value}"


def pooled(element: Element) -> str:
    """The largest of a window."""
    for read in element.receivers():
        if read.reached:
            return f"{number(element.value)} is the largest of its window, at {place(read.name, read.reached[0])}"
    return f"{number(element.value)} won"


def composed(element: Element) -> str:
    """Any other gate: what it read, by shape, or by number where there is only one."""
    read = [
        f"{r.name} = {number(r.array)}" if r.array.ndim == 0 else f"{r.name} {r.array.shape}"
        for r in element.inputs
    ]
    return f"{listed(read)} {'gives' if len(read) == 1 else 'give'} {number(element.value)}"


MADE: dict[str, Callable[[Element], str]] = {
    "moves": moved,
    "spreads": gathered,
    "mixes": mixed,
    "shares": shared,
    "judges": judged,
    "normalizes": normalized,
    "remembers": remembered,
    "attends": attended,
    "draws": drawn,
    "routes": pooled,
}
