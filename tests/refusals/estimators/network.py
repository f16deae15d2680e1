"""What `estimators/network` refuses."""

from chainrule import nn
from chainrule.errors import DataError, DivergedError, SettingError, UsageError
from chainrule.estimators import NetworkClassifier

from ..rows import Refusal, refuses
from ..samples import RATES, X, Y, bad_data, bad_settings


def fit(**settings: object) -> NetworkClassifier:
    return NetworkClassifier(**{"epochs": 1, "random_state": 0, **settings}).fit(X, Y)  # type: ignore[arg-type]


TABLE: dict[str, tuple[Refusal, ...]] = {
    "NetworkClassifier": (
        *bad_data(lambda: NetworkClassifier((2,), epochs=1, random_state=0)),
        *bad_settings(NetworkClassifier, **RATES, weight_decay=(-1, "no"), plain=(1, None)),
        refuses(SettingError, lambda: fit(hidden=100), "hidden 100"),
        refuses(SettingError, lambda: fit(hidden=(8, 0)), "hidden 0"),
        refuses(UsageError, lambda: fit(optimizer="Adam"), "optimizer 'Adam'"),
        refuses(UsageError, lambda: fit(schedule="cosin"), "schedule 'cosin'"),
        refuses(UsageError, lambda: fit(model="convnat"), "'convnat'"),
        refuses(SettingError, lambda: fit(model=nn.ReLU()), "model is a ReLU"),
        refuses(SettingError, lambda: fit(model=lambda shape: None), "model <lambda>"),
        refuses(SettingError, lambda: fit(model=lambda shape, classes, rng: 3), "makes a int"),
        refuses(DataError, lambda: fit(model="convnet"), "convnet does not fit", "(4,)"),
        refuses(DataError, lambda: fit(model="vgg16", input_shape=(1, 2, 2)), "vgg16 does not fit"),
        refuses(DataError, lambda: fit(input_shape=(1, 28, 28)), "(4,) with input_shape (1, 28, 28)"),
        refuses(SettingError, lambda: fit(input_shape=(1, 2.0, 2)), "input_shape (1, 2.0, 2)"),
        refuses(
            DivergedError, lambda: fit(lr=1e38, epochs=5, optimizer="sgd", schedule="constant"), "in epoch"
        ),
    ),
}
