"""What the optimizers of `optim/sgd` refuse."""

from chainrule import optim
from chainrule.errors import SettingError

from ..parameters import not_parameters, not_settings, weight
from ..rows import Refusal, refuses

TABLE: dict[str, tuple[Refusal, ...]] = {
    "SGD": (
        *not_parameters(lambda params: optim.SGD(params, lr=0.1)),
        *not_settings(
            lambda **s: optim.SGD([weight()], **({"lr": 0.1} | s)),
            ("lr", -0.1),
            ("lr", None),
            ("momentum", 1.0),
            ("dampening", -1),
            ("weight_decay", float("nan")),
            ("nesterov", 1),
        ),
        refuses(SettingError, lambda: optim.SGD([weight()], lr=0.1, nesterov=True), "momentum 0.0"),
    ),
}
