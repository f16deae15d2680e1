"""The linear classifiers of the course by name: the linear network with its loss, and settings that suit it."""

from __future__ import annotations

from typing import Any, NamedTuple

from .config import Config


class Preset(NamedTuple):
    """What a name stands for.  about: in a line;  title: of reports;  settings: other defaults of a configuration"""

    about: str
    title: str
    settings: dict[str, Any]


_LINEAR: dict[str, Any] = {"model": "linear", "optimizer": "sgd", "epochs": 20}

PRESETS: dict[str, Preset] = {
    "svm": Preset(
        "the linear SVM: the linear network with hinge loss and λ·ΣW²",
        "Linear SVM",
        {**_LINEAR, "loss": "hinge", "lr": 2e-3, "l2": 0.03},
    ),
    "softmax": Preset(
        "the softmax classifier: the linear network with cross-entropy and λ·ΣW²",
        "Softmax classifier",
        {**_LINEAR, "loss": "cross-entropy", "lr": 0.01, "l2": 3e-3},
    ),
}
"""Names that `chainrule train` knows besides the zoo.  Rate and λ are near the best on 5,000 pictures of clothes:
`chainrule search svm`."""


def settings_of(name: str) -> dict[str, Any]:
    """What a name of `chainrule train` sets: a preset's settings, or the network of that name.

    >>> settings_of("lenet5"), settings_of("svm")["loss"]
    ({'model': 'lenet5'}, 'hinge')
    """
    return PRESETS[name].settings if name in PRESETS else {"model": name}


def stands_for(name: str, config: Config) -> bool:
    """Whether a configuration is what a name of `chainrule train` stands for: its network, and its loss.

    >>> stands_for("svm", Config(model="linear", loss="hinge")), stands_for("linear", Config(model="linear"))
    (True, True)
    >>> stands_for("softmax", Config(model="linear", loss="hinge"))
    False
    """
    settings = settings_of(name)
    return all(getattr(config, key) == settings[key] for key in ("model", "loss") if key in settings)


def name_of(config: Config) -> str:
    """What `chainrule train` calls it: the preset whose title it has, or its network.

    >>> name_of(Config(model="linear", loss="hinge", optimizer="sgd")), name_of(Config(model="lenet5"))
    ('svm', 'lenet5')
    """
    return next((name for name in PRESETS if PRESETS[name].title == title_of(config)), config.model)


def title_of(config: Config) -> str:
    """What a configuration is called above its report.

    >>> title_of(Config(model="linear", loss="hinge", optimizer="sgd")), title_of(Config(model="linear"))
    ('Linear SVM', 'linear')
    """
    for preset in PRESETS.values():
        if all(getattr(config, name) == preset.settings[name] for name in ("model", "loss", "optimizer")):
            return preset.title
    return config.model
