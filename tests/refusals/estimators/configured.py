"""What `estimators/configured` refuses."""

import numpy as np

from chainrule.errors import DivergedError, SettingError, UsageError
from chainrule.estimators import ConfiguredClassifier
from chainrule.train import Config

from ..rows import Refusal, refuses
from ..samples import X, Y

PICTURES = X.reshape(6, 1, 2, 2)


def fit(images: object = PICTURES, model: str = "linear", **settings: float) -> ConfiguredClassifier:
    config = Config(model=model, epochs=2, batch_size=2, optimizer="sgd", schedule="constant")
    return ConfiguredClassifier(config, **settings).fit(images, Y)  # type: ignore[arg-type]


TABLE: dict[str, tuple[Refusal, ...]] = {
    "ConfiguredClassifier": (
        refuses(SettingError, lambda: fit(X), "images of shape (6, 4)"),
        refuses(UsageError, lambda: fit(lr=-1.0), "-1"),
        refuses(UsageError, lambda: fit(l2=float("nan")), "nan"),
        refuses(UsageError, lambda: fit(random_state=-1), "-1"),
        refuses(UsageError, lambda: fit(model="linnear"), "'linnear'"),
        refuses(DivergedError, lambda: fit(np.float32(1e30) * PICTURES, lr=1e30, l2=1e8), "in step"),
    ),
}
