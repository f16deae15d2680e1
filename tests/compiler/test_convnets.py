"""Random ConvNets compiled are what they are plain; their bits, what is seen of them, and who made a NaN."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, ops, zoo
from chainrule.kernels.product import Product
from chainrule.random import Generator

from ..check.learning import Learning
from ..check.test_blame import BACKWARD, FORWARD, Planted, held_back, line_in, logarithm
from ..nn.steps import pictures
from .random_graphs import OPTIMIZERS, Draw, Name, Node, NoFit, Recipe, alive, calm, compared

NETS, BLOCKS, ORDERS = 200, 8, 2
COVERAGE: Counter[str] = Counter()
KINDS: Counter[str] = Counter()


# --- drawing --------------------------------------------------------------------------------------------


class Net(Draw):
    """A ConvNet that is being drawn.  at: the value that its next layer reads, pictures (N, C, H, W)."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        shape = [self.whole(1, 5), self.choice((1, 2, 3, 4, self.whole(1, 20)))]
        shape += [self.whole(5, 14), self.whole(5, 14)]
        self.at = self.input(self.rng.normal(size=shape).astype("f4"))

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec(self.at)

    def add(self, label: str, inputs: tuple[Name, ...], run: Any) -> None:
        """A layer, if its numbers are moderate; it is what the next one reads."""
        made = run(*(self.values[n] for n in inputs))
        if not 0 < made.size <= 16_000 or not np.abs(made.data).max() < 30:
            raise NoFit
        self.at = ("node", len(self.nodes))
        self.values[self.at] = made.detach()
        self.nodes.append(Node(label, inputs, run))

    def weights(self, *shape: int) -> Name:
        """Filters or a matrix, (F, …), whose sums stay moderate."""
        width = math.sqrt(2 / math.prod(shape[1:]))
        self.parameters.append(self.rng.normal(0, width, shape).astype("f4"))
        return self.enter(("parameter", len(self.parameters) - 1), self.parameters[-1])

    def conv(self, filters: int, size: tuple[int, int], **settings: Any) -> None:
        """A convolution of what is there, with a bias or without one."""
        words = ["conv", *(k for k, v in settings.items() if v not in (0, 1, (0, 0), (1, 1)))]
        words.append("pixels alone" if size == (1, 1) else "windows")
        inputs = (self.at, self.weights(filters, self.shape[1] // settings.get("groups", 1), *size))
        if self.chance(0.6):
            inputs = (*inputs, self.parameter((filters,)))
        words.append("bias" if len(inputs) == 3 else "no bias")
        self.add(", ".join(words), inputs, lambda *xs: ops.conv2d(*xs, **settings))


Layer = Callable[[Net], None]


def conv(net: Net) -> None:
    """A convolution with any settings that fit."""
    channels = net.shape[1]
    groups = net.choice([g for g in range(1, channels + 1) if channels % g == 0] if net.chance(0.3) else (1,))
    filters = groups * net.whole(1, max(1, 20 // groups))
    size, pairs = (net.whole(1, 4), net.whole(1, 4)), {}
    for name, most, p in (("stride", 3, 0.3), ("dilation", 3, 0.2)):
        pairs[name] = (net.whole(1, most), net.whole(1, most)) if net.chance(p) else (1, 1)
    pairs["padding"] = (net.whole(0, 3), net.whole(0, 3)) if net.chance(0.6) else (0, 0)
    for axis in (0, 1):
        reach = pairs["dilation"][axis] * (size[axis] - 1) + 1
        if reach > net.shape[2 + axis] + 2 * pairs["padding"][axis]:
            raise NoFit
    net.conv(filters, size, groups=groups, **pairs)


def tiled(net: Net) -> None:
    """A convolution by Winograd's algorithm, whose results may be pooled at once."""
    n, c, high, wide = net.shape
    filters, taps = net.choice((16, 32)), net.choice((3, 3, 5))
    if n * filters * high * wide > 16_000:
        raise NoFit
    if c % 16:
        net.conv(16, (1, 1))
    net.conv(filters, (taps, taps), padding=(taps // 2, taps // 2))
    if net.chance(0.7):
        net.add("relu", (net.at,), ops.relu)
    if min(high, wide) > 1 and net.chance(0.5):
        net.add("max_pool2d", (net.at,), lambda x: ops.max_pool2d(x, 2))


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": ops.relu,
    "tanh": ops.tanh,
    "sigmoid": ops.sigmoid,
    "leak": lambda x: ops.maximum(x, x * 0.1),
}


def activation(net: Net) -> None:
    label = net.choice(list(ACTIVATIONS))
    net.add(label, (net.at,), ACTIVATIONS[label])


def norm(net: Net) -> None:
    n, c, h, w = net.shape
    if net.chance(0.5) and n * h * w >= 8:
        scales = net.parameter((c,)), net.parameter((c,))
        net.add("batch norm", (net.at, *scales), lambda x, v, b: ops.batch_norm(x, v, b, eps=0.1)[0])
        return
    size = net.whole(1, 5)
    run = lambda x: ops.local_response_norm(x, size, alpha=0.3, k=1.0)  # noqa: E731
    net.add("local response norm", (net.at,), run)


def pool(net: Net) -> None:
    size = net.whole(1, 3), net.whole(1, 3)
    stride = net.choice((size, (net.whole(1, 3), net.whole(1, 3))))
    padding = tuple(net.whole(0, k // 2) for k in size)
    if any(k > n + 2 * p for k, n, p in zip(size, net.shape[2:], padding, strict=True)):
        raise NoFit
    kind = net.choice((ops.max_pool2d, ops.avg_pool2d))
    net.add(kind.__name__, (net.at,), lambda x: kind(x, size, stride=stride, padding=padding))


def residual(net: Net) -> None:
    """The pictures are added to what became of them."""
    before, size = net.at, net.choice((1, 3, 5))
    net.conv(net.shape[1], (size, size), padding=(size // 2, size // 2))
    if net.chance(0.5):
        activation(net)
    net.add("residual", (before, net.at), ops.add)


def branches(net: Net) -> None:
    """Convolutions, a pool and the pictures themselves, side by side."""
    before, ends = net.at, []
    for size in (1, 3)[: net.whole(1, 2)]:
        net.at = before
        net.conv(net.whole(1, 6), (size, size), padding=(size // 2, size // 2))
        ends.append(net.at)
    if net.chance(0.5):
        net.add("max_pool2d", (before,), lambda x: ops.max_pool2d(x, 3, stride=1, padding=1))
        ends.append(net.at)
    if net.chance(0.5):
        ends.append(before)
    net.add("branches", tuple(ends), lambda *xs: ops.concat(xs, axis=1))


def crop(net: Net) -> None:
    """A part of the pictures, or a border around them."""
    step = net.whole(1, 2)
    if net.chance(0.5):
        net.add("crop", (net.at,), lambda x: x[:, ::step, 1:, ::step])
    else:
        net.add("border", (net.at,), lambda x: ops.pad(x, [(0, 0), (0, step), (1, 0), (0, 1)], value=0.3))


def gate(net: Net) -> None:
    """Each channel times a number between 0 and 1, made of all its pixels."""
    n, c, _, _ = net.shape
    inputs = net.at, net.weights(c, c)

    def run(x: Any, w: Any) -> Any:
        return x * ops.reshape(ops.sigmoid(ops.linear(ops.mean(x, axis=(2, 3)), w)), (n, c, 1, 1))

    net.add("gate", inputs, run)


LAYERS: list[Layer] = (
    [conv] * 6 + [tiled] * 3 + [activation] * 5 + [norm] * 2 + [pool] * 3 + [residual, branches, crop, gate]
)


def head(net: Net) -> Name:
    """Scores, and the loss of each picture."""
    n, c, h, w = net.shape
    if net.chance(0.6):
        net.add("flatten", (net.at,), lambda x: ops.reshape(x, (n, c * h * w)))
    else:
        net.add("global mean", (net.at,), lambda x: ops.mean(x, axis=(2, 3)))
    classes = net.whole(2, 10)
    inputs = (net.at, net.weights(classes, net.shape[1]), net.parameter((classes,)))
    net.add("linear", inputs, ops.linear)
    scores, labels = net.at, net.input(net.rng.integers(0, classes, n))
    loss = net.choice((ops.softmax_cross_entropy, ops.multiclass_hinge))
    net.add(loss.__name__, (scores, labels), lambda x, y: loss(x, y) * 0.3)
    return scores


def attempted(seed: int, attempt: int) -> Recipe | None:
    """A ConvNet of 3 to 9 layers, or None where it does not stay among moderate numbers."""
    net = Net(seed * 1000 + attempt)
    for layer in [conv, *(net.choice(LAYERS) for _ in range(net.whole(2, 8)))]:
        before = net.at
        try:
            layer(net)
        except NoFit:
            net.at = before
    pictures = [name for name, v in net.values.items() if v.ndim == 4 and name[0] == "node"]
    try:
        scores = head(net)
    except NoFit:
        return None
    recipe = Recipe(
        seed,
        "float64" if net.chance(0.15) else "float32",
        net.choice(list(OPTIMIZERS)),
        tuple(net.parameters),
        tuple(net.inputs),
        tuple(net.nodes),
        (net.at,),
        (scores, net.choice(pictures)) if pictures and net.chance(0.3) else (scores,),
        net.choice(pictures) if pictures and net.chance(0.3) else None,
    )
    recipe = alive(recipe)
    return recipe if calm(recipe) else None


def drawn(seed: int) -> Recipe:
    """The ConvNet of a seed."""
    found = (attempted(seed, attempt) for attempt in range(20))
    return next(recipe for recipe in found if recipe is not None)


# --- compiled is plain ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_convnets_compiled_are_plain(block):
    for seed in range(block, NETS, BLOCKS):
        recipe = drawn(seed)
        wrong = compared(recipe, COVERAGE)
        assert not wrong, f"{recipe}\n{wrong}"
        KINDS.update({word for node in recipe.nodes for word in node.label.split(", ")})
        KINDS.update([recipe.dtype, recipe.optimizer, f"{len(recipe.inputs[0])} pictures", "net"])


EXPECTED = {"conv", "stride", "padding", "dilation", "groups", "bias", "no bias", "pixels alone", "windows"}
EXPECTED |= {*ACTIVATIONS, "batch norm", "local response norm", "max_pool2d", "avg_pool2d", "residual"}
EXPECTED |= {"branches", "crop", "border", "gate", "flatten", "global mean", "linear"}
EXPECTED |= {"softmax_cross_entropy", "multiclass_hinge", "float32", "float64", *OPTIMIZERS}
EXPECTED |= {f"{n} pictures" for n in range(1, 6)}


def test_they_meet_every_kind_of_layer_and_numpy_runs_nothing():
    if KINDS["net"] < ORDERS * NETS:
        pytest.skip("the nets did not all run")
    print(dict(sorted(KINDS.items())), dict(sorted(COVERAGE.items())))
    rare = {kind: KINDS[kind] for kind in EXPECTED if KINDS[kind] < 5}
    assert not rare, f"too rare: {rare}"
    assert not [name for name in COVERAGE if name.startswith("numpy ")]
    kernels = ("loop", "reduce", "product", "winograd", "convolve", "pack", "pool", "copy", "fill", "check")
    rare = {name: COVERAGE[f"kernel {name}"] for name in kernels if COVERAGE[f"kernel {name}"] < 5}
    assert not rare, f"too rare: {rare}"
    assert COVERAGE["beside a kink"] <= ORDERS * NETS // 50


def test_nets_are_drawn_from_their_seed():
    for seed in (3, 5):
        one, other = drawn(seed), drawn(seed)
        assert str(one) == str(other)
        assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))


# --- the same bits --------------------------------------------------------------------------------------


def small_convnet() -> nn.Module:
    """Every kind of layer, and enough work for several threads."""
    rng = Generator(3)
    return nn.Sequential(
        {
            "first": nn.Conv2d(3, 24, 3, padding=1, bias=False, rng=rng),
            "norm": nn.BatchNorm2d(24),
            "relu": nn.ReLU(),
            "pool": nn.MaxPool2d(3, stride=2),
            "second": nn.Conv2d(24, 32, 3, stride=(1, 2), padding=(1, 0), groups=2, rng=rng),
            "tanh": nn.Tanh(),
            "response": nn.LocalResponseNorm(3, alpha=0.1),
            "third": nn.Conv2d(32, 17, (2, 3), dilation=2, padding=2, rng=rng),
            "mean": nn.AvgPool2d(2),
            "dropout": nn.Dropout(0.2, rng=rng),
            "flatten": nn.Flatten(),
            "last": nn.Linear(170, 10, rng=rng),
        }
    )


def digest(threads: int | None, steps: int = 4) -> str:
    """SHA-256 over the losses and the state of a few steps, with batches of two sizes."""
    cr.set_threads(threads)
    try:
        learning, found = Learning(small_convnet(), "adam"), hashlib.sha256()
        for k in range(steps):
            images, labels = pictures((3, 18, 19), 10, 24 - k % 2, k)
            found.update(learning.step(images, labels).numpy().tobytes())
        for name, data in learning.state().items():
            found.update(name.encode() + data)
        return found.hexdigest()
    finally:
        cr.set_threads(None)


@pytest.fixture(scope="module")
def on_one_thread() -> str:
    return digest(1)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads, on_one_thread):
    assert digest(threads) == on_one_thread


def test_the_work_of_convolutions_is_shared_among_threads():
    """The test above says something: windows are products of several pieces, and so are pools."""
    rows = Learning(small_convnet(), "adam").step.plan(*pictures((3, 18, 19), 10, 24)).rows
    windows = [row for row in rows if isinstance(row.task.kernel, Product) and row.task.kernel.window]
    assert len(windows) >= 8
    assert max(row.task.pieces for row in windows) > 1
    assert max(row.task.pieces for row in rows if row.task.name == "pool") > 1


# --- what is seen ---------------------------------------------------------------------------------------

SHAPE = (1, 28, 28)


def lenet() -> Learning:
    return Learning(zoo.lenet5(SHAPE, 10, rng=Generator(0)))


def digits(seed: int = 7) -> Any:
    return pictures(SHAPE, 10, 3, seed)


def test_watching_all_of_lenet_changes_no_bit():
    plain, watched = lenet(), lenet()
    expected = [plain.step(*digits(k)).numpy().tobytes() for k in range(3)], plain.state()
    with watched.step.watch("*") as seen:
        found = [watched.step(*digits(k)).numpy().tobytes() for k in range(3)]
    assert (found, watched.state()) == expected
    specs = watched.step.values(*digits())
    assert set(seen) == set(specs) and len(seen) > 60
    for path, arrays in seen.items():
        assert [(a.shape, a.dtype) for a in arrays] == [(specs[path].shape, specs[path].dtype)] * 3, path


def test_each_value_of_lenet_by_itself_changes_no_bit():
    watched, twin = lenet(), lenet()
    for number, path in enumerate(twin.step.values(*digits())):
        data = digits(number)
        with watched.step.watch(path) as seen:
            loss = watched.step(*data)
        assert list(seen) == [path] and len(seen[path]) == 1
        assert loss.numpy().tobytes() == twin.step(*data).numpy().tobytes(), path
    assert watched.state() == twin.state()


def test_what_is_seen_has_its_channels_first():
    """Pictures are shown as the user made them, whatever their order in memory."""
    learning, (images, labels) = lenet(), digits()
    first = learning.model[0]
    expected = ops.conv2d(images, first.weight.numpy(), first.bias.numpy(), padding=2)
    with learning.step.watch("*") as seen:
        learning.step(images, labels)
    convolved = [seen[p][0] for p in seen if seen[p][0].shape == (3, 6, 28, 28) and p.endswith("add")]
    assert any(np.allclose(a, expected, atol=1e-5) for a in convolved)
    relued = [seen[p][0] for p in seen if seen[p][0].shape == (3, 6, 28, 28) and p.endswith("relu")]
    assert any(np.allclose(a, np.maximum(expected, 0), atol=1e-5) for a in relued)


# --- who made the NaN -----------------------------------------------------------------------------------

PARTS = ("first", "norm", "pool", "second", "response", "mean")


def planted(function: Any, after: str) -> Learning:
    """A small ConvNet; behind one of its layers, the function."""
    rng, parts = Generator(0), dict[str, nn.Module]()
    layers = {
        "first": nn.Conv2d(2, 5, 3, padding=1, rng=rng),
        "norm": nn.BatchNorm2d(5),
        "relu": nn.ReLU(),
        "pool": nn.MaxPool2d(2),
        "second": nn.Conv2d(5, 6, 2, rng=rng),
        "response": nn.LocalResponseNorm(3),
        "mean": nn.AvgPool2d(2),
        "flatten": nn.Flatten(),
        "last": nn.Linear(6, 3, rng=rng),
    }
    for name, layer in layers.items():
        parts[name] = layer
        if name == after:
            parts["planted"] = Planted(function)
    return Learning(nn.Sequential(parts), "adam")


def batch(count: int = 4, seed: int = 7) -> Any:
    return pictures((2, 6, 7), 3, count, seed)


@pytest.mark.parametrize("after", PARTS)
@pytest.mark.parametrize("function", FORWARD, ids=lambda f: f.__name__)
def test_a_nan_planted_behind_a_layer_is_blamed(function, after):
    culprit = held_back(planted(function, after), batch())
    place = culprit.place
    # the relu behind the norm makes 0 of -infinity: what arrives is the slope of the logarithm
    expected = (
        ("divide", "backward") if (after, function) == ("norm", logarithm) else (FORWARD[function], "forward")
    )
    assert (place.gate, place.phase, place.layer) == (*expected, "planted")
    assert f"test_blame.py:{line_in(function)} in {function.__name__}" in place.line
    assert not np.isfinite(culprit.value) and len(culprit.index) == 4


@pytest.mark.parametrize("after", PARTS)
@pytest.mark.parametrize("function", BACKWARD, ids=lambda f: f.__name__)
def test_a_nan_planted_on_the_way_back_is_blamed(function, after):
    culprit = held_back(planted(function, after), batch())
    place = culprit.place
    assert (place.layer, place.phase) == ("planted", "backward")
    assert f"test_blame.py:{line_in(function)} in {function.__name__}" in place.line
    assert not np.isfinite(culprit.value)


@pytest.mark.parametrize(
    "parameter", ["first.weight", "first.bias", "norm.weight", "norm.bias", "second.weight", "last.bias"]
)
def test_a_parameter_that_is_not_a_number_is_blamed(parameter):
    learning = planted(ops.tanh, "first")
    learning.step(*batch())
    array = dict(learning.model.named_parameters())[parameter].numpy().copy()
    array.reshape(-1)[-1] = np.nan
    learning.model.load_state_dict({**learning.model.state_dict(), parameter: array})
    culprit = held_back(learning, batch())
    assert (culprit.path, culprit.place) == (parameter, None)
    assert culprit.index == tuple(n - 1 for n in array.shape)


def test_a_pixel_that_is_not_a_number_is_blamed():
    images, labels = batch()
    images[3, 1, 5, 2] = np.nan
    culprit = held_back(planted(ops.tanh, "first"), (images, labels))
    assert (culprit.path, culprit.index, culprit.place) == ("images", (3, 1, 5, 2), None)
