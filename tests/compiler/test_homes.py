"""Values that are joined are written where they end up: also joins of joins, and while products read them."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.compiler import homes as module
from chainrule.compiler.groups import Groups
from chainrule.compiler.views import View, moved

from ..kernels.machines import caught

RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.normal(size=shape).astype("float32")


def kernels(step, *arrays):
    return [entry.kernel for entry in step.table(*arrays).entries]


def test_a_join_of_joins_copies_nothing():
    x, y = real(5, 16), real(5, 16)

    def step(x, y):
        inner = [ops.concat([ops.tanh(x + k), ops.sigmoid(y + k)], axis=1) for k in range(3)]
        return ops.concat([ops.reshape(part, (1, 5, 32)) for part in inner])

    compiled = cr.compile(step, fallback="error")
    assert compiled(x, y).numpy() == pytest.approx(step(x, y), rel=1e-5)
    assert "copy" not in kernels(compiled, x, y)


def test_products_read_a_part_where_it_lies():
    x, w = real(5, 16), real(32, 7)

    def step(x, w):
        parts = [ops.concat([ops.tanh(x + k), ops.sigmoid(x - k)], axis=1) for k in range(3)]
        products = [ops.matmul(part, w) for part in parts]
        turned = [ops.matmul(ops.matrix_transpose(part), part) for part in parts]
        return ops.concat(parts, axis=1), *products, *turned

    compiled = cr.compile(step, fallback="error")
    for got, want in zip(compiled(x, w), step(x, w), strict=True):
        assert got.numpy() == pytest.approx(want, rel=1e-4, abs=1e-5)
    assert "copy" not in kernels(compiled, x, w)


def test_a_part_that_others_read_is_copied():
    x = real(6, 8)

    def step(x):
        part = ops.tanh(x)
        return ops.concat([part, x], axis=1), ops.sum(part, axis=0)

    compiled = cr.compile(step, fallback="error")
    for got, want in zip(compiled(x), step(x), strict=True):
        assert got.numpy() == pytest.approx(want, rel=1e-5, abs=1e-5)


def test_a_part_that_is_returned_keeps_memory_of_its_own():
    x = real(4, 16)

    def step(x):
        part = ops.concat([ops.tanh(x), ops.exp(x)], axis=1)
        return ops.concat([part, ops.sigmoid(x)], axis=1), part

    compiled = cr.compile(step, fallback="error")
    for got, want in zip(compiled(x), step(x), strict=True):
        assert got.numpy() == pytest.approx(want, rel=1e-5)


def test_a_part_that_comes_twice_is_copied():
    x = real(4, 16)

    def step(x):
        part = ops.tanh(x)
        return ops.concat([part, part], axis=1)

    compiled = cr.compile(step, fallback="error")
    assert compiled(x).numpy() == pytest.approx(step(x), rel=1e-5)


@pytest.mark.parametrize(
    ("view", "own"),
    [
        (View(0, (2, 3, 4), (12, 4, 1)), (2, 3, 4)),
        (View(0, (4, 2, 3), (1, 12, 4)), (2, 3, 4)),
        (View(0, (2, 2, 2), (12, 8, 2), 1), (2, 3, 4)),
        (View(0, (3, 1, 2), (4, 0, 12), 2), (2, 3, 4)),
        (View(0, (5, 3), (0, 4), 13), (2, 3, 4)),
        (View(0, (2, 2, 2), (12, 2, 1)), (2, 3, 4)),
    ],
)
def test_a_view_follows_to_a_home(view, own):
    home = View(7, own, (100, 20, 2), 5)
    there = moved(view, own, home)
    values = np.zeros(400)
    target = np.lib.stride_tricks.as_strided(values[5:], own, [8 * s for s in home.strides])
    target[:] = np.arange(24).reshape(own)
    assert there is not None and there.base == 7
    seen = np.lib.stride_tricks.as_strided(
        values[there.offset :], there.shape, [8 * s for s in there.strides]
    )
    whole = np.arange(24.0)
    known = np.lib.stride_tricks.as_strided(whole[view.offset :], view.shape, [8 * s for s in view.strides])
    assert np.array_equal(seen, known)


def test_a_view_across_axes_does_not_follow():
    own = (2, 3, 4)
    home = View(7, own, (100, 20, 2), 5)
    assert moved(View(0, (24,), (1,)), own, home) is None
    assert moved(View(0, (6, 4), (4, 1)), own, home) is None
    assert moved(View(0, (2, 2, 2), (12, 8, 3), 1), own, home) is None
    assert moved(View(0, (24,), (1,)), (24,), View(7, (24,), (3,), 1)) == View(7, (24,), (3,), 1)
    assert moved(View(0, (3, 4), (4, -1), 3), own, home) is None


def bordered(x):
    """A value that a convolution reads with a border, and others without."""
    y = ops.tanh(x)
    wide = ops.pad(y, ((0, 0), (1, 1), (2, 0), (0, 0)), value=3)
    return wide.sum(axis=0), (y * 2).sum(axis=(0, 1)), ops.exp(y - 1).mean()


def test_a_value_that_others_read_inside_its_border_is_written_once():
    x = real(3, 5, 4, 16)
    compiled = cr.compile(bordered, fallback="error")
    for got, want in zip(compiled(x), bordered(x), strict=True):
        assert got.numpy() == pytest.approx(want, rel=1e-4, abs=1e-4)
    groups = compiled.ready(x).made.groups
    assert len(groups.homes) >= 1 and not any(
        op.gate.label == "astype" for group in groups.groups for op in group.ops
    )
    with compiled.watch("tanh") as seen:
        compiled(x)
    assert seen["tanh"][0] == pytest.approx(np.tanh(x), rel=1e-5)


def test_a_value_that_a_kernel_of_its_own_reads_is_written_twice():
    def step(x):
        y = ops.tanh(x)
        return ops.pad(y, ((0, 0), (1, 1))).sum(axis=0), ops.argmax(y, axis=1), y

    x = real(6, 16)
    for got, want in zip(cr.compile(step, fallback="error")(x), step(x), strict=True):
        assert got.numpy() == pytest.approx(want, rel=1e-4, abs=1e-5)


def two_layers(x, v, w, y):
    """The gradients of two layers with a border by Winograd's algorithm, and of one that sees each second pixel."""

    def loss(x, v, w):
        inner = ops.relu(cr.conv2d(x, v, padding=1))
        far = cr.conv2d(inner, w[:, :, :1, :1], stride=2).sum()
        return (cr.conv2d(inner, w, padding=1) * y).sum() + far

    return cr.grad(loss, (0, 1, 2))(x, v, w)


