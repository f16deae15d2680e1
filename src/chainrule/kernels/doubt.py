"""Kernels that do nothing unless there is a doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .language.machine import Machine
from .language.types import U8


@dataclass(frozen=True)
class InDoubt:
    """Another kernel, if a byte is set that an earlier one may have raised.

    slot: the argument that holds the address of the byte, behind those of the kernel
    """

    kernel: Callable[[Machine], None]
    slot: int

    def __call__(self, k: Machine) -> None:
        doubt = k.first(k.spread(k.pointer(self.slot, U8), 0))
        for _ in k.when(doubt > 0):
            self.kernel(k)
