"""Why a value comes about as it does: what was fused, which kernel was chosen, where the value lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import Any, NamedTuple

from ..graph import Line, Program, Spec
from ..words import many
from .arrange import is_plain
from .chain_tasks import between
from .depthwise import DepthwiseFilters, DepthwiseInput, DepthwisePixels
from .flow import Op
from .groups import LOOP, PRODUCT, Group
from .last import objection, wasted
from .pixels import ConvAbreast, ConvFilters, ConvPixels, FiltersAbreast, InputAbreast, Pixels
from .plan import Plan
from .room import bytes_of
from .sums import PRODUCTS
from .tiles import TilesGradient, WinogradPixels, WinogradSums
from .usage import megabytes

WIDEST, INDENT = 100, " " * 11
"""Columns of a sentence, and before those of its next lines."""
SHOWN = 4
"""Paths that are named, of many."""


class Reasons(NamedTuple):
    """What there is to say of one value: (topic, sentence), in order; prints itself."""

    path: str
    head: str
    said: list[tuple[str, str]]

    def __str__(self) -> str:
        rows = (
            wrap(said, WIDEST, initial_indent=f"  {topic:<8} ", subsequent_indent=INDENT)
            for topic, said in self.said
        )
        return "\n".join([f"{self.path}: {self.head}", *(line for row in rows for line in row)])


class Why:
    """One value of a plan, asked.

    line:   the line that makes it, and its number in the program;  None for arguments and state
    group:  the group that makes it in this plan, and its number; None where it is no group's
    """

    def __init__(self, plan: Plan, path: str, number: int) -> None:
        self.plan, self.path, self.number = plan, path, number
        self.program: Program = plan.program
        self.groups, self.flow, self.names = plan.groups, plan.groups.flow, plan.program.names()
        self.place = self.program.makers().get(number, -1)
        self.line: Line | None = self.program.lines[self.place] if self.place >= 0 else None
        self.view = self.groups.view(number)
        self.maker = self.groups.maker.get(self.view.base)
        self.group: Group | None = None if self.maker is None else self.groups.groups[self.maker]

    def reasons(self) -> Reasons:
        if self.line is None:
            return Reasons(self.path, *self.given())
        head = f"{self.line.gate.label}, {self.line.phase}, {self.line.place}"
        said = [*self.rewritten(), *self.fused(), *self.chosen(), *self.stored()]
        return Reasons(self.path, head, said)

    def given(self) -> tuple[str, list[tuple[str, str]]]:
        """Of what no line makes."""
        if self.number not in self.program.cells:
            return "an argument of the step", [("lies", "in the array that each call brings")]
        cell = self.program.cells[self.number]
        writers = [n for n, target in self.plan.made.targets.items() if target is cell]
        if not writers:
            return "state that the step only reads", [
                ("lies", "in its own array; panels are made when it changed")
            ]
        group = self.groups.groups[self.groups.maker[writers[0]]]
        loop = "a product" if group.kind == PRODUCT else "a loop"
        said = f"in its own array, written in place by {loop} behind the guard, after all who read it"
        return "state that the step changes", [("lies", said)]

    # --- what became of its line ----------------------------------------------------------------------------

    def rewritten(self) -> Iterator[tuple[str, str]]:
        """What the passes before fusion did to the line."""
        real = self.flow.real(self.number)
        if real != self.number:
            yield "once", f"computed the same way as {self.name(real)}, so only that is computed"
        if self.number in self.flow.aside:
            yield "summed", "its sum goes on from here in registers: it is made only for those who watch"
        if self.line is not None and hasattr(self.line.gate, "parts"):
            parts = [
                op.gate.label for group in self.groups.groups for op in group.ops if op.line == self.place
            ]
            if parts:
                yield "parts", f"taken apart into {listed(list(dict.fromkeys(parts)))}"
        if self.again:
            yield (
                "again",
                "made once more on the way back rather than kept: cheap to make of what is kept anyway",
            )

    @property
    def again(self) -> bool:
        """Whether the line is run a second time where the way back reads it."""
        if self.line is None or self.line.phase == "backward":
            return False
        groups = {k for k, g in enumerate(self.groups.groups) for op in g.ops if op.line == self.place}
        return any(self.groups.groups[k].ops[0].line > self.place and k != self.maker for k in groups)

    def name(self, number: int) -> str:
        return self.names.get(number, "a value of the plan's own")

    # --- the kernel -----------------------------------------------------------------------------------------

    def fused(self) -> Iterator[tuple[str, str]]:
        """Who runs together with it."""
        group = self.group
        if group is None:
            base = self.view.base
            if base != self.number and base in self.names:
                yield "view", f"no work: {self.names[base]} looked at in another way"
            elif self.flow.real(self.number) in self.flow.constants:
                yield "constant", "computed once, while compiling"
            else:
                yield "unused", "nothing that the step returns or changes needs it"
            return
        if self.is_view:
            yield "view", f"no work: it looks at what {self.makers} in another way"
        lines = dict.fromkeys(op.line for op in group.ops if op.line not in (-1, self.place))
        others = [self.names[self.program.lines[k].outputs[0]] for k in lines]
        if others:
            yield "fused", f"{RULES['rows' if group.stages else group.kind]} with {listed(others)}"

    @property
    def is_view(self) -> bool:
        return not any(op.line == self.place for op in (self.group.ops if self.group else ()))

    @property
    def makers(self) -> str:
        group = self.group
        lines = [op.line for op in (group.ops if group else ()) if op.line >= 0]
        return (
            self.names[self.program.lines[lines[0]].outputs[0]] + "'s kernel makes"
            if lines
            else "a copy holds"
        )

    def chosen(self) -> Iterator[tuple[str, str]]:
        """Which kernel, and why."""
        if self.group is None or self.maker is None:
            return
        if is_plain(self.plan.made, self.maker):
            yield "kernel", "none: NumPy runs this gate between two native segments"
            return
        mine = self.plan.makers[self.place]
        tasks = [row.task for row in self.plan.rows if row.group in mine]
        if tasks:
            names = " + ".join(dict.fromkeys(task.name for task in tasks))
            pieces = max(task.pieces for task in tasks)
            over = f", over {'×'.join(map(str, self.group.space))}" if self.group.kind == LOOP else ""
            yield "kernel", f"{names}, in {many(pieces, 'piece')}{over}"
        ops = (op for k in mine for op in self.groups.groups[k].ops)
        op = next((op for op in ops if type(op.gate) in CHOICES), None)
        if op is not None:
            yield "chosen", CHOICES[type(op.gate)](op, self.flow.specs)

    # --- memory ---------------------------------------------------------------------------------------------

    def stored(self) -> Iterator[tuple[str, str]]:
        """Where it lies, from when to when."""
        if self.group is None:
            return
        order = order_of(self.view.shape, self.groups.place(self.view).strides)
        memory, room = self.groups.memory(self.number), self.plan.room
        if memory in self.plan.made.targets:
            yield "lies", "in the state's own array, written behind the guard"
        elif memory in self.plan.made.outputs.values():
            yield "lies", "in a fresh array that the step returns"
        elif memory in room.offsets:
            life = next(life for life in room.lives if life.number == memory)
            inside = (
                "" if self.groups.place(self.view) is self.view else ", inside a larger value that reads it"
            )
            size = megabytes(bytes_of(self.flow.specs[memory]))
            span = f"from kernel {life.first} to {life.last}"
            yield "lies", f"at byte {room.offsets[memory]:,} of the arena, {size}, {span}{order}{inside}"
        elif memory in between(self.groups, self.group):
            yield (
                "lies",
                "in the nearest cache, a few rows at a time: only its kernel reads it; a watch would store it",
            )
        else:
            yield "lies", "in registers alone: nobody outside of its kernel reads it; a watch would store it"


RULES = {
    LOOP: "element by element over the same space, so one pass over memory runs it",
    PRODUCT: "follows the product on each tile of sums, while they are in registers, so one kernel runs it",
    "single": "in one kernel",
    "rows": "goes over the same rows, a few of them at a time while they are near, so one kernel runs it",
}
"""Why ops run together, by the kind of their group, or of a chain of loops."""


def order_of(shape: tuple[int, ...], strides: tuple[int, ...]) -> str:
    """The order of a picture's axes in memory, where it is not their own.

    >>> order_of((8, 3, 32, 32), (3072, 1, 96, 3)), order_of((8, 3), (3, 1))
    (', in the order N, H, W, C', '')
    """
    if len(shape) != 4:
        return ""
    axes = sorted(range(4), key=lambda axis: (-strides[axis], axis))
    return "" if axes == [0, 1, 2, 3] else f", in the order {', '.join('NCHW'[axis] for axis in axes)}"


def listed(paths: list[str]) -> str:
    """
    >>> listed(["a", "b"]), listed(list("abcdef"))
    ('a, b', 'a, b, c, d and 2 more')
    """
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" and {more} more" if more > 0 else "")


# --- why a kernel was chosen ----------------------------------------------------------------------------------


def winograd(op: Op, specs: list[Spec]) -> str:
    """Of a convolution by Winograd's algorithm, or its gradient to pictures."""
    gate, (_, height, width, _) = op.gate, specs[op.outputs[0]].shape
    side, taps, channels = gate.scheme.side, gate.scheme.taps, specs[op.inputs[0]].shape[3]
    saved = (side * taps) ** 2 / (side + taps - 1) ** 2
    return (
        f"Winograd F({side}×{side}, {taps}×{taps}): stride 1, {channels} → {gate.filters} channels in whole vectors; "
        f"{saved:.1f} times fewer products, tiles compute {wasted(gate.scheme, height, width):.2f} pixels for each"
    )


