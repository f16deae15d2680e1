"""Cheap values computed again: no store for them, the same numbers, and only where it moves fewer bytes."""

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, ops
from chainrule.compiler import recompute as module
from chainrule.compiler.schedule import awake, stored

from ..kernels.machines import caught
from .steps import arranged

WIDE = np.random.default_rng(1).normal(size=(64, 32)).astype("f4")


def centred(x):
    """A difference that two loops read: before a mean of squares, and after it."""
    apart = x - x.mean(axis=0)
    return apart * (1 / ops.sqrt((apart * apart).mean(axis=0) + 1))


def values_of(made, label):
    return [op.outputs[0] for g in made.groups.groups for op in g.ops if op.gate.label == label]


def test_what_is_cheap_is_not_stored():
    made = arranged(centred, WIDE)
    assert len(values_of(made, "subtract")) == 2  # one for each loop
    assert not stored(made, awake(made, frozenset())).intersection(values_of(made, "subtract"))


def test_the_numbers_are_those_of_the_plain_step():
    compiled = cr.compile(centred, fallback="error")
    assert compiled(WIDE).numpy() == pytest.approx(centred(Tensor(WIDE)).numpy(), rel=1e-5, abs=1e-6)


def test_what_is_dear_is_stored():
    def step(x):
        slow = ops.exp(x) - x.mean(axis=0)
        return slow * (1 / ops.sqrt((slow * slow).mean(axis=0) + 1))

    made = arranged(step, WIDE)
    assert len(values_of(made, "exp")) == 1


def test_what_would_read_more_is_stored():
    def step(a, b, c, d, e):
        far = a - b - c - d - e
        return far * far.mean(axis=0)

    made = arranged(step, *[WIDE + k for k in range(5)])
    assert len(values_of(made, "subtract")) == 4


def test_what_is_returned_is_stored_and_read():
    made = arranged(lambda x: (apart := x - x.mean(axis=0), apart * (apart * apart).mean(axis=0)), WIDE)
    assert len(values_of(made, "subtract")) == 1


def test_it_can_still_be_watched():
    compiled = cr.compile(centred, fallback="error")
    before = compiled(WIDE).numpy()
    with compiled.watch("*") as seen:
        after = compiled(WIDE).numpy()
    assert np.array_equal(before, after)
    (path,) = [path for path in seen if "subtract" in path]
    assert seen[path][0] == pytest.approx(WIDE - WIDE.mean(0), abs=1e-6)


def test_a_planted_fault_is_caught(monkeypatch):
    """A value that is taken for another one."""
    monkeypatch.setattr(module, "instead", lambda groups, number, new: next(iter(new.values()), number))
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or ops in a circle
        test_the_numbers_are_those_of_the_plain_step()


# --- masks ----------------------------------------------------------------------------------------------


def rectified(x, v, w):
    """The gradient to filters through relu, which a convolution reads too: its results are kept for the other's."""

    def loss(v, w):
        return ops.tanh(cr.conv2d(ops.relu(cr.conv2d(x, v, padding=1)), w, padding=1)).sum()

    return cr.grad(loss, (0, 1))(v, w)


def pooled(x, v):
    """Relu's results are not kept behind a pooling."""
    return cr.grad(lambda v: ops.max_pool2d(ops.relu(cr.conv2d(x, v, padding=1)), 2).sum())(v)


def pictures(*shapes):
    rng = np.random.default_rng(2)
    return [rng.normal(size=shape).astype("f4") * 0.3 for shape in shapes]


LAYERS = pictures((2, 32, 9, 7), (32, 32, 3, 3), (32, 32, 3, 3))


def masks(step, *arrays):
    """The masks of the shape of pictures that a plan has memory for."""
    plan = cr.compile(step, fallback="error").ready(*arrays).plan
    specs = plan.groups.flow.specs
    return [n for n in plan.room.offsets if specs[n].dtype == bool and specs[n].size > 99]


def test_a_mask_is_found_again_in_what_is_kept_anyway():
    assert not masks(rectified, *LAYERS)
    made = cr.compile(rectified, fallback="error")(*LAYERS)
    for got, want in zip(made, rectified(*map(Tensor, LAYERS)), strict=True):
        assert got.numpy() == pytest.approx(want.numpy(), rel=1e-4, abs=1e-3)


def test_a_mask_of_what_is_not_kept_is_stored():
    assert masks(pooled, *LAYERS[:2])


def test_it_changes_no_bit(monkeypatch):
    compiled = [a.numpy().tobytes() for a in cr.compile(rectified, fallback="error")(*LAYERS)]
    monkeypatch.setattr(module, "MASKS", ())
    assert masks(rectified, *LAYERS)
    assert [a.numpy().tobytes() for a in cr.compile(rectified, fallback="error")(*LAYERS)] == compiled


def test_a_mask_can_still_be_watched():
    compiled = cr.compile(rectified, fallback="error")
    (path,) = [path for path in compiled.values(*LAYERS) if "less_equal" in path]
    with compiled.watch(path, "relu") as seen:
        compiled(*LAYERS)
    assert np.array_equal(seen[path][0], seen["relu"][0] <= 0)


def test_a_planted_mask_of_another_value_is_caught(monkeypatch):
    repeat = module.repeat

    def wrong(groups, number, value, chain):
        repeat(groups, number, value, [replace(op, inputs=op.inputs[::-1]) for op in chain])

    monkeypatch.setattr(module, "repeat", wrong)
    with caught():
        test_it_changes_no_bit(monkeypatch)


def agrees(step, *arrays):
    """The compiled step gives what the plain one gives."""
    for got, want in zip(
        cr.compile(step, fallback="error")(*arrays), step(*map(Tensor, arrays)), strict=True
    ):
        assert got.numpy() == pytest.approx(want.numpy(), rel=1e-4, abs=1e-4)


def test_a_mask_of_what_is_returned_inside_a_border():
    def step(x, c):
        held = []

        def loss(x):
            y = ops.relu(x * 2.0)
            held.append(ops.pad(y, ((0, 0), (1, 1))))
            return ops.sum(y * c) ** 2

        slope = cr.grad(loss, (0,))(x)[0]
        return held.pop(), slope

    agrees(step, *pictures((4, 20), (4, 20)))


@pytest.mark.parametrize(("shape", "other"), [((2, 3, 4), (3, 2, 4)), ((6, 4), (2, 3, 4))], ids=str)
def test_a_mask_of_another_shape_than_the_product_is_stored(shape, other):
    def step(x, w, c):
        z = ops.matmul(x, w)
        y = ops.relu(ops.reshape(z, other))
        mask, total = ops.reshape(y <= 0, shape), ops.sum(y)
        out = ops.where(mask, 0.0, c * total)
        return out, ops.sum(out) * y

    agrees(step, *pictures((*shape[:-1], 5), (*shape[:-2], 5, 4), shape))
