"""What the optimizers of `optim/adagrad` refuse."""

from chainrule import optim

from ..parameters import not_parameters, not_settings, weight
from ..rows import Refusal

TABLE: dict[str, tuple[Refusal, ...]] = {
    "Adagrad": (
        *not_parameters(lambda params: optim.Adagrad(params)),
        *not_settings(
            lambda **s: optim.Adagrad([weight()], **s),
            ("lr", -1),
            ("lr_decay", float("nan")),
            ("weight_decay", -1),
            ("initial_accumulator_value", -0.1),
            ("eps", None),
        ),
    ),
    "Adadelta": (
        *not_parameters(lambda params: optim.Adadelta(params)),
        *not_settings(
            lambda **s: optim.Adadelta([weight()], **s),
            ("lr", True),
            ("rho", 1.0),
            ("rho", -0.1),
            ("eps", float("nan")),
            ("weight_decay", -1),
        ),
    ),
}
