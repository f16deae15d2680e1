"""The backward pass: upstream × local, from the loss to the leaves, each node once, only where needed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ChainruleError, GradientError
from .mode import mode
from .origin import during, inherit, origin
from .replay import Replay
from .spec import Spec
from .value import Leaf, Node, Value, recording

Edge = tuple[Node, int]


def backward(
    root: Value,
    upstream: Value | None = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> None:
    """Add d(root)/d(leaf) to `.grad` of every leaf that root depends on."""

    def accumulate(leaf: Leaf, gradient: Value) -> None:
        value = leaf.value()
        if value is not None:
            before = mode.get().gradient(value)
            mode.get().set_gradient(value, gradient if before is None else before + gradient)

    walk(root, upstream, accumulate, create_graph, retain_graph)


def gradients(
    root: Value,
    targets: Sequence[Value],
    upstream: Value | None = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> list[Value | None]:
    """d(root)/d(target) for each target, None where root does not depend on it; no `.grad` is touched."""
    wanted: list[Edge] = [(t.node, t.output) for t in targets if t.node is not None]
    found: dict[Edge, Value] = {}
    walk(root, upstream, lambda leaf, gradient: None, create_graph, retain_graph, wanted, found)
    return [found.get((t.node, t.output)) if t.node is not None else None for t in targets]


def walk(
    root: Value,
    upstream: Value | None,
    accumulate: Callable[[Leaf, Value], None],
    create_graph: bool,
    retain_graph: bool | None,
    wanted: Sequence[Edge] = (),
    found: dict[Edge, Value] | None = None,
) -> None:
    """Send the upstream gradient from root back through the graph, latest node first."""
    if root.node is None:
        came = f"a value {root.spec} that depends on nothing with requires_grad"
        raise GradientError(
            "backward", came, "a path to a parameter", "requires_grad=True, outside no_grad and detach"
        )
    needed = None if found is None else ancestors([root.node], {node for node, _ in wanted})
    free = not (create_graph if retain_graph is None else retain_graph)
    kind = type(root).result
    arrivals = Arrivals()
    token = recording.set(create_graph)
    try:
        with during("backward"):
            arrivals.add((root.node, root.output), seed(root, upstream))
            while arrivals:
                node, arrived = arrivals.latest()
                mode.get().arrived(node, arrived)
                if found is not None:
                    found.update(
                        {e: g for k, g in enumerate(arrived) if g is not None and (e := (node, k)) in wanted}
                    )
                if isinstance(node, Leaf):
                    accumulate(node, arrived[0])  # type: ignore[arg-type]
                    continue
                if isinstance(node, Replay):
                    handed = node.hand(arrived)
                    if needed is not None:
                        needed |= ancestors([edge[0] for edge, _ in handed], {n for n, _ in wanted})
                else:
                    handed = downstream(node, arrived, kind, needed)
                for edge, gradient in handed:
                    arrivals.add(edge, gradient)
                if free:
                    node.free()
    finally:
        recording.reset(token)


class Arrivals:
    """Gradients on their way, added up at each node; the latest node has received all of its own."""

    def __init__(self) -> None:
        self.waiting: dict[Node, list[Value | None]] = {}
        self.queue: list[tuple[int, Node]] = []

    def __bool__(self) -> bool:
        return bool(self.queue)

    def add(self, edge: Edge, gradient: Value) -> None:
        """A fork adds: gradients that meet at one output are summed in the order of arrival."""
        node, output = edge
        if node not in self.waiting:
            self.waiting[node] = [None] * len(node.out_specs)
            heapq.heappush(self.queue, (-node.rank, node))
        before = self.waiting[node][output]
        self.waiting[node][output] = gradient if before is None else before + gradient

    def latest(self) -> tuple[Node, list[Value | None]]:
        """Take the latest node, with the gradient of each of its outputs."""
        _, node = heapq.heappop(self.queue)
        return node, self.waiting.pop(node)


def seed(root: Value, upstream: Value | None) -> Value:
    """The gradient that enters at the root: d(root)/d(root) = 1."""
    if isinstance(upstream, np.ndarray):
        upstream = type(root).result.of(upstream, constant=True)
    if upstream is not None:
        if not isinstance(upstream, Value):
            came, hint = (
                f"a {type(upstream).__name__} as upstream gradient",
                f"Tensor(...) of shape {root.shape}",
            )
            raise GradientError("backward", came, "a tensor or an array", hint)
        if upstream.shape != root.shape or upstream.dtype != root.dtype:
            came = f"an upstream gradient {upstream.spec} for a value {root.spec}"
            raise GradientError("backward", came, "the same shape and dtype", f"shape {root.shape}")
        return upstream
    if root.shape != ():
        raise GradientError(
            "backward", f"a value of shape {root.shape}", "one number", "sum() or mean() before backward()"
        )
    return type(root).result.of(np.ones((), root.dtype), constant=True)


def ancestors(roots: Sequence[Node], targets: set[Node]) -> set[Node]:
    """The nodes on a path from a root to a target, the targets among them."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            stack.extend(parent for parent, _ in node.parents if parent is not None)
    on_path: set[Node] = set()
    for node in sorted(order, key=lambda n: n.rank):
        if node in targets or any(parent in on_path for parent, _ in node.parents):
            on_path.add(node)
    return on_path


