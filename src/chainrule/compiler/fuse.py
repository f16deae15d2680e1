"""Ops to groups: what one pass over memory computes.  Decided once; watching a value never changes it."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Elementwise, Gate, Reduction, Spec
from ..ops.dropout import Dropout
from ..ops.indexing import Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis
from ..ops.pool import MaxPool2d
from ..ops.reduction import Argmax
from ..ops.resample import Resample
from ..ops.scan import CumulativeSum
from ..ops.shape import Astype, Pad, PermuteDims, Reshape
from ..ops.unfold import Fold, Unfold
from ..ops.window import Window
from .depthwise import DepthwiseFilters, DepthwiseInput, DepthwisePixels
from .flow import Flow, Op
from .groups import LOOP, ON_PICTURES, PRODUCT, SINGLE, Group, Groups, aligned, arrays, size
from .labels import LabelCheck
from .pixels import ConvFilters, ConvPixels, FiltersAbreast, Pixels
from .sums import PRODUCTS
from .tiles import FilterGradient, FilterPanels, TilesGradient, WinogradPixels, WinogradSums, WinogradTiles
from .vectors import lifts
from .views import View, reshaped, view_of

MOST_OPS, MOST_ARRAYS = 64, 28
"""Limits of a fused loop, so that registers and compile time suffice."""

ROW_BY_ROW = (
    Argmax,
    CumulativeSum,
    DepthwiseFilters,
    DepthwiseInput,
    DepthwisePixels,
    Dropout,
    FilterGradient,
    FilterPanels,
    FiltersAbreast,
    Fold,
    Index,
    LabelCheck,
    Pixels,
    Resample,
    ScatterAlongAxis,
    TakeAlongAxis,
    TilesGradient,
    Unfold,
    WinogradSums,
    WinogradTiles,
)
"""Gates whose kernels read their inputs in row-major order."""

CONVOLUTIONS = (ConvPixels, ConvFilters, WinogradPixels)
"""Gates whose kernel is the matrix product, with a sliding window as its left factor."""
TURN_BYTES = 1 << 20
"""Bytes of such a matrix from which on the product is made the other way round."""
FEW_ROWS = 32
"""Rows of a product up to which laying its right factor out anew costs more than it saves."""


def fuse(flow: Flow) -> Groups:
    """Group the ops: each joins the group that makes its inputs where that changes no order."""
    groups = Groups(flow, summed=only_summed(flow))
    for op in flow.ops:
        enter(groups, op)
    return groups


def only_summed(flow: Flow) -> set[int]:
    """The values that reductions read, and nothing else."""
    read, otherwise = set[int](), set[int]()
    for op in reversed(flow.ops):
        if isinstance(op.gate, PermuteDims | Reshape):  # looked at in another way
            for known in (read, otherwise):
                known |= set(op.inputs) if op.outputs[0] in known else set()
        elif isinstance(op.gate, Reduction):
            read |= set(op.inputs)
        else:
            otherwise |= set(op.inputs)
    return read - otherwise


def enter(groups: Groups, op: Op) -> None:
    """Find the group of one op; one that only looks at numbers in another way needs none."""
    flow = groups.flow
    spec = flow.specs[op.outputs[0]]
    seen = view_of(op.gate, groups.view(op.inputs[0]), spec) if op.inputs else None
    if seen is not None:
        groups.views[op.outputs[0]] = seen
    elif isinstance(op.gate, Reshape):  # of a view that has to be copied first
        enter(groups, replace(op, inputs=(copy(groups, op.inputs[0], op),)))
    elif isinstance(op.gate, CONVOLUTIONS):
        groups.add(
            Group(PRODUCT, spec.shape, [replace(op, inputs=tuple(whole(groups, n, op) for n in op.inputs))])
        )
    elif isinstance(op.gate, ON_PICTURES):
        inputs = (whole(groups, op.inputs[0], op), op.inputs[1])
        groups.add(Group(PRODUCT, spec.shape, [replace(op, inputs=inputs)]))
    elif surrounds(op.gate):
        groups.add(Group(SINGLE, spec.shape, [replace(op, inputs=(beside(groups, op.inputs[0], op),))]))
    elif pools(groups, op):
        maker = groups.maker[groups.view(op.inputs[0]).base]
        groups.groups[maker].ops.append(op)
        groups.enter(maker, op)
    elif isinstance(op.gate, ROW_BY_ROW):
        groups.add(
            Group(SINGLE, spec.shape, [replace(op, inputs=tuple(whole(groups, n, op) for n in op.inputs))])
        )
    elif not isinstance(op.gate, (Elementwise, Reduction, *PRODUCTS)) or not lifted(groups, op):
        groups.add(Group(SINGLE, spec.shape, [op]))
    elif isinstance(op.gate, Elementwise):
        place(groups, op, spec.shape, None)
    elif isinstance(op.gate, Reduction):
        place(groups, op, flow.specs[op.inputs[0]].shape, op.gate.axis)
    else:
        multiply(groups, op, spec)


def enter_aside(groups: Groups) -> None:
    """Groups for the values that nothing needs, one for each op: they join no other, and none joins them."""
    for ops in groups.flow.aside.values():
        for op in ops:
            spec = groups.flow.specs[op.outputs[0]]
            if isinstance(op.gate, PRODUCTS):
                multiply(groups, op, spec)
            else:
                groups.add(Group(LOOP, spec.shape, [op]))
            groups.groups[-1].aside = True


def multiply(groups: Groups, op: Op, spec: Spec) -> None:
    """A product of matrices.  A few rows times a large matrix whose neighbours lie along k, as those of linear
    layers do, is made the other way round, so that the matrix is read where it lies: (x · wᵀ)ᵀ = w · xᵀ.
    """
    x, w = (groups.view(n) for n in op.inputs[:2])
    large = w.size * spec.dtype.itemsize > TURN_BYTES and spec.ndim == len(w.shape) == len(x.shape) == 2
    if large and w.strides[0] == 1 != w.strides[1] and spec.shape[0] <= FEW_ROWS:
        flow, (m, n) = groups.flow, spec.shape
        left, right, out = (flow.new(Spec(s, spec.dtype)) for s in (w.shape[::-1], x.shape[::-1], (n, m)))
        for number, view in ((left, w), (right, x)):
            groups.views[number] = View(view.base, view.shape[::-1], view.strides[::-1], view.offset)
        inputs = (left, solid(groups, right, replace(op, outputs=(out,))))
        groups.add(Group(PRODUCT, (n, m), [replace(op, inputs=inputs, outputs=(out,))]))
        groups.views[op.outputs[0]] = View(out, (m, n), (1, m))
        return
    factors = tuple(solid(groups, n, op) for n in op.inputs)
    groups.add(Group(PRODUCT, spec.shape, [replace(op, inputs=factors)]))


def surrounds(gate: Gate) -> bool:
    """Whether a gate lays its input down, as it is, with one number around it."""
    if isinstance(gate, IndexAdd):
        whole = len(gate.key) == len(gate.shape)
        return whole and all(isinstance(k, Slice) and k.step in (1, None) for k in gate.key)
    return isinstance(gate, Pad)


def beside(groups: Groups, number: int, op: Op) -> int:
    """The same numbers once more, from the loop that makes them: a value to be written where `op` wants it, while
    others read the first one.  The value itself where no loop makes it.
    """
    view, space = groups.view(number), groups.flow.specs[number].shape
    maker = groups.maker.get(view.base)
    if maker is None or groups.groups[maker].kind != LOOP or not aligned(groups, view, space):
        return number
    if view.base not in groups.groups[maker].elementwise():
        return number
    moving = moved_by(groups, number, op)
    if not takes(groups, maker, moving, space, None):
        return number
    place(groups, moving, space, None)
    if view.base == number or view == groups.view(view.base):
        groups.twins[moving.outputs[0]] = view.base
    return moving.outputs[0]


def whole(groups: Groups, number: int, op: Op) -> int:
    """A value in row-major order: itself, or a copy."""
    return number if groups.view(number).whole else copy(groups, number, op)


def lifted(groups: Groups, op: Op) -> bool:
    """Whether a fused loop can run the op."""
    specs = groups.flow.specs
    return lifts(op.gate, tuple(specs[n] for n in op.inputs), specs[op.outputs[0]])


def copy(groups: Groups, number: int, op: Op, *, alone: bool = False) -> int:
    """A value in memory of its own, row-major: what an op needs that cannot work on a view."""
    moving, shape = moved_by(groups, number, op), groups.flow.specs[number].shape
    if alone:
        groups.add(Group(LOOP, shape, [moving]))
    else:
        place(groups, moving, shape, None)
    return moving.outputs[0]


def moved_by(groups: Groups, number: int, op: Op) -> Op:
    """An op that copies a value into a new one, for the sake of another op."""
    spec = groups.flow.specs[number]
    made = groups.flow.new(Spec(spec.shape, spec.dtype))
    return Op(Astype(spec.dtype.name), (number,), (made,), op.line, op.rank)


def solid(groups: Groups, number: int, op: Op) -> int:
    """A matrix, or a stack of them, that the product can read: neighbours along one of the last two axes, and
    one stride from matrix to matrix; a copy where that is not so.
    """
    key = (number, number in op.inputs[1::2], groups.flow.specs[op.outputs[0]].shape[:-2])
    if key not in groups.solids:
        groups.solids[key] = solidified(groups, number, op)
    return groups.solids[key]


def solidified(groups: Groups, number: int, op: Op) -> int:
    """The value itself, if it is one; else a copy."""
    view, out = groups.view(number), groups.flow.specs[op.outputs[0]].shape
    stack = stacked(view, out)
    near = number not in op.inputs[1::2] or 1 in view.strides[-2:] or 1 in view.shape[-2:]
    if stack is not None and near:
        return number
    if stack is not None or view.shape[:-2] == out[:-2]:
        return copy(groups, number, op)
    spec = groups.flow.specs[number]
    wide = (*out[:-2], *spec.shape[-2:])
    spread = groups.flow.new(Spec(wide, spec.dtype))
    groups.views[spread] = View(view.base, wide, view.stretched(wide), view.offset)
    return copy(groups, spread, op)


def stacked(view: View, out: tuple[int, ...]) -> int | None:
    """The stride from matrix to matrix in a stack of the shape of the result's; None if it is not one."""
    wide = view.stretched((*out[:-2], *view.shape[-2:]))
    joined = reshaped(out[:-2], wide[:-2], (size(out[:-2]),))
    return None if joined is None else joined[0] if size(out[:-2]) > 1 else 0


