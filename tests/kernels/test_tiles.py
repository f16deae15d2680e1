"""Where tiles of pictures lie, how they are laid down, and what is fetched ahead; on both machines."""

from typing import Any

import pytest

from chainrule.kernels.formula import NEXT, Arguments, Operand, Place
from chainrule.kernels.language.types import F32, I64, LANES
from chainrule.kernels.tiles import BELOW, BESIDE, COLUMNS, LINES, PLACE, Fetching, Tiles
from chainrule.kernels.transforms import SEEN, Scheme

from .machines import caught, on_both, plant, strided, whole_everywhere

THREE, FIVE = Scheme(3), Scheme(5)
SIZES = [(1, 4, 4), (2, 5, 3), (3, 9, 6), (1, 1, 17)]
"""Pictures, rows and columns of the results."""
C, F, GROUPS, BLOCK = 16, 32, 2, 8
STEP = GROUPS * F + 5
"""From pixel to pixel of results, which lie inside of a border, among others."""


def arguments(size, scheme, block=BLOCK):
    """Those of `Tiles`."""
    n, high, wide = size
    return [block, n, high, wide, GROUPS, C, F, high + scheme.edge, wide + scheme.edge]


class Table:
    """A kernel that copies the table of each stretch of 16 tiles: (stretch, row, lane)."""

    def __init__(self, scheme: Scheme, sees: bool) -> None:
        self.scheme, self.sees, self.rows = scheme, sees, PLACE + 5

    def __call__(self, k: Any) -> None:
        take = Arguments(k)
        tiles = Tiles(k, take, self.scheme, 0)
        count, out = take.integer(), take.pointer(I64)
        for _, before, _ in tiles.stretches(k.whole("add", 0, 0), count, self.sees):
            for row in self.written():
                values = k.load(tiles.table, row * LANES)
                k.store(out, (before // LANES * self.rows + row) * LANES, values)

    def written(self) -> list[int]:
        if self.sees:
            return [LINES + i for i in range(SEEN)] + [COLUMNS + i for i in range(SEEN)]
        return [PLACE, PLACE + 1, PLACE + 2, BELOW, BESIDE]


def places(size, scheme):
    """Picture, row and column of the first pixel of each tile."""
    n, high, wide = size
    down, across = scheme.along(high), scheme.along(wide)
    return [
        (p, i * scheme.side, j * scheme.side) for p in range(n) for i in range(down) for j in range(across)
    ]


def tables(size, scheme, sees):
    """The table of all tiles, (row, tile), and how many tiles there are."""
    count = scheme.tiles(*size)
    kernel = Table(scheme, sees)
    stretches = -(-count // LANES)
    out = strided((stretches, kernel.rows, LANES), I64)
    after = on_both(kernel, [*arguments(size, scheme), count, out], 1, [out])
    return after[10].view().transpose(1, 0, 2).reshape(kernel.rows, -1)[:, :count]


@pytest.mark.parametrize("scheme", [THREE, FIVE], ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_a_tile_sees(size, scheme):
    made = tables(size, scheme, sees=True)
    rows, columns, width = size[1] + scheme.edge, size[2] + scheme.edge, GROUPS * C
    for t, (picture, row, column) in enumerate(places(size, scheme)):
        for i in range(SEEN):
            line = picture * rows + min(row + i, rows - 1)
            assert made[LINES + i, t] == line * columns * width
            assert made[COLUMNS + i, t] == min(column + i, columns - 1) * width


@pytest.mark.parametrize("scheme", [THREE, FIVE], ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_a_tile_makes(size, scheme):
    made = tables(size, scheme, sees=False)
    _, high, wide = size
    for t, (picture, row, column) in enumerate(places(size, scheme)):
        assert made[[BELOW, BESIDE], t].tolist() == [high - row, wide - column]
        assert made[PLACE : PLACE + 3, t].tolist() == [picture, row, column]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("spots", "line * k.splat(self.across)", "line * k.splat(self.down)"),
        ("spots", "picture * k.splat(self.down * self.across)", "picture * k.splat(self.across)"),
        ("line", "self.least(at.row + i, self.rows - 1)", "at.row"),
        ("pixel", "self.columns - 1", "self.columns - 2"),
        ("stretches", "self.spots(first + before)", "self.spots(first)"),
    ],
)
def test_planted_faults_of_what_is_seen_are_caught(name, old, new, monkeypatch):
    plant(monkeypatch, Tiles, name, old, new)
    with caught():
        test_what_a_tile_sees(SIZES[2], THREE)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stretches", "enumerate(at)", "enumerate(at[:2])"),
        ("stretches", "self.k.splat(self.wide) - at.column", "self.k.splat(self.wide)"),
    ],
)
def test_planted_faults_of_what_is_made_are_caught(name, old, new, monkeypatch):
    plant(monkeypatch, Tiles, name, old, new)
    with caught():
        test_what_a_tile_makes(SIZES[2], THREE)


# --- what is fetched ahead ------------------------------------------------------------------------------


class Ahead:
    """A kernel that writes down where the prefetches of each turn begin, and how far they go: (turn, 2)."""

    def __init__(self, scheme: Scheme, sees: bool, parts: int) -> None:
        self.scheme, self.sees, self.parts = scheme, sees, parts

    def __call__(self, k: Any) -> None:
        take = Arguments(k)
        tiles = Tiles(k, take, self.scheme, 0)
        turns, steps, first = (take.integer() for _ in range(3))
        x, out = take.pointer(F32), take.pointer(I64)
        strides = [tiles.rows * tiles.columns * STEP, tiles.columns * STEP, k.whole("add", STEP, 0)]
        tiles.coming(first, self.parts, sees=self.sees)
        fetching = tiles.fetching(turns, steps, sees=self.sees, parts=self.parts)
        pixels = Place(k, Operand(F32, NEXT), x, strides, None)
        for turn in k.range(turns):
            made = fetching.seen(x, 1, turn) if self.sees else fetching.made(pixels, 1, turn)
            _, start, each = made
            k.store(out, turn * 2 * LANES, k.splat(start))
            k.store(out, turn * 2 * LANES + LANES, k.splat(each))


def stretches(size, scheme, sees, turns, steps, parts):
    """The numbers that the turns fetch: (first, behind the last) of each."""
    out = strided((turns, 2, LANES), I64)
    x = strided((4,), F32)
    after = on_both(Ahead(scheme, sees, parts), [*arguments(size, scheme), turns, steps, 0, x, out], 1, [out])
    starts, each = after[13].view()[:, :, 0].T
    return [(start, start + one * steps) for start, one in zip(starts.tolist(), each.tolist(), strict=True)]


def lines(size, scheme, sees, parts):
    """What is new in each tile: (first number, how many) of its lines."""
    n, high, wide = size
    rows, columns = high + scheme.edge, wide + scheme.edge
    there, edge = places(size, scheme), SEEN - scheme.side
    there = (there + [there[-1]] * LANES)[: parts * LANES]
    for picture, row, column in there:
        for i in range(scheme.side):
            if sees:
                line = picture * rows + min(row + i + edge, rows - 1)
                yield (line * columns + min(column + edge, columns - 1)) * GROUPS * C + C, scheme.side * C
            else:
                yield ((picture * rows + row + i) * columns + column) * STEP + F, scheme.side * F


@pytest.mark.parametrize("sees", [True, False])
@pytest.mark.parametrize(
    ("turns", "steps", "parts"), [(16 * 4, 64, 1), (32 * 4 * 2, 16, 2), (16 * 4 * 4, 8, 1)]
)
def test_all_that_is_new_is_fetched_once(sees, turns, steps, parts):
    """Turns share the lines out evenly: together they fetch what each tile of the coming block adds."""
    size = (2, 9, 17)
    fetched = stretches(size, THREE, sees, turns, steps, parts)
    share = turns // (THREE.side * parts * LANES)
    for start, length in lines(size, THREE, sees, parts):
        parts_of = [(a, b) for a, b in fetched if start <= a < start + length]
        assert len(parts_of) >= share
        assert min(a for a, _ in parts_of) == start and max(b for _, b in parts_of) >= start + length


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("at", "line * WHOLE) * self.length", "line * WHOLE) * 0"),
        ("at", "turn * self.pace // WHOLE", "turn // WHOLE"),
        ("seen", "group * self.tiles.channels", "0"),
    ],
)
def test_planted_faults_of_what_is_fetched_are_caught(name, old, new, monkeypatch):
    plant(monkeypatch, Fetching, name, old, new)
    with caught():
        test_all_that_is_new_is_fetched_once(True, 16 * 4 * 4, 8, 1)


@pytest.mark.parametrize("kernel", [Table(THREE, True), Table(FIVE, False), Ahead(THREE, True, 2)])
def test_code_of_every_target(kernel):
    whole_everywhere(kernel)
