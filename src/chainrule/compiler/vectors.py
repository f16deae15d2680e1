"""Which formulas can be lifted onto vectors: all of ours, and those of a user that keep to `xp`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..graph import Gate, Spec
from ..graph.mode import OURS
from ..kernels.language import Machine, Vector, write
from ..kernels.language.mathematics import VectorMathematics


def lifts(gate: Gate, inputs: tuple[Spec, ...], out: Spec) -> bool:
    """Whether a fused loop can run the formula of an elementwise gate or a reduction.

    A user's formula may look at numbers, or call functions that only NumPy has: it then runs in NumPy.
    """
    if type(gate).__module__.startswith(OURS):
        return True
    return lifts_for(gate, tuple(s.dtype for s in inputs), out.dtype)


@lru_cache(maxsize=1024)
def lifts_for(gate: Gate, inputs: tuple[np.dtype, ...], out: np.dtype) -> bool:
    """The same, for dtypes: the formula is written down once, for nothing."""

    def trial(k: Machine) -> None:
        xp = VectorMathematics(k)
        given = [k.load(k.pointer(slot, dtype), 0) for slot, dtype in enumerate(inputs)]
        made = gate.forward(xp, *given) if not hasattr(gate, "map") else gate.map(xp, *given)
        if not isinstance(made, Vector) or made.dtype != (out if not hasattr(gate, "map") else inputs[0]):
            raise TypeError("a formula gives a vector of its spec's dtype")

    try:
        write(trial)
    except Exception:  # whatever a user's formula does on vectors, NumPy still can
        return False
    return True