def place(groups: Groups, op: Op, space: tuple[int, ...], axes: tuple[int, ...] | None) -> None:
    """Put an op into the groups that can take it, joined, or into a new one."""
    again, made = groups.flow.again, [*groups.makers(op)]
    if op.outputs[0] in again:
        made = [number for number in made if not again.isdisjoint(groups.groups[number].makes())]
    able = [number for number in made if takes(groups, number, op, space, axes)]
    alone = all(groups.groups[number].kind == PRODUCT for number in able)
    if alone and axes is not None and op.outputs[0] not in again:
        able = [n for n in read_beside(groups, op) if takes(groups, n, op, space, axes)][:1] or able
    if not able:
        groups.add(Group(LOOP, space, [op], axes))
        return
    home = able.pop()
    for other in reversed(able):
        if can_join(groups, home, other):
            join(groups, home, other)
    group = groups.groups[home]
    group.ops.append(op)
    group.axes = group.axes if axes is None else axes
    groups.enter(home, op)


def read_beside(groups: Groups, op: Op) -> list[int]:
    """The reductions of what an op reads too: one pass over it may serve both."""
    readers = sorted(groups.reading.get(groups.view(op.inputs[0]).base, ()))
    return [number for number in readers if groups.groups[number].kind == LOOP and groups.groups[number].axes]


