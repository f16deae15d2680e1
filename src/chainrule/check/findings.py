"""What a look at a training set-up can find: what was measured, what it means, and what to try."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..words import many


class Lesson(NamedTuple):
    """What a kind of finding means, and what to try."""

    meaning: str
    hint: str


LESSONS = {
    "initial loss": Lesson(
        "Before it has learned anything, a classifier should think all C classes alike: a cross-"
        "entropy of ln C. A much larger loss means that it is sure of the wrong classes, and the "
        'first steps go into unlearning that (CS231n notes, "Before learning: sanity checks").',
        "smaller initial weights in the last layer; the layers' own initializers (He et al. 2015 keep"
        " the variance from layer to layer); normalized inputs",
    ),
    "regularization": Lesson(
        "A penalty on the weights is there to be paid: it has to raise the loss, and less than the "
        "data do. One that lowers the loss rewards large weights; one that outweighs the data makes "
        'the network learn to be small, and nothing else (CS231n notes, "Before learning: sanity '
        'checks").',
        "a penalty λ·ΣW² with λ ≥ 0, such as nn.L2(1e-4); λ smaller where it outweighs the data",
    ),
    "overfitting": Lesson(
        "A network that cannot learn a handful of pictures by heart will not learn thousands: "
        'something is broken, or the steps are far too small or too large (CS231n notes, "Overfit a '
        'tiny subset of data"). The same picture under two labels cannot be learned either.',
        "another learning rate, by factors of 10; check.gradients(...) for the gates; labels that "
        "belong to the pictures",
    ),
    "gradient shape": Lesson(
        "A gradient says for every number of a variable how the loss changes with it, so it has "
        "exactly the variable's shape. If it does not, a backward forgot to undo what forward "
        "stretched, summed or turned.",
        "correct the backward of the gate that is named: sum where forward broadcast, transpose where"
        " it transposed",
    ),
    "zero gradient": Lesson(
        "The loss does not change with any number of this parameter, so it will never learn. Weights "
        "that are all 0 do that to the layer before them, units that are off for every picture do it "
        "too, and a step function such as sign or round has slope 0 everywhere.",
        "random initial weights; look at dead units; cr.debug(step, ...) shows where the gradient ends",
    ),
    "not finite": Lesson(
        "NaN and infinity spread to everything that is computed from them; one step later all weights"
        " are lost.",
        "what the finding names first",
    ),
    "unregistered": Lesson(
        "The forward pass reads a parameter that model.parameters() does not list: it is not in the "
        "state dict, so it is neither saved nor loaded, and an optimizer that was made of "
        "model.parameters() does not have it.",
        "assign it as an attribute of the module, self.w = nn.Parameter(...); lists of layers go into"
        " nn.ModuleList",
    ),
    "unreachable": Lesson(
        "The model has the parameter, and the loss does not depend on it: no gradient arrives. Often "
        "a layer was made and is not called in forward, or detach(), no_grad or numpy() cuts the way "
        "to it.",
        "call the layer in forward, or take it away; requires_grad_(False) if it shall stay frozen",
    ),
    "unoptimized": Lesson(
        "The gradient is computed and nobody uses it: the optimizer does not have this parameter, so "
        "it keeps its first numbers, and gradients pile up in it, since zero_grad() does not know it "
        "either.",
        "make the optimizer of all model.parameters(), after the last layer was added",
    ),
    "dead units": Lesson(
        "A relu that is 0 for every picture hands back no gradient, so nothing can wake it: it is "
        "dead. A few are usual; most of a layer means that its inputs are far below 0, by a large "
        'negative bias or a step that was too large (CS231n notes, "Commonly used activation '
        'functions").',
        "a smaller learning rate; biases that begin at 0; He's initial weights; a leaky relu",
    ),
    "saturation": Lesson(
        "Near its ends the curve of sigmoid and tanh is flat: less than a hundredth of the gradient "
        'comes through, and the layers before learn almost nothing (LeCun et al. 1998, "Efficient '
        'BackProp", §4.4).',
        "smaller initial weights (Glorot and Bengio 2010: nn.init.xavier_normal); normalized inputs; relu",
    ),
    "update ratio": Lesson(
        "One step should change a weight by about a thousandth of its size. A tenth or more tears "
        'down what was learned; a hundred-thousandth learns next to nothing (CS231n notes, "Ratio of '
        'weights:updates").',
        "a learning rate that is smaller or larger by the factor that is missing to 1e-3",
    ),
    "inputs": Lesson(
        "Weights are drawn for inputs around 0 with a spread near 1. Inputs that are far from 0 or on"
        " another scale make scores large, gradients lopsided and steps zigzag (LeCun et al. 1998, "
        '"Efficient BackProp", §4.3).',
        "subtract the mean and divide by the standard deviation of the training set: "
        "data.Normalize.fit(dataset)",
    ),
    "labels": Lesson(
        "All examples of the batch have the same label: the network learns to say that one, whatever "
        "it sees. Files that are read class after class come like this.",
        "shuffle: data.Batches(..., shuffle=True)",
    ),
}
"""By the name of the finding."""


@dataclass(frozen=True)
class Finding:
    """Something that is not right.

    name:  one of `LESSONS`;  where: a path, or what part of the set-up;  measured: the numbers
    first:  what to try before what the lesson says
    """

    name: str
    where: str
    measured: str
    first: str = ""

    @property
    def meaning(self) -> str:
        """What it means for learning."""
        return LESSONS[self.name].meaning

    @property
    def hint(self) -> str:
        """What to try."""
        return self.first or LESSONS[self.name].hint

    def __str__(self) -> str:
        told = [f"{self.name}: {self.where}: {self.measured}", self.meaning, f"Try: {self.hint}."]
        return "\n".join([told[0], *(textwrap.indent(textwrap.fill(part, 92), "    ") for part in told[1:])])

    def as_dict(self) -> dict[str, str]:
        """The same for programs."""
        parts = ("name", "where", "measured", "meaning", "hint")
        return {part: getattr(self, part) for part in parts}


@dataclass(frozen=True)
class SetupReport:
    """What `setup` found.

    findings:  what is not right, in the order in which it should be looked at
    measured:  what was looked at, with the numbers, by name;  left_out: what was not, and why
    """

    findings: list[Finding] = field(default_factory=list)
    measured: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def named(self, name: str) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.name == name]

    def head(self) -> str:
        """The answer in one line."""
        if self.findings:
            return many(len(self.findings), "finding")
        return f"nothing found: {len(self.measured)} checks"

    def __str__(self) -> str:
        left = [f"not looked at: {reason}" for reason in self.left_out]
        return "\n".join([self.head(), *map(str, self.findings), *left])

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        findings = [finding.as_dict() for finding in self.findings]
        return {"findings": findings, "measured": self.measured, "left_out": self.left_out}
