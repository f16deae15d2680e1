"""A kernel that another one has to ask for, on both machines."""

import numpy as np
import pytest

from chainrule.kernels.doubt import InDoubt
from chainrule.kernels.formula import NEXT, Formula, Operand, Step
from chainrule.kernels.language.types import BOOL, F32
from chainrule.kernels.loops import Loops
from chainrule.ops.arithmetic import Add

from .machines import caught, on_both, plant, whole_everywhere

VECTOR = Operand(F32, NEXT)
DOUBLED = Formula((VECTOR,), (Step(Add(), "forward", (0, 0), F32),), ((1, VECTOR),), (1,))
KERNEL = InDoubt(Loops(DOUBLED), 5)


def run(doubt, x, pieces=2):
    """What is stored (zeros before), and whether the status was raised."""
    status, flag, out = np.zeros(1, np.uint8), np.array([doubt], BOOL), np.zeros_like(x)
    after = on_both(KERNEL, [pieces, x.size, x, out, status, flag], pieces)
    return after[3], bool(after[4][0])


def check(doubt):
    for size in (1, 16, 70, 200):
        x = np.arange(size, dtype=F32)
        for bad in (False, True):
            x[-1] = np.inf if bad else size
            out, raised = run(doubt, x)
            assert np.array_equal(out, x * 2 if doubt else x * 0 if not bad else np.zeros_like(x))
            assert raised == (bad and doubt)


@pytest.mark.parametrize("doubt", [False, True])
def test_it_runs_in_doubt_and_else_does_nothing(doubt):
    check(doubt)


def test_code_of_every_target():
    whole_everywhere(KERNEL)


@pytest.mark.parametrize(("new", "doubt"), [("doubt > 1", True), ("doubt < 2", False)])
def test_planted_faults(monkeypatch, new, doubt):
    plant(monkeypatch, InDoubt, "__call__", "doubt > 0", new)
    with caught():
        check(doubt)