def downstream(
    node: Node, arrived: list[Value | None], kind: type[Value], needed: set[Node] | None
) -> list[tuple[Edge, Value]]:
    """The gradients that a node hands on, to those of its inputs that need one."""
    wants = [p is not None and (needed is None or p in needed) for p, _ in node.parents]
    if not node.walked and not any(wants):
        return []
    upstream: Any = tuple(arrived) if len(node.gate.outputs) > 1 else arrived[0]
    with inherit(node.origin):
        try:
            check_way_back(node)
            made = node.gate.backward(upstream, **node.recall(kind))
            rules = made if isinstance(made, tuple) else (made,)
            if len(rules) != len(wants):
                came = f"{len(rules)} gradients for {len(wants)} inputs"
                raise GradientError(node.gate.label, came, "one for each input", "None where there is none")
            handed = [
                (parent, fitted(node, gradient, spec))
                for parent, rule, spec, want in zip(node.parents, rules, node.specs, wants, strict=True)
                if want and (gradient := rule() if callable(rule) else rule) is not None
            ]
        except ChainruleError as error:
            place = origin(node.origin)
            raise error.at(place.layer, str(place)) from None
    return handed  # type: ignore[return-value]


def check_way_back(node: Node) -> None:
    """The node has a rule, and what the rule asked to keep."""
    if node.walked:
        came = "a graph that was walked before, its kept arrays are gone"
        raise GradientError(node.gate.label, came, "one backward pass", "retain_graph=True in the first one")
    if not hasattr(node.gate, "backward"):
        came = "a gradient asked of a gate without backward"
        raise GradientError(node.gate.label, came, "a backward method", "write it, or detach() the input")


def stretches(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    """Whether broadcasting leads from one shape to the other."""
    tail = wide[len(wide) - len(shape) :]
    return len(wide) >= len(shape) and all(n in (1, m) for n, m in zip(shape, tail, strict=True))


def fitted(node: Node, gradient: Value, spec: Spec) -> Value:
    """The gradient in its input's shape: broadcasting is undone here, and nowhere else."""
    if not isinstance(gradient, Value):
        came = f"backward gave a {type(gradient).__name__} for an input {spec}"
        raise GradientError(node.gate.label, came, "a value", "make it of upstream, x, … and gates")
    if gradient.shape != spec.shape and node.gate.broadcasts and stretches(spec.shape, gradient.shape):
        gradient = gradient.sum_to(spec.shape)
    if gradient.shape != spec.shape or gradient.dtype != spec.dtype:
        came = f"backward gave a gradient {gradient.spec} for an input {spec}"
        raise GradientError(
            node.gate.label, came, "the shape and dtype of the input", "correct this gate's backward"
        )
    return gradient
