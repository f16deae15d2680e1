"""The laws that every gate obeys, as plain functions of a row and one of its cases; a broken law raises.

The tests run them over the table; `plant_faults.py` runs them over gates with a fault in them.
"""

from __future__ import annotations

import copy
import gc
import inspect
import operator
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import FrozenInstanceError, dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor, graph
from chainrule.compiler import depthwise, pixels, tiles
from chainrule.compiler.arrange import is_plain
from chainrule.compiler.flow import WHOLE
from chainrule.compiler.schedule import Python
from chainrule.errors import ChainruleError
from chainrule.graph import Elementwise, Gate, Reduction, Spec
from chainrule.graph.mathematics import Mathematics
from chainrule.ops.conv import Sliding
from chainrule.ops.indexing import Given, Index, Slice
from chainrule.ops.linear import Matmul
from chainrule.ops.norm import ChannelSum
from chainrule.ops.reduction import Argmax
from chainrule.ops.shape import BroadcastTo, Concat, Pad, PermuteDims, Reshape
from chainrule.ops.unfold import Fold, Unfold
from chainrule.ops.window import Window

from .rows import Bad, Case, Row

Arrays = tuple[np.ndarray, ...]
FLOATS = (np.float32, np.float64)


@dataclass(frozen=True)
class Law:
    """A law: its name, what it checks, and the cases that it says something about."""

    name: str
    check: Callable[[Row, Case], None]
    applies: Callable[[Row, Case], bool]


LAWS: dict[str, Law] = {}


def law(applies: Callable[[Row, Case], bool] = lambda row, case: True) -> Callable[[Any], Any]:
    """Enter a function in the book of laws."""

    def enter(check: Callable[[Row, Case], None]) -> Callable[[Row, Case], None]:
        LAWS[check.__name__] = Law(check.__name__, check, applies)
        return check

    return enter


def once(row: Row, case: Case) -> bool:
    """A law about the gate, not about a setting: checked at the first case."""
    return case is row.cases[0]


def has_slope(row: Row, case: Case) -> bool:
    return bool(case.differentiable) and hasattr(row.gate, "backward") and bool(floating(case, np.float64))


# --- Running a gate --------------------------------------------------------------------------------------


def raw(gate: Gate, arrays: Sequence[np.ndarray]) -> Arrays:
    """The gate's own forward on arrays."""
    with np.errstate(all="ignore"):
        made = gate.compute(*arrays)
    return made if isinstance(made, tuple) else (made,)


def applied(gate: Gate, values: Sequence[Any]) -> tuple[Any, ...]:
    """The gate through the one door."""
    made = graph.apply(gate, *values)
    return made if isinstance(made, tuple) else (made,)


def leaves(case: Case, arrays: Sequence[np.ndarray]) -> list[Tensor]:
    """The inputs as tensors around these very arrays, the differentiable ones as leaves."""
    values = [Tensor.of(a) for a in arrays]
    for position in case.differentiable:
        graph.require_grad(values[position])
    return values


def promised(gate: Gate, arrays: Sequence[np.ndarray]) -> tuple[Spec, ...]:
    made = gate.spec(*(Spec(a.shape, a.dtype) for a in arrays))
    return made if isinstance(made, tuple) else (made,)


def floating(case: Case, dtype: Any) -> list[int]:
    """The outputs that a gradient can arrive at."""
    return [k for k, s in enumerate(promised(case.gate, case.make(dtype))) if s.floating]


def upstreams(case: Case, dtype: Any, seed: int = 1) -> dict[int, np.ndarray]:
    """An upstream gradient for each floating output."""
    rng = np.random.default_rng(seed)
    specs = promised(case.gate, case.make(dtype))
    return {k: np.asarray(rng.normal(0, 1, s.shape), s.dtype) for k, s in enumerate(specs) if s.floating}


def slopes(
    case: Case, values: Sequence[Tensor], ups: dict[int, Any], *, create_graph: bool = False
) -> tuple[tuple[Any, ...], dict[int, Tensor | None]]:
    """The outputs, and by position the gradients of Σ upstream · output to the differentiable inputs.

    A gate with one floating output is looked at alone: a fault in it cannot hide in the sum.
    """
    outs = applied(case.gate, values)
    targets = [values[p] for p in case.differentiable]
    if len(ups) == 1:
        ((k, up),) = ups.items()
        root, upstream = outs[k], up if isinstance(up, Tensor) else Tensor.of(up)
    else:
        parts = [(outs[k] * up).sum() for k, up in ups.items()]
        root, upstream = reduce(operator.add, parts), None
    found = graph.gradients(root, targets, upstream, create_graph=create_graph)
    return outs, dict(zip(case.differentiable, found, strict=True))


def numbers(gradient: Tensor | None, like: np.ndarray) -> np.ndarray:
    """A gradient as an array; none at all is zero."""
    return np.zeros_like(like) if gradient is None else gradient.numpy()


