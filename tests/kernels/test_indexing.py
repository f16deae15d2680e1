"""Kernels with indices on both machines: every index checked, nothing outside touched, sums in their order."""

import numpy as np
import pytest

from chainrule.kernels import indexing
from chainrule.kernels.formula import NEXT, SAME, STRIDED, Operand
from chainrule.kernels.indexing import Add, AddEach, Largest, LargestOfRow, Numbers, Take, Within
from chainrule.kernels.language.types import F32, F64, I32, I64, U8

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere

INDICES = [I64, I32, U8]
STEP = {SAME: 0, NEXT: 1, STRIDED: -2}
WIDTHS = [0, 1, 15, 16, 17, 33]


def indices(shape, size, rng, dtype=I64, along=NEXT):
    """Places on an axis of this size, negative ones too where the dtype has them."""
    steps = [*(1,) * (len(shape) - 1), STEP[along]]
    low = 0 if dtype.kind == "u" else -size
    made = strided(shape, dtype, steps)
    made.memory[:] = rng.integers(low, size, made.memory.shape)
    return made


# --- take -----------------------------------------------------------------------------------------------


class Taking:
    """out[a, j, b] = x[a, i[a, j, b], b] as a call."""

    def __init__(self, x, index, pieces=1, across=False):
        (self.high, self.size, self.width), self.count = x.shape, index.shape[1]
        self.x, self.index, self.pieces = x, index, pieces
        self.out = strided(index.shape, x.memory.dtype)
        self.kernel = Take(x.memory.dtype, (Operand(index.memory.dtype, index.along),), x.along, across)

    def arguments(self):
        sizes = [self.pieces, self.high, self.count, self.width, self.size]
        return [*sizes, *self.x.arguments, *self.index.arguments, *self.out.arguments, np.zeros(1, np.uint8)]

    def run(self, run=on_both, seed=0):
        """The output and the flag."""
        arguments = self.arguments()
        after = run(self.kernel, arguments, self.pieces, [self.out], seed)
        return after[-2 - len(self.out.arguments[1:])], bool(after[-1][0])

    def check(self, **how):
        out, flag = self.run(**how)
        holds(out, np.take_along_axis(self.x.view(), self.index.view().astype(I64), 1))
        assert not flag
        return out


@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
@pytest.mark.parametrize("x_along", [SAME, NEXT, STRIDED])
def test_take_for_all_strides_and_widths(along, x_along):
    rng = np.random.default_rng(0)
    for seed, width in enumerate(WIDTHS):
        x = strided((2, 7, width), F32, [-1, 1, STEP[x_along]])
        x.memory[:] = numbers(x.memory.shape, F32, rng)
        Taking(x, indices((2, 5, width), 7, rng, along=along), 1 + seed).check(seed=seed)


@pytest.mark.parametrize("index", INDICES, ids=str)
@pytest.mark.parametrize("dtype", [F32, F64, I64, I32, U8, np.dtype(bool)], ids=str)
def test_take_of_every_dtype(dtype, index):
    rng = np.random.default_rng(1)
    for along in (SAME, NEXT):
        x = strided((2, 9, 17), dtype)
        Taking(x.fill(numbers(x.shape, dtype, rng)), indices((2, 4, 17), 9, rng, index, along), 3).check()


def test_one_row_of_indices_for_all():
    """Rows of a table picked by number: the indices stand along j alone."""
    x = strided((3, 8, 20), F32).fill(numbers((3, 8, 20), F32, np.random.default_rng(2)))
    index = strided((3, 6, 20), I64, [0, 1, 0])
    index.memory[:] = [7, 0, -1, -8, 3, 3]
    Taking(x, index, 4).check()


