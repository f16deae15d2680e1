"""ModuleList and Sequential: names, order, what they refuse."""

import numpy as np
import pytest

from chainrule import Tensor, nn
from chainrule.errors import IndexingError, SettingError
from chainrule.random import Generator

from .layers import Layer, check_layer, noise


def two_linear(rng):
    return nn.Sequential({"first": nn.Linear(4, 3, rng=rng), "relu": nn.ReLU()}, nn.Linear(3, 2, rng=rng))


def test_layer():
    shapes = {"first.weight": (3, 4), "first.bias": (3,), "2.weight": (2, 3), "2.bias": (2,)}
    check_layer(Layer(two_linear, (5, 4), (5, 2), shapes))


def test_sequential_feeds_each_with_what_the_one_before_returned():
    first, second, x = nn.Linear(4, 3, rng=Generator(0)), nn.Tanh(), Tensor(noise((2, 4)))
    assert np.array_equal(nn.Sequential(first, second)(x), second(first(x)))
    assert nn.Sequential()(x) is x


def test_a_list_counts_iterates_and_indexes():
    parts = [nn.ReLU(), nn.Tanh(), nn.Sigmoid()]
    listed = nn.ModuleList(parts)
    assert len(listed) == 3
    assert list(listed) == parts
    assert [listed[k] for k in (0, 2, -1)] == [parts[0], parts[2], parts[2]]
    listed.append(nn.Identity())
    assert [name for name, _ in listed.children()] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("count", [0, 2])
def test_an_index_outside(count):
    listed = nn.ModuleList([nn.ReLU() for _ in range(count)])
    with pytest.raises(IndexingError, match=r"ModuleList: index 2; expected (-2 … 1|no index: it is empty)"):
        listed[2]


@pytest.mark.parametrize("part", [nn.ReLU, abs, np.tanh, None, 3])
def test_only_modules(part):
    with pytest.raises(SettingError, match="Sequential: part 0 is a"):
        nn.Sequential(part)


@pytest.mark.parametrize("name", ["", "a.b", "forward", "add", "training", 1])
def test_names_that_cannot_be(name):
    with pytest.raises(SettingError, match="Sequential: a part named"):
        nn.Sequential({name: nn.ReLU()})


def test_a_name_given_twice():
    with pytest.raises(SettingError, match="Sequential: a part named 'a'; expected a new name"):
        nn.Sequential({"a": nn.ReLU()}, {"a": nn.Tanh()})


def test_printed_as_a_tree():
    inner = nn.Sequential(nn.Linear(3, 2))
    text = "Sequential(\n  (a): Sequential(\n    (0): Linear(3, 2)\n  )\n  (1): ReLU()\n)"
    assert repr(nn.Sequential({"a": inner}, nn.ReLU())) == text
