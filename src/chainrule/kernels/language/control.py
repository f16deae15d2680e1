"""The control block that the caller and the workers share, and the few instructions that both are made of."""

from __future__ import annotations

from typing import Final

from .target import Target

# Words of the control block; each that is written often has a cache line of its own.
TICKET, LIMIT, CURRENT, SEQUENCE, BUSY = 0, 8, 9, 10, 16
DONE, WAITING, SLEEPERS, GENERATION, STOP, ALONE = 24, 25, 32, 40, 48, 49
WORKERS, LAST_CPU, CORES, MASK, IDS = 50, 51, 52, 56, 72
MOST_WORKERS: Final = 256
RAN: Final = 336
"""From here on each thread counts the pieces that it ran, a cache line apart."""
CONTROL_WORDS: Final = RAN + 8 * (MOST_WORKERS + 1)
MOST_PIECES: Final = 16
"""Pieces of a record: each has a bit in the ticket."""
CLOSED: Final = (1 << MOST_PIECES) - 1

SPINS_IN_STEP, SPINS_BETWEEN, SPINS_FOR_LAST = 30_000, 2_000, 5_000
PATIENCE: Final = 200_000
"""Nanoseconds without a finished piece until a worker may go to the caller's core."""
FUTEX = {"x86_64": 202, "aarch64": 98, "arm64": 98}


def futex(target: Target) -> int:
    """The number of the system call that sleeps and wakes."""
    return FUTEX[target.triple.split("-")[0]]


def can_park(target: Target) -> bool:
    """Whether workers can sleep and be woken: on Linux; elsewhere a step runs on one thread."""
    return "linux" in target.triple and target.triple.split("-")[0] in FUTEX


def word(name: str, index: int, block: str = "%control") -> str:
    """An instruction that finds a word of the control block."""
    return f"{name} = getelementptr i64, ptr {block}, i64 {index}"


def pause(target: Target) -> str:
    """An instruction that leaves the core to its other thread for a moment."""
    if target.triple.startswith("x86_64"):
        return "call void @llvm.x86.sse2.pause()"
    return "call void @llvm.aarch64.hint(i32 1)"


def flush(target: Target, label: str) -> tuple[str, str]:
    """Instructions that set flush-to-zero, and that give the old mode back."""
    if not target.triple.startswith("x86_64"):
        before = f"""%mode{label} = call i64 @llvm.aarch64.get.fpcr()
  %flush{label} = or i64 %mode{label}, 16777216
  call void @llvm.aarch64.set.fpcr(i64 %flush{label})"""
        return before, f"call void @llvm.aarch64.set.fpcr(i64 %mode{label})"
    before = f"""%csr{label} = alloca i32
  %csr.flushed{label} = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %csr{label})
  %mode{label} = load i32, ptr %csr{label}
  %flush{label} = or i32 %mode{label}, 32832
  store i32 %flush{label}, ptr %csr.flushed{label}
  call void @llvm.x86.sse.ldmxcsr(ptr %csr.flushed{label})"""
    return before, f"call void @llvm.x86.sse.ldmxcsr(ptr %csr{label})"
