"""Presets: settings that a configuration takes, and what the report calls them."""

import pytest

from chainrule import zoo
from chainrule.train import Config
from chainrule.train.presets import PRESETS, stands_for, title_of


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_configuration_of_a_network_of_the_zoo(name):
    config = Config.of(PRESETS[name].settings)
    assert config.model in zoo.MODELS and config.l2 > 0
    assert title_of(config) == PRESETS[name].title
    assert name not in zoo.MODELS


def test_titles():
    assert title_of(Config(model="linear", loss="hinge", optimizer="sgd", lr=0.5)) == "Linear SVM"
    assert title_of(Config(model="linear", optimizer="sgd")) == "Softmax classifier"
    assert title_of(Config(model="linear")) == "linear"
    assert title_of(Config(model="two-layer", loss="hinge", optimizer="sgd")) == "two-layer"


def test_what_a_name_stands_for_is_its_network_and_its_loss():
    assert stands_for("svm", Config.of({**PRESETS["svm"].settings, "optimizer": "adam", "lr": 1.0}))
    assert not stands_for("svm", Config.of(PRESETS["softmax"].settings))
    assert not stands_for("svm", Config(model="two-layer", loss="hinge"))
    assert stands_for("two-layer", Config(model="two-layer", loss="hinge"))
    assert not stands_for("linear", Config(model="two-layer"))