def takes(groups: Groups, number: int, op: Op, space: tuple[int, ...], axes: tuple[int, ...] | None) -> bool:
    """Whether a group can run an op that reads its values."""
    group = groups.groups[number]
    if not fits(groups, group, op, space, axes) or len(group.ops) >= MOST_OPS:
        return False
    if group.kind == PRODUCT and op.outputs[0] in groups.summed:
        return False
    if forgotten(groups, group.ops[0], op):
        return False
    if groups.flow.updates(op) and not groups.flow.gradients.isdisjoint(group.makes()):
        return False  # state is written after all gradients are known to be finite
    inside = group.elementwise()
    for n in op.inputs:
        view = groups.view(n)
        own = groups.maker.get(view.base) == number
        if own and not (view.base in inside and aligned(groups, view, space)):
            return False
    if any(g != number and groups.waits(g, number) for g in groups.makers(op)):
        return False
    return len(arrays(groups, group, op)) <= MOST_ARRAYS


def forgotten(groups: Groups, one: Op, other: Op) -> bool:
    """Whether one belongs to the second run of a checkpoint, and the other to the way forward: what is to be made once
    more, on the way back, is not made ahead of it.
    """
    flow = groups.flow
    return any(flow.is_again(a.line) and flow.is_forward(b.line) for a, b in ((one, other), (other, one)))