def replaced(arrays: Arrays, position: int, by: np.ndarray) -> Arrays:
    return (*arrays[:position], np.asarray(by), *arrays[position + 1 :])


def close(came: Any, expected: Any, tolerance: float, what: str) -> None:
    """Equal to a tolerance, relative to the largest number expected."""
    came, expected = np.asarray(came, np.float64), np.asarray(expected, np.float64)
    assert came.shape == expected.shape, f"{what}: shape {came.shape}, expected {expected.shape}"
    if came.size == 0:
        return
    finite = np.abs(expected[np.isfinite(expected)])
    apart = np.abs(came - expected)
    wrong = ~((apart <= tolerance * (1 + finite.max(initial=0))) | (np.isnan(came) & np.isnan(expected)))
    assert not wrong.any(), f"{what}: {came[wrong][:3]}, expected {expected[wrong][:3]}"


# --- Values ----------------------------------------------------------------------------------------------


@law()
def forward_is_the_reference(row: Row, case: Case) -> None:
    """Forward computes what the reference says, in other words than the gate's."""
    arrays = case.make(np.float64)
    said = row.reference(case.gate, *arrays)
    expected = said if isinstance(said, tuple) else (said,)
    outs = raw(case.gate, arrays)
    assert len(outs) == len(expected) == len(case.gate.outputs)
    for name, out, other in zip(case.gate.outputs, outs, expected, strict=True):
        close(out, other, 1e-7 if out.dtype == np.float32 else 1e-12, f"{name} against the reference")


@law()
def spec_is_real(row: Row, case: Case) -> None:
    """The spec tells the shapes and dtypes that forward gives, before there are numbers."""
    for dtype in FLOATS:
        arrays = case.make(dtype)
        specs, outs = promised(case.gate, arrays), raw(case.gate, arrays)
        assert len(specs) == len(outs) == len(case.gate.outputs)
        for spec, out in zip(specs, outs, strict=True):
            assert (spec.shape, spec.dtype) == (np.shape(out), np.asarray(out).dtype)


@law()
def no_dtype_drift(row: Row, case: Case) -> None:
    """float32 stays float32 and float64 stays float64, in the outputs and in the gradients."""
    for dtype in FLOATS:
        arrays = case.make(dtype)
        outs = raw(case.gate, arrays)
        widths = {a.dtype for a in arrays if a.dtype.kind == "f"}
        for out in outs:
            if np.asarray(out).dtype.kind == "f" and widths and not hasattr(case.gate, "dtype"):
                assert {np.asarray(out).dtype} == widths
        if has_slope(row, case):
            _, found = slopes(case, leaves(case, arrays), upstreams(case, dtype))
            for position, gradient in found.items():
                if gradient is not None:
                    assert (gradient.shape, gradient.dtype) == (arrays[position].shape, dtype)


@law()
def float32_is_near_float64(row: Row, case: Case) -> None:
    """Outputs and gradients in float32 are those in float64 but for rounding: k and eps of the row."""
    narrow, wide = case.make(np.float32), case.make(np.float64)
    pairs = list(zip(case.gate.outputs, raw(case.gate, narrow), raw(case.gate, wide), strict=True))
    if has_slope(row, case):
        ups = upstreams(case, np.float32)
        _, mine = slopes(case, leaves(case, narrow), ups)
        specs = promised(case.gate, wide)
        _, far = slopes(case, leaves(case, wide), {k: u.astype(specs[k].dtype) for k, u in ups.items()})
        pairs += [
            (f"gradient to {case.gate.inputs[min(p, len(case.gate.inputs) - 1)]}", mine[p].data, far[p].data)
            for p in mine
            if mine[p] is not None
        ]
    for name, a, b in pairs:
        near(a, b, row, name)


def near(a: Any, b: Any, row: Row, what: str) -> None:
    """float32 numbers near float64 ones: k and eps of the row."""
    b = np.asarray(b, np.float64)
    if b.size == 0:
        return
    bound = row.k * 2.0**-23 * np.abs(b) + row.eps * np.abs(b).max()
    apart = np.abs(np.asarray(a, np.float64) - b)
    fine = (apart <= bound) | (np.isnan(a) & np.isnan(b))
    assert fine.all(), f"{what}: {apart.max():.2g} apart, allowed {bound.min():.2g}"


# --- Slopes ----------------------------------------------------------------------------------------------

SMALL = 400
"""Up to so many slopes the whole Jacobian is compared, above it random directions."""


@law(has_slope)
def first_slope(row: Row, case: Case) -> None:
    """Every gradient, to every input from every output, is the slope measured by differences."""
    arrays = case.make(np.float64)
    ups = upstreams(case, np.float64)
    alone = [{k: up} for k, up in ups.items()]
    for some in alone if len(alone) == 1 else [*alone, ups]:
        compare_slopes(row, case, arrays, some)


