"""Matrix products to tasks: factors into panels where that pays, then the product with its epilogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import CompileError
from ..graph import Reduction, Spec
from ..kernels.formula import NEXT, Formula, Operand, Pool
from ..kernels.language.engine import engine
from ..kernels.language.types import LANES
from ..kernels.large import LEFT, RIGHT, Large
from ..kernels.panels import Pack
from ..kernels.product import Product, Tile, tile_for
from .fuse import FEW_ROWS, stacked
from .groups import Group, Groups
from .pixels import Pixels
from .tasks import (
    STATUS,
    Address,
    Argument,
    Kernel,
    Mapping,
    Task,
    Wanted,
    address,
    along,
    share_out,
    together,
)
from .views import View, reshaped

SMALL = 1 << 18
"""Bytes of a factor up to which it is read where it lies; beyond, panels are kinder to the caches."""
CROWDED = 1024
"""Rows of B a multiple of so many bytes apart share few of the nearest cache's sets: half of that is large, then."""
OFTEN = 4
"""Products with one B from which on panels pay anyway."""
STRIPES = 64
"""Columns of the result from which on a transposed A is worth its panels."""
LARGE = 1 << 22
"""Bytes from which on an array is gone through once, in long stretches."""
BLOCK = {LEFT: 256, RIGHT: 64}
"""Steps along k of a block: one of the other factor stays in a core's first cache."""
SHORT, STRIP = 512, 1 << 18
"""Steps of the sums of a large result, and bytes of B that stay in a core's second cache meanwhile."""


class Factor(NamedTuple):
    """A stack of matrices: its view, and strides from matrix to matrix, along rows, along columns."""

    view: View
    stack: int
    row: int
    column: int


class Sizes(NamedTuple):
    """out (B, M, N) = A (B, M, K) · B (B, K, N)"""

    batches: int
    m: int
    n: int
    depth: int

    @property
    def out(self) -> tuple[int, int, int]:
        return self.batches, self.m, self.n


class Factors(NamedTuple):
    """A pair of factors on its way to the kernel: how many steps its sums have, the left one's arguments, the right."""

    depth: int
    left: list[Argument]
    right: Factor


def product_tasks(packs: Packs, group: Group, wanted: Wanted) -> list[Task]:
    """The tasks of a product of matrices, or a sum of several: their factors into panels where that pays, then it."""
    if 0 in group.space:
        return []
    after = Epilogue(packs.groups, group, wanted)
    pairs = list[Factors]()
    for sizes, a, b in matrices(packs.groups, group, after):
        left = left_panels(packs, after.tile, sizes, a)
        left = left or [address(packs.groups, a.view), a.stack, LANES * a.row, a.row, a.column]
        pairs.append(Factors(sizes.depth, left, b))
    return multiplied(packs, after, sizes, pairs)


def multiplied(
    packs: Packs, after: Epilogue, sizes: Sizes, pairs: Sequence[Factors], *, window: bool = False
) -> list[Task]:
    """The panels that were packed for it, and the products of left factors that are ready with right ones."""
    sizes = sizes._replace(depth=sum(pair.depth for pair in pairs))
    pieces, chunks = shared_out(sizes, after.tile)
    strip = 1 if window else strip_of(sizes, after)
    arguments: list[Argument] = [pieces, chunks, strip, *sizes.out]
    read = list[int]()
    for depth, left, b in pairs:
        panels = right_panels(packs, after.tile, sizes._replace(depth=depth), b)
        right = panels or [address(packs.groups, b.view), b.stack, after.tile.columns, b.row]
        arguments += [depth, *left, *right]
        read += [side[0].base for side in (left, right) if isinstance(side[0], Address)]
    kernel, room = Product(after.dtype, after.tile, after.formula(sizes.out), window, len(pairs)), list[int]()
    arguments += after.arguments(sizes.out)
    alone = not window and len(pairs) == 1
    large = large_of(sizes, after, left[-1] == 1, panels is None) if alone else None
    if large is not None:
        kernel = Large(after.dtype, after.tile, kernel.formula, large=large)
        room = [room_of(packs.groups, sizes, after)]
        arguments += [BLOCK[large], Address(room[0])]
    flops = 2 * sizes.batches * sizes.m * sizes.n * sizes.depth
    return [*packs.fresh(), after.task(kernel, arguments, pieces, read, "product", flops, room)]


