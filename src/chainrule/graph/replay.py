"""Recomputation: forget what a part of a step made on its way, and make it once more on the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import Context, copy_context
from typing import Any, ClassVar

import numpy as np

from ..errors import GradientError, SettingError
from .gate import Gate
from .mode import Mode, mode
from .origin import during, here, inherit
from .value import Leaf, Node, Value, next_rank, recording, unshared

Edge = tuple[Node, int]
Before = dict[int, tuple[Value, Any]]


def checkpoint(function: Callable[..., Any], *inputs: Any) -> Any:
    """function(*inputs), of which only the inputs are kept; its gradients run it a second time.

    function:  of values, arrays and Python values; gives a value, or tuples, lists and dicts of them.  It may read
               parameters and change state (dropout, batch norm), and must do the same thing both times
    Gradients go to the inputs and to all that the function reads; the numbers are those of function(*inputs), to the
    bit: the second run sees state as it was, and leaves none.  A compiled step runs it twice too, and its memory
    shrinks; there, a sum that is made in another pass than before may have another last digit.
    Inside another checkpoint, the inner one forgets nothing more in a compiled step.
    Raises SettingError for what is no function; GradientError, on the way back, if the second run gives something else.
    Cost: one more forward of the function.
    Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".

    >>> from chainrule import Tensor, checkpoint, exp
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: exp(x * x) / 2, x).sum().backward()
    >>> x.grad
    Tensor([  2.718282, 109.1963  ])
    """
    if not callable(function):
        came, hint = f"a {type(function).__name__}", "checkpoint(layer, x) in the place of layer(x)"
        raise SettingError("checkpoint", came, "a function, and then its inputs", hint)
    if not recording.get():
        return function(*inputs)
    context, held, since = copy_context(), tuple(map(kept, inputs)), next_rank()
    written = mode.get().written()
    noting = Noting(mode.get())
    token = mode.set(noting)
    try:
        out = function(*inputs)
    finally:
        mode.reset(token)
    places = [k for k, v in enumerate(values_in(out)) if v.node is not None and v.node.rank > since]
    made = [v for k, v in enumerate(values_in(out)) if k in places]
    if made:
        edges = boundary([v.node for v in made if v.node is not None], since)
        leaves = [
            value for node, _ in edges if isinstance(node, Leaf) and (value := node.value()) is not None
        ]
        before = {id(value): (value, value.data) for value in leaves} | noting.before
        node = Replay(function, held, places, before, context, written, edges, made)
        mode.get().placed(node, tuple(v.data for v in made))
        for number, value in enumerate(made):
            value.node, value.output = node, number
    return out


class Recomputed(Gate):
    """What stands for a whole function in messages."""

    label: ClassVar[str] = "checkpoint"
    keeps: ClassVar[tuple[str, ...]] = ()
    keeps_spec: ClassVar[frozenset[str]] = frozenset()


class Noting:
    """The mode at hand, which notes what state was before it changes."""

    def __init__(self, inner: Mode) -> None:
        self.inner = inner
        self.before: Before = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def assign(self, target: Value, value: Value) -> None:
        self.before.setdefault(id(target), (target, self.inner.read(target)))
        self.inner.assign(target, value)


class Replay(Node):
    """A function in the place of the gates that it applied: it keeps what went in, and runs again for its gradients.

    places:  of its outputs with gradients among all that it returned;  before: state that it read, as it was
    context: the layer that it stood in, and all else of that kind;  written: where its first run begins in a program
    """

    __slots__ = ("before", "context", "function", "held", "places", "written")

    def __init__(
        self,
        function: Callable[..., Any],
        held: tuple[Any, ...],
        places: list[int],
        before: Before,
        context: Context,
        written: int,
        edges: tuple[Edge, ...],
        made: Sequence[Value],
    ) -> None:
        super().__init__(Recomputed(), (), (), (), here())
        self.parents, self.out_specs = edges, tuple(v.spec for v in made)
        self.function, self.held, self.places = function, held, places
        self.before, self.context, self.written = before, context, written

    def hand(self, arrived: Sequence[Value | None]) -> list[tuple[Edge, Value]]:
        """The gradients that arrived, each at the value that the second run made."""
        if self.walked:
            came = "a graph that was walked before, its kept arrays are gone"
            raise GradientError("checkpoint", came, "one backward pass", "retain_graph=True in the first one")
        again = list(values_in(self.context.copy().run(self.run, mode.get())))
        specs = [again[k].spec for k in self.places if k < len(again)]
        if tuple(specs) != self.out_specs or any(again[k].node is None for k in self.places):
            came = f"{', '.join(map(str, specs)) or 'nothing'} from the second run of a function"
            expected = f"{', '.join(map(str, self.out_specs))} as from the first"
            raise GradientError("checkpoint", came, expected, "a function that does the same both times")
        pairs = zip((again[k] for k in self.places), arrived, strict=True)
        return [((v.node, v.output), gradient) for v, gradient in pairs if v.node and gradient is not None]

    def run(self, now: Mode) -> Any:
        """The second run: on the graph, from the state of the first, and without leaving a trace in it."""
        mode.set(now)
        recording.set(True)
        begins = now.written()
        after = [(value, value.data) for value, _ in self.before.values()]
        try:
            for value, data in self.before.values():
                value.data = data
            with during("again"), inherit(self.origin):
                out = self.function(*self.held)
            now.repeated(self.written, begins)
            return out
        finally:
            for value, data in after:
                value.data = data

    def free(self) -> None:
        super().free()
        self.held, self.before = (), {}


def kept(x: Any) -> Any:
    """An input as it is now, for the second run."""
    if isinstance(x, Value):
        mode.get().read(x)
        return type(x).result.of(unshared(x), x.node, x.output, weak=x.weak, constant=x.constant)
    return x.copy() if isinstance(x, np.ndarray) and x.flags.writeable else x


def values_in(out: Any) -> Iterator[Value]:
    """The values among what a function returned, in order."""
    if isinstance(out, Value):
        yield out
    elif isinstance(out, tuple | list | dict):
        for part in out.values() if isinstance(out, dict) else out:
            yield from values_in(part)


def boundary(nodes: list[Node], since: int) -> tuple[Edge, ...]:
    """What nodes that were placed since then read from before, each once."""
    found: dict[Edge, None] = {}
    seen, stack = set(nodes), list(nodes)
    while stack:
        for parent, output in stack.pop().parents:
            if parent is not None and parent.rank <= since:
                found[parent, output] = None
            elif parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return tuple(found)
