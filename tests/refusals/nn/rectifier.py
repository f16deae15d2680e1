"""What the layers of `nn/rectifier` refuse."""

from chainrule import Tensor, nn
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, refuses, tensor
from .activation import of_floats

X = tensor(2, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "LeakyReLU": (
        *of_floats(nn.LeakyReLU),
        refuses(SettingError, lambda: nn.LeakyReLU(float("nan")), "negative_slope nan"),
        refuses(SettingError, lambda: nn.LeakyReLU("0.1"), "negative_slope '0.1'"),
    ),
    "ELU": (
        *of_floats(nn.ELU),
        refuses(SettingError, lambda: nn.ELU(-1), "alpha -1"),
        refuses(SettingError, lambda: nn.ELU(None), "alpha None"),
    ),
    "SELU": of_floats(nn.SELU),
    "PReLU": (
        *of_floats(nn.PReLU),
        refuses(SettingError, lambda: nn.PReLU(0), "num_parameters 0"),
        refuses(SettingError, lambda: nn.PReLU(2.5), "num_parameters 2.5"),
        refuses(SettingError, lambda: nn.PReLU(3, init="0.25"), "init '0.25'"),
        refuses(ShapeError, lambda: nn.PReLU(2)(X), "w of shape (2,)", "x of shape (2, 3)"),
        refuses(ShapeError, lambda: nn.PReLU(3)(tensor(3)), "x of shape (3,)"),
        refuses(DTypeError, lambda: nn.PReLU(3)(tensor(2, 3, dtype="float64")), "f64[2,3]"),
    ),
    "Maxout": (
        refuses(SettingError, lambda: nn.Maxout(0), "pieces 0"),
        refuses(SettingError, lambda: nn.Maxout("2"), "pieces '2'"),
        refuses(ShapeError, lambda: nn.Maxout(2)(X), "(2, 3) in pieces of 2"),
        refuses(IndexingError, lambda: nn.Maxout(3, axis=2)(X), "axis 2 of 2 axes"),
        refuses(IndexingError, lambda: nn.Maxout(3)(tensor(3)), "axis 1 of 1 axes"),
        refuses(IndexingError, lambda: nn.Maxout(3, axis=None), "axis None"),
        refuses(DTypeError, lambda: nn.Maxout(2)(Tensor([[True, False]])), "bool"),
    ),
}
