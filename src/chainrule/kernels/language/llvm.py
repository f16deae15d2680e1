"""The machine that writes LLVM's language.  No fast-math flag anywhere; fma only where a kernel says fma."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...digest import digest
from .arithmetic import COMPARE, WHOLE
from .instructions import ARITHMETIC, RELATION, UNARY, conversion, literal
from .machine import Machine
from .text import Text
from .types import BOOL, CACHE_LINE, I64, LANES, element, memory_suffix, stored, suffix, vector
from .values import Flag, Index, Pointer, Variable, Vector, plain


class Writer(Text, Machine):
    """Writes a kernel down as the text of one function `void f(ptr arguments, i64 piece)`."""

    runs = False

    def __init__(self) -> None:
        Text.__init__(self)
        Machine.__init__(self)
        self.slots: dict[tuple[int, str], Any] = {}
        self.piece = Index(self, "%piece")

    # --- memory -----------------------------------------------------------------------------------------

    def slot(self, number: int, kind: str) -> str:
        """Arguments are read once, at the top."""
        key = (number, kind)
        if key not in self.slots:
            self.entry.append(f"%p{number} = getelementptr i64, ptr %arguments, i64 {number}")
            self.entry.append(f"%a{number} = load {kind}, ptr %p{number}, align 8")
            self.slots[key] = f"%a{number}"
        return self.slots[key]

    def pointer(self, slot: int, dtype: np.dtype) -> Pointer:
        return Pointer(self, self.slot(slot, "ptr"), dtype)

    def integer(self, slot: int) -> Index:
        index = Index(self, self.slot(slot, "i64"))
        index.scope = 0
        return index

    def scratch(self, dtype: np.dtype, count: int) -> Pointer:
        return Pointer(self, self.reserve(f"[{count} x {stored(dtype)}], align 64"), dtype)

    def address(self, pointer: Pointer, offset: Index | int) -> str:
        self.use(offset)
        where = plain(offset)
        if where == 0:
            return str(pointer.place)
        return self.new(f"getelementptr {stored(pointer.dtype)}, ptr {pointer.place}, i64 {where}")

    def load(self, pointer: Pointer, offset: Index | int, mask: Vector | None = None) -> Vector:
        kind, size = f"<{LANES} x {stored(pointer.dtype)}>", pointer.dtype.itemsize
        place = self.address(pointer, offset)
        if mask is None:
            return self.read(self.new(f"load {kind}, ptr {place}, align {size}"), pointer.dtype)
        self.mask(mask)
        name = f"llvm.masked.load.{memory_suffix(pointer.dtype)}.p0"
        got = self.call(
            kind,
            name,
            f"ptr {place}",
            f"i32 {size}",
            f"<{LANES} x i1> {mask.x}",
            f"{kind} zeroinitializer",
        )
        return self.read(got, pointer.dtype)

    def read(self, name: str, dtype: np.dtype) -> Vector:
        """What memory holds as what registers hold: bytes to mask bits."""
        if dtype == BOOL:
            name = self.new(f"icmp ne <{LANES} x i8> {name}, zeroinitializer")
        return Vector(self, name, dtype)

    def write(self, value: Vector) -> str:
        self.use(value)
        if value.dtype == BOOL:
            return self.new(f"zext {vector(BOOL)} {value.x} to <{LANES} x i8>")
        return str(value.x)

    def store(self, pointer: Pointer, offset: Index | int, value: Vector, mask: Vector | None = None) -> None:
        kind, size = f"<{LANES} x {stored(pointer.dtype)}>", pointer.dtype.itemsize
        place, x = self.address(pointer, offset), self.write(self.same(pointer, value))
        if mask is None:
            self.lines.append(f"store {kind} {x}, ptr {place}, align {size}")
            return
        self.mask(mask)
        name = f"llvm.masked.store.{memory_suffix(pointer.dtype)}.p0"
        self.call("void", name, f"{kind} {x}", f"ptr {place}", f"i32 {size}", f"<{LANES} x i1> {mask.x}")

    def store_past(self, pointer: Pointer, offset: Index | int, value: Vector) -> None:
        kind, place = f"<{LANES} x {stored(pointer.dtype)}>", self.address(pointer, offset)
        x = self.write(self.same(pointer, value))
        self.lines.append(f"store {kind} {x}, ptr {place}, align {CACHE_LINE}, !nontemporal !{{i32 1}}")

    def spread(self, pointer: Pointer, offset: Index | int) -> Vector:
        kind, size = stored(pointer.dtype), pointer.dtype.itemsize
        one = self.new(f"load {kind}, ptr {self.address(pointer, offset)}, align {size}")
        return self.read(self.spread_scalar(one, kind), pointer.dtype)

    def spread_scalar(self, one: str, kind: str) -> str:
        wide = f"<{LANES} x {kind}>"
        lane = self.new(f"insertelement {wide} poison, {kind} {one}, i64 0")
        return self.new(f"shufflevector {wide} {lane}, {wide} poison, <{LANES} x i32> zeroinitializer")

    def prefetch(self, pointer: Pointer, offset: Index | int) -> None:
        place = f"ptr {self.address(pointer, offset)}"
        self.call("void", "llvm.prefetch.p0", place, "i32 0", "i32 2", "i32 1")

    def put(self, pointer: Pointer, offset: Index | int, value: Vector) -> None:
        kind, size = stored(pointer.dtype), pointer.dtype.itemsize
        one = self.new(f"extractelement <{LANES} x {kind}> {self.write(self.same(pointer, value))}, i64 0")
        self.lines.append(f"store {kind} {one}, ptr {self.address(pointer, offset)}, align {size}")

    def places(self, pointer: Pointer, offsets: Vector) -> str:
        self.offsets(offsets)
        return self.new(
            f"getelementptr {stored(pointer.dtype)}, ptr {pointer.place}, <{LANES} x i64> {offsets.x}"
        )

    def gather(self, pointer: Pointer, offsets: Vector, mask: Vector | None = None) -> Vector:
        kind, size = f"<{LANES} x {stored(pointer.dtype)}>", pointer.dtype.itemsize
        name = f"llvm.masked.gather.{memory_suffix(pointer.dtype)}.v{LANES}p0"
        on = self.all_lanes() if mask is None else mask
        self.mask(on)
        got = self.call(
            kind,
            name,
            f"<{LANES} x ptr> {self.places(pointer, offsets)}",
            f"i32 {size}",
            f"<{LANES} x i1> {on.x}",
            f"{kind} zeroinitializer",
        )
        return self.read(got, pointer.dtype)

    def scatter(self, pointer: Pointer, offsets: Vector, value: Vector, mask: Vector | None = None) -> None:
        kind, size = f"<{LANES} x {stored(pointer.dtype)}>", pointer.dtype.itemsize
        name = f"llvm.masked.scatter.{memory_suffix(pointer.dtype)}.v{LANES}p0"
        on = self.all_lanes() if mask is None else mask
        self.mask(on)
        self.call(
            "void",
            name,
            f"{kind} {self.write(self.same(pointer, value))}",
            f"<{LANES} x ptr> {self.places(pointer, offsets)}",
            f"i32 {size}",
            f"<{LANES} x i1> {on.x}",
        )

    def raise_flag(self, pointer: Pointer, mask: Vector) -> None:
        for _ in self.when(self.any_lane(mask)):
            self.lines.append(f"store i8 1, ptr {pointer.place}, align 1")

    # --- whole numbers and control ----------------------------------------------------------------------

    def whole(self, op: str, a: Index | int, b: Index | int) -> Index:
        self.use(a, b)
        x, y = plain(a), plain(b)
        if isinstance(x, int) and isinstance(y, int):
            return Index(self, WHOLE[op](x, y))
        if (op, y) in (("add", 0), ("sub", 0), ("mul", 1), ("sdiv", 1)):
            return Index(self, x)
        if (op, x) in (("add", 0), ("mul", 1)):
            return Index(self, y)
        if op == "mul" and 0 in (x, y):
            return Index(self, 0)
        return Index(self, self.new(f"{op} i64 {x}, {y}"))

    def compare(self, op: str, a: Any, b: Any) -> Flag:
        self.use(a, b)
        x, y = plain(a), plain(b)
        if isinstance(x, int) and isinstance(y, int):
            return Flag(self, COMPARE[op](x, y))
        return Flag(self, self.new(f"icmp {op} i64 {x}, {y}"))

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        self.use(a, b)
        x, y = plain(a), plain(b)
        if isinstance(x, int) and isinstance(y, int):
            return Index(self, min(x, y))
        less = self.new(f"icmp slt i64 {x}, {y}")
        return Index(self, self.new(f"select i1 {less}, i64 {x}, i64 {y}"))

    def range(self, start: Index | int, stop: Index | int | None = None, step: int = 1) -> Iterator[Index]:
        first, last = (plain(bound) for bound in self.rounds(start, stop, step))
        if isinstance(first, int) and isinstance(last, int) and first >= last:
            return
        before, head, body, after = self.block, self.label(), self.label(), self.label()
        self.lines.append(f"br label %{head}")
        self.enter(head)
        counter, place = self.name(), len(self.lines)
        self.lines.append("")
        going = self.new(f"icmp slt i64 {counter}, {last}")
        self.lines.append(f"br i1 {going}, label %{body}, label %{after}")
        self.enter(body)
        self.push()
        yield Index(self, counter)
        self.pop()
        following = self.new(f"add i64 {counter}, {step}")
        self.lines[place] = f"{counter} = phi i64 [ {first}, %{before} ], [ {following}, %{self.block} ]"
        self.lines.append(f"br label %{head}")
        self.enter(after)

    def when(self, flag: Flag) -> Iterator[None]:
        says = self.flag(flag)
        if isinstance(says, bool):
            if says:
                self.push()
                yield None
                self.pop()
            return
        body, after = self.label(), self.label()
        self.lines.append(f"br i1 {says}, label %{body}, label %{after}")
        self.enter(body)
        self.push()
        yield None
        self.pop()
        self.lines.append(f"br label %{after}")
        self.enter(after)

    def any_lane(self, mask: Vector) -> Flag:
        self.mask(mask)
        number = self.new(f"bitcast <{LANES} x i1> {mask.x} to i{LANES}")
        return Flag(self, self.new(f"icmp ne i{LANES} {number}, 0"))

    # --- vectors ----------------------------------------------------------------------------------------

    def below(self, count: Index | int) -> Vector:
        mask = super().below(count)
        return Vector(self, self.new(f"freeze <{LANES} x i1> {mask.x}"), mask.dtype)

    def constant(self, number: Any, dtype: np.dtype) -> Vector:
        lane = f"{element(dtype)} {literal(self.lane(number, dtype), dtype)}"
        made = Vector(self, f"<{', '.join([lane] * LANES)}>", dtype)
        made.scope = 0
        return made

    def iota(self) -> Vector:
        made = Vector(self, f"<{', '.join(f'i64 {n}' for n in range(LANES))}>", I64)
        made.scope = 0
        return made

    def splat(self, number: Index | int) -> Vector:
        self.use(number)
        x = plain(number)
        if isinstance(x, int):
            return self.constant(x, I64)
        return Vector(self, self.spread_scalar(x, "i64"), I64)

    def first(self, value: Vector) -> Index:
        wide = self.whole_lanes(value)
        return Index(self, self.new(f"extractelement {vector(I64)} {wide.x}, i64 0"))

    def binary(self, op: str, a: Vector, b: Any) -> Vector:
        name, other = self.operation(ARITHMETIC, op, a, b)
        return Vector(self, self.new(f"{name} {vector(a.dtype)} {a.x}, {other.x}"), a.dtype)

    def relation(self, op: str, a: Vector, b: Any) -> Vector:
        name, other = self.operation(RELATION, op, a, b)
        kind = "fcmp" if a.dtype.kind == "f" else "icmp"
        return Vector(self, self.new(f"{kind} {name} {vector(a.dtype)} {a.x}, {other.x}"), BOOL)

    def negative(self, a: Vector) -> Vector:
        self.use(a)
        if a.dtype.kind == "f":
            return Vector(self, self.new(f"fneg {vector(a.dtype)} {a.x}"), a.dtype)
        return self.constant(0, a.dtype) - a

    def fma(self, a: Vector, b: Vector, c: Vector) -> Vector:
        kind = vector(self.floats("fma", a, b, c))
        name = self.call(
            kind, f"llvm.fma.{suffix(a.dtype)}", f"{kind} {a.x}", f"{kind} {b.x}", f"{kind} {c.x}"
        )
        return Vector(self, name, a.dtype)

    def unary(self, op: str, a: Vector) -> Vector:
        kind = vector(self.floats(op, a))
        name = self.call(kind, f"llvm.{UNARY[op]}.{suffix(a.dtype)}", f"{kind} {a.x}")
        return Vector(self, name, a.dtype)

    def where(self, mask: Vector, a: Vector, b: Vector) -> Vector:
        self.mask(mask)
        kind = vector(self.alike(a, b))
        return Vector(self, self.new(f"select {vector(BOOL)} {mask.x}, {kind} {a.x}, {kind} {b.x}"), a.dtype)

    def convert(self, a: Vector, dtype: np.dtype) -> Vector:
        self.use(a)
        if a.dtype == dtype:
            return a
        if dtype == BOOL:
            return self.relation("ne", a, 0)
        source, target = vector(a.dtype), vector(dtype)
        if a.dtype.kind == "f" and dtype.kind in "iu":
            name = f"llvm.fpto{'s' if dtype.kind == 'i' else 'u'}i.sat.{suffix(dtype)}.{suffix(a.dtype)}"
            return Vector(self, self.call(target, name, f"{source} {a.x}"), dtype)
        how = conversion(a.dtype, dtype)
        if how is None:
            return Vector(self, a.x, dtype)
        return Vector(self, self.new(f"{how} {source} {a.x} to {target}"), dtype)

    def bits(self, a: Vector, dtype: np.dtype) -> Vector:
        self.equally_wide(a, dtype)
        return Vector(self, self.new(f"bitcast {vector(a.dtype)} {a.x} to {vector(dtype)}"), dtype)

    def shuffle(self, a: Vector, b: Vector, lanes: Sequence[int]) -> Vector:
        kind, picks = vector(self.alike(a, b)), ", ".join(f"i32 {lane}" for lane in self.picks(lanes))
        made = self.new(f"shufflevector {kind} {a.x}, {kind} {b.x}, <{LANES} x i32> <{picks}>")
        return Vector(self, made, a.dtype)

    def variable(self, value: Vector) -> Variable:
        self.use(value)
        made = Variable(self, self.reserve(vector(value.dtype)), value.dtype)
        self.set(made, value)
        return made

    def get(self, variable: Variable) -> Vector:
        self.use(variable)
        kind = vector(variable.dtype)
        return Vector(self, self.new(f"load {kind}, ptr {variable.place}"), variable.dtype)

    def set(self, variable: Variable, value: Vector) -> None:
        self.use(variable)
        self.same(variable, value)
        self.lines.append(f"store {vector(variable.dtype)} {value.x}, ptr {variable.place}")


class Written(NamedTuple):
    """A kernel as text: its name says what it is, so equal kernels have equal names."""

    name: str
    text: str
    declared: tuple[str, ...]


def write(kernel: Callable[[Machine], None]) -> Written:
    """Write a kernel down: a function `void name(ptr arguments, i64 piece)`."""
    machine = Writer()
    kernel(machine)
    machine.end()
    body = machine.body()
    name = "k" + digest(body.encode()).hex()[:20]
    text = f"define void @{name}(ptr %arguments, i64 %piece) nounwind {{\n{body}\n}}\n"
    return Written(name, text, tuple(machine.declared[d] for d in sorted(machine.declared)))
