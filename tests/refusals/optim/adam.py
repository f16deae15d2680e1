"""What the optimizers of `optim/adam` refuse."""

from chainrule import optim

from ..parameters import not_parameters, not_settings, weight
from ..rows import Refusal

TABLE: dict[str, tuple[Refusal, ...]] = {
    "Adam": (
        *not_parameters(lambda params: optim.Adam(params)),
        *not_settings(
            lambda **s: optim.Adam([weight()], **s),
            ("lr", "fast"),
            ("betas", (0.9,)),
            ("betas", (0.9, 1.0)),
            ("eps", -1e-8),
            ("weight_decay", float("inf")),
        ),
    ),
    "AdamW": (
        *not_parameters(lambda params: optim.AdamW(params)),
        *not_settings(
            lambda **s: optim.AdamW([weight()], **s),
            ("lr", "fast"),
            ("betas", (0.9,)),
            ("betas", (0.9, 1.0)),
            ("eps", -1e-8),
            ("weight_decay", float("inf")),
        ),
    ),
}
