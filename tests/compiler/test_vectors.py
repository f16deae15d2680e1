"""Which formulas a fused loop can run: ours, and those of a user that keep to `xp`."""

import numpy as np

import chainrule as cr
from chainrule.compiler.vectors import lifts
from chainrule.graph import Elementwise, Spec, apply, gate
from chainrule.ops.activation import Relu

F32 = Spec((3,), np.dtype("float32"))


@gate
class Square(Elementwise):
    """out = x · x"""

    def forward(self, xp, x):
        return x * x


@gate
class Looking(Elementwise):
    """out = x, or -x if the first is below 0"""

    def forward(self, xp, x):
        return x if x[0] > 0 else -x


@gate
class Sine(Elementwise):
    """out = sin x, by a function that only NumPy has"""

    def forward(self, xp, x):
        return np.sin(x)


@gate
class Constant(Elementwise):
    """out = 1, which is no vector"""

    def forward(self, xp, x):
        return 1.0


def test_formulas_in_xp_are_lifted():
    assert lifts(Relu(), (F32,), F32) and lifts(Square(), (F32,), F32)


def test_other_formulas_are_not():
    assert not any(lifts(g, (F32,), F32) for g in (Looking(), Sine(), Constant()))


def test_a_users_formula_runs_native_or_in_numpy():
    x = np.array([1.0, -2.0, 3.0], np.float32)
    for g, native in ((Square(), True), (Looking(), False), (Sine(), False)):
        step = cr.compile(lambda v, g=g: apply(g, v * 1.0), fallback="error")
        with np.errstate(all="ignore"):
            expected = g.compute(x)
        np.testing.assert_allclose(step(x).numpy(), expected, rtol=1e-6)
        assert step.left_to_numpy(x) == ([] if native else [g])
