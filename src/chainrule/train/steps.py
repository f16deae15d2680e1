"""How a trainer runs its steps: compiled where every gate of ours has a kernel, gate by gate elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from .. import check
from ..compiler import Compiled, compile
from ..errors import CompileError, NonFiniteError, TraceError
from ..finite import all_finite
from ..graph import Value
from ..graph.mode import OURS


class Runner:
    """A step that runs compiled, if it can.

    state:  called for all that the step may change; with it, a plain step is as atomic as a compiled one
    plain:  whether it runs gate by gate; decided at the first call unless it is asked for

    >>> from chainrule import Tensor
    >>> double = Runner(lambda x: x * 2)
    >>> double(Tensor([1.0, 2.0])), double.plain
    (Tensor([2., 4.]), False)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        state: Callable[[], Iterable[Value]] | None = None,
        plain: bool = False,
    ) -> None:
        self.function, self.state, self.plain = function, state, plain
        self.compiled: Compiled = compile(function, fallback="error")
        self._decided = plain

    def __call__(self, *batch: Any) -> Any:
        """Run the step.  Raises NonFiniteError, naming the line that is to blame, with all state as before."""
        if not self._decided:
            self._decide(*batch)
        if self.plain:
            return self.function(*batch) if self.state is None else self._plainly(self.state(), *batch)
        try:
            return self.compiled(*batch)
        except NonFiniteError as error:
            raise check.explain(error, self.compiled, *batch) from None

    def _plainly(self, state: Iterable[Value], *batch: Any) -> Any:
        """A step gate by gate, taken back if its loss or a gradient is not finite, or if it raises.

        No gate writes into an array, so the arrays of before are all there is to keep.
        """
        before = [(value, value.data, value._grad) for value in state]
        done = False
        try:
            returned = self.function(*batch)
            done = all(map(finite, (*numbers_in(returned), *(value._grad for value, _, _ in before))))
        finally:
            if not done:
                for value, data, gradient in before:
                    value.data, value._grad = data, gradient
        if done:
            return returned
        came = "a loss or a gradient that is not finite; no state was changed"
        error = NonFiniteError("step", came, "finite numbers", "check.blame(step, …) names the line")
        with suppress(TraceError):  # a step that only runs plain has no program to look at
            error = check.explain(error, self.function, *batch)
        raise error

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


def numbers_in(returned: Any) -> Iterator[Value]:
    """The single numbers among what a step returned: losses."""
    if isinstance(returned, tuple | list):
        for part in returned:
            yield from numbers_in(part)
    elif isinstance(returned, Value) and returned.shape == ():
        yield returned


def finite(value: Value | None) -> bool:
    """Whether all numbers of a value are; those of none are."""
    return value is None or all_finite(value.data)
