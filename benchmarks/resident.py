"""How much physical memory a process holds, and held at most, in MiB (Linux)."""

from __future__ import annotations

from pathlib import Path


def resident(process: int | str = "self") -> float:
    """What a process holds now."""
    return status(process, "VmRSS")


def peak(process: int | str = "self") -> float:
    """The most that a process has held since it began."""
    return status(process, "VmHWM")


def status(process: int | str, field: str) -> float:
    """A line of /proc/…/status, or NaN where there is none."""
    place = Path(f"/proc/{process}/status")
    lines = place.read_text().splitlines() if place.exists() else []
    kib = next((line.split()[1] for line in lines if line.startswith(f"{field}:")), "nan")
    return float(kib) / 2**10
