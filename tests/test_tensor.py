"""The array users hold: its operators, what it looks like, and what it refuses."""

import copy
import operator
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, GradientError, IndexingError, InPlaceError, ShapeError

A, B = np.array([1.0, 2.0, 3.0], "float32"), np.array([4.0, 2.0, 0.5], "float32")
BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
]


def parts(error):
    return error.who, error.came, error.expected, error.hint


# --- Making one ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, "float32"),
        ([1.0, 2.0], "float32"),
        ([[1, 2], [3, 4]], "int64"),
        (True, "bool"),
        ([1, 2.5], "float32"),
        (np.float64(2), "float32"),
        (np.ones(2), "float64"),
        (np.ones(2, "float32"), "float32"),
        (np.ones(2, "uint8"), "uint8"),
        (Tensor([1, 2]), "int64"),
    ],
)
def test_dtypes(data, dtype):
    assert Tensor(data).dtype == dtype
    assert Tensor(data, dtype="float64").dtype == np.float64


def test_data_is_copied():
    data = A.copy()
    x = Tensor(data)
    data[0] = 9
    assert x.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ([[1, 2], [3]], ShapeError, "rows of equal length"),
        ("text", DTypeError, "dtype <U4"),
        (None, DTypeError, "dtype object"),
        (1j, DTypeError, "complex128"),
        (np.ones(2, "float16"), DTypeError, "float16"),
    ],
)
def test_what_is_no_data(data, kind, said):
    with pytest.raises(kind, match=said) as caught:
        Tensor(data)
    assert all(parts(caught.value)) and caught.value.who == "Tensor"


def test_what_it_says_of_itself():
    x = Tensor(np.ones((2, 3), "float32"), name="w")
    assert (x.shape, x.ndim, x.size, x.dtype, x.name) == ((2, 3), 2, 6, np.float32, "w")
    assert str(x.spec) == "f32[2,3]"
    assert not x.requires_grad and x.grad is None


# --- Operators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", BINARY)
def test_binary_operators(op):
    expected = op(A, B)
    for x, y in ((Tensor(A), Tensor(B)), (Tensor(A), B), (A, Tensor(B))):
        made = op(x, y)
        assert type(made) is Tensor
        assert np.allclose(made.numpy(), expected) and made.dtype == expected.dtype
    for made, expected in ((op(Tensor(A), 2), op(A, 2)), (op(2, Tensor(A)), op(np.float32(2), A))):
        assert np.allclose(made.numpy(), expected) and made.dtype == expected.dtype


def test_matrix_products_from_both_sides():
    m = np.arange(6, dtype="float32").reshape(2, 3)
    for made in (Tensor(m) @ m.T, m @ Tensor(m.T)):
        assert type(made) is Tensor and np.array_equal(made.numpy(), m @ m.T)


def test_unary_operators():
    x = Tensor([-1.0, 2.0])
    assert (-x).tolist() == [1, -2] and abs(x).tolist() == [1, 2]
    assert (~(x > 0)).tolist() == [True, False]
    assert (np.array([True, True]) & (x > 0)).tolist() == [False, True]
    assert ((x > 0) | np.array([True, True])).tolist() == [True, True]


def test_numpy_scalars_on_the_left():
    assert (np.float64(2) * Tensor(A)).dtype == np.float32
    assert type(np.float32(2) - Tensor(A)) is Tensor


def test_comparison_with_what_is_no_number():
    assert (Tensor(A) == None) is False  # noqa: E711
    assert (Tensor(A) != "a") is True
    with pytest.raises(TypeError):
        Tensor(A) + None
    assert len({Tensor(1.0), Tensor(1.0)}) == 2  # hashed by identity


@pytest.mark.parametrize(
    ("write", "hint"),
    [
        ("x += 1", "x = x + y"),
        ("x -= x", "x = x - y"),
        ("x *= 2", "x = x * y"),
        ("x /= 2", "x = x / y"),
        ("x **= 2", "x = x ** y"),
        ("x @= x", "x = x @ y"),
        ("x &= x", "x = x & y"),
        ("x |= x", "x = x | y"),
        ("x[0] = 1", "assign()"),
        ("x[:] = x", "where(mask, value, x)"),
    ],
)
def test_writing_in_place_is_refused(write, hint):
    x = Tensor(A)
    with pytest.raises(InPlaceError) as caught:
        exec(write, {"x": x})
    assert all(parts(caught.value)) and hint in caught.value.hint
    assert x.tolist() == [1, 2, 3]


