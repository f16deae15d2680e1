"""What the optimizers of `optim/rmsprop` refuse."""

from chainrule import optim

from ..parameters import not_parameters, not_settings, weight
from ..rows import Refusal

TABLE: dict[str, tuple[Refusal, ...]] = {
    "RMSprop": (
        *not_parameters(lambda params: optim.RMSprop(params)),
        *not_settings(
            lambda **s: optim.RMSprop([weight()], **s),
            ("lr", -1),
            ("alpha", 1.0),
            ("eps", -1),
            ("weight_decay", float("nan")),
            ("momentum", 1.5),
            ("centered", 1),
        ),
    ),
}
