"""The one door: what goes in, what comes out, which dtype numbers take, and what is said of wrong inputs."""

import linecache

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, apply
from chainrule.errors import ChainruleError, DTypeError, ShapeError
from chainrule.graph import Value, layer

from .gates import LongTail, Outer, Softplus, SumAndDifference, leaf


def test_values_in_values_out_arrays_in_arrays_out():
    x = np.ones(2, "float32")
    assert type(apply(Softplus(), x)) is np.ndarray
    assert type(apply(Softplus(), Tensor(x))) is Tensor
    assert type(apply(Softplus(), Value(x))) is Value
    assert type(apply(Outer(), x, Tensor(x))) is Tensor
    total, difference = apply(SumAndDifference(), Tensor(x), x)
    assert total.tolist() == [2, 2] and difference.tolist() == [0, 0]


def test_only_what_needs_a_gradient_is_on_the_graph():
    x, w = Tensor([1.0]), leaf(1.0)
    assert (x * 2).node is None
    assert (x * w).requires_grad
    assert (x * w > 0).node is None
    assert not cr.argmax(w * 2).requires_grad


@pytest.mark.parametrize("number", [2, 2.5, np.float64(2.5), np.float32(2.5), np.int64(2), np.int8(2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_weak(number, dtype):
    x = Tensor([1.0, 2.0], dtype=dtype)
    for made in (x * number, number * x, x + number, number - x, x / number, cr.where(x > 1, x, number)):
        assert made.dtype == dtype
    assert (x * number).tolist() == [number, 2 * number]


def test_weak_cells_take_the_dtype_of_what_they_meet():
    rate = Tensor(0.1, dtype="float64", weak=True, name="lr")
    x32, x64 = Tensor([1.0]), Tensor([1.0], dtype="float64")
    assert (x32 * rate).dtype == np.float32
    assert (x64 * rate).dtype == np.float64
    assert (x32 * rate).tolist() == [np.float32(0.1)]
    assert (x64 * (rate * 3)).tolist() == [0.1 * 3]
    assert (rate * 2).weak and (rate * 2).dtype == np.float64
    assert not (rate * x32).weak


def test_numbers_alone_stay_weak():
    made = cr.add(Tensor(1, weak=True), 2)
    assert made.weak and made.dtype == np.int64
    half = cr.multiply(Tensor(1, weak=True), 0.5)
    assert half.weak and half.item() == 0.5


def test_a_counter_stays_weak_among_fractions():
    step = Tensor(3, weak=True)
    bias = 1 - 0.5**step
    assert bias.weak and bias.item() == 0.875
    assert (Tensor([1.0]) / bias).dtype == np.float32


def test_masks_do_not_decide_the_dtype_of_numbers():
    assert cr.where(Tensor([True]), 1.0, 0.0).dtype == np.float32
    assert cr.where(Tensor([True]), 1, 0).dtype == np.int64


def test_whole_numbers_go_with_integers():
    counter = Tensor([1, 2])
    assert (counter + 1).tolist() == [2, 3]
    assert (counter + 1).dtype == np.int64
    assert (Tensor(np.array([1], "int32")) + 1).dtype == np.int32


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Tensor([1.0]) + Tensor([1.0], dtype="float64"),
        lambda: Tensor([1.0]) + np.ones(1),
        lambda: np.ones(1) * Tensor([1.0]),
        lambda: Tensor([1.0]) + np.array(1.0),
        lambda: cr.where(Tensor([True]), Tensor([1.0]), np.ones(1)),
        lambda: Tensor([1]) + 0.5,
        lambda: Tensor([1]) * Tensor(0.5, weak=True),
        lambda: Tensor([1]) + Tensor([1.0]),
        lambda: Tensor([1.0]) + True,
        lambda: Tensor([1.0]) + [1.0],
        lambda: cr.exp("1"),
        lambda: cr.exp(None),
        lambda: cr.exp(1j),
        lambda: Tensor([1.0]) * 2**63,
        lambda: cr.exp(10**30),
    ],
)
def test_mixed_kinds_raise(wrong):
    with pytest.raises(DTypeError) as caught:
        wrong()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


@pytest.mark.parametrize("inputs", [(1.0,), (1.0, 2.0, 3.0)])
def test_the_number_of_inputs_is_checked(inputs):
    with pytest.raises(ShapeError, match=f"{len(inputs)} inputs; expected 2: x, y"):
        apply(Outer(), *inputs)


def test_variadic_gates_want_what_stands_before_the_rest():
    assert LongTail().inputs == ("x", "y", "rest")
    one = np.ones(1, "float32")
    assert apply(LongTail(), one, one) == 1 and apply(LongTail(), one, one, one, one) == 1
    with pytest.raises(ShapeError, match="1 inputs; expected 3: x, y, rest"):
        apply(LongTail(), one)


def test_an_error_names_the_users_line_and_the_layer():
    token = layer.set("features.0")
    try:
        with pytest.raises(ChainruleError) as caught:
            Tensor([1.0, 2.0]) + Tensor([1.0, 2.0, 3.0])
    finally:
        layer.reset(token)
    assert caught.value.layer == "features.0"
    file, line = caught.value.line.split(" in ")[0].split(":")
    assert file == "test_apply.py"
    assert "Tensor([1.0, 2.0, 3.0])" in linecache.getline(__file__, int(line))
    assert str(caught.value).startswith("features.0: add: x f32[2] and y f32[3]; expected")
    assert caught.value.line.endswith("in test_an_error_names_the_users_line_and_the_layer")


def test_nan_and_infinity_flow_on_without_warnings():
    assert cr.log(Tensor([0.0, -1.0])).tolist()[0] == -np.inf
    assert np.isnan((Tensor([0.0]) / 0.0).item())


def test_arrays_alone_are_computed_at_once_even_inside_a_trace():
    seen = []

    def step(x):
        seen.append(cr.exp(np.zeros(2, "float32")))
        return x * 2

    program = cr.trace(step, np.ones(2, "float32"))
    assert seen[0].tolist() == [1, 1]
    assert len(program.lines) == 1


def test_an_array_written_to_after_forward_does_not_change_the_gradient():
    w = cr.Tensor([1.0, 2.0], requires_grad=True)
    given = np.ones(2, "float32")
    loss = (w * given).sum()
    given[:] = 100
    loss.backward()
    np.testing.assert_array_equal(w.grad, [1.0, 1.0])


def test_the_wider_or_whole_operand_is_the_one_to_convert():
    for x, y, wish in (
        (np.ones(2), cr.Tensor([1.0, 2.0]), 'x.astype("float32")'),
        (cr.Tensor([1, 2]), cr.Tensor([1.0, 2.0]), 'x.astype("float32")'),
        (cr.Tensor([1.0, 2.0]), cr.Tensor([1, 2]), 'y.astype("float32")'),
    ):
        with pytest.raises(DTypeError) as caught:
            cr.add(x, y)
        assert caught.value.hint == wish
