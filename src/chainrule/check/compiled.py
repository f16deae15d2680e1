"""Is the compiled step the step?  Each line is computed again from its own compiled inputs, in float64."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..compiler import Plan
from ..errors import DifferenceError
from ..graph import Elementwise, Gate, Line, Reduction, Spec
from .lines import Place, Step, place_of, replayed
from .passing import multiplies

TIMES, EPSILON = 4.0, {4: 4e-6, 8: 1e-14}
"""|compiled - f64| ≤ TIMES · |plain - f64| + EPSILON · scale, by the bytes of the dtype."""
GROWTH = 4.0
"""A sum of n terms may be wrong by GROWTH · √n roundings of its magnitudes, where that is more."""
AMPLIFIED = 16.0
"""How much more Winograd's transforms may add: their rows have sums of magnitudes up to 19."""

BLOCK = 1 << 16
"""Numbers that are judged at once: what is computed of them stays in a cache, whatever the size of the array."""

SPREADING = frozenset(("winograd", "tiles"))
"""Kernels of Winograd's algorithm: each result comes from all pixels of its tile, so the scale is the largest one's."""


@dataclass(frozen=True)
class Verdict:
    """One line that was looked at.  worst: the largest difference over its bound; above 1 it differs."""

    place: Place
    worst: float
    index: tuple[int, ...]
    came: float
    expected: float


class Report(NamedTuple):
    """What `compiled` found: every line, in order, and those that were views or not needed left out.

    held:  lines of the update that did not run, since the guard held the step back
    """

    lines: list[Verdict]
    held: int = 0

    @property
    def worst(self) -> Verdict | None:
        """The line nearest to its bound."""
        return max(self.lines, key=lambda v: v.worst, default=None)

    def __str__(self) -> str:
        worst = self.worst
        near = f"; nearest to its bound: {worst.place.path} ({worst.worst:.2f})" if worst else ""
        held = (
            f"; the guard held the step back, {self.held} lines of its update were not run"
            if self.held
            else ""
        )
        return f"{len(self.lines)} lines agree with the gates in float64{near}{held}"


def compiled(step: Step, *batch: Any) -> Report:
    """Hold each line of a compiled step to its gate, for one batch, or those of a saved step; no state is changed.

    Every line's inputs are those that the compiled step itself computed, so no innocent line is named:
    |compiled - f64| ≤ 4 · |plain - f64| + ε · scale, where the scale of a sum is the sum of magnitudes (16 times the
    largest of them for Winograd's algorithm, which mixes the pixels of a tile), and ε grows with the root of its terms.
    Raises DifferenceError that names the first line that differs: path, gate, kernel, the user's line, the
    worst element; and what the step itself raises for wrong input.

    >>> import chainrule as cr
    >>> step = cr.compile(lambda x: (x * x).sum())
    >>> print(compiled(step, np.ones(3, "float32")))
    2 lines agree with the gates in float64; nearest to its bound: ... (0.00)
    """
    plan, values = replayed(step, *batch)
    lines = []
    for verdict in verdicts(plan, values):
        lines.append(verdict)
        if not verdict.worst <= 1:
            came = f"{verdict.came!r} at {list(verdict.index)} of {verdict.place}"
            hint = "take the decorator away, the step then runs plain, and report this line"
            error = DifferenceError(
                "check.compiled", came, f"{verdict.expected!r} as the gate computes", hint
            )
            raise error.at(verdict.place.layer, verdict.place.line)
    return Report(lines, held_back(plan, values))


def held_back(plan: Plan, values: dict[int, np.ndarray]) -> int:
    """The lines of the update, if none of the state that it changes was made."""
    program = plan.program
    if not program.updates or any(n in values for _, n in program.updates):
        return 0
    return sum(line.phase == "update" for line in program.lines)


def verdicts(plan: Plan, values: dict[int, np.ndarray]) -> Iterator[Verdict]:
    """Every line whose inputs and outputs the plan has."""
    names, sums = plan.program.names(), Sums(plan, values)
    for number, line in enumerate(plan.program.lines):
        if all(n in values for n in (*line.inputs, *line.outputs)):
            given = [values[n] for n in line.inputs]
            exact, plain = recomputed(line.gate, given)
            bound, place = scale(line.gate, given), place_of(plan, number, names)
            if not SPREADING.isdisjoint(place.kernel.split(" + ")):
                bound = AMPLIFIED * np.max(bound, initial=0)
            many = terms(line.gate, given)
            if number in plan.groups.flow.sums:
                bound, many = sums.added(line)
            for n, f64, near in zip(line.outputs, exact, plain, strict=True):
                yield judged(place._replace(path=names[n]), values[n], f64, near, bound, many)