def compare_slopes(row: Row, case: Case, arrays: Arrays, ups: dict[int, np.ndarray]) -> None:
    for position in case.differentiable:
        x = arrays[position]
        total = sum(u.size for u in ups.values())
        small = len(ups) == 1 and x.size * total <= SMALL
        for some in one_hots(ups) if small else [ups, *different(ups, 2)]:
            _, found = slopes(case, leaves(case, arrays), some)
            gradient = numbers(found[position], x)
            for direction in directions(x, whole=small or x.size <= 12):
                along = partial(moved_output, case.gate, arrays, position, some)
                measured = difference(along, x, direction, row.step)
                close((gradient * direction).sum(), measured, row.tolerance, f"slope to input {position}")


def weighted(gate: Gate, arrays: Arrays, ups: dict[int, np.ndarray]) -> float:
    """Σ upstream · output"""
    outs = raw(gate, arrays)
    return float(sum((outs[k] * up).sum(dtype=np.float64) for k, up in ups.items()))


def moved_output(
    gate: Gate, arrays: Arrays, position: int, ups: dict[int, np.ndarray], at: np.ndarray
) -> float:
    """Σ upstream · output with another array for one input."""
    return weighted(gate, replaced(arrays, position, at), ups)


def difference(function: Callable[[np.ndarray], float], x: np.ndarray, direction: Any, step: float) -> float:
    """The slope of a function at x along a direction, by central differences."""
    return (function(x + step * direction) - function(x - step * direction)) / (2 * step)


def directions(x: np.ndarray, whole: bool) -> Iterator[np.ndarray]:
    """Each axis of a small space, two random directions of a large one."""
    if whole:
        for k in range(x.size):
            yield np.eye(1, x.size, k).reshape(x.shape)
        return
    rng = np.random.default_rng(2)
    for _ in range(2):
        yield rng.normal(0, 1, x.shape)


def one_hots(ups: dict[int, np.ndarray]) -> Iterator[dict[int, np.ndarray]]:
    for k, up in ups.items():
        for n in range(up.size):
            yield {k: np.eye(1, up.size, n).reshape(up.shape).astype(up.dtype)}


def different(ups: dict[int, np.ndarray], count: int) -> list[dict[int, np.ndarray]]:
    rng = np.random.default_rng(3)
    return [{k: np.asarray(rng.normal(0, 1, u.shape), u.dtype) for k, u in ups.items()} for _ in range(count)]


@law(has_slope)
def second_slope(row: Row, case: Case) -> None:
    """The slope of the gradient, to the inputs and to the upstream gradient, is the one measured."""
    arrays = case.make(np.float64)
    ups = upstreams(case, np.float64)
    places = case.differentiable
    rng = np.random.default_rng(4)
    weights = {p: rng.normal(0, 1, arrays[p].shape) for p in places}

    def gradient_sum(inputs: Arrays, arrived: dict[int, np.ndarray]) -> float:
        _, found = slopes(case, leaves(case, inputs), arrived)
        return float(sum((numbers(found[p], inputs[p]) * weights[p]).sum() for p in places))

    values = leaves(case, arrays)
    sent = {k: Tensor.of(u) for k, u in ups.items()}
    for up in sent.values():
        graph.require_grad(up)
    _, found = slopes(case, values, sent, create_graph=True)
    targets = [*(values[p] for p in places), *sent.values()]
    again = [np.zeros(t.shape) for t in targets]
    for position, gradient in found.items():
        if gradient is not None and gradient.requires_grad:
            more = graph.gradients(gradient, targets, Tensor.of(weights[position]), retain_graph=True)
            for k, slope in enumerate(more):
                again[k] = again[k] + numbers(slope, targets[k].data)

    def moved(number: int, at: np.ndarray) -> float:
        if number < len(places):
            return gradient_sum(replaced(arrays, places[number], at), ups)
        key = list(ups)[number - len(places)]
        return gradient_sum(arrays, {**ups, key: np.asarray(at, ups[key].dtype)})

    for number, target in enumerate(targets):
        for direction in directions(target.data, whole=target.size <= 6):
            at = target.numpy().astype(np.float64)
            measured = difference(partial(moved, number), at, direction, row.step)
            close(
                (again[number] * direction).sum(),
                measured,
                10 * row.tolerance,
                f"second slope to target {number}",
            )


# --- What a gate leaves alone ----------------------------------------------------------------------------


