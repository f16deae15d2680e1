"""Weighted sums along an axis on both machines: the bits of the plain gate, beside the vector and along it."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.resample import Resample
from chainrule.ops.resample import Resample as Gate

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere
from .test_pooling import SPECIAL, special

GATES = [
    Gate(1, "linear", 5, 18, 0.3),
    Gate(1, "nearest", 5, 3, 1.6),
    Gate(1, "aligned", 5, 33),
    Gate(1, "mean", 5, 3),
    Gate(1, "mean", 5, 7),
    Gate(1, "shares", 5, 3),
    Gate(1, "linear", 18, 5, 3.6, True),
    Gate(1, "nearest", 3, 5, 0.6, True),
    Gate(1, "linear", 2, 5, 0.4, True),
    Gate(1, "nearest", 40, 5, 8.0, True),  # places that nothing reaches
]
WIDTHS = [1, 2, 16, 17, 35]


def check(gate, width, high=3, dtype=F32, pieces=1, run=on_both, x=None):
    """The bytes of the result, which is that of the gate."""
    length, places = (gate.places(), gate.size) if gate.back else (gate.size, gate.places())
    x = numbers((high, length, width), dtype, np.random.default_rng(0)) if x is None else x
    with np.errstate(all="ignore"):
        expected = gate.forward(x)
    place, weight, count = gate.table()
    out = strided((high, places, width), dtype)
    sizes = [pieces, high, length, width, places, len(place)]
    arguments = [*sizes, place, count, weight.astype(dtype), x, out]
    made = run(Resample(dtype, width == 1), arguments, pieces, [out])[-1]
    holds(made, expected)
    return made.memory.tobytes()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("gate", GATES, ids=str)
def test_widths(gate, width):
    check(gate, width, pieces=2)
    check(gate, width, high=1, dtype=F64, run=compiled)


@pytest.mark.parametrize("width", [1, 17])
@pytest.mark.parametrize("gate", GATES[::2], ids=str)
def test_nan_infinity_and_zeros_of_both_signs(gate, width):
    """What a place does not see does not reach it."""
    length = gate.output if gate.back else gate.size
    for some in (SPECIAL, [0.0, -0.0], [-0.0]):
        check(gate, width, x=special((3, length, width), F32, some))


@pytest.mark.parametrize("width", [1, 17])
def test_any_number_of_pieces_gives_the_same_bits(width):
    made = {
        check(GATES[0], width, 7, pieces=n, run=on_both if n in (3, 16) else compiled) for n in range(1, 17)
    }
    assert len(made) == 1


@pytest.mark.parametrize("narrow", [True, False])
def test_code_of_every_target(narrow):
    whole_everywhere(Resample(F32, narrow))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("beside", "k.share(high * places, pieces)", "(0, high * places)"),
        ("beside", "k.range(terms)", "k.range(1)"),
        ("beside", "row // places * length", "row // places * places"),
        ("beside", "* k.spread(weight, entry)", ""),
        ("along", "k.share(high, pieces)", "(0, high)"),
        ("along", "k.range(most)", "k.range(1)"),
        ("along", "k.splat(row * length)", "k.splat(row * places)"),
        ("along", "terms > k.splat(term)", "terms > k.splat(term - 1)"),
        ("along", "row * places + j, total", "j, total"),
    ],
)
def test_planted_faults(monkeypatch, name, old, new):
    plant(monkeypatch, Resample, name, old, new)
    with caught():
        for width in (1, 17):
            for gate in (GATES[0], GATES[3]):
                check(gate, width, pieces=2)
                check(gate, width, x=special((3, 5, width), F32))