def test_methods_are_those_of_ops():
    x = Tensor(np.arange(6, dtype="float32").reshape(2, 3))
    assert x.sum(axis=0).tolist() == [3, 5, 7] and x.mean().item() == 2.5
    assert x.max(axis=1, keepdims=True).tolist() == [[2], [5]] and x.argmax().item() == 5
    assert x.var(axis=1, correction=1.0).tolist() == [1, 1] == x.std(axis=1, correction=1).tolist()
    assert x.min(axis=0, keepdims=True).tolist() == [[0, 1, 2]] and x.argmin(axis=1).tolist() == [0, 0]
    assert x.prod(axis=1).tolist() == [0, 60]
    assert x.cumulative_sum(axis=1, include_initial=True).tolist() == [[0, 0, 1, 3], [0, 3, 7, 12]]
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == x.T.shape == x.mT.shape == (3, 2)
    assert x.reshape(-1).shape == (6,) and x.astype("float64").dtype == np.float64
    assert x.sum_to((1, 3)).tolist() == [[3, 5, 7]] and x.sum_to(()).item() == 15
    with pytest.raises(ShapeError, match="mT for stacks"):
        _ = x.reshape(1, 2, 3).T


# --- As a Python object ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Tensor(1.5), "Tensor(1.5)"),
        (lambda: Tensor([1, 2]), "Tensor([1, 2])"),
        (lambda: Tensor([True]), "Tensor([ True])"),
        (lambda: Tensor([1.0], dtype="float64"), "Tensor([1.], dtype=float64)"),
        (lambda: Tensor(np.ones(1, "uint8")), "Tensor([1], dtype=uint8)"),
        (lambda: Tensor([1.0], requires_grad=True), "Tensor([1.], requires_grad=True)"),
        (lambda: Tensor([1.0], requires_grad=True) * 2, "Tensor([2.], made by multiply)"),
        (lambda: Tensor([[1.0, 2.0], [3.0, 4.0]]), "Tensor([[1., 2.],\n        [3., 4.]])"),
        (lambda: Tensor(np.zeros((0, 2), "float32")), "Tensor([])"),
    ],
)
def test_repr(make, text):
    assert repr(make()).replace(", shape=(0, 2)", "") == text


def test_repr_of_many_and_of_a_promise():
    assert "..." in repr(Tensor(np.zeros(1000, "float32"))) and len(repr(Tensor(np.zeros(1000)))) < 200
    seen = []
    cr.trace(lambda x: seen.append(repr(x * 2)) or x, A)
    assert seen == ["Tensor(promise of f32[3])"]


def test_len_and_iter():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2 and [row.tolist() for row in x] == [[1, 2], [3, 4]]
    with pytest.raises(ShapeError, match="one number without axes") as caught:
        len(Tensor(1.0))
    assert all(parts(caught.value))


def test_numbers():
    assert float(Tensor(1.5)) == 1.5 and int(Tensor(2.0)) == 2 and bool(Tensor([1.0])) is True
    assert [10, 20][Tensor(1)] == 20
    assert Tensor([[2.5]]).item() == 2.5 and Tensor([1, 2]).tolist() == [1, 2]


@pytest.mark.parametrize("convert", [float, int, bool, Tensor.item])
@pytest.mark.parametrize("data", [[1.0, 2.0], []])
def test_many_numbers_are_not_one(convert, data):
    with pytest.raises(ShapeError, match=f"{len(data)} numbers; expected one") as caught:
        convert(Tensor(data))
    assert all(parts(caught.value))


def test_arrays_of_it():
    x = Tensor(A)
    view = np.asarray(x)
    assert np.shares_memory(view, x.data) and not view.flags.writeable and not x.numpy().flags.writeable
    assert x.data.flags.writeable
    assert np.asarray(x, "float64").dtype == np.float64
    other = np.array(x)
    other[0] = 9
    assert x.tolist() == [1, 2, 3]
    assert np.allclose(x, A)


def test_copies_and_pickles():
    x = Tensor(A, name="w")
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.tolist() == x.tolist() and twin.name == "w" and twin is not x


def test_the_copy_of_a_leaf_is_a_leaf_of_its_own():
    x = Tensor(A, requires_grad=True)
    (x * 3).sum().backward()
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.requires_grad and twin.grad.tolist() == x.grad.tolist()
        (twin * 2).sum().backward()
        assert twin.grad.tolist() == [5] * len(A) and x.grad.tolist() == [3] * len(A)
        assert not copy.deepcopy(twin * 2).requires_grad


