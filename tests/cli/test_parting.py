"""What is said of two runs, of every kind of parting."""

import math

import pytest

from chainrule.check.lines import Place
from chainrule.cli.parting import fact, label, place, plain, values
from chainrule.lens import Parting
from chainrule.lens.bits import Gap

GAP = Gap("conv1/relu", (0, 3), 0.5, 0.25, 1, 6)
LINE = Place("conv1/relu", "relu", "conv1", "conv.py:57 in forward", "forward", "loop")
RATE = Gap("optimizer/group0/lr", (), 0.1, 0.2, 1, 1)
WEIGHT = Gap("conv1.weight", (1,), 0.1, 0.2, 1, 1)


@pytest.mark.parametrize(
    ("parting", "told"),
    [
        (Parting(1, 1, "state", WEIGHT), "before the first step, at conv1.weight"),
        (
            Parting(2, 3, "batch", GAP._replace(path="images")),
            "before step 3 of epoch 2: images are not the same",
        ),
        (Parting(2, 3, "program", lines=("a", "b")), "in step 3 of epoch 2: it is not the same step"),
        (Parting(2, 3, "line", GAP, place=LINE), "in step 3 of epoch 2, at conv1/relu (relu, forward)"),
        (
            Parting(2, 3, "line", GAP, place=LINE._replace(phase="update"), reads=(RATE,), state=WEIGHT),
            "in step 3 of epoch 2, in the update of conv1.weight: lr 0.1 against 0.2",
        ),
        (
            Parting(2, 3, "after", WEIGHT),
            "in step 3 of epoch 2, at conv1.weight, and no line of the step shows why when it is looked at again",
        ),
    ],
)
def test_each_kind_of_parting(parting, told):
    assert place(parting) == told


def test_numbers():
    assert values(0.1, 0.1 + 1e-15) == ("0.1", "0.100000000000001")
    assert values("f32[2]", "f32[3]") == ("f32[2]", "f32[3]") and values(None, 3) == ("none", "3")
    assert label(GAP) == "conv1/relu[0, 3]" and label(RATE) == "optimizer/group0/lr"
    assert (fact(False), fact(3)) == ("no", "3")


def test_json_has_no_nan():
    told = plain(GAP._replace(first=math.nan, second=math.inf))
    assert (told["first"], told["second"], told["path"]) == (None, None, "conv1/relu")
