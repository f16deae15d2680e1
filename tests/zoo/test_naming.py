"""Names of layers in a line."""

from chainrule import nn
from chainrule.zoo.naming import named


def test_each_kind_is_counted_on_its_own():
    layers = [
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 2, 3),
        nn.LocalResponseNorm(3),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(4, 3),
        nn.ReLU(),
    ]
    names = [
        "conv1",
        "norm1",
        "relu1",
        "pool1",
        "conv2",
        "norm2",
        "pool2",
        "flatten1",
        "dropout1",
        "linear1",
        "relu2",
    ]
    model = named(*layers)
    assert [name for name, _ in model.children()] == names
    assert list(model) == layers
    assert isinstance(model, nn.Sequential)
