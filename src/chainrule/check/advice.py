"""What to try against a number that is not finite, by what made it."""

from __future__ import annotations

ZERO = "a denominator that is never 0, such as x / (y + 1e-8)"
BY_GATE = {
    "log": "log(x + 1e-8), or a loss that takes scores: CrossEntropyLoss",
    "divide": ZERO,
    "sqrt": "a root of what is never below 0: sqrt(x + 1e-8)",
    "exp": "softmax or log_softmax, which do not overflow, or exp(minimum(x, 80))",
    "power": "a base above 0, and a smaller exponent",
}
USUAL = "a smaller learning rate, smaller inputs, or clipped gradients"
"""Against what grew too large."""
BY_ORIGIN = {
    "argument": "np.isfinite of the batch before the step, or np.nan_to_num",
    "state": "a smaller learning rate in the steps before, or weights that are finite",
    "constant": "a constant that is finite",
}


def advice(gate: str, came_in: str, phase: str) -> str:
    """A hint for what a gate made in a phase of the step, or for what came in with an argument or state.

    >>> advice("log", "", "forward")
    'log(x + 1e-8), or a loss that takes scores: CrossEntropyLoss'
    """
    if came_in:
        return BY_ORIGIN[came_in]
    if phase == "forward" and gate in BY_GATE:
        return BY_GATE[gate]
    if phase == "backward" and gate == "divide":
        return "a function whose slope is finite there: the root of x + 1e-8 in the place of x"
    return USUAL
