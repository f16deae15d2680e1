"""What `optim/schedule` refuses."""

from chainrule import optim
from chainrule.errors import SettingError

from ..parameters import not_an_optimizer, optimizer
from ..rows import Refusal, refuses

FIRST = optimizer()
PART = optim.StepLR(FIRST, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "SequentialLR": (
        *not_an_optimizer(lambda o: optim.SequentialLR(o, [PART], [])),
        refuses(SettingError, lambda: optim.SequentialLR(FIRST, [], []), "no schedules"),
        refuses(SettingError, lambda: optim.SequentialLR(optimizer(), [PART], []), "another optimizer"),
        refuses(SettingError, lambda: optim.SequentialLR(FIRST, [PART], [3]), "milestones [3]"),
        refuses(SettingError, lambda: optim.SequentialLR(FIRST, [PART] * 3, [4, 4]), "milestones [4, 4]"),
        refuses(SettingError, lambda: optim.SequentialLR(FIRST, [PART] * 2, ["soon"]), "soon"),
        refuses(SettingError, lambda: optim.SequentialLR(FIRST, None, []), "None"),
        refuses(SettingError, lambda: optim.SequentialLR(FIRST, [0.1, 0.2], [3]), "0.1"),
    ),
}
