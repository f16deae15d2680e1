"""Bad input to layers, losses and training: a clear error each, with all four parts and the layer's path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule import Tensor, nn, optim, zoo
from chainrule.errors import (
    ChainruleError,
    DataError,
    DivergedError,
    DTypeError,
    LabelError,
    NonFiniteError,
    SettingError,
    ShapeError,
    StateError,
    UsageError,
)
from chainrule.random import Generator
from chainrule.train import Trainer

from .layers import noise


@dataclass(frozen=True)
class Bad:
    """What goes wrong, and what each part of the message has to say; path: the layer's, inside a model."""

    act: Callable[[], Any]
    kind: type[ChainruleError]
    who: str
    came: str
    expected: str
    hint: str
    path: str = ""


def model() -> nn.Module:
    rng = Generator(0)
    features = nn.Sequential(nn.Conv2d(3, 4, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential({"features": features, "flat": nn.Flatten(), "head": nn.Linear(36, 5, rng=rng)})


def normed(training: bool = True) -> nn.Module:
    return nn.Sequential({"norm": nn.BatchNorm2d(3)}).train(training)


def fit(images: Any, labels: Any, lr: float = 0.1) -> None:
    network = model()
    trainer = Trainer(network, nn.CrossEntropyLoss(), optim.SGD(network.parameters(), lr=lr))
    trainer.fit([(images, labels)] * 3, epochs=2)


X = noise((2, 3, 8, 8))
BYTES, DOUBLE = np.zeros((2, 3, 8, 8), np.uint8), X.astype("float64")
NAN = np.where(np.arange(8) == 3, np.float32("nan"), X)
SCORES, LABELS = Tensor(noise((2, 5))), np.array([0, 4])
CROSS_ENTROPY, HINGE, SQUARES = nn.CrossEntropyLoss(), nn.MulticlassHingeLoss(), nn.MSELoss()

LAYERS = {
    "bytes into a convolution": Bad(
        lambda: model()(BYTES), DTypeError, "conv2d", "u8[2,3,8,8]", "float32", "astype", "features.0"
    ),
    "float64 into float32": Bad(
        lambda: model()(DOUBLE), DTypeError, "conv2d", "f64[2,3,8,8]", "one dtype", "astype", "features.0"
    ),
    "float64 into linear": Bad(
        lambda: model()[2](np.zeros((2, 36))), DTypeError, "linear", "f64[2,36]", "one dtype", "astype"
    ),
    "bytes into a pool": Bad(
        lambda: nn.MaxPool2d(2)(BYTES), DTypeError, "max_pool2d", "u8", "float32", 'astype("float32")'
    ),
    "bytes into batch norm": Bad(
        lambda: normed()(BYTES), DTypeError, "BatchNorm2d", "uint8", "float32", 'astype("float32")', "norm"
    ),
    "float64 into batch norm": Bad(
        lambda: normed(False)(DOUBLE), DTypeError, "BatchNorm2d", "float64", "float32", "astype", "norm"
    ),
    "a list": Bad(
        lambda: model()([[1.0]]), DTypeError, "conv2d", "a list", "a tensor", "Tensor", "features.0"
    ),
    "a list into flatten": Bad(
        lambda: nn.Flatten()([[1.0]]), ShapeError, "Flatten", "a list", "batch axis", "Tensor"
    ),
    "no batch axis": Bad(
        lambda: model()(X[0]), ShapeError, "conv2d", "f32[3,8,8]", "4 axes", "N = 1", "features.0"
    ),
    "rows into batch norm of pictures": Bad(
        lambda: normed()(X[:, :, 0, 0]),
        ShapeError,
        "BatchNorm2d",
        "(2, 3)",
        "(N, 3, H, W)",
        "reshape",
        "norm",
    ),
    "wrong channels": Bad(
        lambda: model()(X[:, :1]),
        ShapeError,
        "conv2d",
        "1 channels",
        "1 channels",
        "Conv2d(1, …)",
        "features.0",
    ),
    "wrong channels into batch norm": Bad(
        lambda: normed()(X[:, :2]), ShapeError, "BatchNorm2d", "(2, 2, 8, 8)", "(N, 3", "(2)", "norm"
    ),
    "channels that would broadcast in evaluation": Bad(
        lambda: nn.BatchNorm2d(1).eval()(X), ShapeError, "BatchNorm2d", "(2, 3, 8, 8)", "(N, 1", "(3)"
    ),
    "a filter that does not fit": Bad(
        lambda: model()(X[:, :, :2]),
        ShapeError,
        "conv2d",
        "(2+2·0−3)/1+1 = 0",
        "at least 1",
        "window of at most 2",
        "features.0",
    ),
    "a pool that does not fit": Bad(
        lambda: model()(X[:, :, :3]), ShapeError, "max_pool2d", "= 0", "at least 1", "window", "features.2"
    ),
    "features that do not fit": Bad(
        lambda: model()(noise((2, 3, 9, 12))), ShapeError, "linear", "f32[2,60]", "(out, in)", "60", "head"
    ),
    "batch norm of one number": Bad(
        lambda: normed()(X[:1, :, :1, :1]), ShapeError, "batch_norm", "one number", "two", "batch", "norm"
    ),
    "batch norm of a batch of one": Bad(
        lambda: nn.BatchNorm1d(3)(X[:1, :, 0, 0]), ShapeError, "batch_norm", "f32[1,3]", "two", "eval()"
    ),
}

SETTINGS = {
    "stride": Bad(lambda: nn.Conv2d(3, 4, 3, 0), SettingError, "Conv2d", "stride 0", "≥ 1", "stride=1"),
    "padding": Bad(
        lambda: nn.Conv2d(3, 4, 3, padding=-1), SettingError, "Conv2d", "padding -1", "≥ 0", "padding=0"
    ),
    "dilation": Bad(
        lambda: nn.Conv2d(3, 4, 3, dilation=0), SettingError, "Conv2d", "dilation 0", "≥ 1", "dilation=1"
    ),
    "kernel": Bad(
        lambda: nn.Conv2d(3, 4, 2.5), SettingError, "Conv2d", "kernel_size 2.5", "whole", "kernel_size"
    ),
    "groups": Bad(
        lambda: nn.Conv2d(3, 4, 3, groups=2), SettingError, "Conv2d", "3 and 4", "divide both", "groups=1"
    ),
    "channels": Bad(
        lambda: nn.Conv2d(0, 4, 3), SettingError, "Conv2d", "in_channels 0", "≥ 1", "in_channels=1"
    ),
    "features": Bad(
        lambda: nn.Linear(3, 2.5), SettingError, "Linear", "out_features 2.5", "whole", "out_features"
    ),
    "pool stride": Bad(lambda: nn.AvgPool2d(2, 0), SettingError, "AvgPool2d", "stride 0", "≥ 1", "stride=1"),
    "pool padding": Bad(
        lambda: nn.MaxPool2d(2, 2, 2), SettingError, "MaxPool2d", "padding (2, 2)", "half", "smaller"
    ),
    "dropout of everything": Bad(lambda: nn.Dropout(1), SettingError, "Dropout", "p 1", "0 ≤ p < 1", "p=0.5"),
    "dropout of text": Bad(lambda: nn.Dropout("a"), SettingError, "Dropout", "'a'", "0 ≤ p < 1", "p=0.5"),
    "eps": Bad(lambda: nn.BatchNorm2d(3, eps=0), SettingError, "BatchNorm2d", "eps 0", "> 0", "eps=1e-05"),
    "momentum": Bad(
        lambda: nn.BatchNorm1d(3, momentum=None), SettingError, "BatchNorm1d", "None", "momentum ≤ 1", "0.1"
    ),
    "neighbours": Bad(
        lambda: nn.LocalResponseNorm(0), SettingError, "LocalResponseNorm", "size 0", "≥ 1", "size=1"
    ),
    "alpha": Bad(
        lambda: nn.LocalResponseNorm(3, float("nan")),
        SettingError,
        "LocalResponseNorm",
        "nan",
        "finite",
        "alpha",
    ),
    "strength": Bad(lambda: nn.L2(-1), SettingError, "L2", "strength -1", "≥ 0", "strength=0.0001"),
    "margin": Bad(
        lambda: nn.MulticlassHingeLoss("1"), SettingError, "MulticlassHingeLoss", "'1'", "≥ 0", "margin=1"
    ),
    "a function in a Sequential": Bad(
        lambda: nn.Sequential(abs), SettingError, "Sequential", "part 0", "modules", "nn.ReLU()"
    ),
    "a model that does not exist": Bad(
        lambda: zoo.build("lenet6"), UsageError, "model", "'lenet6'", "one of linear", "lenet5"
    ),
    "a model for other pictures": Bad(
        lambda: zoo.lenet5((1, 5, 5)),
        ShapeError,
        "conv2d",
        "(2+2·0−5)/1+1 = -2",
        "at least 1",
        "window",
        "conv2",
    ),
    "foreign weights": Bad(
        lambda: model().load_state_dict({"a": X}),
        StateError,
        "Sequential",
        "a is unknown",
        "4 names",
        "build",
    ),
}

LOSSES = {
    "a label too large": Bad(
        lambda: CROSS_ENTROPY(SCORES, np.array([0, 5])),
        LabelError,
        "softmax_cross_entropy",
        "label 5 at 1",
        "from 0 to 4",
        "more outputs",
    ),
    "a label below zero": Bad(
        lambda: HINGE(SCORES, np.array([-1, 4])),
        LabelError,
        "multiclass_hinge",
        "label -1 at 0",
        "from 0 to 4",
        "ignore_index=-1",
    ),
    "labels of fractions": Bad(
        lambda: CROSS_ENTROPY(SCORES, np.array([0.0, 1.0])),
        DTypeError,
        "softmax_cross_entropy",
        "labels f64[2]",
        "integer",
        'astype("int64")',
    ),
    "too many labels": Bad(
        lambda: CROSS_ENTROPY(SCORES, np.array([0, 1, 2])),
        ShapeError,
        "softmax_cross_entropy",
        "labels i64[3]",
        "labels (2,)",
        "one label for each",
    ),
    "a column of labels": Bad(
        lambda: HINGE(SCORES, LABELS[:, None]),
        ShapeError,
        "multiclass_hinge",
        "i64[2,1]",
        "(2,)",
        "one label",
    ),
    "a column against a row": Bad(
        lambda: SQUARES(Tensor(noise((3, 1))), noise((3,))),
        ShapeError,
        "squared_error",
        "f32[3,1] and target f32[3]",
        "does not broadcast",
        "target.reshape(3, 1)",
    ),
    "cross entropy of nothing": Bad(
        lambda: CROSS_ENTROPY(SCORES[:0], LABELS[:0]), DataError, "CrossEntropyLoss", "(0,)", "one", "leave"
    ),
    "hinge of nothing": Bad(
        lambda: HINGE(SCORES[:0], LABELS[:0]), DataError, "MulticlassHingeLoss", "(0,)", "one", "leave"
    ),
    "squares of nothing": Bad(
        lambda: SQUARES(SCORES[:0], SCORES[:0]), DataError, "MSELoss", "(0, 5)", "one", "leave"
    ),
    "a penalty on nothing": Bad(lambda: nn.L2(1.0)([]), ShapeError, "l2", "no weights", "one", "parameters"),
}

TRAINING = {
    "no batches": Bad(
        lambda: Trainer(model(), CROSS_ENTROPY, optim.SGD(model().parameters(), lr=0.1)).fit([], epochs=1),
        DataError,
        "Trainer.fit",
        "no training batches",
        "at least one",
        "pictures",
    ),
    "no batches to evaluate": Bad(
        lambda: Trainer(model(), CROSS_ENTROPY, optim.SGD(model().parameters(), lr=0.1)).evaluate([]),
        DataError,
        "evaluate",
        "no batches",
        "at least one",
        "pictures",
    ),
    "an empty batch": Bad(
        lambda: fit(X[:0], LABELS[:0]), DataError, "CrossEntropyLoss", "empty batch", "one", "leave"
    ),
    "NaN in the pictures": Bad(
        lambda: fit(NAN, LABELS), NonFiniteError, "Trainer.fit", "48 NaN", "finite pictures", "nan_to_num"
    ),
    "a rate that is too large": Bad(
        lambda: fit(X, LABELS, lr=1e30),
        DivergedError,
        "Trainer.fit",
        "epoch 1",
        "finite numbers",
        "1e+29",
        "head",
    ),
    "labels counted from one": Bad(
        lambda: fit(X, LABELS + 1), LabelError, "softmax_cross_entropy", "label 5", "0 to 4", "labels - 1"
    ),
    "pictures of bytes": Bad(
        lambda: fit(BYTES, LABELS), DTypeError, "conv2d", "u8", "float32", "astype", "features.0"
    ),
}

TABLE = LAYERS | SETTINGS | LOSSES | TRAINING


@pytest.mark.parametrize("bad", TABLE.values(), ids=TABLE)
def test_the_error_says_who_what_came_what_was_expected_and_what_to_try(bad):
    with pytest.raises(ChainruleError) as caught:
        bad.act()
    error = caught.value
    assert type(error) is bad.kind
    for part in ("came", "expected", "hint"):
        said = getattr(error, part)
        assert getattr(bad, part) in said, f"{part}: {said}"
        assert len(said) >= 3
    assert error.who == bad.who
    assert error.layer == bad.path
    assert str(error).startswith(f"{bad.path}: {bad.who}: " if bad.path else f"{bad.who}: ")


INSIDE = {name: bad for name, bad in LAYERS.items() if bad.path}


@pytest.mark.parametrize("bad", INSIDE.values(), ids=INSIDE)
def test_what_a_model_refuses_names_the_line_of_the_user(bad):
    with pytest.raises(ChainruleError) as caught:
        bad.act()
    assert "test_bad_input.py:" in caught.value.line
    assert caught.value.line in str(caught.value)