@pytest.mark.parametrize("wrong", [7, -8, 2**40, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
def test_take_of_a_wrong_index_sets_the_flag_and_reads_nothing_outside(wrong, along):
    rng = np.random.default_rng(3)
    for width, place in ((1, 0), (16, 15), (17, 16), (33, 5)):
        x = strided((2, 7, width), F32).fill(numbers((2, 7, width), F32, rng))
        index = indices((2, 3, width), 7, rng, along=along)
        index.view()[1, 2, 0 if along == SAME else place] = wrong
        out, flag = Taking(x, index, 3).run()
        assert flag
        right = np.abs(index.view() + 0.5) < 7
        safe = np.where(right, index.view(), 0)
        expected = np.take_along_axis(x.view(), safe, 1)
        assert (out.view()[right] == expected[right]).all()


@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
def test_an_axis_without_elements_has_no_right_index(along):
    rng = np.random.default_rng(0)
    index = indices((2, 3, 17), 1, rng, along=along)
    for kernel in (
        Taking(strided((2, 0, 17), F32), index),
        Adding(strided((2, 0, 17), F32), index, of(index)),
    ):
        assert kernel.run()[1]


def test_no_indices_is_no_error():
    for space in ((0, 3, 5), (2, 0, 5), (2, 3, 0)):
        x = strided((space[0], 4, space[2]), F32)
        assert not Taking(x, strided(space, I64), 2).run()[1]
        assert not Adding(x, strided(space, I64), strided(space, F32), 2).run()[1]


# --- add ------------------------------------------------------------------------------------------------


class Adding:
    """out[a, i[a, j, b], b] += x[a, j, b] as a call."""

    def __init__(self, out, index, x, pieces=1, across=False):
        (self.high, self.size, self.width), self.count = out.shape, index.shape[1]
        self.out, self.index, self.x, self.pieces = out, index, x, pieces
        operands = ((a.memory.dtype, a.along) for a in (index, x, out))
        index, x, out = (Operand(*o) for o in operands)
        self.kernel = Add((index,), x, out, across)

    def arguments(self):
        sizes = [self.pieces, self.high, self.count, self.width, self.size]
        return [*sizes, *self.out.arguments, *self.index.arguments, *self.x.arguments, np.zeros(1, np.uint8)]

    def run(self, run=on_both):
        after = run(self.kernel, self.arguments(), self.pieces)
        return after[5], bool(after[-1][0])

    def expected(self):
        made, index = self.out.view().copy(), self.index.view().astype(I64)
        places = np.nonzero((index >= -self.size) & (index < self.size))
        np.add.at(made, (places[0], index[places], places[2]), self.x.view()[places])  # in the order of j
        return made

    def check(self, **how):
        out, flag = self.run(**how)
        holds(out, self.expected())
        assert not flag


def of(index, dtype=F32, along=NEXT):
    """What is added at these places."""
    x = strided(index.shape, dtype, [1, -1, STEP[along]])
    x.memory[:] = numbers(x.memory.shape, dtype, np.random.default_rng(5))
    return x


@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
@pytest.mark.parametrize("x_along", [SAME, NEXT, STRIDED])
def test_add_for_all_strides_and_widths(along, x_along):
    """Few places, so that most are met more than once: the bits are those of the sum in the order of j."""
    rng = np.random.default_rng(4)
    for seed, width in enumerate(WIDTHS):
        out = strided((3, 3, width), F32, [1, -1, 1])
        index = indices((3, 11, width), 3, rng, along=along)
        Adding(out.fill(numbers(out.shape, F32, rng)), index, of(index, along=x_along), 1 + seed % 3).check()


@pytest.mark.parametrize("dtype", [F32, F64, I64, I32, U8], ids=str)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_add_of_every_dtype(dtype, index):
    rng = np.random.default_rng(5)
    for along in (SAME, NEXT):
        out = strided((2, 4, 17), dtype)
        places = indices((2, 9, 17), 4, rng, index, along)
        Adding(out.fill(numbers(out.shape, dtype, rng)), places, of(places, dtype), 2).check()


@pytest.mark.parametrize("wrong", [7, -8, 2**40, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
def test_add_at_a_wrong_index_sets_the_flag_and_writes_nothing_outside(wrong, along):
    rng = np.random.default_rng(6)
    for width, place in ((1, 0), (16, 15), (17, 16), (33, 5)):
        out = strided((2, 7, width), F32, [1, 2, 1])
        index = indices((2, 3, width), 7, rng, along=along)
        index.view()[1, 2, 0 if along == SAME else place] = wrong
        adding = Adding(out.fill(numbers(out.shape, F32, rng)), index, of(index), 2)
        made, flag = adding.run()
        assert flag
        holds(made, made.view())  # with nothing between its elements
        assert (made.view()[:, 1:] == adding.expected()[:, 1:]).all()


def test_any_number_of_pieces_gives_the_same_bits():
    rng = np.random.default_rng(7)
    x = strided((5, 7, 133), F32).fill(numbers((5, 7, 133), F32, rng))
    index = indices((5, 9, 133), 7, rng)
    taken, added = set(), set()
    for pieces in range(1, 17):
        run = on_both if pieces in (3, 16) else compiled
        for across in (False, True):
            taken.add(Taking(x, index, pieces, across).run(run)[0].memory.tobytes())
            added.add(Adding(x, index, of(index), pieces, across).run(run)[0].memory.tobytes())
    assert len(taken) == len(added) == 1


def test_add_along_many_rows_of_one_number():
    """The vector runs over the rows, which lie a stride apart."""
    rng = np.random.default_rng(8)
    out = strided((1, 5, 40), F32, order=(1, 2, 0))
    index = indices((1, 3, 40), 5, rng)
    assert out.along == STRIDED
    Adding(out.fill(numbers(out.shape, F32, rng)), index, of(index), 2, True).check()


# --- several axes ---------------------------------------------------------------------------------------


class Several:
    """x (A, L, M, B) at two indices (A, J, B), each as a call: taken, and added back in the order of j."""

    def __init__(self, x, first, second):
        self.x, self.indices = x, (first, second)
        self.high, self.sizes, self.width = x.shape[0], x.shape[1:3], x.shape[3]
        self.count = first.shape[1]
        self.operands = tuple(Operand(i.memory.dtype, i.along) for i in self.indices)
        self.space = [self.high, self.count, self.width]
        self.told = [argument for i in self.indices for argument in i.arguments]

    def strides(self, array):
        a, _, row, _ = array.strides
        return [array, a, row, *([array.strides[3]] if array.along == STRIDED else [])]

    def places(self):
        """The key of NumPy that picks the same."""
        a, _, b = np.indices(self.indices[0].shape)
        return a, *(i.view().astype(I64) for i in self.indices), b

    def taken(self, pieces=1, across=False):
        out = strided(self.indices[0].shape, self.x.memory.dtype)
        kernel = Take(self.x.memory.dtype, self.operands, self.x.along, across)
        head = [pieces, *self.space, *self.sizes, *self.strides(self.x), *self.told]
        after = on_both(kernel, [*head, *out.arguments, np.zeros(1, U8)], pieces, [out])
        return after[len(head)], bool(after[-1][0])

    def added(self, values, pieces=1):
        kernel = Add(self.operands, Operand(values.memory.dtype, values.along), Operand(F32, self.x.along))
        head = [pieces, *self.space, *self.sizes, *self.strides(self.x), *self.told]
        after = on_both(kernel, [*head, *values.arguments, np.zeros(1, U8)], pieces)
        return after[6], bool(after[-1][0])


@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
def test_two_indices_name_one_place(along):
    rng = np.random.default_rng(9)
    for width in (1, 16, 21):
        x = strided((2, 3, 5, width), F32).fill(numbers((2, 3, 5, width), F32, rng))
        first = indices((2, 7, width), 3, rng, along=along)
        second = indices((2, 7, width), 5, rng, U8 if along == SAME else I32, along)
        several = Several(x, first, second)
        out, flag = several.taken(3)
        assert not flag
        holds(out, x.view()[several.places()])
        values, expected = of(first), x.view().copy()
        np.add.at(expected, several.places(), values.view())
        made, flag = several.added(values, 2)
        assert not flag
        holds(made, expected)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("wrong", [3, -4, 5, -6, 2**40])
def test_either_index_may_be_wrong(place, wrong):
    """Also where the place that they name together would be one."""
    rng = np.random.default_rng(10)
    x = strided((1, 3, 5, 20), F32).fill(numbers((1, 3, 5, 20), F32, rng))
    pair = indices((1, 4, 20), 3, rng), indices((1, 4, 20), 5, rng)
    pair[place].view()[0, 2, 17] = wrong
    inside = -(3, 5)[place] <= wrong < (3, 5)[place]
    assert Several(x, *pair).taken()[1] != inside
    assert Several(x, *pair).added(of(pair[0]))[1] != inside


# --- add each -------------------------------------------------------------------------------------------


def each(out, index, x, pieces=1, run=on_both):
    """out[a, i[a, j]] += x[a, j] as a call."""
    kernel = AddEach((Operand(index.memory.dtype, index.along),), Operand(x.memory.dtype, x.along))
    head = [pieces, out.shape[0], index.shape[1], out.shape[1], *out.arguments]
    after = run(kernel, [*head, *index.arguments, *x.arguments, np.zeros(1, U8)], pieces)
    return after[4], bool(after[-1][0])


@pytest.mark.parametrize("dtype", [F32, F64, I64, U8], ids=str)
@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
def test_add_each_in_its_order(dtype, along):
    rng = np.random.default_rng(11)
    for count in (0, 1, 15, 16, 17, 50):
        out = strided((3, 4), dtype)
        out.fill(numbers(out.shape, dtype, rng))
        index, x = indices((3, count), 4, rng, I32), strided((3, count), dtype, [-1, STEP[along]])
        x.memory[:] = numbers(x.memory.shape, dtype, rng)
        expected = out.view().copy()
        np.add.at(expected, (np.arange(3)[:, None], index.view()), x.view())
        for pieces in (1, 2, 3):
            made, flag = each(out, index, x, pieces)
            assert not flag
            holds(made, expected)


@pytest.mark.parametrize("wrong", [4, -5, 2**40, -(2**63)])
def test_add_each_at_a_wrong_index_sets_the_flag(wrong):
    rng = np.random.default_rng(12)
    out, index = strided((2, 4), F32).fill(1), indices((2, 20), 4, rng)
    index.view()[1, 17] = wrong
    x = strided((2, 20), F32).fill(numbers((2, 20), F32, rng))
    made, flag = each(out, index, x)
    assert flag and np.isfinite(made.view()).all()
    assert each(strided((2, 0), F32), index, x)[1]


# --- largest --------------------------------------------------------------------------------------------


def largest(x, pieces=1, seed=0):
    out = strided((x.shape[0], x.shape[2]), I64)
    arguments = [pieces, *x.shape, *x.arguments, *out.arguments]
    for smallest, expected in ((True, np.argmin), (False, np.argmax)):
        kernel = Largest(Operand(x.memory.dtype, x.along), smallest)
        made = on_both(kernel, arguments, pieces, [out], seed)[-2]
        holds(made, expected(x.view(), 1))
    return made


@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
@pytest.mark.parametrize("dtype", [F32, F64, I64, I32, U8], ids=str)
def test_the_first_largest(dtype, along):
    rng = np.random.default_rng(8)
    for seed, width in enumerate(WIDTHS):
        for size in (1, 2, 9):
            x = strided((3, size, width), dtype, [1, -1, STEP[along]])
            x.memory[:] = numbers(x.memory.shape, dtype, rng)
            largest(x, 1 + seed % 4, seed)
            x.memory[:] = rng.integers(0, 3, x.memory.shape)  # equals: the first one wins
            largest(x)


def largest_of_rows(x, pieces=1):
    for smallest, expected in ((True, np.argmin), (False, np.argmax)):
        out = np.zeros(len(x), I64)
        made = on_both(LargestOfRow(x.dtype, smallest), [pieces, *x.shape, x, out], pieces, [out])[-1]
        assert np.array_equal(made, expected(x, 1)), (x, made)


@pytest.mark.parametrize("dtype", [F32, F64, I64, I32, U8], ids=str)
def test_the_first_largest_of_rows(dtype):
    rng = np.random.default_rng(13)
    for size in (1, 5, 15, 16, 17, 33, 70):
        largest_of_rows(numbers((4, size), dtype, rng), 3)
        largest_of_rows(rng.integers(0, 3, (20, size)).astype(dtype))  # equals: the first one wins
        if dtype.kind == "f":
            strange = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], (40, size))
            largest_of_rows(strange.astype(dtype))
            for one in (np.nan, np.inf, -np.inf):
                largest_of_rows(np.full((1, size), one, dtype))
        else:
            limits = np.iinfo(dtype)
            largest_of_rows(rng.choice([limits.min, limits.max], (9, size)).astype(dtype))


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_nan_counts_as_largest_and_the_first_one_wins(dtype):
    rng = np.random.default_rng(9)
    x = strided((2, 6, 40), dtype)
    x.fill(rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], x.shape))
    largest(x)
    assert not largest(x.fill(-np.inf)).view().any()
    assert not largest(x.fill(np.nan)).view().any()


