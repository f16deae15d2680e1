"""The machine that checks: runs a kernel at once on Python's whole numbers and NumPy vectors, slowly.

It refuses every access outside of an argument, every read of memory that nobody wrote, and pieces that
touch each other's bytes.  Its numbers are those of the compiled kernel, but for the sign and payload of NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .arithmetic import (
    ARITHMETIC,
    COMPARE,
    RELATION,
    SHIFTS,
    UNARY,
    WHOLE,
    fma_double,
    fma_single,
    saturated,
)
from .machine import Machine
from .regions import NOBODY, SEVERAL, Fault, Region, element_of, fresh_marks, regions
from .types import BOOL, CACHE_LINE, F32, I64, LANES, U8, bits_of
from .values import Flag, Index, Pointer, Variable, Vector, plain

NEAR = 64
"""Elements beyond an array at which a load or store of no lane at all may stand: where no memory is, a processor needs
hundreds of cycles to find out that nothing has to be done.
"""


def run_checked(
    kernel: Callable[[Machine], None],
    arguments: Sequence[np.ndarray | int],
    pieces: int,
    *,
    seed: int = 0,
    unwritten: Sequence[int] = (),
) -> None:
    """Run all pieces of a kernel, in an order that the seed shuffles; arrays are changed in place.

    arguments:  by slot: contiguous arrays (they may share memory) and whole numbers
    unwritten:  the slots of arrays that hold nothing yet
    Raises Fault where the kernel does what it must not, TraceError where it cannot be written down.

    >>> def double(k):
    ...     x = k.pointer(0, np.dtype(np.float32))
    ...     for i, mask in k.lanes(0, k.integer(1)):
    ...         k.store(x, i, k.load(x, i, mask) * 2, mask)
    >>> numbers = np.arange(3, dtype=np.float32)
    >>> run_checked(double, [numbers, 3], 1)
    >>> numbers
    array([0., 2., 4.], dtype=float32)
    >>> run_checked(double, [numbers, 4], 1)
    Traceback (most recent call last):
    chainrule.kernels.language.regions.Fault: argument 0: there is no element 3 of 3 float32; piece 0
    """
    places = regions(arguments, unwritten)
    with np.errstate(all="ignore"):
        for piece in np.random.default_rng(seed).permutation(pieces):
            machine = Checked(places, int(piece))
            kernel(machine)
            machine.end()


class Checked(Machine):
    """Runs one piece of a kernel on the regions and whole numbers that it is given."""

    runs = True

    def __init__(self, arguments: Sequence[Region | int], piece: int) -> None:
        super().__init__()
        self.arguments = arguments
        self.number = piece
        self.piece = Index(self, piece)

    def wrong(self, what: str) -> Fault:
        return Fault(f"{what}; piece {self.number}")

    # --- arguments --------------------------------------------------------------------------------------

    def argument(self, slot: int) -> Region | int:
        if not 0 <= slot < len(self.arguments):
            raise self.wrong(f"argument {slot}: there are {len(self.arguments)}")
        return self.arguments[slot]

    def pointer(self, slot: int, dtype: np.dtype) -> Pointer:
        region = self.argument(slot)
        if not isinstance(region, Region):
            raise self.wrong(f"argument {slot}: a whole number used as an address")
        return Pointer(self, region, dtype)

    def integer(self, slot: int) -> Index:
        number = self.argument(slot)
        if isinstance(number, Region):
            raise self.wrong(f"argument {slot}: an address used as a whole number")
        index = Index(self, number)
        index.scope = 0
        return index

    def scratch(self, dtype: np.dtype, count: int) -> Pointer:
        size = count * dtype.itemsize
        return Pointer(self, Region("scratch", np.zeros(size, np.uint8), *fresh_marks(size, False)), dtype)

    # --- memory -----------------------------------------------------------------------------------------

    def fault(self, pointer: Pointer, what: str, element: int) -> Fault:
        """The error of an access: argument, element, size, piece."""
        region: Region = pointer.place
        count = region.data.size // pointer.dtype.itemsize
        return self.wrong(f"{region.name}: {what} element {element} of {count} {pointer.dtype}")

    def stretch(self, pointer: Pointer, offset: Index | int, count: int) -> slice:
        """The bytes of neighbouring elements, all inside of the region."""
        self.use(offset)
        first, size = plain(offset), pointer.dtype.itemsize
        most = pointer.place.data.size // size
        if not 0 <= first <= most - count:
            raise self.fault(pointer, "there is no", first if first < 0 else max(first, most))
        return slice(first * size, (first + count) * size)

    def elements(self, pointer: Pointer, offsets: np.ndarray) -> np.ndarray:
        """The bytes of elements at offsets, all inside of the region."""
        size = pointer.dtype.itemsize
        outside = offsets[(offsets < 0) | (offsets >= pointer.place.data.size // size)]
        if outside.size:
            raise self.fault(pointer, "there is no", int(outside[0]))
        return (offsets[:, None] * size + np.arange(size)).reshape(-1)

    def neighbours(self, pointer: Pointer, offset: Index | int, mask: Vector | None) -> tuple[Any, Any]:
        """The bytes of 16 elements from an offset on, and which lanes are on."""
        self.use(offset)
        if mask is None:
            return self.stretch(pointer, offset, LANES), slice(None)
        on, first = self.mask(mask).x, plain(offset)
        if not on.any():
            self.stand(pointer, first)
        return self.elements(pointer, (np.arange(LANES) + first)[on]), on

    def stand(self, pointer: Pointer, first: int) -> None:
        """Where no lane is on, nothing is touched, but not far from the region."""
        if not -NEAR <= first <= pointer.place.data.size // pointer.dtype.itemsize + NEAR:
            raise self.fault(pointer, "nothing is read, but far from", first)

    def scattered(self, pointer: Pointer, offsets: Vector, mask: Vector | None) -> tuple[Any, Any]:
        """The bytes of elements at 16 offsets, and which lanes are on."""
        on = self.mask(self.all_lanes() if mask is None else mask).x
        return self.elements(pointer, self.offsets(offsets).x[on]), on

    def alone(self, pointer: Pointer, where: Any, **owners: np.ndarray) -> None:
        """No other piece may have touched these bytes."""
        for what, pieces in owners.items():
            touched = pieces[where]
            bad = np.flatnonzero((touched != NOBODY) & (touched != self.number))
            if bad.size:
                other = "several pieces" if touched[bad[0]] == SEVERAL else f"piece {touched[bad[0]]}"
                raise self.fault(pointer, f"{other} {what}", element_of(where, bad[0], pointer.dtype))

    def read(self, pointer: Pointer, where: Any) -> np.ndarray:
        """The elements in these bytes, which hold something that no other piece wrote."""
        region: Region = pointer.place
        self.alone(pointer, where, wrote=region.writers, flagged=region.raisers)
        empty = np.flatnonzero(~region.defined[where])
        if empty.size:
            raise self.fault(pointer, "nobody wrote", element_of(where, empty[0], pointer.dtype))
        self.mark(region.readers, where)
        found = region.data[where].copy()
        return found != 0 if pointer.dtype == BOOL else found.view(pointer.dtype)

    def write(self, pointer: Pointer, where: Any, values: np.ndarray) -> None:
        """Fill these bytes, which no other piece touches."""
        region: Region = pointer.place
        if not region.data.flags.writeable:
            raise self.fault(pointer, "nobody may write", element_of(where, 0, pointer.dtype))
        self.alone(pointer, where, wrote=region.writers, read=region.readers, flagged=region.raisers)
        region.defined[where] = True
        region.writers[where] = self.number
        region.data[where] = values.copy().view(np.uint8)

    def mark(self, pieces: np.ndarray, where: Any) -> None:
        """This piece has touched these bytes, too."""
        before = pieces[where]
        pieces[where] = np.where((before == NOBODY) | (before == self.number), self.number, SEVERAL)

    def vector(self, pointer: Pointer, where: Any, on: Any) -> Vector:
        """Elements read into the lanes that are on."""
        lanes = np.zeros(LANES, pointer.dtype)
        lanes[on] = self.read(pointer, where)
        return Vector(self, lanes, pointer.dtype)

    def load(self, pointer: Pointer, offset: Index | int, mask: Vector | None = None) -> Vector:
        return self.vector(pointer, *self.neighbours(pointer, offset, mask))

    def store(self, pointer: Pointer, offset: Index | int, value: Vector, mask: Vector | None = None) -> None:
        x = self.same(pointer, value).x
        where, on = self.neighbours(pointer, offset, mask)
        self.write_lanes(pointer, where, x[on])

    def store_past(self, pointer: Pointer, offset: Index | int, value: Vector) -> None:
        where, _ = self.neighbours(pointer, offset, None)
        if where.start % CACHE_LINE:
            raise self.fault(
                pointer, "past the caches, in the middle of a line", element_of(where, 0, pointer.dtype)
            )
        self.store(pointer, offset, value)

    def write_lanes(self, pointer: Pointer, where: Any, values: np.ndarray) -> None:
        if values.size:
            self.write(pointer, where, values)

    def spread(self, pointer: Pointer, offset: Index | int) -> Vector:
        return self.vector(pointer, self.stretch(pointer, offset, 1), slice(None))

    def prefetch(self, pointer: Pointer, offset: Index | int) -> None:
        self.use(offset)

    def put(self, pointer: Pointer, offset: Index | int, value: Vector) -> None:
        x = self.same(pointer, value).x
        self.write(pointer, self.stretch(pointer, offset, 1), x[:1])

    def gather(self, pointer: Pointer, offsets: Vector, mask: Vector | None = None) -> Vector:
        return self.vector(pointer, *self.scattered(pointer, offsets, mask))

    def scatter(self, pointer: Pointer, offsets: Vector, value: Vector, mask: Vector | None = None) -> None:
        x = self.same(pointer, value).x
        where, on = self.scattered(pointer, offsets, mask)
        self.write_lanes(pointer, where, x[on])

    def raise_flag(self, pointer: Pointer, mask: Vector) -> None:
        if not self.mask(mask).x.any():
            return
        region: Region = pointer.place
        where = self.stretch(Pointer(self, region, U8), 0, 1)
        if not region.data.flags.writeable:
            raise self.fault(pointer, "nobody may write", 0)
        self.alone(pointer, where, wrote=region.writers, read=region.readers)
        self.mark(region.raisers, where)
        region.defined[where] = True
        region.data[where] = 1

    # --- whole numbers and control ----------------------------------------------------------------------

    def whole(self, op: str, a: Index | int, b: Index | int) -> Index:
        self.use(a, b)
        x, y = plain(a), plain(b)
        if op in ("sdiv", "srem") and y < 1:
            raise self.wrong(f"{op}: {x} by {y}, which is not ≥ 1")
        made = WHOLE[op](x, y)
        if not -(1 << 63) <= made < 1 << 63:
            raise self.wrong(f"{op}: of {x} and {y} 64 bits cannot hold the result")
        return Index(self, made)

    def compare(self, op: str, a: Any, b: Any) -> Flag:
        self.use(a, b)
        return Flag(self, COMPARE[op](plain(a), plain(b)))

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        self.use(a, b)
        return Index(self, min(plain(a), plain(b)))

    def range(self, start: Index | int, stop: Index | int | None = None, step: int = 1) -> Iterator[Index]:
        first, last = (plain(bound) for bound in self.rounds(start, stop, step))
        for i in range(first, last, step):
            self.push()
            yield Index(self, i)
            self.pop()

    def when(self, flag: Flag) -> Iterator[None]:
        if self.flag(flag):
            self.push()
            yield None
            self.pop()

    def any_lane(self, mask: Vector) -> Flag:
        return Flag(self, bool(self.mask(mask).x.any()))

    # --- vectors ----------------------------------------------------------------------------------------

    def constant(self, number: Any, dtype: np.dtype) -> Vector:
        lane = self.lane(number, dtype)
        if dtype.kind in "iu":
            lane = np.uint64(lane % (1 << 64)).astype(dtype)
        made = Vector(self, np.full(LANES, lane, dtype), dtype)
        made.scope = 0
        return made

    def iota(self) -> Vector:
        made = Vector(self, np.arange(LANES, dtype=I64), I64)
        made.scope = 0
        return made

    def splat(self, number: Index | int) -> Vector:
        self.use(number)
        if isinstance(number, int):
            return self.constant(number, I64)
        return Vector(self, np.full(LANES, plain(number), I64), I64)

    def first(self, value: Vector) -> Index:
        return Index(self, int(self.whole_lanes(value).x[0]))

    def binary(self, op: str, a: Vector, b: Any) -> Vector:
        function, other = self.operation(ARITHMETIC, op, a, b)
        if op in SHIFTS and ((other.x < 0) | (other.x >= bits_of(a.dtype))).any():
            raise self.wrong(f"{op}: of {a.dtype} by {other.x.tolist()}")
        return Vector(self, function(a.x, other.x), a.dtype)

    def relation(self, op: str, a: Vector, b: Any) -> Vector:
        function, other = self.operation(RELATION, op, a, b)
        return Vector(self, function(a.x, other.x), BOOL)

    def negative(self, a: Vector) -> Vector:
        self.use(a)
        return Vector(self, -a.x, a.dtype) if a.dtype.kind == "f" else self.constant(0, a.dtype) - a

    def fma(self, a: Vector, b: Vector, c: Vector) -> Vector:
        dtype = self.floats("fma", a, b, c)
        function = fma_single if dtype == F32 else fma_double
        return Vector(self, function(a.x, b.x, c.x), dtype)

    def unary(self, op: str, a: Vector) -> Vector:
        dtype = self.floats(op, a)
        return Vector(self, UNARY[op](a.x), dtype)

    def where(self, mask: Vector, a: Vector, b: Vector) -> Vector:
        on = self.mask(mask).x
        return Vector(self, np.where(on, a.x, b.x), self.alike(a, b))

    def convert(self, a: Vector, dtype: np.dtype) -> Vector:
        self.use(a)
        if a.dtype == dtype:
            return a
        if dtype == BOOL:
            return self.relation("ne", a, 0)
        if a.dtype.kind == "f" and dtype.kind in "iu":
            return Vector(self, saturated(a.x, dtype), dtype)
        return Vector(self, a.x.astype(dtype), dtype)

    def bits(self, a: Vector, dtype: np.dtype) -> Vector:
        self.equally_wide(a, dtype)
        return Vector(self, a.x.view(dtype), dtype)

    def shuffle(self, a: Vector, b: Vector, lanes: Sequence[int]) -> Vector:
        dtype = self.alike(a, b)
        return Vector(self, np.concatenate([a.x, b.x])[self.picks(lanes)], dtype)

    def variable(self, value: Vector) -> Variable:
        self.use(value)
        return Variable(self, [value.x], value.dtype)

    def get(self, variable: Variable) -> Vector:
        self.use(variable)
        return Vector(self, variable.place[0], variable.dtype)

    def set(self, variable: Variable, value: Vector) -> None:
        self.use(variable)
        variable.place[0] = self.same(variable, value).x
