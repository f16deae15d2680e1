"""Normalizing layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import DTypeError, SettingError, ShapeError
from ..graph import no_grad
from ..ops.arguments import at_least, finite, flag
from ..ops.standardize import normalized
from . import init
from .module import Buffer, Module


class ChannelNorm(Module):
    """What batch and instance norm share: a scale and a shift for each channel, and running statistics.

    The running statistics follow in training: r ← (1 - momentum)·r + momentum·batch, with the unbiased variance, as in
    PyTorch; in evaluation they are used.
    """

    layouts: ClassVar[tuple[str, ...]]
    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(self, num_features: int, eps: float, momentum: float, affine: bool, running: bool) -> None:
        who = type(self).__name__
        self.num_features = at_least(who, "num_features", num_features, 1)
        self.eps = finite(who, "eps", eps, 1e-5, above=0)
        self.momentum = finite(who, "momentum", momentum, 0.1, least=0, most=1)
        self.weight = init.parameter((num_features,), init.ones, None) if affine else None
        self.bias = init.parameter((num_features,), init.zeros, None) if affine else None
        self.running_mean = Buffer(np.zeros(num_features, np.float32)) if running else None
        self.running_var = Buffer(np.ones(num_features, np.float32)) if running else None
        self.num_batches_tracked = Buffer(np.zeros((), np.int64)) if running else None

    def check(self, x: Any) -> None:
        """The same in training and in evaluation, where shapes would broadcast in silence."""
        who, shape = type(self).__name__, tuple(getattr(x, "shape", ()))
        fits = len(shape) in [layout.count(",") + 1 for layout in self.layouts]
        if not fits or shape[1] != self.num_features:
            names = " or ".join(f"({layout})".replace("C", str(self.num_features)) for layout in self.layouts)
            hint = f"{who}({shape[1]})" if fits else "reshape x"
            raise ShapeError(who, f"x of shape {shape}", names, hint)
        own = self.weight if self.weight is not None else self.running_mean
        if own is not None and x.dtype != own.dtype:
            came, expected = f"x of dtype {x.dtype}", f"{own.dtype} like the weights"
            raise DTypeError(who, came, expected, f'x.astype("{own.dtype}")')

    def by_running(self, x: Any) -> Any:
        """x brought to scale by the running statistics."""
        column = (1, -1) + (1,) * (len(x.shape) - 2)
        deviation = ops.sqrt(self.running_var + self.eps)
        scale = 1.0 / deviation if self.weight is None else self.weight / deviation
        out = (x - self.running_mean.reshape(column)) * scale.reshape(column)
        return out if self.bias is None else out + self.bias.reshape(column)

    def follow(self, mean: Any, var: Any, numbers: int) -> None:
        """Move the running statistics towards the batch's, of so many numbers a channel."""
        keep, m = 1 - self.momentum, self.momentum
        self.running_mean.assign(self.running_mean * keep + mean * m)
        self.running_var.assign(self.running_var * keep + var * (m * numbers / (numbers - 1)))
        self.num_batches_tracked.assign(self.num_batches_tracked + 1)

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps:g}, momentum={self.momentum:g}"


class BatchNorm(ChannelNorm):
    """Each channel with mean 0 and variance 1 over the batch, then scaled by weight and shifted by bias.

    In training the statistics are the batch's, and running ones follow; in evaluation the running ones are used.
    Source: Ioffe and Szegedy 2015.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum, affine=True, running=True)

    def forward(self, x: Any) -> Any:
        self.check(x)
        if not self.training:
            return self.by_running(x)
        out, mean, var = ops.batch_norm(x, self.weight, self.bias, eps=self.eps)
        with no_grad():
            self.follow(mean, var, ops.size(x.shape, (0, *range(2, len(x.shape)))))
        return out


class BatchNorm1d(BatchNorm):
    """Batch norm of (N, C), or of (N, C, L), then over the places too.

    Raises SettingError for impossible settings, ShapeError for another number of axes or channels and for one number in
    a channel, DTypeError unless x has the dtype of the weights.
    """

    layouts = ("N, C", "N, C, L")


class BatchNorm2d(BatchNorm):
    """Batch norm of (N, C, H, W).

    Raises SettingError for impossible settings, ShapeError for another number of axes or channels,
    DTypeError unless x has the dtype of the weights.

    >>> import numpy as np
    >>> from chainrule import Tensor, nn
    >>> out = nn.BatchNorm2d(2)(Tensor(np.arange(16.0).reshape(2, 2, 2, 2), dtype="float32"))
    >>> round(float(out.mean()), 6), round(float(out.var()), 3)
    (0.0, 1.0)
    """

    layouts = ("N, C, H, W",)


class InstanceNorm(ChannelNorm):
    """Each channel of each picture with mean 0 and variance 1 over its pixels.

    affine:  whether it is then scaled by weight and shifted by bias
    track_running_stats:  whether the mean statistics of the pictures are followed in training and used in evaluation
    Source: Ulyanov, Vedaldi and Lempitsky 2016.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
    ) -> None:
        who = type(self).__name__
        running = flag(who, "track_running_stats", track_running_stats)
        super().__init__(num_features, eps, momentum, flag(who, "affine", affine), running)

    def forward(self, x: Any) -> Any:
        self.check(x)
        if self.running_mean is not None and not self.training:
            return self.by_running(x)
        out = ops.instance_norm(x, self.weight, self.bias, eps=self.eps)
        if self.running_mean is not None and x.shape[0]:
            pixels = tuple(range(2, len(x.shape)))
            with no_grad():
                var = ops.mean(ops.var(x, axis=pixels), axis=0)
                self.follow(ops.mean(x, axis=(0, *pixels)), var, ops.size(x.shape, pixels))
        return out


