"""Direct execution: values are computed at once and held to their spec."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import InPlaceError, ShapeError, TraceError
from chainrule.graph import Spec, mode
from chainrule.graph.mode import DIRECT, run
from chainrule.ops.arithmetic import Add

from .gates import SumAndDifference


def test_direct_is_the_mode_outside_of_a_trace_and_after_it():
    assert mode.get() is DIRECT
    inside = []
    cr.trace(lambda x: inside.append(mode.get()) or x * 2, np.ones(1, "float32"))
    assert inside[0] is not DIRECT
    assert mode.get() is DIRECT


def test_run_holds_forward_to_the_spec():
    x = np.ones(2, "float32")
    (out,) = run(Add(), (x, x), (Spec((2,), x.dtype),))
    assert out.tolist() == [2, 2]
    with pytest.raises(ShapeError, match="as its spec said"):
        run(Add(), (x, x), (Spec((3,), x.dtype),))
    with pytest.raises(ShapeError, match="forward returned 2 arrays; expected 1"):
        run(SumAndDifference(), (x, x), (Spec((2,), x.dtype),))


def test_direct_reads_assigns_and_holds_gradients():
    cell = Tensor([1.0])
    DIRECT.assign(cell, Tensor([2.0]))
    assert DIRECT.read(cell).tolist() == [2]
    assert DIRECT.gradient(cell) is None
    DIRECT.set_gradient(cell, Tensor([3.0]))
    assert cell.grad.tolist() == [3]


def test_a_promise_of_an_ended_trace_is_refused():
    kept = []
    with pytest.raises(TraceError):
        cr.trace(lambda x: kept.append(x * 2), np.ones(1, "float32"))
    (stale,) = kept
    cell = Tensor([1.0])
    with pytest.raises(TraceError, match="a promise of a trace that has ended"):
        stale + 1
    with pytest.raises(TraceError, match="a promise of a trace that has ended"):
        cell.assign(stale)
    assert cell.tolist() == [1]


def test_a_users_gate_cannot_write_into_its_inputs():
    @cr.gate
    class Doubles(cr.Gate):
        def spec(self, x):
            return x

        def forward(self, x):
            x *= 2
            return x

    x = cr.Tensor([1.0, 2.0])
    with pytest.raises(InPlaceError, match="forward writes into an input"):
        cr.apply(Doubles(), x)
    np.testing.assert_array_equal(x, [1.0, 2.0])
