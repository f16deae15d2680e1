"""Each sick set-up is named, and nothing besides; a healthy one is not; and all comes back to the bit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import check, nn, optim, zoo
from chainrule.data import Batches, Normalize, load
from chainrule.errors import DataError, GradientError, LabelError, SettingError, ShapeError, UsageError
from chainrule.random import Generator
from chainrule.train import Config, Trainer
from chainrule.train.job import make_trainer
from chainrule.zoo import convnets

from ..nn.steps import everything, pictures
from .sick import SICK, batch, network, trainer


@pytest.mark.parametrize("name", SICK)
def test_a_sick_set_up_is_named_and_nothing_besides(name):
    sick = SICK[name]
    made, data = sick.make()
    report = check.setup(made, data)
    assert tuple(finding.name for finding in report.findings) == sick.names, report
    assert sick.where in report.findings[0].where
    first = report.findings[0]
    assert first.measured and len(first.meaning) > 80 and len(first.hint) > 20
    assert str(report).startswith(f"{len(sick.names)} finding")


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("middle", [nn.ReLU, nn.Tanh, lambda: nn.Dropout(0.3, rng=Generator(0))])
def test_a_healthy_set_up_is_silent(plain, middle):
    made = trainer(network(middle()), plain=plain, penalty=nn.L2(1e-3))
    report = check.setup(made, batch())
    assert report.ok and str(report).startswith("nothing found: ") and "\n" not in str(report)
    assert report.measured["loss at the start"].endswith("1.1 for a network that knows nothing")


SHAPES = {
    "lstm": (1, 8, 6),
    "resnet20": (3, 12, 12),
    "alexnet": (3, 67, 67),
    "vgg16": (3, 32, 32),
    "linear": (1, 28, 28),
    "two-layer": (1, 28, 28),
    "three-layer": (1, 28, 28),
    "lenet5": (1, 28, 28),
    "convnet": (1, 14, 14),
}


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("alexnet", "vgg16")])
def test_nothing_is_found_on_the_zoo(name):
    """As `chainrule train` teaches it, on pictures where they fit."""
    model = zoo.build(name, SHAPES[name], 10, rng=Generator(0))
    made = make_trainer(model, Config(model=name), 1000)
    if SHAPES[name] == (1, 28, 28):
        dataset, _ = load("fashion-6k")
        data = next(iter(Batches(dataset, 16, Generator(0), transform=Normalize.fit(dataset))))
    else:
        data = pictures(SHAPES[name], 10, 16)
    report = check.setup(made, data)
    assert report.ok and not report.left_out, report


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_nothing_is_found_on_large_networks_either(name, monkeypatch):
    """With 64 hidden units in the place of 4096, and without learning by heart."""

    def head(inputs, classes, rng):
        hidden = [nn.Dropout(0.5, rng=rng), nn.Linear(inputs, 64, rng=rng), nn.ReLU()]
        return [*hidden, nn.Dropout(0.5, rng=rng), nn.Linear(64, classes, rng=rng)]

    monkeypatch.setattr(convnets, "dropout_head", head)
    model = zoo.build(name, SHAPES[name], 10, rng=Generator(0))
    made = make_trainer(model, Config(model=name), 1000, plain=True)
    report = check.setup(made, pictures(SHAPES[name], 10, 2), steps=0)
    assert report.ok and "it was not asked for" in report.left_out[0]


@pytest.mark.parametrize("plain", [True, False])
def test_all_comes_back_to_the_bit(plain):
    middle = nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.4, rng=Generator(1))
    model = network(*middle)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    made = trainer(model, optimizer=optimizer, plain=plain, penalty=nn.L2(1e-3))
    made.schedule = optim.OneCycleLR(optimizer, 0.01, 100)
    model.note, model.rng = [1], np.random.default_rng(3)
    made.step(*batch())
    model.eval()
    optimizer.zero_grad()
    state = {name: array.tobytes() for name, array in everything(model, optimizer).items()}
    random = model.rng.bit_generator.state
    drawn = np.random.get_state()[1].copy()
    attributes = {path: dict(vars(m)) for path, m in model.named_modules()}
    report = check.setup(made, batch())
    assert report.measured["learning by heart"]
    after = everything(model, optimizer)
    assert {name: array.tobytes() for name, array in after.items()} == state
    assert model.rng.bit_generator.state == random and (np.random.get_state()[1] == drawn).all()
    assert {path: dict(vars(m)) for path, m in model.named_modules()} == attributes
    assert made.penalty is not None and made.plain is plain and not model.training
    made.step(*batch())


def test_a_model_in_evaluation_is_looked_at_in_training():
    made = trainer(network(nn.BatchNorm1d(20), nn.Dropout(0.5, rng=Generator(0))))
    told = check.setup(made, batch()).measured
    made.model.eval()
    assert check.setup(made, batch()).measured == told and not made.model.training


def test_gradients_that_stand_there_stay():
    model = network()
    made = trainer(model)
    made.step(*batch())
    before = {name: p.grad for name, p in model.named_parameters()}
    check.setup(made, batch())
    assert {name: p.grad for name, p in model.named_parameters()}.keys() == before.keys()
    assert all(np.array_equal(p.grad.numpy(), before[name].numpy()) for name, p in model.named_parameters())


def test_a_hinge_loss_and_a_regression():
    hinge = check.setup(trainer(network(), loss=nn.MulticlassHingeLoss(), lr=0.005), batch())
    assert hinge.ok and hinge.measured["loss at the start"].endswith("; 2 for a network that knows nothing")
    images, _ = batch()
    line = check.setup(trainer(network(), loss=nn.MSELoss()), (images, np.float32(images[:, :3])))
    assert line.ok and "loss at the start" not in line.measured and "labels" not in line.measured


def test_what_costs_too_much_is_left_out_with_its_cost(monkeypatch):
    monkeypatch.setitem(check.setup.__globals__, "WORK", 10)
    report = check.setup(trainer(network()), batch())
    assert report.ok and "120 steps cost some 9e+05 multiply-adds" in str(report)


def test_for_programs():
    made, data = SICK["bytes"].make()
    told = check.setup(made, data).as_dict()
    assert told["findings"][0]["name"] == "inputs" and "Efficient BackProp" in told["findings"][0]["meaning"]
    assert set(told) == {"findings", "measured", "left_out"}


def test_a_batch_of_tensors():
    images, labels = batch()
    report = check.setup(trainer(network()), (cr.Tensor(images), cr.Tensor(labels)))
    assert report == check.setup(trainer(network()), batch())


class NoWayBack(nn.Module):
    def forward(self, x):
        return cr.apply(OneWay(), x)


@cr.gate
class OneWay(cr.Elementwise):
    """out = x, and no backward."""

    def forward(self, xp, x):
        return x * 1.0


MADE = trainer(network())
IMAGES, LABELS = batch()


@pytest.mark.parametrize(
    ("kind", "act", "came"),
    [
        (UsageError, lambda: check.setup(network(), batch()), "a Sequential"),
        (UsageError, lambda: check.setup(Trainer, batch()), "a type"),
        (UsageError, lambda: check.setup(None, batch()), "a NoneType"),
        (DataError, lambda: check.setup(MADE, IMAGES), "a ndarray"),
        (DataError, lambda: check.setup(MADE, (IMAGES,)), "a tuple of 1"),
        (DataError, lambda: check.setup(MADE, (IMAGES, 3)), "labels is a int"),
        (DataError, lambda: check.setup(MADE, (IMAGES.tolist(), LABELS)), "images is a list"),
        (DataError, lambda: check.setup(MADE, (IMAGES, LABELS[:5])), "12 images and 5 labels"),
        (DataError, lambda: check.setup(MADE, (IMAGES[:0], LABELS[:0])), "0 images and 0 labels"),
        (SettingError, lambda: check.setup(MADE, batch(), steps=-1), "steps -1"),
        (SettingError, lambda: check.setup(MADE, batch(), steps=True), "steps True"),
        (
            GradientError,
            lambda: check.setup(trainer(network(NoWayBack())), batch()),
            "a gate without backward",
        ),
        (ShapeError, lambda: check.setup(MADE, (IMAGES[:, :5], LABELS)), "f32[12,5]"),
        (LabelError, lambda: check.setup(MADE, (IMAGES, LABELS + 1)), "label 3"),
    ],
)
def test_bad_input(kind, act, came):
    with pytest.raises(kind) as caught:
        act()
    assert came in caught.value.came and caught.value.hint
    assert kind in (ShapeError, LabelError) or kind.__name__ in check.setup.__doc__
