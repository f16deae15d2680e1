"""LLVM's words: the instructions by operation and kind of dtype, and how numbers are written."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

INTEGER = {op: op for op in ("add", "sub", "mul", "and", "or", "xor", "shl")}
ARITHMETIC = {
    "f": {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"},
    "i": {**INTEGER, "shr": "ashr"},
    "u": {**INTEGER, "shr": "lshr"},
    "b": {"and": "and", "or": "or", "xor": "xor"},
}
RELATION = {
    "f": {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"},
    "i": {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq", "ne": "ne"},
    "u": {"lt": "ult", "le": "ule", "gt": "ugt", "ge": "uge", "eq": "eq", "ne": "ne"},
    "b": {"eq": "eq", "ne": "ne"},
}
UNARY = {"sqrt": "sqrt", "abs": "fabs", "rint": "roundeven", "floor": "floor"}


def literal(number: Any, dtype: np.dtype) -> str:
    """A number as LLVM writes it: floats by the bits of their double."""
    if dtype.kind == "b":
        return "true" if number else "false"
    if dtype.kind in "iu":
        return str(int(number))
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def conversion(source: np.dtype, target: np.dtype) -> str | None:
    """The instruction between two dtypes; None where the bits stay."""
    if target.kind == "f":
        if source.kind == "f":
            return "fpext" if target.itemsize > source.itemsize else "fptrunc"
        return "sitofp" if source.kind == "i" else "uitofp"
    if source.kind == "b":
        return "zext"
    if target.itemsize == source.itemsize:
        return None
    if target.itemsize < source.itemsize:
        return "trunc"
    return "sext" if source.kind == "i" else "zext"


def type_of(argument: str) -> str:
    """The type (with attributes) of an argument "type value" whose value may be a vector constant."""
    if argument.endswith(">"):  # a constant vector: the type ends where its first bracket closes
        return argument[: argument.index(">") + 1]
    return argument.rsplit(" ", 1)[0]
