"""Faults to plant in convolutions of pictures abreast; as in `faults`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import Tensor
from chainrule.compiler import abreast_tasks
from chainrule.kernels.abreast import Axis, Convolving, Gathering

from .faults import Fault, learned, numbers, sent_back, slid


def few(*, images: bool = False, filters: bool = False) -> Callable[[], tuple[Any, ...]]:
    """Two pictures of 7 × 6 pixels with 5 channels, and 7 filters; one of the two is learned."""
    return lambda: (
        Tensor(numbers(2, 5, 7, 6), requires_grad=images),
        Tensor(numbers(7, 5, 3, 3, seed=1) * 0.1, requires_grad=filters),
    )


FAULTS: dict[str, Fault] = {
    "abreast: the last channel": Fault(
        Convolving,
        "steps",
        "k.range(see.channels)",
        "k.range(see.channels - 1)",
        "conv2d",
        "conv2d",
        "convolve",
        slid,
        few(),
    ),
    "abreast: a wrong stride": Fault(
        Axis,
        "pixel",
        "place * self.stride",
        "place",
        "conv2d",
        "conv2d",
        "convolve",
        slid,
        few(),
    ),
    "abreast: taps at the upper edge are left out": Fault(
        Axis,
        "seen",
        "self.before - last * self.stride",
        "self.before + 2 - last * self.stride",
        "conv2d",
        "conv2d",
        "convolve",
        slid,
        few(),
    ),
    "abreast on the way back: the filters are not turned": Fault(
        abreast_tasks,
        "turned",
        "(t - 1) * s for t, s in",
        "0 * (t - 1) * s for t, s in",
        "x.grad",
        "conv2d_input",
        "convolve",
        sent_back,
        few(images=True),
        "backward",
    ),
    "abreast, filters: the last line": Fault(
        Gathering,
        "write",
        "(first + each).at_most(see.lines)",
        "(first + each).at_most(see.lines - 1)",
        "w.grad",
        "conv2d_weight",
        "convolve",
        learned,
        few(filters=True),
        "backward",
    ),
    "abreast, filters: each tap sees its neighbour": Fault(
        Gathering,
        "tap",
        "inside % see.across.taps",
        "(inside + 1) % see.across.taps",
        "w.grad",
        "conv2d_weight",
        "convolve",
        learned,
        few(filters=True),
        "backward",
    ),
}
