"""A gate's word says what its backward does: held numerically, for every gate of the table."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Gate, Spec, Tensor
from chainrule.graph import Elementwise

from ..laws.table import TABLE
from .steps import arrays, gate_line, of_case

PATTERNS = (
    "hands",
    "switches",
    "scales",
    "routes",
    "moves",
    "spreads",
    "mixes",
    "shares",
    "normalizes",
    "remembers",
    "judges",
    "draws",
    "attends",
    "compares",
)


def elements(case, seed=0, limit=12):
    """The first elements of each floating output of the gate of a case."""
    debugger = of_case(case, seed)
    line = gate_line(debugger, case)
    for number in line.outputs:
        spec = debugger.program.specs[number]
        if spec.dtype.kind == "f":
            for index in list(np.ndindex(spec.shape))[:limit]:
                yield debugger.element(debugger.names[number], index)


def slopes(element):
    """Every number that a gradient goes to, with its slope."""
    return [
        (position, at, read.steepness(at))
        for position, read in enumerate(element.reads)
        for at in read.reached
    ]


def hands(element):
    per_input = [[read.steepness(at) for at in read.reached] for read in element.receivers()]
    assert all(len(found) == 1 and abs(found[0]) == 1 for found in per_input)


def switches(element):
    x, y = element.seen()
    assert [s for _, _, s in slopes(element)] == [s for s in (y, x) if s]


def routes(element):
    found = slopes(element)
    assert len(found) <= 1 and all(slope == 1 for *_, slope in found)
    for position, at, _ in found:
        assert element.reads[position].array[at] == element.value


def moves(element):
    found = slopes(element)
    assert len(found) <= 1 and all(slope == 1 for *_, slope in found)


def spreads(element):
    assert len({slope for *_, slope in slopes(element)}) <= 1


def scales(element):
    if isinstance(element.gate, Elementwise):
        assert all(len(read.reached) <= 1 for read in element.receivers())


def mixes(element):
    """Linear in each of two inputs, so each slope times its input sums to the value."""
    for read in element.receivers():
        assert np.sum(read.slope * read.array) == pytest.approx(element.value, abs=1e-9)


def shares(element):
    """A number added to all scores of a total changes shares not at all, the total as much."""
    total = sum(slope for *_, slope in slopes(element))
    assert total == pytest.approx(1.0 if element.gate.label == "logsumexp" else 0.0, abs=1e-9)


def judges(element):
    found = slopes(element)
    assert all(position == 0 for position, *_ in found)
    assert sum(slope for *_, slope in found) == pytest.approx(0.0, abs=1e-9)


def attends(element):
    """A result is a mean of values, or 0; a weight depends on no value."""
    to_v = element.reads[2]
    total = sum(to_v.steepness(at) for at in to_v.reached)
    if element.output == 0:
        assert total == pytest.approx(1.0, abs=1e-9) or (total, element.value) == (0, 0)
        assert np.sum(0 if to_v.slope is None else to_v.slope * to_v.array) == pytest.approx(
            element.value, abs=1e-9
        )
    else:
        assert not to_v.reached


def draws(element):
    found = slopes(element)
    assert len(found) == (element.value != 0)
    assert all(slope == pytest.approx(1 / (1 - element.gate.p)) for *_, slope in found)


def of_both(element):
    assert element.reads


LAWS = {
    "hands": hands,
    "switches": switches,
    "routes": routes,
    "moves": moves,
    "spreads": spreads,
    "scales": scales,
    "mixes": mixes,
    "shares": shares,
    "judges": judges,
    "attends": attends,
    "draws": draws,
    "normalizes": of_both,
    "remembers": of_both,
}


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_a_gate_does_what_its_word_says(row):
    pattern = row.gate.pattern
    assert pattern in PATTERNS
    assert (pattern == "compares") == (not hasattr(row.gate, "backward") or row.name == "Sign")
    for case in row.cases:
        if pattern != "compares" and case.differentiable:
            for element in elements(case):
                LAWS[pattern](element)


@pytest.mark.parametrize(
    "row", [r for r in TABLE.values() if r.gate.pattern in ("moves", "spreads")], ids=lambda r: r.name
)
def test_where_a_gate_moves_depends_on_no_number(row):
    for case in row.cases:
        if all(i.differentiable or i.kind == "exact" for i in case.inputs):
            for one, other in zip(elements(case, 0), elements(case, 1), strict=True):
                assert slopes(one) == slopes(other)


@pytest.mark.parametrize("name", ["Relu", "Maximum", "Where", "Max", "MaxPool2d"])
def test_what_is_routed_is_said(name):
    case = TABLE[name].cases[1]
    for element in elements(case):
        debugger = of_case(case)
        said = debugger.explain(element.name, element.index)
        winners = slopes(element)
        assert ("routes nothing" in said) == (not winners)


def test_clauses():
    def step(x, w, s):
        rows = cr.linear(x, w)
        parts = cr.reshape(rows, (4,)) * 2.0
        (cr.sum(parts) + cr.mean(s) - cr.max(s)).backward()

    debugger = arrays([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [-1.0, 5.0]], [1.0, 6.0, 2.0, 3.0], step=step)
    assert debugger.explain("linear", (1, 1)) == (
        "linear[1, 1]: 17.00 is the sum of 2 products, the largest 20.00 = 4.00 of x[1, 1] × 5.00 of w; "
        "2.00 × 5.00 = 10.00 to x[1, 1] (largest of 2) and 2.00 × 4.00 = 8.00 to w[1, 1] (largest of 2)"
    )
    assert debugger.explain("reshape", 3).endswith(
        "17.00 comes from linear[1, 1]; moves 2.00 back to linear[1, 1]"
    )
    assert debugger.explain("mean").endswith(
        "3.00 is the mean of 4 numbers of s; spreads 1.00 × 0.250 = 0.250 to each of 4 elements of s"
    )
    assert debugger.explain("max").endswith("6.00 is the largest of 4 numbers of s; routes −1.00 to s[1]")
    assert (
        debugger.explain("subtract")
        if "subtract" in debugger.paths
        else debugger.explain("loss").endswith("hands 1.00 to add and −1.00 to max")
    )


def test_cross_entropy_names_the_class_and_its_probability():
    labels = np.array([1, 0])

    def step(scores):
        cr.mean(cr.softmax_cross_entropy(scores, labels)).backward()

    debugger = arrays([[0.0, 0.0, 0.0], [np.log(2.0), 0.0, 0.0]], step=step)
    assert debugger.explain("softmax_cross_entropy", 1) == (
        "softmax_cross_entropy[1]: class 0 is right and has probability 0.500: −ln 0.500 = 0.693; "
        "(0.500 − 1) × 0.500 = −0.250 to scores[1, 0], of the others the most to class 1, 0.250 × 0.500 = 0.125"
    )


def test_dropout_says_kept_or_dropped():
    def step(x):
        cr.dropout(x, np.asarray(1), p=0.5, seed=0).sum().backward()

    debugger = arrays(np.ones(20, "float32"), step=step)
    out = debugger.value("dropout")
    kept, dropped = int(np.argmax(out != 0)), int(np.argmax(out == 0))
    assert "kept, 1.00 × 2.00 = 2.00" in debugger.explain("dropout", kept)
    assert debugger.explain("dropout", kept).endswith(f"1.00 × 2.00 = 2.00 to x[{kept}]")
    assert "dropped, 1.00 gives 0.00" in debugger.explain("dropout", dropped)
    assert debugger.explain("dropout", dropped).endswith("nothing to x")


@cr.gate
class Cube(Gate):
    """out = x³, of a user."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x):
        return x * x * x

    def backward(self, upstream, *, x):
        return upstream * 3.0 * x * x


def test_a_gate_of_the_user_has_the_general_sentence():
    debugger = cr.debug(
        lambda x: cr.apply(Cube(), x).sum().backward(), Tensor([1.0, 2.0], requires_grad=True)
    )
    assert debugger.explain("cube", 1) == "cube[1]: x (2,) gives 8.00; 1.00 × 12.00 = 12.00 to x[1]"
