"""Saving a training of 60 million parameters, beside a raw copy of the same bytes to the same disk."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from turns import Worker, turn

TURNS = 8
"""Turns of each worker, one save each, of which the first does not count."""
RULES = {"SGD": "the parameters alone", "Adam": "parameters and two moments"}


def checkpoint() -> list[dict[str, Any]]:
    """A checkpoint of 60 million parameters: seconds of a save, and of writing the same bytes with fsync."""
    return [row(rule) for rule in RULES]


def row(rule: str) -> dict[str, Any]:
    """Medians over turns, both in one folder."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        ours = Worker("checkpoint_chainrule.py", folder, rule)
        size = ours.facts["bytes"]
        raw = Worker("checkpoint_raw.py", folder, str(size))
        for number in range(TURNS):
            turn([ours, raw], 1, count=number > 0)
        for worker in (ours, raw):
            worker.end()
    save, copy = statistics.median(ours.seconds), statistics.median(raw.seconds)
    return {
        "what": f"{rule}: {RULES[rule]}",
        "MB": round(size / 1e6),
        "save, s": round(save, 3),
        "raw copy, s": round(copy, 3),
        "GB/s": round(size / 1e9 / save, 2),
        "times the copy": round(save / copy, 2),
    }