@law()
def inputs_are_never_written_to(row: Row, case: Case) -> None:
    """The bytes of inputs and upstream gradients are the same before and after, and read-only ones do."""
    for writeable in (True, False):
        arrays = case.make(np.float32)
        ups = upstreams(case, np.float32)
        held = [*arrays, *ups.values()]
        before = [a.tobytes() for a in held]
        for a in held:
            a.flags.writeable = writeable
        if has_slope(row, case):
            values = leaves(case, arrays)
            outs = applied(case.gate, values)
            targets = [values[p] for p in case.differentiable]
            for k, up in ups.items():
                graph.gradients(outs[k], targets, Tensor.of(up), retain_graph=True)
        else:
            raw(case.gate, arrays)
        assert [a.tobytes() for a in held] == before, "an input was written to"


@law()
def layout_does_not_matter(row: Row, case: Case) -> None:
    """Fortran order, gaps between the numbers and negative strides give the same numbers."""
    arrays = case.make(np.float64)
    ups = upstreams(case, np.float64)
    for name, laid in LAYOUTS.items():
        laid = lambda a, lay=laid: lay(a) if a.ndim else a  # noqa: E731
        other = tuple(laid(a) for a in arrays)
        for out, expected in zip(raw(case.gate, other), raw(case.gate, arrays), strict=True):
            close(out, expected, 1e-12, f"output of {name} inputs")
        if has_slope(row, case):
            _, found = slopes(case, leaves(case, other), {k: laid(u) for k, u in ups.items()})
            _, right = slopes(case, leaves(case, arrays), ups)
            for p, gradient in found.items():
                close(
                    numbers(gradient, arrays[p]),
                    numbers(right[p], arrays[p]),
                    1e-12,
                    f"gradient of {name} inputs",
                )


def with_gaps(a: np.ndarray) -> np.ndarray:
    """The same numbers in every second place of a wider array."""
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Fortran": lambda a: np.array(a, order="F"),
    "gapped": with_gaps,
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "swapped": lambda a: np.swapaxes(np.swapaxes(a, 0, -1).copy(), 0, -1),
}


@law()
def sizes_zero_and_one_are_fine_or_refused(row: Row, case: Case) -> None:
    """With any axis shrunk to 0 or 1, a gate works by its spec, or raises an error of the tree."""
    for size in {n for i in case.inputs for n in i.shape if n > 1}:
        for to in (0, 1):
            shrunk = Case(case.gate, tuple(i.resized(size, to) for i in case.inputs))
            try:
                outs = applied(case.gate, leaves(shrunk, shrunk.make(np.float32)))
            except ChainruleError as error:
                check_parts(error, case.gate.label)
                continue
            assert len(outs) == len(case.gate.outputs)
            if has_slope(row, shrunk):
                arrays = shrunk.make(np.float32)
                _, found = slopes(shrunk, leaves(shrunk, arrays), upstreams(shrunk, np.float32))
                for position, gradient in found.items():
                    if gradient is not None:
                        assert gradient.shape == arrays[position].shape


@law()
def nothing_is_kept_but_what_backward_names(row: Row, case: Case) -> None:
    """While a node lives, arrays that `backward` does not name are gone; after it, all of them."""
    names = row.gate.backward if hasattr(row.gate, "backward") else lambda: None
    rules = [p for p in inspect.signature(names).parameters.values() if p.kind is p.KEYWORD_ONLY]
    kept = {p.name for p in rules if p.annotation not in ("Spec", "tuple[Spec, ...]", Spec)}
    arrays = list(case.make(np.float32))
    values = leaves(case, arrays)
    outs = list(applied(case.gate, values))
    node = next((o.node for o in outs if o.node is not None), None)
    watched = {}
    last = len(case.gate.inputs) - 1
    for position, array in enumerate(arrays):
        watched[f"{case.gate.inputs[min(position, last)]} ({position})"] = weakref.ref(array)
    for name, out in zip(case.gate.outputs, outs, strict=True):
        watched[name] = weakref.ref(out.data)
    array = out = None  # noqa: F841
    del arrays, values, outs
    named = {name for name in watched if node is not None and name.split(" ")[0] in kept}
    if any(reference() is not None for name, reference in watched.items() if name not in named):
        gc.collect()
    for name, reference in watched.items():
        alive = reference() is not None
        assert not alive or name in named, f"{name} is kept, and backward does not name it"
        assert alive or name not in named, f"{name} is gone, and backward needs it"
    del node
    if any(reference() is not None for reference in watched.values()):
        gc.collect()
    for name, reference in watched.items():
        assert reference() is None, f"{name} outlives its node"


# --- What a gate is --------------------------------------------------------------------------------------


@law(once)
def bad_inputs_raise(row: Row, case: Case) -> None:
    """Shapes and dtypes that do not fit raise the right error, with its four parts."""
    assert row.bad, "no bad inputs in the row"
    for wrong in row.bad:
        refused(wrong)
    if not row.gate.variadic:
        arrays = case.make(np.float32)
        for count in (arrays[:-1], (*arrays, arrays[0])):
            if count:
                expect(cr.errors.ShapeError, case.gate, count, f"{len(count)} inputs")
    for strange in ("three", None, [1.0]):
        expect(cr.errors.DTypeError, case.gate, (strange, *case.make(np.float32)[1:]), repr(strange))


