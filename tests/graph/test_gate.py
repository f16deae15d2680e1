"""What `@gate` makes of a class, and the shape rules that gates share."""

from dataclasses import FrozenInstanceError
from typing import Any, ClassVar

import numpy as np
import pytest

from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError
from chainrule.graph import (
    Elementwise,
    Gate,
    Reduction,
    Spec,
    apply,
    broadcast_shapes,
    check_axes,
    common_dtype,
    gate,
    reduced_shape,
    require_kind,
)

from .gates import Outer, Softplus, SumAndDifference

F32, F64, I64 = np.dtype("float32"), np.dtype("float64"), np.dtype("int64")


@gate
class LongNamedGate(Gate):
    size: int
    places: tuple[int, ...] = (1,)

    def spec(self, x: Spec, *others: Spec) -> Spec:
        return x

    def forward(self, x: Any, *others: Any) -> Any:
        return x

    def backward(self, upstream: Any, *, x: Spec, others: "tuple[Spec, ...]", out: Any) -> Any:
        return (upstream, *(None for _ in others))


def test_the_signatures_tell_the_graph_what_it_needs():
    assert LongNamedGate.label == "long_named_gate"
    assert LongNamedGate.inputs == ("x", "others") and LongNamedGate.variadic
    assert LongNamedGate.outputs == ("out",)
    assert LongNamedGate.keeps == ("x", "others", "out")
    assert LongNamedGate.keeps_spec == {"x", "others"}
    assert Softplus.inputs == ("x",) and Softplus.keeps == ("x",) and not Softplus.variadic
    assert SumAndDifference.outputs == ("total", "difference") and SumAndDifference.keeps == ()


def test_a_gate_is_frozen_comparable_printable():
    one = LongNamedGate(2)
    assert one == LongNamedGate(2, (1,)) and hash(one) == hash(LongNamedGate(2))
    assert one != LongNamedGate(3) and one != Outer()
    assert repr(one) == "LongNamedGate(size=2, places=(1,))"
    assert one.settings() == {"size": 2, "places": (1,)}
    with pytest.raises(FrozenInstanceError):
        one.size = 3


def test_backward_may_only_ask_for_what_there_is():
    def with_backward(backward: Any) -> None:
        gate(type("Odd", (Gate,), {"forward": lambda self, x: x, "backward": backward}))

    with pytest.raises(SettingError, match="backward asks for y; expected one of x, out"):
        with_backward(lambda self, upstream, *, y: upstream)

    def wants_spec_of_output(self: Any, upstream: Any, *, out: Spec) -> Any:
        return upstream

    with pytest.raises(SettingError, match="backward asks for out; expected one of x"):
        with_backward(wants_spec_of_output)


@pytest.mark.parametrize(
    ("members", "match"),
    [
        (
            {"spec": lambda self, x: Spec((3,), x.dtype)},
            r"returned f32\[2\]; expected f32\[3\] as its spec said",
        ),
        ({"spec": lambda self, x: x.with_dtype("float64")}, r"expected f64\[2\]"),
        ({"spec": lambda self, x: x.shape}, r"spec gave \(2,\)"),
        ({"spec": lambda self, x: None}, "spec gave None"),
        ({"spec": lambda self, x: (x, x)}, "a Spec for each of out"),
        (
            {"outputs": ("a", "b"), "spec": lambda self, x: (x, x)},
            "forward returned 1 arrays; expected 2: a, b",
        ),
        ({"forward": lambda self, x: None, "spec": lambda self, x: x}, "correct spec or forward"),
    ],
)
def test_a_wrong_spec_or_forward_is_told(members, match):
    wrong = gate(type("Wrong", (Gate,), {"forward": lambda self, x: x, **members}))()
    with pytest.raises(ShapeError, match=match) as caught:
        apply(wrong, np.ones(2, "float32"))
    assert caught.value.who == "wrong"


def test_elementwise_gates_broadcast_and_keep_weakness():
    @gate
    class Sum2(Elementwise):
        takes: ClassVar[str] = "number"

        def forward(self, xp: Any, x: Any, y: Any) -> Any:
            return x + y

    assert Sum2().spec(Spec((2, 1), F32), Spec((3,), F32)) == Spec((2, 3), F32)
    assert Sum2().spec(Spec((), F32, True), Spec((), F32, True)).weak
    assert not Sum2().spec(Spec((), F32, True), Spec((), F32)).weak


def test_reductions_say_map_combine_finish():
    @gate
    class Rms(Reduction):
        takes: ClassVar[str] = "float"

        def map(self, xp: Any, x: Any) -> Any:
            return x * x

        def finish(self, xp: Any, total: Any, count: int) -> Any:
            return xp.sqrt(total / count)

    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(apply(Rms((1,)), x), [np.sqrt(12.5), 0])
    assert apply(Rms((0, 1), True), x).shape == (1, 1)
    assert Rms.inputs == ("x",)


def test_a_gate_that_sums_no_products_says_so():
    specs = (Spec((2,), F32), Spec((3,), F32))
    assert Outer().multiply_adds(*specs) == 0 and Outer().arithmetic(*specs) == ""


def test_reduced_shape():
    assert reduced_shape((2, 3, 4), (0, 2), False) == (3,)
    assert reduced_shape((2, 3, 4), (0, 2), True) == (1, 3, 1)
    assert reduced_shape((), (), False) == ()


@pytest.mark.parametrize("axis", [(2,), (-1,), (0, 0)])
def test_check_axes(axis):
    check_axes("sum", Spec((2, 3), F32), (0, 1))
    with pytest.raises(IndexingError, match="sum: axis"):
        check_axes("sum", Spec((2, 3), F32), axis)


def test_broadcast_shapes():
    assert broadcast_shapes("add", {"x": Spec((2, 1), F32), "y": Spec((3,), F32)}) == (2, 3)
    with pytest.raises(ShapeError, match=r"add: x f32\[2\] and y f32\[3\]; expected shapes that agree"):
        broadcast_shapes("add", {"x": Spec((2,), F32), "y": Spec((3,), F32)})


def test_common_dtype():
    assert common_dtype("add", {"x": Spec((2,), I64), "y": Spec((), I64)}, "number") == I64
    with pytest.raises(DTypeError, match=r"one dtype; try: y.astype\(\"float32\"\)"):
        common_dtype("add", {"x": Spec((2,), F32), "y": Spec((), F64)}, "number")


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("float", "float32 float64", "int64 bool float16 longdouble"),
        ("number", "float32 int8 uint8", "bool float16 complex64"),
        ("integer", "int64 uint8", "float32 bool"),
        ("bool", "bool", "float32 int64"),
        ("any", "float32 int32 bool", "complex64 float16 object"),
    ],
)
def test_kinds(kind, good, wrong):
    for name in good.split():
        require_kind("gate", "x", Spec((2,), np.dtype(name)), kind)
    for name in wrong.split():
        with pytest.raises(DTypeError, match="gate: x "):
            require_kind("gate", "x", Spec((2,), np.dtype(name)), kind)
