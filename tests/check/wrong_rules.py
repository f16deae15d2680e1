"""Gates whose backward is not the slope of their forward, and some that are hard to differentiate by differences."""

import numpy as np

import chainrule as cr
from chainrule.ops import where


@cr.gate
class Cube(cr.Elementwise):
    """out = x³, with the 3 of 3x² forgotten."""

    def forward(self, xp, x):
        return x * x * x

    def backward(self, upstream, *, x):
        return upstream * 2.0 * x * x


@cr.gate
class Forgetful(cr.Elementwise):
    """out = 2x; forgets what arrives."""

    def forward(self, xp, x):
        return x * 2.0

    def backward(self, upstream, *, x):
        return x * 0.0 + 2.0


@cr.gate
class OneWrong(cr.Elementwise):
    """out = x²; wrong where x is above 100."""

    def forward(self, xp, x):
        return x * x

    def backward(self, upstream, *, x):
        return upstream * 2.0 * where(x > 100.0, x * 1.5, x)


@cr.gate
class Swapped(cr.Elementwise):
    """out = x·y, right for x, and for y with the wrong factor."""

    def forward(self, xp, x, y):
        return x * y

    def backward(self, upstream, *, x, y):
        return upstream * y, upstream * y


@cr.gate
class HalfRelu(cr.Elementwise):
    """out = max(x, 0); hands back half."""

    def forward(self, xp, x):
        return xp.maximum(x, 0)

    def backward(self, upstream, *, x):
        return where(x > 0.0, upstream * 0.5, 0.0)


@cr.gate
class Rough(cr.Elementwise):
    """out = x², computed in float32; the rule is right."""

    def forward(self, xp, x):
        narrow = xp.astype(x, "float32")
        return xp.astype(narrow * narrow, x.dtype)

    def backward(self, upstream, *, x):
        return upstream * 2.0 * x


@cr.gate
class Flat(cr.Gate):
    """out = Σx of a matrix; hands back a row."""

    def spec(self, x):
        return x.with_shape(())

    def forward(self, x):
        return x.sum()

    def backward(self, upstream, *, x):
        return (upstream * x)[0]


@cr.gate
class Moody(cr.Gate):
    """out = x plus something else each time."""

    def spec(self, x):
        return x

    def forward(self, x):
        Moody.calls = getattr(Moody, "calls", 0) + 1
        return x + Moody.calls

    def backward(self, upstream):
        return upstream


def applied(gate):
    """The gate as a function."""
    return lambda *inputs: cr.apply(gate(), *inputs)


def numbers(*shape, seed=0):
    """Numbers of both signs, none of them near 0."""
    rng = np.random.default_rng(seed)
    return rng.choice([-1, 1], shape) * rng.uniform(0.5, 2, shape)