def refused(wrong: Bad) -> None:
    expect(wrong.error, wrong.gate, wrong.make(), str(wrong))


def expect(kind: type[ChainruleError], gate: Gate, arrays: Sequence[Any], what: str) -> None:
    """Applying the gate raises this kind of error, on plain arrays and on tensors alike."""
    for wrap in (lambda a: a, Tensor.of):
        try:
            graph.apply(gate, *(wrap(a) if isinstance(a, np.ndarray) else a for a in arrays))
        except ChainruleError as error:
            assert isinstance(error, kind), f"{what}: a {type(error).__name__} instead: {error}"
            check_parts(error, gate.label)
            continue
        raise AssertionError(f"{what}: no error")


def check_parts(error: ChainruleError, who: str) -> None:
    """Who, what came, what was expected, what to try, and the user's line."""
    assert error.who == who
    for part in (error.who, error.came, error.expected, error.hint):
        assert part.strip() and part in str(error)
    assert error.line, "no line of the user's code"


@law()
def equality_is_by_settings(row: Row, case: Case) -> None:
    """A gate is equal to, hashes like, and is printed so that it can be made again as, its twin."""
    gate = case.gate
    twin = type(gate)(**copy.deepcopy(gate.settings()))
    assert gate == twin and hash(gate) == hash(twin) and repr(gate) == repr(twin)
    names = {
        type(gate).__name__: type(gate),
        "Window": Window,
        "Slice": Slice,
        "Given": Given,
        "Ellipsis": ...,
    }
    assert eval(repr(gate), names) == gate  # noqa: S307
    others = [c.gate for c in row.cases if c.gate.settings() != gate.settings()]
    assert all(gate != other for other in others)
    assert gate != object()
    for name in (*gate.settings(), "another"):
        try:
            setattr(gate, name, 1)
        except FrozenInstanceError:
            continue
        raise AssertionError(f"{name} can be written to")


@law()
def traced_is_direct(row: Row, case: Case) -> None:
    """A step of the gate and its backward gives the same bits when it runs as a program, again and again."""
    arrays = case.make(np.float32)
    slope = has_slope(row, case)
    ups = upstreams(case, np.float32) if slope else {}

    def step(*values: Tensor) -> list[Any]:
        if not slope:
            return list(applied(case.gate, values))
        outs, found = slopes(case, values, ups)
        return [*outs, *(g for g in found.values() if g is not None)]

    expected = [v.data for v in step(*leaves(case, arrays))]
    program = cr.trace(step, *leaves(case, arrays))
    assert str(program).startswith("program step(")
    for _ in range(2):
        made = [v.data for v in program(*arrays)]
        assert len(made) == len(expected)
        for a, b in zip(made, expected, strict=True):
            assert (a.shape, a.dtype, a.strides) == (b.shape, b.dtype, b.strides)
            assert a.tobytes() == b.tobytes()


# --- Compiled --------------------------------------------------------------------------------------------


@law()
def compiled_is_plain(row: Row, case: Case) -> None:
    """The compiled step is the plain one: |compiled - f64| ≤ k · |plain - f64| + eps · scale, the same numbers
    are not finite, integers and masks are equal, the row's kernel runs, and the same inputs are refused.
    """
    for dtype in FLOATS:
        narrow, wide = with_upstreams(case, dtype), with_upstreams(case, np.float64)
        for slope in (False, True) if has_slope(row, case) else (False,):
            step = step_of(case, slope)
            compiled = cr.compile(step, fallback="error", keep_gradients=True)
            made, plain = named(case, compiled(*narrow)), named(case, step(*narrow))
            plan = compiled.plan(*narrow)
            allowed = replace(row, eps=max(row.eps, TILES if in_tiles(plan) else 0))
            far, sizes = named(case, step(*wide)), named(case, step(*map(magnitude, wide)))
            assert made.keys() == plain.keys()
            for name in made:
                as_near(made[name], plain[name], far[name], sizes[name], allowed, f"{name} compiled")
            plan = compiled.plan(*narrow)
            check_kernels(row, case, plan, forward_only=not slope)
            for position in case.differentiable if dtype is np.float32 else ():
                for strange in strangers(narrow[position].data):
                    if not huge(strange):
                        given = [
                            *narrow[:position],
                            leaf_like(narrow[position], strange),
                            *narrow[position + 1 :],
                        ]
                        both = named(case, compiled(*given)), named(case, step(*given))
                        spreads = in_tiles(plan) or SPREAD.get(row.name) == position
                        (never_calmer if spreads else same_strange)(*both)
    if once(row, case):
        for wrong in row.bad:
            refused_alike(wrong)