def test_integers_at_the_ends_of_their_range():
    for dtype in (I64, I32, U8):
        limits = np.iinfo(dtype)
        x = strided((1, 3, 17), dtype)
        x.view()[0] = np.array([[limits.min], [limits.max], [limits.max]], dtype)
        assert (largest(x).view() == 1).all()


# --- within ---------------------------------------------------------------------------------------------


def within(labels, size, pieces=1, seed=0):
    arguments = [pieces, labels.size, size, labels, np.zeros(1, np.uint8)]
    return bool(on_both(Within(labels.dtype), arguments, pieces, (), seed)[-1][0])


@pytest.mark.parametrize("dtype", [*INDICES, np.dtype(np.uint32), np.dtype(np.uint64)], ids=str)
@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 33, 200])
def test_labels_within_and_outside(dtype, count):
    rng = np.random.default_rng(count)
    labels = rng.integers(0, 10, count).astype(dtype)
    for pieces in (1, 2, 5, 16):
        assert not within(labels, 10, pieces)
    for place in {0, count // 2, count - 1} if count else ():
        for bad in (10, np.iinfo(dtype).max, *((-1, np.iinfo(dtype).min) if dtype.kind == "i" else ())):
            wrong = labels.copy()
            wrong[place] = bad
            assert within(wrong, 10, 3, place)


def test_lanes_behind_the_last_label_raise_no_flag():
    """With no class at all the 0 of a lane that is off would be wrong; with one, every 0 is right."""
    assert not within(np.zeros(0, I64), 0)
    assert within(np.zeros(1, I64), 0)
    assert not within(np.zeros(17, I64), 1)


# --- drawn calls ----------------------------------------------------------------------------------------


def test_drawn_calls():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        high, count, width, size = (int(n) for n in rng.integers(1, [5, 8, 40, 6]))
        along, x_along = (int(n) for n in rng.integers(3, size=2))
        dtype, kind = [F32, F64, I64, U8][rng.integers(4)], INDICES[rng.integers(3)]
        index = indices((high, count, width), size, rng, kind, along)
        x = strided((high, size, width), dtype, [1, -1, STEP[x_along]])
        x.memory[:] = numbers(x.memory.shape, dtype, rng)
        out = strided((high, size, width), dtype)
        pieces = int(rng.integers(1, 17))
        Taking(x, index, pieces).check()
        Adding(out.fill(numbers(out.shape, dtype, rng)), index, of(index, dtype, x_along), pieces).check()


@pytest.mark.parametrize("along", [SAME, NEXT, STRIDED])
def test_code_of_every_target(along):
    index, x = Operand(I32, along), Operand(F32, NEXT)
    several = (index, Operand(U8, NEXT))
    for kernel in (
        *(Take(F32, several, along, across) for across in (False, True)),
        *(Add(several, x, Operand(F32, out)) for out in (NEXT, STRIDED)),
        *(AddEach(several, x), Largest(x), Largest(x, True), LargestOfRow(F32), Within(I32)),
    ):
        whole_everywhere(kernel)


# --- faults that have to be found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number + size", "number"),
        ("(wrapped >= size)", "(wrapped > size)"),
        ("(wrapped < 0) | ", ""),
        ("k.where(wrong, k.constant(0, I64), wrapped)", "wrapped"),
        ("self.bad.set(", "(lambda wrong: None)("),
    ],
)
def test_planted_faults_of_places(monkeypatch, old, new):
    plant(monkeypatch, Numbers, "inside", old, new)
    with caught():
        test_take_for_all_strides_and_widths(NEXT, NEXT)
        for wrong in (7, -8):
            test_take_of_a_wrong_index_sets_the_flag_and_reads_nothing_outside(wrong, NEXT)


