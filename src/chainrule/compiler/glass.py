"""A plan that answers: what its values are, what it costs, the code of its kernels, why they are so, its memory."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ..graph import find
from ..graph.interpreter import fed
from .inputs import as_input
from .plan import Plan
from .reasons import Reasons, reasons
from .source import Sources, source_of
from .table import Table, table
from .usage import Usage, usage
from .values import Values, about, matching, values_of


class Glass(Plan):
    """A plan that people can ask; see `Plan` for what it runs.

    >>> import chainrule as cr
    >>> step = cr.compile(lambda x: cr.relu(x * 2).sum())
    >>> plan = step.plan(np.ones(4, "float32"))
    >>> list(plan.values())
    ['x', 'multiply', 'relu', 'loss']
    >>> print(plan.why("relu"))
    relu: ...
    """

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each value, by path."""
        return values_of(self.program, self.made)

    def values(self, *patterns: str) -> Values:
        """What the step computes and reads, by path, with shape, gate and line; patterns choose.

        Raises UsageError if a pattern matches nothing.
        """
        chosen = matching(self.numbers, patterns, "plan.values") if patterns else self.numbers
        return about(self.program, chosen)

    def table(self, *batch: Any) -> Table:
        """The kernels with work, milliseconds, and share of the machine's peak and bandwidth.

        batch:  the arguments that the step is timed on; zeros unless given
        Raises ShapeError for arguments that the plan is not for, and what the step raises for wrong input.
        """
        if batch:
            return table(self, [as_input(array) for array in fed(self.program, batch)])
        specs = (self.program.specs[n] for n in self.program.inputs)
        return table(self, [np.zeros(s.shape, s.dtype) for s in specs])

    def source(self, path: str) -> Sources:
        """The kernels that compute a value: their Python, LLVM's language, the processor's instructions."""
        number = find(self.numbers, path, "plan.source")
        groups = self.makers.get(self.program.makers().get(number, -1), [])
        return Sources(path, [source_of(row.task) for row in self.rows if row.group in groups])

    def why(self, path: str) -> Reasons:
        """Which rules fused, chose and placed a value."""
        return reasons(self, path, find(self.numbers, path, "plan.why"))

    def memory(self) -> Usage:
        """The arena over the step."""
        return usage(self)
