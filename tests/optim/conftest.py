"""What the tests of the optimizers share: PyTorch as the peer, and one random problem for both."""

import numpy as np
import pytest

from chainrule import Tensor

SHAPES = {"w": (3, 4), "b": (5,)}


class Problem:
    """Two parameters, and gradients that depend on where they are: slope · x + noise of step t."""

    def __init__(self, dtype, steps=30):
        rng = np.random.default_rng(7)
        self.start = {name: rng.normal(size=shape).astype(dtype) for name, shape in SHAPES.items()}
        self.noise = [
            {name: rng.normal(size=shape).astype(dtype) for name, shape in SHAPES.items()}
            for _ in range(steps)
        ]

    def tensors(self, frozen=()):
        return [Tensor(a, requires_grad=n not in frozen, name=n) for n, a in self.start.items()]

    def gradient(self, t, name, x):
        return (x * x.dtype.type(0.3) + self.noise[t][name]).astype(x.dtype)

    def walk(self, optimizer, parameters, steps=None, start=0, absent=lambda t, name: False):
        """Take steps with an optimizer of ours; `absent` leaves out gradients."""
        for t in range(start, start + len(self.noise) if steps is None else start + steps):
            optimizer.zero_grad()
            for p in parameters:
                if p.requires_grad and not absent(t, p.name):
                    p.grad = Tensor(self.gradient(t, p.name, p.numpy()))
            optimizer.step()

    def walk_torch(self, torch, make, absent=lambda t, name: False):
        """The same steps with PyTorch; returns where they lead."""
        parameters = {n: torch.nn.Parameter(torch.from_numpy(a.copy())) for n, a in self.start.items()}
        optimizer = make(list(parameters.values()))
        for t in range(len(self.noise)):
            optimizer.zero_grad()
            for name, p in parameters.items():
                if not absent(t, name):
                    p.grad = torch.from_numpy(self.gradient(t, name, p.detach().numpy()))
            optimizer.step()
        return [p.detach().numpy() for p in parameters.values()]


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="the peer of the comparison: pip install torch==2.13.0")


@pytest.fixture
def problem():
    return Problem


@pytest.fixture
def agree(torch, problem):
    """A rule of ours and PyTorch's of the same name and settings arrive at the same numbers."""

    def compare(ours, dtype, settings, absent=lambda t, name: False):
        walk = problem(dtype)
        parameters = walk.tensors()
        walk.walk(ours(parameters, **settings), parameters, absent=absent)
        theirs = walk.walk_torch(
            torch, lambda params: getattr(torch.optim, ours.__name__)(params, **settings), absent
        )
        tolerance = 1e-5 if dtype == "float32" else 1e-10
        for mine, other in zip(parameters, theirs, strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine.numpy(), other, rtol=tolerance, atol=tolerance)

    return compare


@pytest.fixture
def four_parts():
    """An error says who, what came, what was expected and what to try."""

    def check(error, who, came, expected, hint):
        assert who in error.who and came in error.came and expected in error.expected and hint in error.hint
        assert all((error.who, error.came, error.expected, error.hint))

    return check