def with_upstreams(case: Case, dtype: Any) -> list[Tensor]:
    """The inputs as leaves, and an upstream gradient for each floating output; both widths get equal numbers."""
    specs = promised(case.gate, case.make(dtype))
    ups = upstreams(case, np.float32)
    return [*leaves(case, case.make(dtype)), *(Tensor.of(u.astype(specs[k].dtype)) for k, u in ups.items())]


def magnitude(value: Tensor) -> Tensor:
    """The absolute numbers of an input that a slope is measured at, or of an upstream gradient."""
    return leaf_like(value, np.abs(value.data)) if value.dtype.kind == "f" else value


def leaf_like(value: Tensor, array: np.ndarray) -> Tensor:
    """Other numbers; a leaf if the value is one."""
    other = Tensor.of(np.asarray(array, value.dtype))
    if value.requires_grad:
        graph.require_grad(other)
    return other


def step_of(case: Case, slope: bool) -> Callable[..., Any]:
    """The gate as a step of its inputs and upstream gradients: outputs, and gradients if wanted."""
    count, places = len(case.inputs), list(upstreams(case, np.float32))

    def step(*values: Tensor) -> Any:
        if not slope:
            return applied(case.gate, values[:count]), {}
        return slopes(case, values[:count], dict(zip(places, values[count:], strict=True)))

    return step


def named(case: Case, made: Any) -> dict[str, np.ndarray]:
    """Outputs and gradients by name."""
    outs, found = made
    arrays = {name: out.data for name, out in zip(case.gate.outputs, outs, strict=True)}
    return arrays | {f"gradient to input {p}": g.data for p, g in found.items() if g is not None}


def as_near(came: Any, plain: Any, far: Any, sizes: Any, row: Row, what: str) -> None:
    """As near float64 as the plain execution: k times its distance, and eps of the numbers that are summed."""
    assert (came.shape, came.dtype) == (plain.shape, plain.dtype), what
    if came.dtype.kind != "f":
        assert np.array_equal(came, plain), what
        return
    same_strange({what: came}, {what: plain})
    if came.size == 0:
        return
    eps = row.eps * float(np.finfo(came.dtype).eps) * 2.0**23
    scale = np.maximum(np.abs(far), np.abs(sizes)) if row.name in SUMS_OF_PRODUCTS else np.abs(far)
    scale = np.nan_to_num(scale).max()
    with np.errstate(invalid="ignore"):
        bound = row.k * np.abs(plain - far) + eps * scale
        apart = np.abs(came - far)
    fine = (apart <= bound) | ~np.isfinite(plain)
    assert fine.all(), f"{what}: {apart[~fine][:3]} apart, allowed {bound[~fine][:3]}"


REWRITTEN = tuple(room.__name__ for room in (depthwise, pixels, tiles))
"""Where the gates are that the compiler writes down for others."""
TILES = 4e-6
"""How far Winograd's algorithm may be from float64, as a part of the largest sum of magnitudes, in float32."""
SLIDING = ("Conv2d", "Conv2dInput", "Conv2dWeight", "ConvTranspose2d")
SUMS_OF_PRODUCTS = ("Matmul", "Linear", "Sum", "Mean", *SLIDING)
"""Gates whose sums may cancel: what is allowed counts the products, not what is left of them."""


SPREAD = {"Conv2d": 1, "Conv2dInput": 1, "ConvTranspose2d": 1}
"""Gates whose gradient to pictures runs over an upstream spread out with zeros, and the position of the filters: one
that is not finite makes NaN of those zeros too, where the plain gate never sees them.
"""


def in_tiles(plan: Any) -> bool:
    """Whether Winograd's algorithm runs: it mixes the pixels of a tile, and what is not finite reaches all of it."""
    return any(task.name == "winograd" for task, _, _ in plan.rows)


def never_calmer(came: dict[str, np.ndarray], plain: dict[str, np.ndarray]) -> None:
    """What is not finite stays so."""
    for name, array in came.items():
        assert not (np.isfinite(array) & ~np.isfinite(plain[name])).any(), name


def same_strange(came: dict[str, np.ndarray], plain: dict[str, np.ndarray]) -> None:
    """NaN and infinities at the same places, with the same signs."""
    for name, array in came.items():
        if array.dtype.kind == "f":
            for what in (np.isnan, np.isposinf, np.isneginf):
                assert np.array_equal(what(array), what(plain[name])), f"{name}: {array}, plain {plain[name]}"


def check_kernels(row: Row, case: Case, plan: Any, *, forward_only: bool) -> None:
    """NumPy runs nothing where the row names a kernel, and the kernel runs; or the reason for none is true."""
    kinds = ran(plan, row.gate)
    if case.plain or not row.kernels:
        assert "NumPy" in kinds, f"NumPy does not run {case.gate}: {kinds}"
        return
    assert not any(isinstance(segment, Python) for segment in plan.segments), (
        f"NumPy runs a part of {case.gate}"
    )
    empty = any(
        0 in shape for shape in (*(i.shape for i in case.inputs), *(s.shape for s in plan.program.specs))
    )
    if forward_only and not empty:
        assert kinds & row.kernels, f"{case.gate} runs as {kinds}, the row says {row.native}"


