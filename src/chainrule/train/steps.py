"""How a trainer runs its steps: compiled where every gate of ours has a kernel, gate by gate elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import check
from ..compiler import Compiled, compile
from ..errors import CompileError, NonFiniteError
from ..graph.mode import OURS


class Runner:
    """A step that runs compiled, if it can.

    plain:  whether it runs gate by gate; decided at the first call unless it is asked for

    >>> from chainrule import Tensor
    >>> double = Runner(lambda x: x * 2)
    >>> double(Tensor([1.0, 2.0])), double.plain
    (Tensor([2., 4.]), False)
    """

    def __init__(self, function: Callable[..., Any], *, plain: bool = False) -> None:
        self.function, self.plain = function, plain
        self.compiled: Compiled = compile(function, fallback="error")
        self._decided = plain

    def __call__(self, *batch: Any) -> Any:
        """Run the step.  Raises NonFiniteError, naming the line that is to blame, with all state as before."""
        if not self._decided:
            self._decide(*batch)
        if self.plain:
            return self.function(*batch)
        try:
            return self.compiled(*batch)
        except NonFiniteError as error:
            raise check.explain(error, self.compiled, *batch) from None

    def prepare(self, *batch: Any) -> None:
        """Compile for a batch like this one, without a step."""
        if not self.plain:
            self._decide(*batch)

    def _decide(self, *batch: Any) -> None:
        self.plain, self._decided = not self._can(*batch), True

    def _can(self, *batch: Any) -> bool:
        """Whether there is a compiler, and a kernel for every gate but the user's own."""
        try:
            left = self.compiled.left_to_numpy(*batch)
            if any(type(gate).__module__.startswith(OURS) for gate in left):
                return False
            self.compiled.plan(*batch)
        except CompileError:
            return False
        return True

    def begin_epoch(self) -> None:
        """Look again at the Python numbers that the step reads."""
        self.compiled.retrace()
