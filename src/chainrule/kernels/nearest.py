"""The nearest points of queries: a cheap lower bound of each distance in registers, exact distances where it says
little, and the best found so far kept in order.

bound[q, p] = begin[p] - Σ_i a[q, i] · b[p, i], of l1: begin[p] + Σ_i |a[q, i] - b[p, i]|. A point is looked at if its
bound is at most rise · t + shift[q], with t the k-th distance so far; `estimators/bounds` says why none is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import BOOL, F32, F64, I64, LANES
from .language.values import Index, Vector
from .product import Tile, micro_kernel

UPWARD = 2.0**-22
"""A limit is raised by this share of itself, which is more than rounding it to float32 may take from it."""


@dataclass(frozen=True)
class Nearest:
    """The k nearest of some points, added to the best that are known of each query.

    metric:  "l2", whose distances are squared, "l1", "cosine";  points, queries: dtypes of the samples
    Arguments: pieces, queries Q, points P, numbers W of a bound, panels of a strip; a (Q, W); b in panels of the
    tile's columns; begin, one for each of their columns; rise (1,); shift (Q,); the number of the first point, and how
    far on the next is; numbers D of a sample; the samples of the points (P, D) and of the queries (Q, D); of cosine
    1 / length of each point and each query; limits (Q,) that distances have to keep; k; distances (Q, R) and numbers
    (Q, R) of the best, R = `room(k)`; how many exact distances were computed (Q,).
    Pieces share out queries. Points come in the order of their numbers, so equal distances stay in that order.
    """

    tile: Tile
    metric: str
    points: np.dtype
    queries: np.dtype

    def __call__(self, k: Machine) -> None:
        Walk(k, self).write()


def room(k: int) -> int:
    """How many numbers a row of the best has: a vector whose last lane is -∞, then k and what fills up a vector."""
    return LANES + -(-k // LANES) * LANES


class Walk:
    """A search on its way to a machine."""

    def __init__(self, k: Machine, nearest: Nearest) -> None:
        self.k, self.nearest, self.tile = k, nearest, nearest.tile
        take = Arguments(k)
        self.pieces, self.count, self.n, self.width, self.strip = (take.integer() for _ in range(5))
        self.a, self.b, self.begin = (take.pointer(F32) for _ in range(3))
        self.rise, self.shift = take.pointer(F64), take.pointer(F64)
        self.first, self.step, self.depth = (take.integer() for _ in range(3))
        self.points, self.queries = take.pointer(nearest.points), take.pointer(nearest.queries)
        if nearest.metric == "cosine":
            self.point_inverse, self.query_inverse = take.pointer(F64), take.pointer(F64)
        self.limits, self.best = take.pointer(F64), take.integer()
        self.distances, self.numbers, self.row = take.pointer(F64), take.pointer(I64), take.integer()
        self.looked = take.pointer(I64)
        self.sums = k.scratch(F32, self.tile.rows * self.tile.columns)
        self.bounds = k.scratch(F32, LANES)
        self.near = k.scratch(I64, LANES)

    def write(self) -> None:
        """Strip by strip of points, so that its panels stay in a cache while all queries of this piece go past."""
        k, rows = self.k, self.tile.rows
        panels = (self.n + (self.tile.columns - 1)) // self.tile.columns
        start, stop = k.share(self.count, self.pieces, rows)
        for left in k.range((panels + (self.strip - 1)) // self.strip):
            for query in k.range(start, stop, rows):
                there = (stop - query).at_most(rows)
                for i in k.range(there):
                    self.renew(i, query + i)
                first = left * self.strip
                for panel in k.range(first, (first + self.strip).at_most(panels)):
                    self.block(query, there, panel)

    # --- bounds ---------------------------------------------------------------------------------------------

    def block(self, query: Index, there: Index, panel: Index) -> None:
        """The bounds of one tile; what follows if one of them says little.  Rows beyond the last are the last."""
        k, width, columns = self.k, self.width, self.tile.columns
        rows = [(there - 1).at_most(i) for i in range(self.tile.rows)]
        left = (self.a, [(query + row) * width for row in rows])
        right = (self.b, panel * width * columns, columns)
        begun = [k.load(self.begin, panel * columns + v * LANES) for v in range(self.tile.vectors)]
        steps = ((step, step) for step in k.range(width))
        made = micro_kernel(k, left, right, steps, [begun] * len(rows), add=self.add)
        sums = [[held.get() for held in line] for line in made]
        near = k.constant(False, BOOL)
        for number, line in zip(rows, sums, strict=True):
            bound = k.spread(self.bounds, number)
            for value in line:
                near = near | (value <= bound)
        for _ in k.when(k.any_lane(near)):
            for i, line in enumerate(sums):
                for v, value in enumerate(line):
                    k.store(self.sums, i * columns + v * LANES, value)
            for row in k.range(there):
                for v in range(self.tile.vectors):
                    self.choose(query + row, row, panel * columns, v)

    @property
    def add(self) -> Callable[[Vector, Vector, Vector], Vector] | None:
        """The next sum of a bound; queries come with their sign changed where products are taken away."""
        if self.nearest.metric != "l1":
            return None
        return lambda a, b, total: total + self.k.unary("abs", a - b)

    def choose(self, query: Index, i: Index, corner: Index, v: int) -> None:
        """Look at those of 16 points whose bounds say little."""
        k = self.k
        near = k.load(self.sums, i * self.tile.columns + v * LANES) <= k.spread(self.bounds, i)
        for _ in k.when(k.any_lane(near)):
            k.store(self.near, 0, k.where(near, k.constant(1, I64), k.constant(0, I64)))
            for lane in k.range((self.n - corner - v * LANES).at_most(LANES)):
                for _ in k.when(k.first(k.spread(self.near, lane)) == 1):
                    self.look(query, i, corner + v * LANES + lane)

    def renew(self, i: Index, query: Index) -> None:
        """The bound that points have to keep: of the limit, and of the k-th distance so far."""
        k = self.k
        last = k.spread(self.distances, query * self.row + LANES + self.best - 1)
        most = k.combine("minimum", last, k.spread(self.limits, query))
        bound = most * k.spread(self.rise, 0) + k.spread(self.shift, query)
        bound = bound + k.unary("abs", bound) * UPWARD
        k.put(self.bounds, i, k.convert(bound, F32))

    # --- exact distances ------------------------------------------------------------------------------------

    def look(self, query: Index, i: Index, point: Index) -> None:
        """The exact distance of one point, which is kept if it is among the best."""
        k, row = self.k, query * self.row
        k.put(self.looked, query, k.spread(self.looked, query) + 1)
        value = self.distance(query, point)
        for _ in k.when(k.any_lane(value < k.spread(self.distances, row + LANES + self.best - 1))):
            self.insert(row, value, k.splat(self.first + point * self.step))
            self.renew(i, query)

    def distance(self, query: Index, point: Index) -> Vector:
        """In float64: 16 sums side by side, in the order of the numbers, then added up by a tree."""
        k, cosine = self.k, self.nearest.metric == "cosine"
        total = k.variable(k.constant(0, F64))
        for d, mask in k.lanes(0, self.depth):
            x = k.convert(k.load(self.points, point * self.depth + d, mask), F64)
            q = k.convert(k.load(self.queries, query * self.depth + d, mask), F64)
            total.set(total.get() + (q * x if cosine else self.apart(q - x)))
        whole = k.reduce(total.get(), "add")
        if not cosine:
            return whole
        far = 1.0 - whole * (k.spread(self.query_inverse, query) * k.spread(self.point_inverse, point))
        return k.where(far > 0.0, far, k.constant(0, F64))

    def apart(self, difference: Vector) -> Vector:
        """What a difference adds to a distance."""
        return self.k.unary("abs", difference) if self.nearest.metric == "l1" else difference * difference

    def insert(self, row: Index, value: Vector, number: Vector) -> None:
        """A distance takes its place behind those that are no larger; the last one falls out.  From the end on, so
        that each vector finds those before it as they were.
        """
        k = self.k
        blocks = (self.best + (LANES - 1)) // LANES
        for block in k.range(blocks):
            place = row + (blocks - block) * LANES
            here, before = k.load(self.distances, place), k.load(self.distances, place - 1)
            stays, comes = here <= value, before <= value
            k.store(self.distances, place, k.where(stays, here, k.where(comes, value, before)))
            held, moved = k.load(self.numbers, place), k.load(self.numbers, place - 1)
            k.store(self.numbers, place, k.where(stays, held, k.where(comes, number, moved)))