class InstanceNorm1d(InstanceNorm):
    """Instance norm of (N, C, L).

    Raises SettingError for impossible settings, ShapeError for another number of axes or channels, and for one place,
    DTypeError unless x has the dtype of the weights.
    """

    layouts = ("N, C, L",)


class InstanceNorm2d(InstanceNorm):
    """Instance norm of (N, C, H, W).

    Raises SettingError for impossible settings, ShapeError for another number of axes or channels, and for one pixel,
    DTypeError unless x has the dtype of the weights.

    >>> import numpy as np
    >>> from chainrule import nn
    >>> out = nn.InstanceNorm2d(2)(np.arange(16.0, dtype="float32").reshape(2, 2, 2, 2))
    >>> out[0, 0].round(2).tolist() == out[1, 1].round(2).tolist()
    True
    """

    layouts = ("N, C, H, W",)


class LayerNorm(Module):
    """Each sample with mean 0 and variance 1 over its last axes, then scaled by weight and shifted by bias.

    normalized_shape:  the sizes of those axes; one number for the last axis alone
    elementwise_affine:  whether there is a weight of that shape, and with `bias` also a bias
    Raises SettingError for impossible settings, ShapeError unless x ends in normalized_shape, DTypeError
    unless x has the dtype of the weights.
    Source: Ba, Kiros and Hinton 2016.

    >>> import numpy as np
    >>> from chainrule import nn
    >>> nn.LayerNorm(2, eps=1e-9)(np.array([[1, 3], [10, 30]], "float32")).numpy()
    array([[-1.,  1.],
           [-1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape = normalized("LayerNorm", normalized_shape)
        self.eps = finite("LayerNorm", "eps", eps, 1e-5, above=0)
        affine = flag("LayerNorm", "elementwise_affine", elementwise_affine)
        shift = flag("LayerNorm", "bias", bias) and affine
        self.weight = init.parameter(self.normalized_shape, init.ones, None) if affine else None
        self.bias = init.parameter(self.normalized_shape, init.zeros, None) if shift else None

    def forward(self, x: Any) -> Any:
        return ops.layer_norm(x, self.normalized_shape, self.weight, self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps:g}"


class GroupNorm(Module):
    """Each sample with mean 0 and variance 1 over each group of channels, then scaled and shifted channel by channel.

    num_groups:  a divisor of num_channels; 1 takes all channels together, num_channels each alone
    affine:  whether there is a weight and a bias
    Raises SettingError for impossible settings, ShapeError unless x is (N, num_channels, …), DTypeError
    unless x has the dtype of the weights.
    Source: Wu and He 2018.

    >>> import numpy as np
    >>> from chainrule import nn
    >>> nn.GroupNorm(2, 4, eps=1e-9)(np.array([[1, 3, 10, 30]], "float32")).numpy()
    array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        self.num_groups = at_least("GroupNorm", "num_groups", num_groups, 1)
        self.num_channels = at_least("GroupNorm", "num_channels", num_channels, 1)
        if num_channels % num_groups:
            expected = f"a divisor of num_channels {num_channels}"
            raise SettingError("GroupNorm", f"num_groups {num_groups}", expected, "num_groups=1")
        self.eps = finite("GroupNorm", "eps", eps, 1e-5, above=0)
        self.weight = (
            init.parameter((num_channels,), init.ones, None) if flag("GroupNorm", "affine", affine) else None
        )
        self.bias = init.parameter((num_channels,), init.zeros, None) if affine else None

    def forward(self, x: Any) -> Any:
        shape = tuple(getattr(x, "shape", ()))
        if len(shape) < 2 or shape[1] != self.num_channels:
            expected = f"(N, {self.num_channels}, …)"
            raise ShapeError(
                "GroupNorm", f"x of shape {shape}", expected, "as many channels as it was made for"
            )
        return ops.group_norm(x, self.num_groups, self.weight, self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps:g}"


class LocalResponseNorm(Module):
    """x / (k + alpha/size · Σ x²)^beta over `size` neighbouring channels of x (N, C, …).

    Raises SettingError for a size below 1 and for what is no number ≥ 0, ShapeError unless x has channels, DTypeError
    unless it is float.
    Source: Krizhevsky et al. 2012.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = at_least("LocalResponseNorm", "size", size, 1)
        self.alpha = finite("LocalResponseNorm", "alpha", alpha, 1e-4, least=0)
        self.beta = finite("LocalResponseNorm", "beta", beta, 0.75, least=0)
        self.k = finite("LocalResponseNorm", "k", k, 1.0, least=0)

    def forward(self, x: Any) -> Any:
        return ops.local_response_norm(x, self.size, alpha=self.alpha, beta=self.beta, k=self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha:g}, beta={self.beta:g}, k={self.k:g}"
