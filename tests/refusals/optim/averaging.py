"""What `optim/averaging` refuses."""

from chainrule import optim
from chainrule.errors import SettingError

from ..parameters import weight
from ..rows import Refusal, refuses

AVERAGED = optim.AveragedWeights([weight()])


def inside() -> None:
    with AVERAGED:
        AVERAGED.update()


TABLE: dict[str, tuple[Refusal, ...]] = {
    "AveragedWeights": (
        refuses(SettingError, lambda: optim.AveragedWeights([]), "an empty list"),
        refuses(SettingError, lambda: optim.AveragedWeights(weight()), "Tensor"),
        refuses(SettingError, lambda: optim.AveragedWeights(None), "NoneType"),
        refuses(SettingError, lambda: optim.AveragedWeights([weight(), "w"]), "str"),
        refuses(SettingError, lambda: optim.AveragedWeights([None, weight()]), "NoneType"),
        refuses(SettingError, lambda: optim.AveragedWeights([weight()], 1.0), "decay = 1.0"),
        refuses(SettingError, lambda: optim.AveragedWeights([weight()], "slow"), "decay = 'slow'"),
        refuses(SettingError, inside, "update() inside"),
    ),
}
