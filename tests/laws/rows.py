"""What a row of the table of gates is made of: inputs that suit a gate, settings to try, inputs to refuse."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.graph import Gate

DIFFERENTIABLE = ("real", "positive", "apart", "spaced")

KERNELS = frozenset(
    (
        "loop",
        "reduce",
        "product",
        "convolve",
        "winograd",
        "depthwise",
        "pool",
        "argmax",
        "dropout",
        "scan",
        "parts",
    )  # what computes
    + ("view", "copy", "take", "scatter", "unfold", "fold", "resample")  # what moves
)
"""How a compiled step runs a gate: by a kernel of this name, as a view that moves nothing, or by its parts."""


@dataclass(frozen=True)
class Input:
    """One input of a gate: its shape, and numbers that keep away from the gate's kinks.

    kind:  real (around 0), positive (from 0.3), apart (from 0, by 0.3), spaced (all different, by `gap`),
           whole (integers from low to high - 1), mask, exact (the numbers given)
    dtype: of the array; "" for that of the law at hand
    """

    kind: str
    shape: tuple[int, ...]
    low: int = 0
    high: int = 10
    gap: float = 0.17
    shift: float = 0.03
    dtype: str = ""
    numbers: Any = None

    @property
    def differentiable(self) -> bool:
        return self.kind in DIFFERENTIABLE

    def make(self, rng: np.random.Generator, dtype: Any) -> np.ndarray:
        """The array; every float is one that float32 knows: both widths start from the same numbers."""
        if self.kind == "whole":
            return rng.integers(self.low, self.high, self.shape).astype(self.dtype or "int64")
        if self.kind == "mask":
            return rng.integers(0, 2, self.shape).astype(bool)
        if self.kind == "exact":
            return np.asarray(self.numbers, self.dtype or "int64").reshape(self.shape)
        made = {"real": self.real, "positive": self.positive, "apart": self.apart, "spaced": self.spaced}
        return np.asarray(made[self.kind](rng), np.float32).astype(self.dtype or dtype)

    def real(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(rng.normal(0, 1, self.shape))

    def positive(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(rng.uniform(0.3, 2, self.shape))

    def apart(self, rng: np.random.Generator) -> np.ndarray:
        return self.positive(rng) * np.where(rng.integers(0, 2, self.shape) > 0, 1, -1)

    def spaced(self, rng: np.random.Generator) -> np.ndarray:
        size = int(np.prod(self.shape))
        return ((rng.permutation(size) - size // 2) * self.gap + self.shift).reshape(self.shape)

    def of(self, dtype: str) -> Input:
        """The same input in this dtype, whatever the law asks for."""
        return replace(self, dtype=dtype)

    def resized(self, size: int, to: int) -> Input:
        """Every axis of one size in another size."""
        shape = tuple(to if n == size else n for n in self.shape)
        numbers = np.resize(np.asarray(self.numbers), shape) if self.kind == "exact" else None
        return replace(self, shape=shape, numbers=numbers)

    def __str__(self) -> str:
        return f"{self.kind}{list(self.shape)}{self.dtype}"


def real(*shape: int) -> Input:
    return Input("real", shape)


def positive(*shape: int) -> Input:
    return Input("positive", shape)


def apart(*shape: int) -> Input:
    return Input("apart", shape)


def spaced(*shape: int, shift: float = 0.03) -> Input:
    return Input("spaced", shape, shift=shift)


def whole(*shape: int, low: int = 0, high: int = 10, dtype: str = "int64") -> Input:
    return Input("whole", shape, low=low, high=high, dtype=dtype)


def mask(*shape: int) -> Input:
    return Input("mask", shape, dtype="bool")


def exact(numbers: Any, dtype: str = "int64") -> Input:
    return Input("exact", np.shape(numbers), numbers=np.asarray(numbers, dtype), dtype=dtype)


@dataclass(frozen=True)
class Case:
    """A gate with settings, and inputs for it.

    plain:  why NumPy runs the gate in this setting, in a compiled step; "" where a kernel does
    """

    gate: Gate
    inputs: tuple[Input, ...]
    plain: str = ""

    def make(self, dtype: Any, seed: int = 0) -> tuple[np.ndarray, ...]:
        """The arrays: the same ones for both float dtypes, other ones for each case and seed."""
        rng = np.random.default_rng((zlib.crc32(str(self).encode()), seed))
        return tuple(i.make(rng, dtype) for i in self.inputs)

    @property
    def differentiable(self) -> tuple[int, ...]:
        """The positions of the inputs that a slope can be measured at."""
        return tuple(p for p, i in enumerate(self.inputs) if i.differentiable and not i.dtype)

    def __str__(self) -> str:
        return f"{self.gate}{' '.join(map(str, self.inputs))}".replace(" ", "")


def case(gate: Gate, *inputs: Input, plain: str = "") -> Case:
    return Case(gate, inputs, plain)


@dataclass(frozen=True)
class Bad:
    """Inputs that a gate refuses, and the kind of error that says so."""

    error: type[ChainruleError]
    gate: Gate
    inputs: tuple[Input, ...]

    def make(self) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng(0)
        return tuple(i.make(rng, np.float32) for i in self.inputs)

    def __str__(self) -> str:
        return f"{self.gate}{' '.join(map(str, self.inputs))} is a {self.error.__name__}"


def bad(error: type[ChainruleError], gate: Gate, *inputs: Input) -> Bad:
    return Bad(error, gate, inputs)


@dataclass(frozen=True)
class Row:
    """One gate in the table.

    name:   the gate's class;  cases: settings and inputs to try;  bad: what must raise
    reference:  what it should compute, said a second time: (gate, *arrays) -> array, or a tuple
    k, eps: float32 is near float64 if |f32 - f64| ≤ k · 2⁻²³ · |f64| + eps · the largest |f64|
    step, tolerance:  of the differences that slopes are held against, in float64
    settings: how many different ones are tried at least
    native: the kernels that run the gate in a compiled step, "copy or scatter", or why there is none
    """

    name: str
    cases: tuple[Case, ...]
    reference: Callable[..., Any]
    bad: tuple[Bad, ...] = ()
    k: float = 4.0
    eps: float = 1e-6
    step: float = 1e-5
    tolerance: float = 1e-6
    settings: int = 3
    native: str = "loop"

    @property
    def gate(self) -> type[Gate]:
        return type(self.cases[0].gate)

    @property
    def kernels(self) -> frozenset[str]:
        """The kernels that run the gate; none if NumPy does."""
        named = frozenset(self.native.split(" or "))
        return named if named <= KERNELS else frozenset()