def strip_of(sizes: Sizes, after: Epilogue) -> int:
    """Panels of B side by side, before the next rows: a large result of short sums is written in long stretches."""
    columns, item = after.tile.columns, after.dtype.itemsize
    if sizes.m * sizes.n * item < LARGE or sizes.depth > SHORT or sizes.n < 8 * columns:
        return 1
    return max(1, STRIP // (max(1, sizes.depth) * columns * item))


def large_of(sizes: Sizes, after: Epilogue, along_k: bool, where_it_lies: bool) -> str | None:
    """Which factor of a product of two matrices is read in long stretches, if one is.

    along_k: whether A has its neighbours there;  where_it_lies: whether B is read there
    """
    batches, m, n, depth = sizes
    item = after.dtype.itemsize
    if batches > 1:
        return None
    if along_k and n <= FEW_ROWS and depth >= 2 * BLOCK[LEFT] and m * depth * item >= LARGE:
        return LEFT
    few = m <= FEW_ROWS and depth >= 2 * BLOCK[RIGHT] and n % LANES == 0
    return RIGHT if where_it_lies and few and n * depth * item >= LARGE else None


def room_of(groups: Groups, sizes: Sizes, after: Epilogue) -> int:
    """Memory where the sums of all tiles wait for the next block of k."""
    rows, columns = after.tile.rows, after.tile.columns
    tiles = -(-sizes.m // rows) * -(-sizes.n // columns)
    return groups.flow.new(Spec((tiles, rows * columns), after.dtype))


def matrices(groups: Groups, group: Group, after: Epilogue) -> Iterator[tuple[Sizes, Factor, Factor]]:
    """The sizes and factors of each product of matrices."""
    numbers, (batches, m, n) = group.ops[0].inputs, group.rows()
    for left, right in zip(numbers[::2], numbers[1::2], strict=True):
        a, b = (factor(groups.place(groups.view(number)), group.space) for number in (left, right))
        depth = groups.flow.specs[left].shape[-1]
        yield *flattened(Sizes(batches, m, n, depth), a, b, after.arrays), b


class Epilogue:
    """What follows a product, element by element.

    arrays:  (space, strides) of what it reads and stores;  homes: where it stores
    dtype, tile:  of the product itself
    reductions:   what it adds up meanwhile;  sums: the rows of all pieces
    pooling:  the op that pools what it makes, if there is one;  pooled: where its results go
    """

    def __init__(self, groups: Groups, group: Group, wanted: Wanted) -> None:
        self.groups, self.specs = groups, groups.flow.specs
        self.dtype = self.specs[group.ops[0].outputs[0]].dtype
        rows, parts = group.rows(), getattr(group.ops[0].gate, "groups", 1)
        matrices = len(rows) == 3
        self.tile = tile_for(self.dtype, rows[-1] // parts) if matrices else tile_for(self.dtype)
        self.grouped = parts > 1 and matrices
        self.mapping = Mapping(groups, first=group.ops[0].outputs[0])
        self.pooling = next((op for op in group.ops[1:] if isinstance(op.gate, Pixels)), None)
        self.pooled = [groups.home(n) for n in self.pooling.outputs] if self.pooling else []
        ops = [op for op in group.ops if op is not self.pooling]
        self.mapping.collect(ops, lambda other: self.specs[other.outputs[0]].shape)
        self.reductions = [op for op in ops if isinstance(op.gate, Reduction)]
        self.space, self.wanted, self.sums = group.space, wanted, list[int]()
        inside = group.elementwise()
        self.stored = [v for v in group.makes() if v in wanted.stored & inside]
        self.guards = [v for v in group.makes() if v in wanted.guarded & inside]
        self.homes = [groups.home(v) for v in self.stored]
        self.arrays = [(space_of(group, groups, view, own), own) for view, own in self.mapping.reads]
        self.arrays += [(home.shape, home.strides) for home in self.homes]

    def strides(self, out: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Strides along the axes of the sums (b, m, n), of what is read and then of what is stored."""
        if self.grouped:  # the columns of a group lie beside those of the next
            batches, m, n = out
            flat = [self.along(space, own, (m, batches * n)) for space, own in self.arrays]
            return [(column * n, row, column) for row, column in flat]
        return [self.along(space, own, out) for space, own in self.arrays]

    def along(self, space: tuple[int, ...], own: tuple[int, ...], out: tuple[int, ...]) -> tuple[int, ...]:
        """The strides of an array along other axes; they exist, or its op would not follow the product."""
        found = reshaped(space, own, out)
        if found is None:
            came = f"strides {own} of {space} as {out}"
            raise CompileError(
                self.groups.flow.program.name, came, "strides along each axis", "report this program"
            )
        return found

    def formula(self, out: tuple[int, ...]) -> Formula:
        """The formula, in which the product itself is operand 0."""
        read = zip(self.mapping.reads, self.strides(out), strict=False)
        operands = [Operand(self.specs[view.base].dtype, along(s[-1])) for (view, _), s in read]
        steps, place = self.mapping.formula_steps(1), self.mapping.place
        stores = tuple((place[v], Operand(self.specs[v].dtype, NEXT)) for v in self.stored)
        guards = tuple(place[v] for v in self.guards)
        sums = ((place[n], Operand(self.specs[n].dtype, NEXT)) for n in self.results())
        return Formula(
            (Operand(self.dtype, NEXT), *operands), steps, stores, guards, tuple(sums), self.pool()
        )

    def pool(self) -> Pool | None:
        """What it pools."""
        if self.pooling is None:
            return None
        out, winner = (Operand(self.specs[n].dtype, NEXT) for n in self.pooling.outputs)
        return Pool(self.mapping.place[self.groups.view(self.pooling.inputs[0]).base], out, winner)

    def results(self) -> list[int]:
        """What comes out of its reductions."""
        return [op.outputs[0] for op in self.reductions]

    def add_up(self, rows: int) -> list[Task]:
        """Make room for the sums of so many pieces in all; returns what puts them together at the end."""
        if not self.reductions:
            return []
        new, width = self.groups.flow.new, self.space[-1]
        self.sums = [new(Spec((rows, width), self.specs[n].dtype)) for n in self.results()]
        return [together(self.groups, self.space, self.reductions, self.sums, self.wanted.guarded)]

    def arguments(self, out: tuple[int, ...], row: int = 0) -> list[Argument]:
        """Addresses and strides of what is read, stored and pooled; the sums from a row on; the status byte."""
        words: list[Argument] = []
        strides = self.strides(out)
        for (view, _), (*outer, inner) in zip(self.mapping.reads, strides, strict=False):
            words += [address(self.groups, view), *outer, *([inner] if inner not in (0, 1) else [])]
        for home, s in zip(self.homes, strides[len(self.mapping.reads) :], strict=True):
            words += [address(self.groups, home), *s[:-1]]
        for home in self.pooled:
            words += [address(self.groups, home), *home.strides[:-1]]
        words += [Address(n, row * self.space[-1] * self.specs[n].dtype.itemsize) for n in self.sums]
        return [*words, Address(STATUS)] if self.guards else words

    def task(
        self,
        kernel: Kernel,
        arguments: list[Argument],
        pieces: int,
        factors: Sequence[int],
        name: str,
        flops: int,
        room: Sequence[int] = (),
    ) -> Task:
        """The task of a product of these factors.  room: memory that it works in."""
        reads = tuple(dict.fromkeys([*factors, *(view.base for view, _ in self.mapping.reads)]))
        writes = (*room, *(home.base for home in (*self.homes, *self.pooled)), *self.sums)
        return Task(kernel, arguments, pieces, reads, writes, name, flops=flops)


class Packs:
    """The panels of a plan: each stack of matrices is laid out once, before the first product that reads it."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups
        self._known, self._fresh = set[int](), list[Task]()

    def number(self, b: Factor, stack: tuple[int, int, int], tile: Tile) -> int:
        """The panels of a stack (many, K, N) of matrices."""
        number = self.groups.panels(b.view, stack, tile.columns)
        if number not in self._known:
            self._known.add(number)
            self._fresh.append(packed(self.groups, number, tile, stack, b))
        return number

    def fresh(self) -> list[Task]:
        """The tasks of those that were named since the last call."""
        tasks, self._fresh = self._fresh, []
        return tasks


def factor(view: View, out: tuple[int, ...]) -> Factor:
    """A stack of matrices as the product reads it."""
    return Factor(view, stacked(view, out) or 0, *view.strides[-2:])


def flattened(
    sizes: Sizes, a: Factor, b: Factor, arrays: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> tuple[Sizes, Factor]:
    """A stack times one matrix is one product with more rows, if everything in the epilogue can follow."""
    if b.stack or sizes.batches == 1:
        return sizes, a
    rows = reshaped((sizes.batches, sizes.m), (a.stack, a.row), (sizes.batches * sizes.m,))
    joined = Sizes(1, sizes.batches * sizes.m, sizes.n, sizes.depth)
    if rows is None or any(reshaped(space, own, joined.out) is None for space, own in arrays):
        return sizes, a
    return joined, Factor(a.view, 0, rows[0], a.column)


def shared_out(sizes: Sizes, tile: Tile) -> tuple[int, int]:
    """Pieces, and chunks of rows.  Stacks are cut first, then rows: the loops before and after are cut by rows too."""
    high, wide = -(-sizes.m // tile.rows), -(-sizes.n // tile.columns)
    work = 2 * sizes.batches * sizes.m * sizes.n * sizes.depth
    pieces = min(share_out(work, 400_000), sizes.batches * high * wide)
    return pieces, min(-(-pieces // sizes.batches), high)


def right_panels(packs: Packs, tile: Tile, sizes: Sizes, b: Factor) -> list[Argument] | None:
    """B in panels: their address, and the stride from stack to stack; None where B is read where it lies."""
    near = b.column == 1 and (sizes.n % LANES == 0 or engine().target.masks)
    width = itemsize(packs.groups, b.view)
    crowded = b.row * width % CROWDED == 0
    small = sizes.depth * sizes.n * width <= SMALL >> crowded
    seldom = (small and packs.groups.product_uses(b.view) < OFTEN) or sizes.batches * sizes.m <= FEW_ROWS
    if near and (seldom or sizes.n <= tile.columns):
        return None
    many = sizes.batches if b.stack else 1
    number = packs.number(b, (many, sizes.depth, sizes.n), tile)
    panel = sizes.depth * tile.columns
    each = -(-sizes.n // tile.columns) * panel
    return [Address(number), each if b.stack else 0, panel, tile.columns]


def left_panels(packs: Packs, tile: Tile, sizes: Sizes, a: Factor) -> list[Argument] | None:
    """A transposed A in panels of 16 rows, where many columns of the result pay for it; else None."""
    if a.row != 1 or a.column == 1 or sizes.n < STRIPES or sizes.m < LANES or sizes.depth < LANES:
        return None
    if a.column * itemsize(packs.groups, a.view) * sizes.depth <= SMALL:
        return None
    turned = View(
        a.view.base,
        (*a.view.shape[:-2], sizes.depth, sizes.m),
        (*a.view.strides[:-2], a.column, 1),
        a.view.offset,
    )
    many = sizes.batches if a.stack else 1
    transposed = Factor(turned, a.stack, a.column, 1)
    number = packs.number(transposed, (many, sizes.depth, sizes.m), Tile(tile.rows, 1))
    group = sizes.depth * LANES
    each = -(-sizes.m // LANES) * group
    return [Address(number), each if a.stack else 0, group, 1, LANES]


def packed(groups: Groups, number: int, tile: Tile, stack: tuple[int, int, int], b: Factor) -> Task:
    """The task that lays a stack of (K, N) matrices out in panels."""
    many, depth, n = stack
    along_k = b.column != 1 and n > 1
    stride = b.column if along_k else b.row
    dtype = groups.flow.specs[b.view.base].dtype
    kernel = Pack(dtype, tile, along_k)
    pieces = min(share_out(many * depth * n, 8192), many * -(-n // kernel.unit))
    arguments: list[Argument] = [pieces, many, n, depth, address(groups, b.view), b.stack, stride]
    return Task(kernel, [*arguments, Address(number)], pieces, (b.view.base,), (number,), "pack")


def itemsize(groups: Groups, view: View) -> int:
    return int(groups.flow.specs[view.base].dtype.itemsize)


def space_of(group: Group, groups: Groups, view: View, strides: tuple[int, ...]) -> tuple[int, ...]:
    """The shape over which an operand of the epilogue was stretched."""
    for op in group.ops[1:]:
        shape = groups.flow.specs[op.outputs[0]].shape
        if any(groups.place(groups.view(n)) == view and view.stretched(shape) == strides for n in op.inputs):
            return shape
    return group.space
