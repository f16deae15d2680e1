"""What the layers of `nn/linear` refuse."""

import numpy as np

from chainrule import Tensor, nn
from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.random import Generator

from ..rows import Refusal, not_floats, not_values, refuses, tensor

LAYER = nn.Linear(3, 2)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "Linear": (
        *not_values(LAYER),
        *not_floats(LAYER, 4, 3),
        refuses(SettingError, lambda: nn.Linear(0, 2), "in_features 0"),
        refuses(SettingError, lambda: nn.Linear(3, -1), "out_features -1"),
        refuses(SettingError, lambda: nn.Linear(3.0, 2), "in_features 3.0"),
        refuses(SettingError, lambda: nn.Linear(3, True), "out_features True"),
        refuses(SettingError, lambda: nn.Linear(3, 2, Generator(0)), "bias Generator"),
        refuses(SettingError, lambda: nn.Linear(3, 2, rng=0), "a int"),
        refuses(ShapeError, lambda: LAYER(tensor(4, 2)), "f32[4,2]"),
        refuses(ShapeError, lambda: LAYER(1.0), "f32[]"),
        refuses(DTypeError, lambda: LAYER(tensor(4, 3, dtype="float64")), "f64"),
    ),
    "Flatten": (
        refuses(ShapeError, lambda: nn.Flatten()(Tensor(1.0)), "a Tensor"),
        refuses(ShapeError, lambda: nn.Flatten()(2.0), "a float"),
        refuses(ShapeError, lambda: nn.Flatten()([[1.0]]), "a list"),
        refuses(ShapeError, lambda: nn.Flatten()(None), "a NoneType"),
        refuses(DTypeError, lambda: nn.Flatten()(np.ones((2, 2, 2), np.float16)), "f16"),
        refuses(DTypeError, lambda: nn.Flatten()(np.ones((2, 2, 2), complex)), "complex128"),
    ),
    "Identity": (
        *not_values(nn.Identity()),
        refuses(DTypeError, lambda: nn.Identity()((1.0, 2.0)), "tuple"),
        refuses(DTypeError, lambda: nn.Identity()(1j), "complex"),
    ),
}
