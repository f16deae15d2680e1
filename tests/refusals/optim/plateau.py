"""What `optim/plateau` refuses."""

from chainrule import optim
from chainrule.errors import SettingError

from ..parameters import not_an_optimizer, not_settings, optimizer
from ..rows import Refusal, refuses, tensor

LOOKING = optim.ReduceLROnPlateau(optimizer())

TABLE: dict[str, tuple[Refusal, ...]] = {
    "ReduceLROnPlateau": (
        *not_an_optimizer(optim.ReduceLROnPlateau),
        *not_settings(
            lambda **s: optim.ReduceLROnPlateau(optimizer(), **s),
            ("mode", "least"),
            ("mode", None),
            ("factor", 1.0),
            ("patience", -1),
            ("threshold", -1),
            ("threshold_mode", "share"),
            ("cooldown", 0.5),
            ("min_lr", None),
            ("eps", float("nan")),
        ),
        refuses(SettingError, lambda: LOOKING.step(None), "metric None"),
        refuses(SettingError, lambda: LOOKING.step("low"), "metric 'low'"),
        refuses(SettingError, lambda: LOOKING.step(tensor(2)), "metric Tensor([1., 2.])"),
    ),
}