def ran(plan: Any, kind: type[Gate]) -> set[str]:
    """How a plan runs the gates of one kind: names of kernels, "view", "parts" or "NumPy"."""
    groups, lines = plan.made.groups.groups, plan.program.lines
    apart = hasattr(kind, "parts") and not issubclass(kind, WHOLE)

    def its_own(op: Any) -> bool:
        """Whether an op is the gate, a part of it, or what the compiler writes down for it."""
        written = apart or type(op.gate).__module__ in REWRITTEN
        return type(lines[op.line].gate if written and op.line >= 0 else op.gate) is kind

    homes = {n for n, group in enumerate(groups) if any(its_own(op) for op in group.ops)}
    if any(is_plain(plan.made, n) for n in homes):
        return {"NumPy"}
    if apart or not homes:
        return {"parts" if apart else "view"}
    return {task.name for task, group, _ in plan.rows if group in homes}


def refused_alike(wrong: Bad) -> None:
    """The compiled step raises the plain one's kind of error, with its four parts and the user's line."""
    step = lambda *values: applied(wrong.gate, values)  # noqa: E731
    kinds = []
    for run in (step, cr.compile(step, fallback="error")):
        try:
            run(*map(Tensor.of, wrong.make()))
        except ChainruleError as error:
            check_parts(error, wrong.gate.label)
            kinds.append(type(error))
    assert len(kinds) == 2 and kinds[0] is kinds[1], f"{wrong}: plain and compiled raise {kinds}"


# --- Parts -----------------------------------------------------------------------------------------------


def has_parts(row: Row, case: Case) -> bool:
    return hasattr(row.gate, "parts")


def opened(gate: Gate, values: Sequence[Any]) -> tuple[Any, ...]:
    """The gate's parts in its place."""
    made = gate.parts(*values)
    return made if isinstance(made, tuple) else (made,)


@law(has_parts)
def parts_are_the_whole(row: Row, case: Case) -> None:
    """The parts give the gate's outputs and gradients: in float64 to 1e-12, in float32 as near as the gate."""
    wide = everything(case, np.float64, applied)
    for name, part, whole in zip(
        wide, everything(case, np.float64, opened).values(), wide.values(), strict=True
    ):
        assert part.dtype == whole.dtype
        close(part, whole, 1e-12, f"{name} of the parts")
    for name, part in everything(case, np.float32, opened).items():
        assert part.dtype == (np.float32 if wide[name].dtype == np.float64 else wide[name].dtype)
        near(part, wide[name], row, f"{name} of the parts")


Run = Callable[[Gate, Sequence[Any]], tuple[Any, ...]]


def everything(case: Case, dtype: Any, run: Run) -> dict[str, np.ndarray]:
    """The outputs by name, and the gradients of each floating one alone to each differentiable input."""
    arrays, ups = case.make(dtype), upstreams(case, np.float32)
    outs = run(case.gate, [Tensor.of(a) for a in arrays])
    found = {name: out.data for name, out in zip(case.gate.outputs, outs, strict=True)}
    for k, up in ups.items():
        values = leaves(case, arrays)
        targets = [values[p] for p in case.differentiable]
        out = run(case.gate, values)[k]
        upstream = Tensor.of(up.astype(out.dtype))
        made = graph.gradients(out, targets, upstream) if out.requires_grad else [None] * len(targets)
        for position, gradient in zip(case.differentiable, made, strict=True):
            found[f"gradient {k} to input {position}"] = numbers(gradient, arrays[position])
    return found


SMALL_GATES = (
    *(Elementwise, Reduction, Reshape, PermuteDims, BroadcastTo, Index, Concat, Matmul, ChannelSum),
    *(Argmax, Fold, Pad, Unfold),
)


@law(has_parts)
def parts_are_small(row: Row, case: Case) -> None:
    """Parts can be traced, and are made of gates that have a kernel of their own: what the compiler fuses."""
    program = cr.trace(lambda *values: opened(case.gate, values), *case.make(np.float32))
    assert len(program.lines) > 1
    for line in program.lines:
        assert isinstance(line.gate, SMALL_GATES), f"{line.gate} is no small gate"
        assert type(line.gate) is not row.gate, f"{line.gate} is its own part"
        assert not hasattr(line.gate, "parts") or isinstance(line.gate, WHOLE), (
            f"{line.gate} has parts itself"
        )
        indices = line.gate.key if isinstance(line.gate, Index) else ()
        assert not any(isinstance(entry, Given) for entry in indices), f"{line.gate} gathers"


