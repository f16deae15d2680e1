"""Worker: 3×3 convolutions alone, in chainrule.  Arguments: direct or winograd, then the networks.

Pictures come with their channels last, and with their border where the stride is 1, so that nothing else is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from layers import Case, cases, serve_cases

import chainrule as cr
from chainrule.compiler import last
from chainrule.compiler.pixels import FILTERS, LAST, TO_FIRST
from chainrule.graph import Gate, apply
from chainrule.kernels.transforms import Scheme
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight


def bordered(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, C) with zeros around them."""
    return np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)))


def step_of(case: Case) -> Callable[[], float]:
    """One way of a layer, compiled."""
    x, w, y = case.numbers()
    stride, size = (case.stride, case.stride), (case.size, case.size)
    if case.way == "forward":
        return alone(Conv2d(stride), bordered(x), w)
    if case.way == "to filters":
        return alone(Conv2dWeight((3, 3), stride), bordered(x), y)
    if case.stride == 1:
        return alone(Conv2dInput(size, padding=(2, 2)), bordered(y), w)
    return alone(Conv2dInput(size, stride, padding=(1, 1)), y, w)  # spread out before, which is timed too


def alone(gate: Gate, pictures: np.ndarray, other: np.ndarray) -> Callable[[], float]:
    """A gate on pictures and either filters or other pictures; the result lies as the kernel writes it."""
    to_filters = isinstance(gate, Conv2dWeight)

    def step(one: cr.Tensor, two: cr.Tensor) -> cr.Tensor:
        two = cr.permute_dims(two, TO_FIRST) if to_filters else two
        made = apply(gate, cr.permute_dims(one, TO_FIRST), two)
        return cr.permute_dims(made, FILTERS if to_filters else LAST)

    run, left, right = cr.compile(step, fallback="error"), cr.Tensor(pictures), cr.Tensor(other)
    return lambda: float(run(left, right).numpy().flat[0])


def main() -> None:
    algorithm, *names = sys.argv[1:]
    winograd = algorithm == "winograd"
    last.winograd_pays = lambda gate, filters, out: Scheme(3) if winograd else None
    chosen = [case for case in cases(names) if case.tiled or not winograd]
    serve_cases(chosen, step_of)


if __name__ == "__main__":
    main()
