"""One call on both machines: strided arrays in memory that fits them exactly, results equal to the bit."""

import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest

from chainrule.kernels.formula import NEXT, SAME, STRIDED
from chainrule.kernels.language import Engine, Machine, checked
from chainrule.kernels.language.cache import Cache
from chainrule.kernels.language.checked import Checked, run_checked
from chainrule.kernels.language.native import run_native
from chainrule.kernels.language.regions import Fault
from chainrule.kernels.language.target import to_object
from chainrule.kernels.language.values import plain

from .language.primitives import same_bits
from .language.test_target import TARGETS, module, undefined

GARBAGE = 0xA5
"""What every byte of an output holds before."""


class Strided(NamedTuple):
    """An array within its memory: where it starts, its strides in elements."""

    memory: np.ndarray
    start: int
    strides: tuple[int, ...]
    shape: tuple[int, ...]

    def view(self) -> np.ndarray:
        """The array as NumPy sees it."""
        steps = [s * self.memory.itemsize for s in self.strides]
        return np.lib.stride_tricks.as_strided(self.memory[self.start :], self.shape, steps)

    def fill(self, numbers: Any) -> "Strided":
        """The same, holding these numbers."""
        self.view()[...] = numbers
        return self

    @property
    def along(self) -> int:
        """How it goes on along its last axis."""
        return {0: SAME, 1: NEXT}.get(self.strides[-1], STRIDED)

    @property
    def arguments(self) -> list[Any]:
        """What a kernel is given: the memory, the strides of all axes but the last, and that if it is one."""
        return [self, *self.strides[:-1], *([self.strides[-1]] if self.along == STRIDED else [])]


def strided(
    shape: Sequence[int], dtype: Any, steps: Sequence[int] | None = None, order: Sequence[int] | None = None
) -> Strided:
    """An array of garbage, in memory without an element to spare.

    steps:  for each axis 0 (stretched), ±1, or ±more, which leaves holes
    order:  the axes from the innermost one; else row-major
    """
    steps = [1] * len(shape) if steps is None else steps
    strides, step, start, last = [0] * len(shape), 1, 0, 0
    for axis in order or range(len(shape) - 1, -1, -1):
        strides[axis] = step * steps[axis]
        reach = max(shape[axis] - 1, 0) * abs(strides[axis])
        last += reach
        start += reach if steps[axis] < 0 else 0
        step = step * max(shape[axis], 1) * abs(steps[axis]) if steps[axis] else step
    count = last + 1 if all(n for n, s in zip(shape, steps, strict=True) if s) else 0
    memory = np.full(count * np.dtype(dtype).itemsize, GARBAGE, np.uint8).view(dtype)
    return Strided(memory, start if count else 0, tuple(strides), tuple(shape))


@cache
def held() -> Engine:
    """One engine for all tests, without a cache on disk."""
    return Engine(cache=Cache(None))


@contextmanager
def starting(starts: dict[str, int]) -> Iterator[None]:
    """The checked machine with addresses in the middle of arguments, so that strides may be negative."""

    class Shifted(Checked):
        def stretch(self, pointer: Any, offset: Any, count: int) -> slice:
            return super().stretch(pointer, plain(offset) + starts.get(pointer.place.name, 0), count)

        def stand(self, pointer: Any, first: int) -> None:
            super().stand(pointer, first + starts.get(pointer.place.name, 0))

        def elements(self, pointer: Any, offsets: np.ndarray) -> np.ndarray:
            return super().elements(pointer, offsets + starts.get(pointer.place.name, 0))

    with mock.patch.object(checked, "Checked", Shifted):
        yield


def on_both(
    kernel: Callable[[Machine], None],
    arguments: Sequence[Any],
    pieces: int,
    unwritten: Sequence[Any] = (),
    seed: int = 0,
) -> list[Any]:
    """The arguments after a run, which is the same on both machines.

    arguments:  as a kernel counts them: arrays, strided ones, whole numbers
    unwritten:  those of them that hold nothing before
    """
    slots = [n for n, x in enumerate(arguments) if any(x is y for y in unwritten)]
    mine, other = (copies(arguments) for _ in range(2))
    starts = {f"argument {n}": x.start for n, x in enumerate(arguments) if isinstance(x, Strided)}
    with starting(starts):
        run_checked(kernel, [memory_of(x) for x in mine], pieces, unwritten=slots, seed=seed)
    run_native(kernel, [memory_of(x, moved=True) for x in other], pieces, held())
    for slot, (a, b) in enumerate(zip(mine, other, strict=True)):
        if isinstance(a, Strided | np.ndarray):
            assert same_bits(memory_of(a), memory_of(b)), f"argument {slot}: {a} {b}"
    return mine


def compiled(
    kernel: Callable[[Machine], None],
    arguments: Sequence[Any],
    pieces: int,
    unwritten: Sequence[Any] = (),
    seed: int = 0,
) -> list[Any]:
    """The arguments after a compiled run alone."""
    mine = [copied(x) for x in arguments]
    run_native(kernel, [memory_of(x, moved=True) for x in mine], pieces, held())
    return mine


def whole_everywhere(kernel: Callable[[Machine], None]) -> None:
    """The kernel is code of every target, and calls nothing from elsewhere."""
    for name, target in TARGETS.items():
        assert not undefined(to_object(module(kernel), target)), name


def copies(arguments: Sequence[Any]) -> list[Any]:
    """The arguments with memory of their own; one that is named twice is the same twice."""
    made = {id(x): copied(x) for x in arguments}
    return [made[id(x)] for x in arguments]


def copied(x: Any) -> Any:
    if isinstance(x, Strided):
        return x._replace(memory=x.memory.copy())
    return x.copy() if isinstance(x, np.ndarray) else x


def memory_of(x: Any, *, moved: bool = False) -> Any:
    """The memory of a strided array, from its first element on if it is moved; others as they are."""
    if isinstance(x, Strided):
        return x.memory[x.start :] if moved else x.memory
    return x


def holds(made: Strided, expected: Any, bound: Any = None) -> None:
    """A result has these bits, or lies within a bound of them, and the memory between is untouched."""
    found = made.view().copy()
    assert found.shape == np.shape(expected)
    if bound is None:
        assert same_bits(found, np.asarray(expected, found.dtype)), f"{found} {expected}"
    else:
        apart = np.abs(found.astype(np.float64) - expected)
        assert (apart <= bound).all(), f"{found} {expected} {bound}"
    rest = copied(made).fill(np.zeros((), found.dtype)).memory
    clean = strided_like(made).fill(np.zeros((), found.dtype)).memory
    assert rest.tobytes() == clean.tobytes(), "written between the elements"


def strided_like(x: Strided) -> Strided:
    """The same place, full of garbage."""
    memory = np.full(x.memory.nbytes, GARBAGE, np.uint8).view(x.memory.dtype)
    return x._replace(memory=memory)


def numbers(shape: Sequence[int], dtype: Any, rng: np.random.Generator) -> np.ndarray:
    """Random numbers: integers over their whole range, floats around 0."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def caught() -> Any:
    """What finds a planted fault: a wrong number, or an access that the checked machine refuses."""
    return pytest.raises((AssertionError, Fault))


def plant(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, old: str, new: str) -> None:
    """Put a fault into the text of a function, of a class or of a module."""
    text = textwrap.dedent(inspect.getsource(getattr(owner, name)))
    assert text.count(old) == 1, text
    space = dict(vars(inspect.getmodule(owner)))
    exec(text.replace(old, new), space)
    monkeypatch.setattr(owner, name, space[name])
