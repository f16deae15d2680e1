"""Normalizing layers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import DTypeError, SettingError, ShapeError
from ..graph import no_grad
from . import init
from .module import Buffer, Module
from .settings import count, is_number, positive


class BatchNorm(Module):
    """Each channel with mean 0 and variance 1, then scaled by weight and shifted by bias.

    In training the statistics are the batch's; running ones follow: r ← (1 - momentum)·r + momentum·batch,
    with the unbiased variance, as in PyTorch; in evaluation the running ones are used.
    Source: Ioffe and Szegedy 2015.
    """

    axes: ClassVar[int]

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        who = type(self).__name__
        self.num_features = count(who, "num_features", num_features)
        if not (is_number(eps) and is_number(momentum) and eps > 0 and 0 <= momentum <= 1):
            came = f"eps {eps!r}, momentum {momentum!r}"
            raise SettingError(who, came, "eps > 0 and 0 ≤ momentum ≤ 1", "eps=1e-5, momentum=0.1")
        self.eps, self.momentum = float(eps), float(momentum)
        self.weight = init.parameter((num_features,), init.ones, None)
        self.bias = init.parameter((num_features,), init.zeros, None)
        self.running_mean = Buffer(np.zeros(num_features, np.float32))
        self.running_var = Buffer(np.ones(num_features, np.float32))
        self.num_batches_tracked = Buffer(np.zeros((), np.int64))

    def forward(self, x: Any) -> Any:
        self.check(x)
        if not self.training:
            column = (1, -1) + (1,) * (self.axes - 2)
            scale = self.weight / ops.sqrt(self.running_var + self.eps)
            return (x - self.running_mean.reshape(column)) * scale.reshape(column) + self.bias.reshape(column)
        out, mean, var = ops.batch_norm(x, self.weight, self.bias, eps=self.eps)
        with no_grad():
            self.follow(mean, var, ops.size(x.shape, (0, *range(2, self.axes))))
        return out

    def check(self, x: Any) -> None:
        """The same in training and in evaluation, where shapes would broadcast in silence."""
        who, shape = type(self).__name__, tuple(getattr(x, "shape", ()))
        if len(shape) != self.axes or shape[1] != self.num_features:
            names = f"(N, {self.num_features}" + (")" if self.axes == 2 else ", H, W)")
            hint = f"{who}({shape[1]})" if len(shape) == self.axes else "reshape x"
            raise ShapeError(who, f"x of shape {shape}", names, hint)
        if x.dtype != self.weight.dtype:
            dtype = self.weight.dtype
            raise DTypeError(
                who, f"x of dtype {x.dtype}", f"{dtype} like the weights", f'x.astype("{dtype}")'
            )

    def follow(self, mean: Any, var: Any, numbers: int) -> None:
        """Move the running statistics towards the batch's, of so many numbers a channel."""
        keep, m = 1 - self.momentum, self.momentum
        self.running_mean.assign(self.running_mean * keep + mean * m)
        self.running_var.assign(self.running_var * keep + var * (m * numbers / (numbers - 1)))
        self.num_batches_tracked.assign(self.num_batches_tracked + 1)

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps:g}, momentum={self.momentum:g}"


class BatchNorm1d(BatchNorm):
    """Batch norm of (N, C)."""

    axes = 2


class BatchNorm2d(BatchNorm):
    """Batch norm of (N, C, H, W).

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> out = nn.BatchNorm2d(2)(Tensor(np.arange(16.0).reshape(2, 2, 2, 2), dtype="float32"))
    >>> round(float(out.mean()), 6), round(float(out.var()), 3)
    (0.0, 1.0)
    """

    axes = 4


class LocalResponseNorm(Module):
    """x / (k + alpha/size · Σ x²)^beta over `size` neighbouring channels.  Source: Krizhevsky et al. 2012."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = count("LocalResponseNorm", "size", size)
        self.alpha = positive("LocalResponseNorm", "alpha", alpha, 1e-4)
        self.beta = positive("LocalResponseNorm", "beta", beta, 0.75)
        self.k = positive("LocalResponseNorm", "k", k, 1.0)

    def forward(self, x: Any) -> Any:
        return ops.local_response_norm(x, self.size, alpha=self.alpha, beta=self.beta, k=self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha:g}, beta={self.beta:g}, k={self.k:g}"
