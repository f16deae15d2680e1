"""What a gradient check found: a line for each gradient, what is thought of it, and the gates at fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import DifferenceError
from ..words import many
from .differences import VERDICTS, Difference
from .examined import Index
from .kinks import Switched
from .rules import Culprit

MOST = 12
"""So many gradients are printed one by one, if all agree."""
ELSEWHERE = (
    "each gate's own backward is right: the way back is cut or doubled between gates, as detach(), no_grad or "
    "a state that forward changes do"
)
"""What is said where no gate is at fault."""


@dataclass(frozen=True)
class Slope:
    """What was found of one input or parameter.

    path, kind, spec:  its name; "input", "parameter" or "together"; its shape and dtype, for people
    worst, index:  the slopes that agree least, and the element that they are to; no index of a direction
    looked:  what was looked at, for people;  switched: the gate that takes another branch there, if one does
    """

    path: str
    kind: str
    spec: str
    worst: Difference
    index: Index | None
    looked: str
    switched: Switched | None = None

    @property
    def verdict(self) -> str:
        """ "agrees", "kink", "precision" or "wrong": see `differences.Difference`."""
        return self.worst.verdict

    @property
    def place(self) -> str:
        """The element in brackets, or what else was moved."""
        return str(list(self.index)) if self.index is not None else "along a random direction"

    def sentence(self) -> str:
        """The two slopes and what is thought of them."""
        worst = self.worst
        at = f"at {self.place}" if self.index else self.place if self.index is None else "its slope"
        numbers = f"{at}: backward {worst.backward:.6g}, differences {worst.differences:.6g}"
        return f"{numbers}, relative error {worst.error:.1e}"

    def meaning(self) -> str:
        """What the verdict says; "" where all is well."""
        worst = self.worst
        if self.verdict == "kink":
            gate = f"{self.switched} takes another branch" if self.switched else "the curve has a corner"
            return (
                f"a kink: {gate} within a step of {worst.step:.0e}; the slopes of the two sides are "
                f"{worst.left:.6g} and {worst.right:.6g}, and backward follows one of the branches, which is right"
            )
        if self.verdict == "precision":
            return (
                "not decided: differences of several steps do not agree with each other; the curve is too rough or the "
                "slope too small for them. Is something computed in float32 inside?"
            )
        if self.verdict == "wrong":
            return "differences of several steps agree with each other, and backward does not agree with them"
        return ""


@dataclass(frozen=True)
class GradientReport:
    """What `gradients` found.

    name:  of what was checked;  slopes: of each input and parameter, in order
    culprits:  gates whose own backward is wrong;  left_out: what has no slope;  tolerance: of the relative error
    """

    name: str
    slopes: list[Slope]
    culprits: list[Culprit] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    tolerance: float = 1e-5

    @property
    def wrong(self) -> list[Slope]:
        """What backward gives wrong slopes to."""
        return [slope for slope in self.slopes if slope.verdict == "wrong"]

    @property
    def ok(self) -> bool:
        """Whether no slope is wrong."""
        return not self.wrong

    @property
    def worst(self) -> Slope:
        """The slope that agrees least."""
        return max(self.slopes, key=lambda s: (VERDICTS.index(s.verdict), s.worst.error))

    def raise_for_errors(self) -> GradientReport:
        """The report itself, or DifferenceError where a slope is wrong: for tests."""
        if self.ok:
            return self
        slope, gate = self.worst, self.culprits[0] if self.culprits else None
        came = f"a wrong gradient to {slope.path} {slope.sentence()}"
        fault = f"; the gate at fault: {gate}" if gate else f"; {ELSEWHERE}"
        hint = (
            f"correct the backward of {gate.gate}"
            if gate
            else "look for detach(), no_grad and numpy() on the way"
        )
        error = DifferenceError("check.gradients", came + fault, "the slope that differences have", hint)
        raise error.at(gate.layer, gate.line) if gate else error

    def head(self) -> str:
        """The answer in one line."""
        gradients = many(len(self.slopes), "gradient")
        if not self.ok:
            return f"{self.name}: {len(self.wrong)} of {gradients} wrong"
        together = self.slopes[0].kind == "together"
        kinds = Counter(slope.verdict for slope in self.slopes)
        notes = [f"{kinds['kink']} of them at a kink"] * bool(kinds["kink"])
        notes += [f"{kinds['precision']} of them not decided"] * bool(kinds["precision"])
        errors = [slope.worst.error for slope in self.slopes if slope.verdict == "agrees"]
        notes += [f"largest relative error {max(errors, default=0):.1e}"] * bool(errors)
        one = len(self.slopes) == 1 and not together
        agree = f"{f'the gradients of {self.slopes[0].path}' if together else gradients} agree{'s' * one}"
        agree += " with differences in float64"
        return f"{self.name}: " + ", ".join([agree, *notes])

    def shown(self, most: int = MOST) -> list[Slope]:
        """All that do not agree, and of the others those that agree least; in their order."""
        ranked = sorted(self.slopes, key=lambda s: (-VERDICTS.index(s.verdict), -s.worst.error))
        odd = sum(slope.verdict != "agrees" for slope in self.slopes)
        chosen = {id(slope) for slope in ranked[: max(most, odd)]}
        return [slope for slope in self.slopes if id(slope) in chosen]

    def __str__(self) -> str:
        shown = self.shown()
        width = max(len(slope.path) for slope in shown)
        rows, told = [self.head()], {""}
        for slope in shown:
            mark = ": wrong" * (slope.verdict == "wrong")
            rows.append(f"  {slope.path:<{width}}  {slope.spec}, {slope.looked}; {slope.sentence()}{mark}")
            if slope.meaning() not in told:
                rows.append(f"  {'':<{width}}  {slope.meaning()}")
                told.add(slope.meaning())
        if len(shown) < len(self.slopes):
            rows.append(f"  … and {len(self.slopes) - len(shown)} that agree better")
        for gate in self.culprits:
            rows.append("  gate at fault: " + str(gate).replace("\n", "\n  "))
        if not self.ok and not self.culprits:
            rows.append(f"  {ELSEWHERE}")
        rows += [f"  not looked at: {left}" for left in self.left_out]
        return "\n".join(rows)

    def as_dict(self) -> dict[str, Any]:
        """The same for programs; JSON has no NaN and no infinity."""
        slopes = [
            {"path": s.path, "kind": s.kind, "spec": s.spec, "looked": s.looked, "index": s.index}
            | numbers_of(s.worst)
            for s in self.slopes
        ]
        culprits = [
            {
                "path": c.path,
                "gate": c.gate,
                "layer": c.layer,
                "line": c.line,
                "input": c.input,
                "index": c.index,
            }
            | numbers_of(c.slopes)
            for c in self.culprits
        ]
        return {
            "slopes": slopes,
            "culprits": culprits,
            "left_out": self.left_out,
            "tolerance": self.tolerance,
        }


def numbers_of(found: Difference) -> dict[str, Any]:
    """Both slopes, their relative error and the verdict."""
    numbers = {"backward": found.backward, "differences": found.differences, "error": found.error}
    told: dict[str, Any] = {key: x if np.isfinite(x) else None for key, x in numbers.items()}
    return told | {"verdict": found.verdict}