def layers():
    return real(2, 32, 9, 7), real(32, 32, 3, 3) * 0.1, real(32, 32, 3, 3), real(2, 32, 9, 7)


def test_results_by_winograd_go_straight_into_the_next_border_and_are_read_there():
    data = layers()
    compiled = cr.compile(two_layers, fallback="error")
    plain = two_layers(*(cr.Tensor(a.astype("f8")) for a in data))
    for got, want in zip(compiled(*data), plain, strict=True):
        assert abs(got.numpy() - want.numpy()).max() < 1e-5 * abs(want.numpy()).max()
    rows = compiled.ready(*data).plan.rows
    first = next(row.task for row in rows if row.task.name == "winograd")
    inside = compiled.ready(*data).made.groups.homes.values()
    assert {home.base for home in inside} & set(first.writes)
    readers = {row.task.name for row in rows if set(first.writes) & set(row.task.reads)}
    assert {"winograd", "product"} <= readers


def test_kernels_that_do_not_step_find_a_copy(monkeypatch):
    data = layers()
    straight = kernels(cr.compile(two_layers, fallback="error"), *data).count("copy")
    monkeypatch.setattr(module, "steps_anywhere", lambda op, number: False)
    again = cr.compile(two_layers, fallback="error")
    assert kernels(again, *data).count("copy") > straight
    plain = two_layers(*(cr.Tensor(a.astype("f8")) for a in data))
    for got, want in zip(again(*data), plain, strict=True):
        assert abs(got.numpy() - want.numpy()).max() < 1e-5 * abs(want.numpy()).max()


def test_planted_readers_that_do_not_step(monkeypatch):
    """A kernel that takes what lies inside a border for whole pictures."""
    monkeypatch.setattr(module, "steps_anywhere", lambda op, number: True)
    monkeypatch.setattr(Groups, "place", lambda groups, view: view)
    with caught():
        test_results_by_winograd_go_straight_into_the_next_border_and_are_read_there()


def test_what_slides_over_itself_is_read_where_it_lies():
    """The same value as pictures and as what came of them: only pictures may lie among others."""

    def step(z, w0, w, w2):
        x = ops.relu(cr.conv2d(z, w0))
        wide = ops.concat([x, ops.relu(cr.conv2d(z, w0 * 2.0) + 0.5)], axis=1)
        v = w.detach()
        v.requires_grad = True
        cr.conv2d(x, v).backward(x)
        return v.grad, cr.conv2d(wide, w2)

    data = real(2, 32, 5, 4), real(32, 32, 1, 1), real(32, 32, 1, 1), real(32, 64, 1, 1)
    for got, want in zip(cr.compile(step, fallback="error")(*data), step(*map(cr.Tensor, data)), strict=True):
        assert abs(got.numpy() - want.numpy()).max() < 1e-5 * abs(want.numpy()).max()


def test_views_that_are_not_even_at_home_can_be_watched():
    def step(x):
        y = ops.relu(x * 2.0)
        square = ops.reshape(ops.reshape(y, (-1,)), (4, 20))
        return ops.sum(ops.pad(square, ((1, 1), (1, 1))) ** 2)

    x, compiled = real(4, 20), cr.compile(step, fallback="error")
    with compiled.watch("*reshape*") as seen:
        compiled(x)
    assert len(seen) > 0
    for path in seen:
        assert np.array_equal(np.ravel(seen[path][0]), np.maximum(x * 2, 0).ravel())


def test_nothing_can_be_watched():
    compiled = cr.compile(lambda x, w: ops.sum(cr.conv2d(ops.relu(x), w)), fallback="error")
    with compiled.watch("*") as seen:
        compiled(np.zeros((0, 3, 4, 4), "f4"), np.ones((2, 3, 1, 1), "f4"))
    assert seen["relu"][0].shape == (0, 3, 4, 4)
