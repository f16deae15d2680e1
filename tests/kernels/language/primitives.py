"""Kernels that use every primitive, numbers that are hard, and the one comparison: the same bits."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.kernels.language import Engine, Machine, Vector
from chainrule.kernels.language.checked import run_checked
from chainrule.kernels.language.native import run_native
from chainrule.kernels.language.types import BOOL, F32, I64, LANES, U8, bits_of, integer_of

DTYPES = [np.dtype(code) for code in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")]
FLOATS = [
    0.0,
    0.5,
    1,
    1.5,
    2.5,
    3,
    1e10,
    2.0**24 + 2,
    2.0**31,
    2.0**32,
    2.0**53 - 1,
    2.0**63,
    2.0**64,
    255.5,
    127.9,
]
Operation = Callable[[Machine, Vector, Vector, Vector], Vector]


def hard(dtype: np.dtype, count: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of a dtype: its edges, then any bits, then small ones."""
    if dtype == BOOL:
        return rng.random(count) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        edges = np.array([limits.min, limits.max, 0, 1, limits.max // 2], dtype)
        small = rng.integers(0, 9, count // 4).astype(dtype)
    else:
        tiny, normal, most = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).tiny, np.finfo(dtype).max
        ones = np.array([*FLOATS, tiny, normal, most, np.inf, np.nan], np.float64)
        with np.errstate(over="ignore"):
            edges = np.concatenate([ones, -ones]).astype(dtype)
        small = rng.standard_normal(count // 2).astype(dtype)
    anything = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    found = np.concatenate([edges, small, anything])[:count]
    return rng.permutation(found)


def operations(dtype: np.dtype) -> dict[str, Operation]:
    """Every operation on vectors that a dtype has."""
    made: dict[str, Operation] = {
        "eq": lambda k, a, b, c: a == b,
        "ne": lambda k, a, b, c: a != b,
        "where": lambda k, a, b, c: k.where(a == b, b, c),
        "shuffle": lambda k, a, b, c: k.shuffle(a, b, [31 - 2 * n if n % 3 else n for n in range(LANES)]),
        "index": lambda k, a, b, c: k.splat(k.first(k.convert(a, I64)) % 7 if dtype == U8 else 5),
    }
    for target in DTYPES:
        made[f"convert to {target}"] = lambda k, a, b, c, t=target: k.convert(a, t)
        if bits_of(target) == bits_of(dtype):
            made[f"bits as {target}"] = lambda k, a, b, c, t=target: k.bits(a, t)
    if dtype.kind in "iub":
        made |= {
            "and": lambda k, a, b, c: a & b,
            "or": lambda k, a, b, c: a | b,
            "xor": lambda k, a, b, c: a ^ b,
            "not": lambda k, a, b, c: ~a,
            "or of all": lambda k, a, b, c: k.reduce(a, "or"),
        }
    if dtype.kind != "b":
        made |= {
            "add": lambda k, a, b, c: a + b,
            "sub": lambda k, a, b, c: a - b,
            "mul": lambda k, a, b, c: a * b,
            "mul then add": lambda k, a, b, c: a * b + c,
            "numbers": lambda k, a, b, c: 3 - 2 * a,
            "with an index": lambda k, a, b, c: a + k.integer(0),
            "negative": lambda k, a, b, c: -a,
            "lt": lambda k, a, b, c: a < b,
            "le": lambda k, a, b, c: a <= b,
            "gt": lambda k, a, b, c: a > b,
            "ge": lambda k, a, b, c: a >= b,
            "larger": lambda k, a, b, c: k.combine("maximum", a, b),
            "smaller": lambda k, a, b, c: k.combine("minimum", a, b),
            "sum of all": lambda k, a, b, c: k.reduce(a, "add"),
            "largest of all": lambda k, a, b, c: k.reduce(a, "maximum"),
            "smallest of all": lambda k, a, b, c: k.reduce(a, "minimum"),
            "product of all": lambda k, a, b, c: k.reduce(a, "multiply"),
        }
    if dtype.kind == "f":
        made |= {
            "div": lambda k, a, b, c: a / b,
            "number / vector": lambda k, a, b, c: 1 / a,
            "fma": lambda k, a, b, c: k.fma(a, b, c),
            "fma of what cancels": lambda k, a, b, c: k.fma(a, b, -(a * b)),
            **{op: lambda k, a, b, c, op=op: k.unary(op, a) for op in ("sqrt", "abs", "rint", "floor")},
        }
    if dtype.kind in "iu":
        made |= {
            **{f"<< {n}": lambda k, a, b, c, n=n: a << n for n in (0, 3, bits_of(dtype) - 1)},
            **{f">> {n}": lambda k, a, b, c, n=n: a >> n for n in (0, 3, bits_of(dtype) - 1)},
            "shift by a vector": lambda k, a, b, c: k.binary("shr", a, b & (bits_of(dtype) - 1)),
        }
    return made


def all_operations(dtype: np.dtype) -> Callable[[Machine], None]:
    """A kernel: slot 0 is the count, 1 … 3 are inputs, then one output of 8-byte elements an operation."""

    def kernel(k: Machine) -> None:
        inputs = [k.pointer(slot, dtype) for slot in (1, 2, 3)]
        for i, mask in k.lanes(0, k.integer(0)):
            a, b, c = (k.load(x, i, mask) for x in inputs)
            for slot, operation in enumerate(operations(dtype).values(), 4):
                made = operation(k, a, b, c)
                k.store(k.pointer(slot, made.dtype), i, made, mask)

    return kernel


def memory(dtype: np.dtype) -> Callable[[Machine], None]:
    """A kernel with every primitive of memory and control.

    0: count; 1: count numbers; 2: count offsets, each once; 3 … 6: outputs of `count`; 7: a flag; 8: 16 int64
    """

    def kernel(k: Machine) -> None:
        count, x, offsets = k.integer(0), k.pointer(1, dtype), k.pointer(2, I64)
        gathered, scattered, ones, wide = (k.pointer(slot, dtype) for slot in (3, 4, 5, 6))
        flag, words = k.pointer(7, BOOL), k.pointer(8, I64)
        last = k.variable(k.constant(1, dtype))
        corner = k.scratch(dtype, 2 * LANES)
        k.prefetch(x, count * 4096)  # where there is nothing: it only asks
        for i, mask in k.lanes(0, count):
            where = k.load(offsets, i, mask)
            k.store(gathered, i, k.gather(x, where, mask), mask)
            k.scatter(scattered, where, k.load(x, i, mask), mask)
            k.raise_flag(flag, where == 3)
            k.store(corner, 0, k.load(x, i, mask))
            k.store(corner, LANES, last.get())
            k.store(wide, i, k.load(corner, 5), mask)
            last.set(k.load(corner, 0))
        for i in k.range(1, count, 3):
            for j in k.range(i, k.smaller(i + 3, count)):
                k.put(ones, j, k.spread(x, j))
        k.scatter(words, k.iota(), k.gather(offsets, k.constant(0, I64)))
        for _ in k.when(k.compare("sgt", count, 3)):
            for _ in k.when((count % 2) * 3 - count // 2 != 1):
                k.put(words, 1, k.splat(k.first(k.load(words, 0)) * k.piece - count))
        for _ in k.when(count == 3):
            k.put(words, 2, k.splat(count))
        for number in (-1, 9, 15):  # lanes that are not there, in the middle, and the last
            for _ in k.when(k.any_lane(k.iota() == number)):
                k.put(words, 3, k.splat(count + number))

    return kernel


def arguments_of_memory(dtype: np.dtype, count: int) -> list[Any]:
    """Arguments for `memory`."""
    rng = np.random.default_rng(count)
    outputs = [np.zeros(count, dtype) for _ in range(4)]
    return [
        count,
        hard(dtype, count, rng),
        rng.permutation(count),
        *outputs,
        np.zeros(1, bool),
        np.zeros(LANES, I64),
    ]


def results(
    run: Callable[..., None], dtype: np.dtype, count: int, seed: int = 0, **options: Any
) -> dict[str, np.ndarray]:
    """What all operations of a dtype give, by name."""
    rng = np.random.default_rng(seed)
    inputs = [hard(dtype, count, rng) for _ in range(3)]
    names = list(operations(dtype))
    outputs = [np.zeros(8 * count, U8) for _ in names]
    run(all_operations(dtype), [count, *inputs, *outputs], 1, **options)
    kinds = dtypes_of(dtype)
    return {name: out.view(kinds[name])[:count] for name, out in zip(names, outputs, strict=True)}


def dtypes_of(dtype: np.dtype) -> dict[str, np.dtype]:
    """The dtype that each operation gives."""
    found: dict[str, np.dtype] = {}

    def kernel(k: Machine) -> None:
        a = k.constant(1, dtype)
        found.update({name: f(k, a, a, a).dtype for name, f in operations(dtype).items()})

    run_checked(kernel, [0], 1)
    return found


def both(
    kernel: Callable[[Machine], None],
    arguments: list[Any],
    pieces: int,
    engine: Engine,
    unwritten: tuple[int, ...] = (),
) -> list[Any]:
    """The arguments after a run, which is the same on both machines."""
    mine, other = ([copied(x) for x in arguments] for _ in range(2))
    run_checked(kernel, mine, pieces, unwritten=unwritten)
    run_native(kernel, other, pieces, engine)
    for slot, (a, b) in enumerate(zip(mine, other, strict=True)):
        assert not isinstance(a, np.ndarray) or same_bits(a, b), f"argument {slot}: {a} {b}"
    return mine


def copied(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether each number has the same bits; of NaN only its being there counts."""
    if a.dtype.kind == "f":
        integers = integer_of(a.dtype)
        equal = a.view(integers) == b.view(integers)
        return bool((equal | (np.isnan(a) & np.isnan(b))).all())
    return bool((a == b).all())


def saxpy(k: Machine) -> None:
    """y += 2 x, shared out: x, y, count, pieces."""
    x, y = k.pointer(0, F32), k.pointer(1, F32)
    for i, mask in k.lanes(*k.share(k.integer(2), k.integer(3), 8)):
        k.store(y, i, k.fma(k.constant(2, F32), k.load(x, i, mask), k.load(y, i, mask)), mask)
