"""What both machines have in common: arguments, loops over lanes, trees, shuffles, made of few primitives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from ...errors import TraceError
from .types import BOOL, F32, F64, I64, LANES, bits_of
from .values import Flag, Handle, Index, Pointer, Variable, Vector

T = TypeVar("T")


class Machine(ABC):
    """What a kernel is written with: a plain Python function of a machine, that runs it or writes it down.

    Arguments are numbered: each is a pointer or a whole number.  `piece` is the part of the work that this
    call does; pieces never write the same byte, nor read what another writes.
    """

    scope: int = 0
    piece: Index
    runs: ClassVar[bool]
    """Whether numbers are there while the kernel is traced."""

    def __init__(self) -> None:
        self.open = [0]
        self.scopes = 0

    def refuse(self, came: str, hint: str) -> TraceError:
        """The error of a kernel that cannot be written down."""
        return TraceError("kernel", came, "a kernel that both machines can run", hint)

    # --- what both refuse -------------------------------------------------------------------------------

    def push(self) -> None:
        """A loop, or a round of one, begins."""
        self.scopes += 1
        self.open.append(self.scopes)
        self.scope = self.scopes

    def pop(self) -> None:
        """It has ended, and what it made is gone."""
        self.open.pop()
        self.scope = self.open[-1]

    def end(self) -> None:
        """The kernel has ended, and so have its loops."""
        if len(self.open) > 1:
            raise self.refuse(
                "a loop left by break or return", "`for _ in k.when(…)` around the rest of its body"
            )

    def use(self, *handles: Any) -> None:
        """A value of a loop that has ended is not there any more."""
        for handle in handles:
            if isinstance(handle, Handle | Variable) and handle.scope not in self.open:
                raise self.refuse("a value of a loop used after the loop", "k.variable(…) before the loop")

    def alike(self, *vectors: Vector) -> np.dtype:
        """The one dtype of vectors that are worked on together."""
        self.use(*vectors)
        for vector in vectors[1:]:
            self.like(vectors[0], vector)
        return vectors[0].dtype

    def floats(self, op: str, *vectors: Vector) -> np.dtype:
        """The one dtype of vectors of floats."""
        dtype = self.alike(*vectors)
        if dtype.kind != "f":
            raise self.refuse(f"{op} of {dtype}", "k.convert")
        return dtype

    def same(self, place: Pointer | Variable, value: Vector) -> Vector:
        """A value of the dtype that its place holds."""
        self.use(value)
        if place.dtype != value.dtype:
            raise self.refuse(f"a store of {value.dtype} into {place.dtype}", "k.convert")
        return value

    def mask(self, mask: Vector) -> Vector:
        """A vector that is a mask."""
        self.use(mask)
        if mask.dtype != BOOL:
            raise self.refuse(f"a mask of {mask.dtype}", "a comparison, which gives bool")
        return mask

    def offsets(self, offsets: Vector) -> Vector:
        """A vector that holds offsets."""
        self.use(offsets)
        if offsets.dtype != I64:
            raise self.refuse(f"offsets of {offsets.dtype}", "k.int64")
        return offsets

    def whole_lanes(self, value: Vector) -> Vector:
        """Integers as int64."""
        self.use(value)
        if value.dtype.kind == "f":
            raise self.refuse(f"a whole number of {value.dtype}", "k.convert")
        return self.int64(value)

    def equally_wide(self, a: Vector, dtype: np.dtype) -> None:
        """The bits of a lane may be read as another dtype of its width."""
        self.use(a)
        if bits_of(a.dtype) != bits_of(dtype):
            raise self.refuse(f"the bits of {a.dtype} read as {dtype}", "a dtype of equal width")

    def picks(self, lanes: Sequence[int]) -> list[int]:
        """The lanes that a shuffle takes."""
        if len(lanes) != LANES or not all(0 <= lane < 2 * LANES for lane in lanes):
            raise self.refuse(f"a shuffle to lanes {list(lanes)}", "16 numbers of 0 … 31")
        return [int(lane) for lane in lanes]

    def rounds(
        self, start: Index | int, stop: Index | int | None, step: int
    ) -> tuple[Index | int, Index | int]:
        """Where a loop starts and stops: one bound alone is the stop."""
        if step < 1:
            raise self.refuse(f"a loop in steps of {step}", "a step ≥ 1")
        first, last = (0, start) if stop is None else (start, stop)
        self.use(first, last)
        return first, last

    def flag(self, flag: Flag) -> Any:
        """What a flag says: one truth value, not a mask."""
        self.use(flag)
        if not isinstance(flag, Flag):
            raise self.refuse(
                f"`when` of a {type(flag).__name__}", "a comparison of whole numbers, or where(…)"
            )
        return flag.x

    def operation(self, table: Mapping[str, Mapping[str, T]], op: str, a: Vector, b: Any) -> tuple[T, Vector]:
        """How a table does an operation of the dtype of a, and b as a vector."""
        other = self.like(a, b)
        self.use(a, other)
        found = table[a.dtype.kind].get(op)
        if found is None:
            raise self.refuse(f"{op} of {a.dtype}", "k.convert")
        if op in ("shl", "shr") and isinstance(b, int) and not 0 <= b < bits_of(a.dtype):
            raise self.refuse(f"a shift of {a.dtype} by {b}", f"a count of 0 … {bits_of(a.dtype) - 1}")
        return found, other

    def lane(self, number: Any, dtype: np.dtype) -> Any:
        """A Python number as a lane of a dtype holds it; of integers the signed or the unsigned reading."""
        if dtype.kind == "f":
            with np.errstate(over="ignore"):
                return float(np.float32(number)) if dtype == F32 else float(number)
        least, most = (0, 1) if dtype == BOOL else (-(1 << bits_of(dtype) - 1), (1 << bits_of(dtype)) - 1)
        if not least <= number <= most or number != int(number):
            raise self.refuse(f"the constant {number} of {dtype}", "a number that the dtype has")
        return int(number)

    # --- primitives -------------------------------------------------------------------------------------

    @abstractmethod
    def pointer(self, slot: int, dtype: np.dtype) -> Pointer:
        """Argument `slot`, the address of elements of a dtype."""

    @abstractmethod
    def integer(self, slot: int) -> Index:
        """Argument `slot`, a whole number."""

    @abstractmethod
    def scratch(self, dtype: np.dtype, count: int) -> Pointer:
        """Memory of this call alone; at most a few KiB."""

    @abstractmethod
    def whole(self, op: str, a: Index | int, b: Index | int) -> Index: ...
    @abstractmethod
    def compare(self, op: str, a: Any, b: Any) -> Flag: ...
    @abstractmethod
    def smaller(self, a: Index | int, b: Index | int) -> Index: ...
    @abstractmethod
    def range(self, start: Index | int, stop: Index | int | None = None, step: int = 1) -> Iterator[Index]:
        """Open a loop: `for i in k.range(n)`."""

    @abstractmethod
    def when(self, flag: Flag) -> Iterator[None]:
        """Run the body if the flag holds: `for _ in k.when(i < n)`."""

    @abstractmethod
    def any_lane(self, mask: Vector) -> Flag:
        """Whether a lane is on, for `when`."""

    @abstractmethod
    def load(self, pointer: Pointer, offset: Index | int, mask: Vector | None = None) -> Vector:
        """16 neighbours from an offset on; zeros where the mask is off."""

    @abstractmethod
    def store(
        self, pointer: Pointer, offset: Index | int, value: Vector, mask: Vector | None = None
    ) -> None: ...
    @abstractmethod
    def store_past(self, pointer: Pointer, offset: Index | int, value: Vector) -> None:
        """A store that goes past the caches, for what is read much later; at a cache line's beginning."""

    @abstractmethod
    def spread(self, pointer: Pointer, offset: Index | int) -> Vector:
        """One element in all lanes."""

    @abstractmethod
    def prefetch(self, pointer: Pointer, offset: Index | int) -> None:
        """Ask for the cache line of an element that is read soon; any address will do."""

    @abstractmethod
    def put(self, pointer: Pointer, offset: Index | int, value: Vector) -> None:
        """Store lane 0 alone."""

    @abstractmethod
    def gather(self, pointer: Pointer, offsets: Vector, mask: Vector | None = None) -> Vector:
        """Elements at 16 offsets (int64); zeros where the mask is off."""

    @abstractmethod
    def scatter(
        self, pointer: Pointer, offsets: Vector, value: Vector, mask: Vector | None = None
    ) -> None: ...
    @abstractmethod
    def raise_flag(self, pointer: Pointer, mask: Vector) -> None:
        """Write 1 to the first byte if any lane is on; pieces may do so together."""

    @abstractmethod
    def constant(self, number: Any, dtype: np.dtype) -> Vector: ...
    @abstractmethod
    def iota(self) -> Vector:
        """0 … 15, int64."""

    @abstractmethod
    def splat(self, number: Index | int) -> Vector:
        """A whole number in all lanes, int64."""

    @abstractmethod
    def first(self, value: Vector) -> Index:
        """Lane 0 of an integer vector as a whole number."""

    @abstractmethod
    def binary(self, op: str, a: Vector, b: Any) -> Vector: ...
    @abstractmethod
    def relation(self, op: str, a: Vector, b: Any) -> Vector:
        """A comparison; every ordered one is false for NaN."""

    @abstractmethod
    def negative(self, a: Vector) -> Vector: ...
    @abstractmethod
    def fma(self, a: Vector, b: Vector, c: Vector) -> Vector:
        """a · b + c, rounded once."""

    @abstractmethod
    def unary(self, op: str, a: Vector) -> Vector:
        """sqrt, abs, rint (half to even), floor of floats."""

    @abstractmethod
    def where(self, mask: Vector, a: Vector, b: Vector) -> Vector: ...
    @abstractmethod
    def convert(self, a: Vector, dtype: np.dtype) -> Vector:
        """The same numbers in another dtype; floats are cut to the range of integers, NaN gives 0."""

    @abstractmethod
    def bits(self, a: Vector, dtype: np.dtype) -> Vector:
        """The same bits read as another dtype of equal width."""

    @abstractmethod
    def shuffle(self, a: Vector, b: Vector, lanes: Sequence[int]) -> Vector:
        """Lanes by number: 0 … 15 of a, 16 … 31 of b."""

    @abstractmethod
    def variable(self, value: Vector) -> Variable: ...
    @abstractmethod
    def get(self, variable: Variable) -> Vector: ...
    @abstractmethod
    def set(self, variable: Variable, value: Vector) -> None: ...

    # --- made of them -----------------------------------------------------------------------------------

    def like(self, a: Vector, b: Any) -> Vector:
        """b as a vector of the dtype of a: a vector, a Python number, or a whole number."""
        if isinstance(b, Vector):
            if b.dtype != a.dtype:
                raise self.refuse(f"vectors of {a.dtype} and {b.dtype}", "k.convert")
            return b
        if isinstance(b, Index):
            return self.convert(self.splat(b), a.dtype)
        return self.constant(b, a.dtype)

    def below(self, count: Index | int) -> Vector:
        """The mask of the lanes 0 … count - 1."""
        return self.iota() < self.splat(count)

    def lanes(self, start: Index | int, stop: Index | int) -> Iterator[tuple[Index, Vector | None]]:
        """Go from start to stop in steps of 16: without a mask, and once with one for what is left."""
        whole = self.whole("add", start, self.whole("sub", stop, start) // LANES * LANES)
        for i in self.range(start, whole, LANES):
            yield i, None
        for _ in self.when(self.compare("slt", whole, stop)):
            yield whole, self.below(stop - whole)

    def reduce(self, a: Vector, op: str) -> Vector:
        """All 16 lanes combined by the tree 8, 4, 2, 1; the result stands in every lane."""
        for distance in (8, 4, 2, 1):
            turned = self.shuffle(a, a, [(lane + distance) % LANES for lane in range(LANES)])
            a = self.combine(op, a, turned)
        return a

    def combine(self, op: str, a: Vector, b: Vector) -> Vector:
        """a + b, a · b, or the larger or smaller of the two, NaN if one is; for masks "or"."""
        if op in ("maximum", "minimum"):
            better = a > b if op == "maximum" else a < b
            return self.where((a != a) | better if a.dtype.kind == "f" else better, a, b)
        return self.binary("mul" if op == "multiply" else op, a, b)

    def transpose(self, rows: Sequence[Vector]) -> list[Vector]:
        """16 vectors as a square, its rows and columns exchanged: four rounds of 16 shuffles."""
        square = list(rows)
        for distance in (8, 4, 2, 1):
            low = [lane if lane & distance == 0 else lane - distance + LANES for lane in range(LANES)]
            high = [lane + distance if lane & distance == 0 else lane + LANES for lane in range(LANES)]
            for i in range(LANES):
                if i & distance == 0:
                    a, b = square[i], square[i + distance]
                    square[i], square[i + distance] = self.shuffle(a, b, low), self.shuffle(a, b, high)
        return square

    def share(self, count: Index | int, pieces: Index, grain: int = 1) -> tuple[Index, Index]:
        """The stretch of 0 … count that this piece does, cut at multiples of the grain."""
        units = (count + (grain - 1)) // grain
        each = (units + (pieces - 1)) // pieces * grain
        start = (self.piece * each).at_most(count)
        return start, (start + each).at_most(count)

    def divide(self, numbers: Vector, by: Index | int) -> Vector:
        """Whole numbers ≥ 0 divided, rounded down: exact below 2⁵², since halves are added before."""
        exact = (self.convert(numbers, F64) + 0.5) / self.convert(self.splat(by), F64)
        return self.convert(self.unary("floor", exact), I64)

    def positions(self, start: Index | int) -> Vector:
        """start, start + 1, …, int64."""
        return self.iota() + self.splat(start)

    def all_lanes(self) -> Vector:
        """The mask with every lane on."""
        return self.constant(True, BOOL)

    def int64(self, a: Vector) -> Vector:
        """Integers as int64."""
        return a if a.dtype == I64 else self.convert(a, I64)
