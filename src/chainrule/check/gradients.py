"""Does backward give the slopes of forward?  A gate, a layer or a whole network against differences in float64."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError, NonFiniteError, SettingError, UsageError
from ..graph import Spec, Value
from ..random import Generator
from ..words import many
from .differences import CAREFUL, KINKED, Difference
from .examined import Effort, Looked, directed, examined, extent, moved, signs, single
from .kinks import Switched, switched
from .rules import Culprit, culprits
from .sketch import Sketch, Wanted, name_of, sketched
from .verdicts import GradientReport, Slope
from .wide import Arrays, Wide, given_to, spread, widened

BESIDE = 1e-2
"""How far a point beside another one is away, as a part of the size of its numbers."""
EXPENSIVE = 10**9
"""Multiply-adds of one run above which all values are moved together: one direction, two runs, for all of them."""


def gradients(
    function: Any,
    *inputs: Any,
    tolerance: float = 1e-5,
    elements: int = 64,
    directions: int = 2,
    steepest: int = 2,
    seed: int = 0,
) -> GradientReport:
    """Hold the gradients of a gate, a layer, or a network with its loss to differences, in float64.

    n = (f(x + h) - f(x - h)) / 2h,  error = |a - n| / max(|a|, |n|, floor)

    function:  a gate, a module, or a function of tensors; several numbers that it returns are weighed and added
    inputs:  arrays, tensors, lists, floats: those of floats are checked, and every parameter that is read
    tolerance:  of the relative error; what is smooth comes near 1e-9
    elements:  values of at most so many numbers are checked number by number, larger ones in random `directions` and
    at the `steepest` of their numbers; a direction that disagrees is halved until one element is left
    seed:  of weights and directions
    The function is traced, and its program run in float64: parameters, running statistics and counters stay as they
    are, and dropout has the same mask in each run.  The floor is what rounding leaves: a slope so small that two runs
    do not differ cannot be told from 0.  Where backward disagrees, smaller and larger h tell a kink (a relu switches
    between x - h and x + h) and lack of precision from a wrong rule; then each gate's own backward is checked at the
    numbers that it read, and the gate at fault is named.  Above 10⁹ multiply-adds a run, all values are moved along
    one direction together, and apart only if they disagree.
    Returns a GradientReport, which prints; raise_for_errors() raises DifferenceError for wrong slopes.
    Raises UsageError for what cannot be called or does not repeat itself, SettingError for settings that cannot work,
    DTypeError and GradientError if nothing that is returned has a slope, GradientError for one of another shape,
    NonFiniteError for NaN, TraceError if the function branches on a value.
    Source: CS231n course notes, "Gradient checks".

    >>> import chainrule as cr
    >>> @cr.gate
    ... class Cube(cr.Elementwise):
    ...     def forward(self, xp, x):
    ...         return x * x * x
    ...     def backward(self, upstream, *, x):
    ...         return upstream * 2.0 * x * x
    >>> print(gradients(Cube(), [1.0, -2.0]))
    cube: 1 of 1 gradient wrong
      x  f64[2], each number; at [0]: backward ..., differences ..., relative error 3.3e-01: wrong
         differences of several steps agree with each other, and backward does not agree with them
      gate at fault: cube (makes cube): its slope to x[0]: backward ..., differences ...
        at <doctest ...
    """
    effort = Effort(tolerance, elements, directions, steepest, seed)
    check_effort(effort)
    arrays = [as_input(x) for x in inputs]
    sketch = first_that_fits(function, arrays, seed)
    given = given_to(sketch, [a for a in arrays if isinstance(a, np.ndarray)])
    at = Wide(sketch, given)
    check_repeats(at)
    if cost(sketch) > EXPENSIVE and len(sketch.wanted) > 1:
        slopes = [together(at, effort)]
        if slopes[0].verdict != "wrong":
            return report(function, slopes, [], effort, sketch)
    slopes, found = apart(at, given, effort)
    return report(function, slopes, found, effort, sketch)


def apart(at: Wide, given: Arrays, effort: Effort) -> tuple[list[Slope], list[Culprit]]:
    """Each value by itself; where one is wrong, the gates at fault, or else what excuses it."""
    slopes = judged(at, given, effort)
    wrong = any(slope.verdict == "wrong" for slope in slopes)
    found = list(culprits(at, effort)) if wrong else []
    if wrong and not found:
        slopes = excused(at, given, slopes, effort)
    return slopes, found


def report(
    function: Any, slopes: list[Slope], found: list[Culprit], effort: Effort, sketch: Sketch
) -> GradientReport:
    return GradientReport(name_of(function), slopes, found, sketch.left_out, effort.tolerance)


def check_effort(effort: Effort) -> None:
    """A SettingError for what cannot work."""
    if (
        isinstance(effort.tolerance, bool)
        or not isinstance(effort.tolerance, float)
        or not 0 < effort.tolerance < 1
    ):
        raise SettingError(
            "check.gradients", f"tolerance {effort.tolerance!r}", "0 < tolerance < 1", "tolerance=1e-5"
        )
    for name, usual in (("elements", 64), ("directions", 2), ("steepest", 2), ("seed", 0)):
        value = getattr(effort, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            came = f"{name} {value!r}"
            raise SettingError("check.gradients", came, "a whole number ≥ 0", f"{name}={usual}")
    if not effort.directions + effort.steepest:
        came = "directions 0 and steepest 0"
        raise SettingError("check.gradients", came, "at least one of them", "directions=2")


def check_repeats(at: Wide) -> None:
    """A NonFiniteError for no number, a UsageError for a function that gives another one in a second run."""
    if not np.isfinite(at.total):
        hint = "check.blame(function, …), which names the line; other inputs"
        raise NonFiniteError("check.gradients", f"an outcome of {at.total}", "a finite number", hint)
    again = at.outcome({w.number: at.values[w.number] for w in at.sketch.wanted[:1]})
    if again != at.total:
        came = f"a function that gives {at.total:.9g} and then {again:.9g} for the same input"
        raise UsageError(
            "check.gradients", came, "the same number each time", "draw before, and give what was drawn"
        )


def as_input(x: Any) -> Any:
    """Tensors, lists and fractions as arrays; whole numbers and the rest as they are: settings."""
    if isinstance(x, Value):
        return x.data
    if isinstance(x, float | list | np.floating):
        try:
            x = np.asarray(x)
        except ValueError:
            return x
    return x


def first_that_fits(function: Any, arrays: Sequence[Any], seed: int) -> Sketch:
    """The function traced for inputs of float64, or of float32 where its own numbers are of that."""
    own = (
        {p.dtype for p in getattr(function, "parameters", tuple)()}
        if not isinstance(function, type)
        else set()
    )
    order = ("float32", "float64") if np.dtype(np.float32) in own else ("float64", "float32")
    problem: DTypeError | None = None
    for dtype in order:
        taken = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arrays]
        try:
            return sketched(function, taken, seed=seed)
        except DTypeError as error:
            problem = problem or error
    raise problem  # type: ignore[misc]


def cost(sketch: Sketch) -> int:
    """The multiply-adds of one run of the way forward."""
    specs, lines = sketch.program.specs, sketch.program.lines
    return sum(lines[k].gate.multiply_adds(*(specs[n] for n in lines[k].inputs)) for k in sketch.forward)


def slope_of(at: Wide, wanted: Wanted, effort: Effort) -> Slope:
    """One input or parameter."""
    x = at.values[wanted.number]
    found = examined(at, wanted.number, at.gradients[wanted.number], effort)
    worst, branch = found.worst, None
    if worst.verdict != "agrees":
        v = found.direction if found.index is None else single(x, found.index)
        worst, branch = with_kink(at, {wanted.number: v if v is not None else np.zeros_like(x)}, worst)
    looked = how(found)
    spec = str(at.sketch.program.specs[wanted.number])
    return Slope(wanted.path, wanted.kind, spec, worst, found.index, looked, branch)


def with_kink(
    at: Wide, directions: dict[int, np.ndarray], worst: Difference
) -> tuple[Difference, Switched | None]:
    """The gate that takes another branch between the two points; what it leaves of an error is no fault."""
    below, above = (moved(at, directions, t) for t in (-worst.step, worst.step))
    branch = switched(at, below, above)
    if branch is not None and worst.verdict == "precision" and worst.error <= KINKED:
        worst = dataclasses.replace(worst, verdict="kink")
    return worst, branch


def judged(at: Wide, given: Arrays, effort: Effort) -> list[Slope]:
    """All slopes; at a kink a wrong one may lie between those of the two sides, so that it is looked at beside it."""
    wanted = at.sketch.wanted
    slopes = [slope_of(at, w, effort) for w in wanted]
    if all(slope.verdict != "kink" for slope in slopes):
        return slopes
    other = beside(at.sketch, given, effort)
    again = [
        slope_of(other, w, effort) if s.verdict == "kink" else s for w, s in zip(wanted, slopes, strict=True)
    ]
    return [t if t.verdict == "wrong" else s for s, t in zip(slopes, again, strict=True)]


def excused(at: Wide, given: Arrays, slopes: list[Slope], effort: Effort) -> list[Slope]:
    """Wrong slopes that are right a little beside the point: at the point itself several kinks meet.

    Pixels that are all alike make ties in a pool; each routes its gradient to one of the winners, and what they add up
    to need not lie between the slopes of the two sides.
    """
    other, kept = beside(at.sketch, given, effort), []
    for w, slope in zip(at.sketch.wanted, slopes, strict=True):
        if slope.verdict == "wrong" and slope_of(other, w, effort).worst.fine:
            slope = dataclasses.replace(slope, worst=dataclasses.replace(slope.worst, verdict="kink"))
        kept.append(slope)
    return kept


def beside(sketch: Sketch, given: Arrays, effort: Effort) -> Wide:
    """The same function a little beside the point, where nothing is equal or exactly 0 by accident."""
    rng, moved_on = Generator(effort.seed).split("beside"), dict(given)
    for w in sketch.wanted:
        x = widened(given[w.number])
        moved_on[w.number] = x + BESIDE * extent(x) * (spread(rng, x.shape) - 1)
    return Wide(sketch, moved_on)


def how(found: Looked) -> str:
    """What was looked at, for people."""
    if not found.directions:
        return "each number" if found.many else "no numbers"
    directions = many(found.directions, "direction")
    return f"{directions} and {found.many} of its numbers" if found.many else directions


def together(at: Wide, effort: Effort) -> Slope:
    """All inputs and parameters along one direction."""
    rng = Generator(effort.seed).split("together")
    directions = {w.number: signs(rng, at.values[w.number]) for w in at.sketch.wanted}
    worst, branch = directed(at, directions, at.gradients, effort.tolerance, CAREFUL), None
    if worst.verdict != "agrees":
        worst, branch = with_kink(at, directions, worst)
    every = sum(v.size for v in directions.values())
    path = f"all {len(directions)} values together"
    return Slope(
        path, "together", str(Spec((every,), np.dtype(np.float64))), worst, None, "1 direction", branch
    )