def test_planted_sums_that_are_stored_over(monkeypatch):
    plant(monkeypatch, Add, "add", "row.load(b, mask) + value", "value")
    with caught():
        test_add_for_all_strides_and_widths(SAME, NEXT)


def test_planted_pieces_that_share_out_the_sum(monkeypatch):
    plant(
        monkeypatch,
        indexing,
        "shared",
        "(k.share(rows, pieces), (start, width))",
        "((start, rows), (start, width))",
    )
    with caught():
        test_any_number_of_pieces_gives_the_same_bits()


def test_planted_places_of_a_wrong_axis(monkeypatch):
    plant(monkeypatch, Numbers, "places", "self.sizes[1:]", "self.sizes[:1]")
    with caught():
        test_two_indices_name_one_place(NEXT)


def test_planted_numbers_that_are_stored_over(monkeypatch):
    plant(monkeypatch, AddEach, "__call__", "k.spread(out.pointer, place) + k.spread", "k.spread")
    with caught():
        test_add_each_in_its_order(I64, NEXT)


def test_planted_last_largest(monkeypatch):
    plant(monkeypatch, indexing, "beats", "value > held", "value >= held")
    with caught():
        test_the_first_largest(I64, NEXT)


def test_planted_nan_that_loses(monkeypatch):
    plant(monkeypatch, indexing, "beats", "(value != value)", "(value == np.nan)")
    with caught():
        test_nan_counts_as_largest_and_the_first_one_wins(F32)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("first", "(place < winner)", "(place > winner)"),
        ("first", "(place != nobody) & ", ""),
        ("__call__", " | (winner.get() == nobody)", ""),
        ("__call__", "better if mask is None else better & mask", "better"),
    ],
)
def test_planted_winners_of_rows(monkeypatch, name, old, new):
    plant(monkeypatch, LargestOfRow, name, old, new)
    with caught():
        test_the_first_largest_of_rows(F32)


def test_planted_check_of_labels_without_a_mask(monkeypatch):
    plant(monkeypatch, Within, "__call__", "k.load(labels, i, mask)", "k.load(labels, i)")
    with caught():
        test_labels_within_and_outside(I64, 17)