def fits(groups: Groups, group: Group, op: Op, space: tuple[int, ...], axes: tuple[int, ...] | None) -> bool:
    """Whether an op runs over the space of a group: the same one for loops; the same elements, as rows of the
    same length, for what follows a product.
    """
    if group.kind == LOOP:
        return group.space == space and (axes is None or group.axes in (None, axes))
    if group.kind == PRODUCT and axes is not None:
        return adds_up(group, op, space, axes)
    if group.kind != PRODUCT or axes is not None or not space or space[-1] != group.space[-1]:
        return False
    views = (groups.view(n) for n in op.inputs)
    return size(space) == size(group.space) and all(
        reshaped(space, view.stretched(space), group.rows()) is not None for view in views
    )


def adds_up(group: Group, op: Op, space: tuple[int, ...], axes: tuple[int, ...]) -> bool:
    """Whether a convolution can add up meanwhile, over all pixels, what it makes."""
    pixels = axes == tuple(range(len(space) - 1)) and space == group.space
    return pixels and op.gate.combine == "add" and isinstance(group.ops[0].gate, WinogradPixels)


def pools(groups: Groups, op: Op) -> bool:
    """Whether an op pools windows of 2 × 2, side by side, of what a convolution makes in tiles of whole windows."""
    if not (isinstance(op.gate, Pixels) and isinstance(op.gate.inner, MaxPool2d)):
        return False
    view = groups.view(op.inputs[0])
    maker = groups.groups[groups.maker[view.base]] if view.base in groups.maker else None
    if maker is None or maker.kind != PRODUCT or not isinstance(maker.ops[0].gate, WinogradPixels):
        return False
    if maker.ops[0].gate.scheme.side % 2:
        return False  # a tile is not made of whole windows
    there = view.base in maker.elementwise() and aligned(groups, view, maker.space)
    alone = not any(isinstance(other.gate, Pixels) for other in maker.ops)
    return there and alone and op.gate.inner.window == Window((2, 2), (2, 2), (0, 0), (1, 1))


def can_join(groups: Groups, a: int, b: int) -> bool:
    """Whether two groups over one space can become one: neither waits for the other."""
    left, right = groups.groups[a], groups.groups[b]
    same = left.kind == right.kind == LOOP and left.space == right.space
    axes = left.axes is None or right.axes is None or left.axes == right.axes
    alike = groups.flow.again.isdisjoint(left.makes()) == groups.flow.again.isdisjoint(right.makes())
    alike = alike and not (left.ops and right.ops and forgotten(groups, left.ops[0], right.ops[0]))
    few = len(left.ops) + len(right.ops) < MOST_OPS
    few = few and len(arrays(groups, left)) + len(arrays(groups, right)) < MOST_ARRAYS
    return same and axes and alike and few and not groups.waits(a, b) and not groups.waits(b, a)


def join(groups: Groups, home: int, other: int) -> None:
    """Let one group do the other's ops too; the other stays as an empty one."""
    into, gone = groups.groups[home], groups.groups[other]
    into.ops = sorted([*into.ops, *gone.ops], key=lambda op: op.rank)
    into.axes = into.axes or gone.axes
    for n in gone.makes():
        groups.maker[n] = home
    for op in gone.ops:
        for n in op.inputs:
            readers = groups.reading.setdefault(groups.view(n).base, set())
            readers -= {other}
            readers |= {home}
    gone.ops = []
    wait_for_both(groups, home, other)


def wait_for_both(groups: Groups, home: int, other: int) -> None:
    """Let all that wait for one of two groups wait for both; no third one stands between them."""
    pair, depends = 1 << home | 1 << other, groups.depends
    before = (depends[home] | depends[other]) & ~pair
    for number, known in enumerate(depends):
        if known & pair:
            depends[number] = known & ~pair | before | 1 << home
    depends[home], depends[other] = before, 0
    groups.awaited |= before | (groups.awaited >> other & 1) << home
