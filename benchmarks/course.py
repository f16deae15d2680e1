"""Layers of the course alone, forward and backward, beside PyTorch: layer norm, attention, convolutions of pictures."""

from __future__ import annotations

import statistics
from typing import Any

from course_layers import LAYERS, Layer
from engine import TUNED
from turns import Worker, turn

TURNS, STEPS = 12, 4
"""Turns of each worker, of which the first does not count, and steps of one turn."""


def course(*names: str) -> list[dict[str, Any]]:
    """Layers alone, forward and backward, compiled, beside PyTorch in the better of its layouts, malloc tuned."""
    return [row(layer) for layer in LAYERS if not names or layer.name in names]


def row(layer: Layer) -> dict[str, Any]:
    """Medians over turns."""
    ours = Worker("course_chainrule.py", layer.name, **TUNED)
    layouts = ("as it is", "channels last") if layer.pictures else ("as it is",)
    peers = {layout: Worker("course_torch.py", layer.name, layout, **TUNED) for layout in layouts}
    for number in range(TURNS):
        turn([ours, *peers.values()], STEPS, count=number > 0)
    for worker in (ours, *peers.values()):
        worker.end()
    agree(layer, ours.losses[-1], *(peer.losses[-1] for peer in peers.values()))
    mine = statistics.median(ours.seconds)
    best, layout = min((statistics.median(peer.seconds), name) for name, peer in peers.items())
    return {
        "layer": layer.title,
        "chainrule, ms": round(1e3 * mine, 2),
        "PyTorch, ms": round(1e3 * best, 2),
        "layout": layout,
        "times": round(best / mine, 2),
    }


def agree(layer: Layer, *numbers: float) -> None:
    """Stop unless all found the same."""
    first, *others = numbers
    if any(abs(first - other) > 1e-3 * abs(first) for other in others):
        raise SystemExit(f"{layer.title}: {numbers}")