def winograd_back(op: Op, specs: list[Spec]) -> str:
    """Of the gradient to filters by Winograd's algorithm."""
    how = (
        "tiles transformed where they are used"
        if isinstance(op.gate, WinogradSums)
        else "tiles transformed before"
    )
    return f"Winograd's algorithm for the filters' gradient, {how}, since its sums are that {size_of(op)}"


def size_of(op: Op) -> str:
    return "small" if isinstance(op.gate, WinogradSums) else "large"


def direct(op: Op, specs: list[Spec]) -> str:
    """Of a convolution as products over a sliding window."""
    gate, out = op.gate, specs[op.outputs[0]]
    if isinstance(gate, ConvFilters):
        x, sent = (specs[n] for n in op.inputs)
        filters = Spec((*gate.size, x.shape[3] // gate.groups, sent.shape[3]), x.dtype)
        reason = objection(gate, filters, sent)
    else:
        reason = objection(gate, specs[op.inputs[1]], out)
    return f"channels last, as products over a sliding window: Winograd does not pay ({reason})"


def abreast(op: Op, specs: list[Spec]) -> str:
    """Of a convolution on pictures that lie side by side."""
    return "pictures side by side, (C, H, W, N): so few channels would leave most lanes of a vector empty"


def depthwise(op: Op, specs: list[Spec]) -> str:
    """Of a convolution with a filter for each channel."""
    return "channels last, each with its own filter: no product of matrices, and no border is laid around"


def pooled(op: Op, specs: list[Spec]) -> str:
    """Of a gate of pictures with a kernel for any order."""
    order = ", ".join("NCHW"[axis] for axis in op.gate.order)
    return f"in the order {order}, in which its pictures come"


def multiplied(op: Op, specs: list[Spec]) -> str:
    """Of a product of matrices."""
    pairs = len(op.inputs) // 2
    a, b = (specs[n].shape for n in op.inputs[:2])
    many = f", {pairs} products summed in one go" if pairs > 1 else ""
    return f"matrix product {'×'.join(map(str, a))} · {'×'.join(map(str, b))}{many}"


CHOICES: dict[type, Callable[[Any, list[Spec]], str]] = {
    WinogradPixels: winograd,
    WinogradSums: winograd_back,
    TilesGradient: winograd_back,
    ConvPixels: direct,
    ConvFilters: direct,
    ConvAbreast: abreast,
    InputAbreast: abreast,
    FiltersAbreast: abreast,
    DepthwisePixels: depthwise,
    DepthwiseInput: depthwise,
    DepthwiseFilters: depthwise,
    Pixels: pooled,
    **dict.fromkeys(PRODUCTS, multiplied),
}
"""What is said of the choice of a kernel, by the gate that it runs."""


def reasons(plan: Plan, path: str, number: int) -> Reasons:
    """Why a value comes about as it does."""
    return Why(plan, path, number).reasons()