@law(lambda row, case: has_parts(row, case) and bool(case.differentiable))
def parts_are_not_finite_where_the_whole_is_not(row: Row, case: Case) -> None:
    """Infinities, NaN and huge numbers come out as infinities and NaN at the same places, with the same signs."""
    for position in case.differentiable:
        arrays = case.make(np.float32)
        for strange in strangers(arrays[position]):
            if issubclass(row.gate, Sliding) and huge(strange):
                continue  # whether a sum of many products overflows depends on their order
            given = replaced(arrays, position, strange)
            whole = raw(case.gate, given)
            parts = opened(case.gate, [Tensor.of(a) for a in given])
            for name, out, part in zip(case.gate.outputs, whole, parts, strict=True):
                for what in (np.isnan, np.isposinf, np.isneginf):
                    same = np.array_equal(what(out), what(part.data))
                    assert same, f"{name} of {strange}: {part.data}, expected {out}"


def huge(x: np.ndarray) -> bool:
    """Whether some finite number is so large that products overflow."""
    return bool(np.abs(x[np.isfinite(x)]).max(initial=0) >= 100)


def strangers(x: np.ndarray) -> Iterator[np.ndarray]:
    """x with numbers in it that are not finite, all or some, and x with huge ones, whose exp overflows."""
    rng, infinite = np.random.default_rng(5), np.asarray(np.inf, x.dtype)
    for number in (infinite, -infinite, np.nan):
        yield np.full_like(x, number)
        yield np.where(np.arange(x.size).reshape(x.shape) % 2, x, number).astype(x.dtype)
    for _ in range(4):
        yield rng.choice(np.array([0.5, -1.5, np.inf, -np.inf, -np.inf, np.nan], x.dtype), x.shape)
    for few in ([-2.5, -np.inf, -np.inf], [1e38, -1e38, 1e3, -1e3], [2e3, -2e3, 0.5]):
        for _ in range(2):
            yield rng.choice(np.array(few, x.dtype), x.shape)


# --- Formulas --------------------------------------------------------------------------------------------


class Symbol:
    """A stand-in for a number or a mask that knows only the operations of formulas."""

    __array_ufunc__ = None

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __bool__(self) -> bool:
        raise TypeError("a formula asks whether a value is true")

    def _unary(self) -> Symbol:
        assert self.kind == "number"
        return Symbol("number")

    def _arithmetic(self, other: Any) -> Symbol:
        assert self.kind == "number" and number(other)
        return Symbol("number")

    def _comparison(self, other: Any) -> Symbol:
        assert number(other) or isinstance(other, Symbol)
        return Symbol("mask")

    def _logic(self, other: Any) -> Symbol:
        assert self.kind == "mask" and isinstance(other, Symbol) and other.kind == "mask"
        return Symbol("mask")

    def _not(self) -> Symbol:
        assert self.kind == "mask"
        return Symbol("mask")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _arithmetic
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _arithmetic
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _comparison  # type: ignore[assignment]
    __and__ = __rand__ = __or__ = __ror__ = _logic
    __neg__, __invert__, __hash__ = _unary, _not, None  # type: ignore[assignment]


def number(x: Any) -> bool:
    return isinstance(x, int | float) or (isinstance(x, Symbol) and x.kind == "number")


class ClosedMathematics:
    """The names of `xp` on symbols, and no others."""

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name.startswith("_") or name not in vars(Mathematics):
            raise AttributeError(f"xp.{name} is not in the closed namespace")

        def function(*operands: Any) -> Symbol:
            symbols = operands[:-1] if name == "astype" else operands
            if name == "where":
                assert isinstance(symbols[0], Symbol) and symbols[0].kind == "mask"
                symbols = symbols[1:]
                assert all(isinstance(s, Symbol | int | float) for s in symbols)
                return Symbol("number" if all(number(s) for s in symbols) else "mask")
            assert name == "astype" or all(number(s) for s in symbols)
            return Symbol("number")

        return function


def has_formula(row: Row, case: Case) -> bool:
    return once(row, case) and issubclass(row.gate, Elementwise | Reduction)


@law(has_formula)
def formula_is_closed(row: Row, case: Case) -> None:
    """A formula uses the names of `xp`, arithmetic, comparisons and masks, and nothing else."""
    gate, xp = case.gate, ClosedMathematics()
    if isinstance(gate, Reduction):
        mapped = gate.map(xp, Symbol("number"))
        assert isinstance(gate.finish(xp, mapped, 3), Symbol)
        return
    masks = gate.inputs if gate.takes == "bool" else gate.masks  # type: ignore[attr-defined]
    made = gate.forward(xp, *(Symbol("mask" if name in masks else "number") for name in gate.inputs))
    assert isinstance(made, Symbol)
    assert made.kind == ("mask" if "bool" in (gate.takes, gate.gives) else "number")  # type: ignore[attr-defined]