class Sums:
    """What sums of products are relative to that a kernel makes in one go, however a line cuts them."""

    def __init__(self, plan: Plan, values: dict[int, np.ndarray]) -> None:
        self.flow, self.values = plan.groups.flow, values
        self.lines, self.makers = plan.program.lines, plan.program.makers()

    def added(self, line: Line) -> tuple[Any, float]:
        """The magnitudes of all terms of a line that adds, and how many there are."""
        parts = [self.of(n) for n in line.inputs]
        return sum(bound for bound, _ in parts), sum(many for _, many in parts)

    def of(self, number: int) -> tuple[Any, float]:
        """The same of one value: of a product that its sum goes on from, those of its own terms."""
        line = self.lines[self.makers[number]] if number in self.makers else None
        if line is None or number not in self.flow.aside:
            return np.abs(self.values[number].astype(np.float64)), 1.0
        if not line.gate.multiply_adds(*(Spec(a.shape, a.dtype) for a in self.given(line))):
            return self.added(line)
        return scale(line.gate, self.given(line)), terms(line.gate, self.given(line))

    def given(self, line: Line) -> list[np.ndarray]:
        return [self.values[n] for n in line.inputs]


def recomputed(gate: Gate, given: list[np.ndarray]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The gate's own results: in float64, and as plain execution has them."""
    wide = [a.astype(np.float64) if a.dtype.kind == "f" else a for a in given]
    return several(gate, wide), several(gate, given)


def several(gate: Gate, given: list[np.ndarray]) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        made = gate.compute(*given)
    return made if isinstance(made, tuple) else (made,)


def scale(gate: Gate, given: list[np.ndarray]) -> Any:
    """What rounding is relative to: the sum of magnitudes for sums, the largest number for composite gates."""
    sums = bool(given) and multiplies(gate, tuple(given))
    if isinstance(gate, Elementwise) and not sums:
        return 0.0
    with np.errstate(all="ignore"):
        wide = [np.abs(a.astype(np.float64)) if a.dtype.kind == "f" else a for a in given]
        if sums or (isinstance(gate, Reduction) and gate.combine == "add"):
            return np.abs(several(gate, wide)[0])
        floats = [a[np.isfinite(a)].max(initial=0) for a in wide if a.dtype.kind == "f"]
        return max(floats, default=0.0)


def terms(gate: Gate, given: list[np.ndarray]) -> float:
    """How many numbers each result of a sum is made of; 1 for other gates."""
    specs = [Spec(a.shape, a.dtype) for a in given]
    work = gate.multiply_adds(*specs) if given else 0
    if not work and isinstance(gate, Reduction):
        work = specs[0].size
    made = gate.spec(*specs) if work else None
    return work / max(1, made.size) if isinstance(made, Spec) else 1.0


def epsilon(dtype: np.dtype, many: float) -> float:
    """What a sum of so many terms may be wrong by, relative to its magnitudes."""
    return max(EPSILON[dtype.itemsize], GROWTH * math.sqrt(many) * float(np.finfo(dtype).eps) / 2)


def judged(place: Place, came: np.ndarray, exact: Any, plain: Any, bound: Any, many: float = 1) -> Verdict:
    """One output, a sum of `many` terms, against its bound."""
    if came.size == 0:
        return Verdict(place, 0.0, (), 0.0, 0.0)
    parts = [flat(part, came.shape) for part in (came, exact, plain, bound)]
    worst = []
    for start in range(0, came.size, BLOCK):
        a, f64, near, scale = (p if p.ndim == 0 else p[start : start + BLOCK] for p in parts)
        ratio = ratios(a, f64, near, scale, many)
        at = int(np.argmax(ratio))
        worst.append((float(ratio[at]), start + at))
    most, at = worst[int(np.argmax([share for share, _ in worst]))]
    index = tuple(int(i) for i in np.unravel_index(at, came.shape))
    return Verdict(place, most, index, came[index].item(), np.asarray(plain)[index].item())


def flat(part: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An array of this shape as one row; one number stays one."""
    array = np.asarray(part)
    return array if array.ndim == 0 and shape else np.broadcast_to(array, shape).reshape(-1)


def ratios(
    came: np.ndarray, exact: np.ndarray, plain: np.ndarray, bound: np.ndarray, many: float
) -> np.ndarray:
    """Each difference over its bound."""
    if came.dtype.kind != "f":
        return np.where(came == plain, 0.0, np.inf)
    with np.errstate(all="ignore"):
        error = np.abs(came.astype(np.float64) - exact)
        allowed = TIMES * np.abs(plain.astype(np.float64) - exact)
        allowed += epsilon(came.dtype, many) * (np.abs(exact) + bound) + np.finfo(came.dtype).tiny
        near = np.where(np.isfinite(error), error / allowed, 0.0)
    return np.where(same_kind(came, plain), near, np.inf)


def same_kind(came: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Finite, NaN, +infinity or -infinity alike."""
    alike = (np.isnan(came) == np.isnan(plain)) & (np.isinf(came) == np.isinf(plain))
    return alike & (~np.isinf(plain) | (came == plain))