def test_what_a_compiled_step_did_not_keep_is_not_copied():
    x = Tensor(A, requires_grad=True)

    def step():
        x.grad = None
        (x * 2).sum().backward()

    cr.compile(step)()
    assert pickle.loads(pickle.dumps(x)).grad is None and copy.deepcopy(x).grad is None


# --- Gradients and state ---------------------------------------------------------------------------------


def test_requires_grad_may_be_set():
    x = Tensor(A)
    x.requires_grad = True
    made = x * 2
    assert x.requires_grad and made.requires_grad
    with pytest.raises(GradientError, match="made by multiply; expected a leaf"):
        made.requires_grad = False
    x.requires_grad = False
    assert not x.requires_grad


@pytest.mark.parametrize("data", [[1, 2], True])
def test_integers_have_no_gradient(data):
    with pytest.raises(GradientError, match="expected float32 or float64") as caught:
        Tensor(data, requires_grad=True)
    assert all(parts(caught.value))


@pytest.mark.parametrize(
    ("gradient", "kind"),
    [
        (Tensor([1.0]), ShapeError),
        (Tensor(A.astype("float64")), ShapeError),
        (A, DTypeError),
        (1.0, DTypeError),
    ],
)
def test_a_gradient_is_like_its_value(gradient, kind):
    x = Tensor(A, requires_grad=True, name="w")
    with pytest.raises(kind) as caught:
        x.grad = gradient
    assert all(parts(caught.value)) and caught.value.who == "w"
    assert x.grad is None
    x.grad = Tensor(B)
    assert x.grad.tolist() == B.tolist()


def test_detach_shares_the_numbers():
    x = Tensor(A, requires_grad=True)
    y = (x * 2).detach()
    assert not y.requires_grad and x.detach().data is x.data
    rate = Tensor(0.1, weak=True)
    assert rate.detach().weak


def test_assign_keeps_shape_dtype_and_place_on_the_graph():
    x = Tensor(A, requires_grad=True)
    before = x.data
    x.assign([7.0, 8.0, 9.0])
    assert x.tolist() == [7, 8, 9] and x.requires_grad and x.dtype == np.float32
    assert before.tolist() == [1, 2, 3]
    x.assign(np.zeros(3))  # numbers and arrays take the dtype
    x.assign(Tensor(B))
    assert x.tolist() == B.tolist() and x.dtype == np.float32
    count = Tensor(0)
    count.assign(count + 1)
    assert count.item() == 1 and count.dtype == np.int64
    rate = Tensor(0.1, dtype="float64", weak=True)
    rate.assign(rate * 0.5)
    assert rate.item() == 0.05 and rate.weak
    rate.assign(0.25)
    assert rate.item() == 0.25 and rate.weak


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ([1.0], ShapeError, r"f32\[1\] for w f32\[3\]; expected shape \(3,\)"),
        (1.0, ShapeError, r"f32\[\] for w f32\[3\]"),
        (Tensor(np.ones(3)), DTypeError, r"f64\[3\] for w f32\[3\]; expected dtype float32"),
        (Tensor([1, 2, 3]), DTypeError, "i64"),
    ],
)
def test_assign_refuses(value, kind, said):
    x = Tensor(A, name="w")
    with pytest.raises(kind, match=said) as caught:
        x.assign(value)
    assert all(parts(caught.value))
    assert x.tolist() == [1, 2, 3]


def test_indexing_past_the_end_ends_a_loop_but_not_in_silence():
    with pytest.raises(IndexingError):
        Tensor(A)[3]


def test_one_number_takes_a_format():
    assert f"{Tensor(2.5):.2f}" == "2.50"
    assert f"{Tensor([1.0])}" == "Tensor([1.])"


def test_unknown_dtypes_are_told():
    for make in (lambda: Tensor([1.0], dtype="float99"), lambda: Tensor([1.0]).astype("text")):
        with pytest.raises(DTypeError, match="expected float32, float64"):
            make()


def test_gradient_to_an_exponent_at_zero():
    x, y = Tensor([0.0, 2.0], requires_grad=True), Tensor([2.0, 3.0], requires_grad=True)
    (x**y).sum().backward()
    np.testing.assert_allclose(y.grad, [0.0, 8 * np.log(2)], rtol=1e-6)


@pytest.mark.parametrize("write", [operator.ifloordiv, operator.imod, operator.ixor, operator.ilshift])
def test_in_place_operators_without_a_gate_are_refused_too(write):
    with pytest.raises(InPlaceError):
        write(Tensor([1.0]), 2)
