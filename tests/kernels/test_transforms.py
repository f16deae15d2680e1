"""Winograd's transforms: matrices that make the direct sum, in NumPy and as kernels write them."""

import numpy as np
import pytest

from chainrule.kernels import transforms
from chainrule.kernels.language.types import F32, LANES
from chainrule.kernels.transforms import (
    SEEING,
    SEEN,
    Scheme,
    filtered_square,
    gathered_square,
    results_square,
    seen_square,
    sent_square,
)

from .machines import caught, on_both, plant, strided

SCHEMES = [Scheme(2), Scheme(3), Scheme(5)]


@pytest.mark.parametrize("scheme", [Scheme(taps) for taps in (2, 3, 4, 5)], ids=str)
def test_the_matrices_make_the_direct_sum(scheme):
    rng = np.random.default_rng(0)
    d, g = rng.normal(size=SEEN), rng.normal(size=scheme.taps)
    made = scheme.results @ ((scheme.filters @ g) * (SEEING @ d))
    assert made == pytest.approx(np.correlate(d, g, "valid"), rel=1e-12)


def test_three_taps_are_the_matrices_of_the_paper():
    three = Scheme(3)
    assert three.filters[3] == pytest.approx([1 / 24, 1 / 12, 1 / 6])
    assert np.array_equal(three.results[3], [0, 1, -1, 8, -8, 1])


def test_tiles_cover_the_results():
    assert [Scheme(3).along(n) for n in (1, 4, 5, 13)] == [1, 1, 2, 4]
    assert Scheme(5).tiles(3, 27, 26) == 3 * 14 * 13


def test_pictures_of_zeros_give_zeros():
    assert not Scheme(3).seen_by(np.zeros((1, 6, 6, 3))).any()
    assert Scheme(3).squares(np.ones((1, 7, 9, 2)), 2, 2, 6).shape == (1, 2, 2, 6, 6, 2)


def square_of(transform, rows, columns):
    """A kernel that transforms one square of vectors (rows, columns, 16)."""

    def kernel(k):
        x, out = k.pointer(0, F32), k.pointer(1, F32)
        made = transform(lambda i: [k.load(x, (i * columns + j) * LANES) for j in range(columns)])
        for i, j, value in made:
            k.store(out, (i * SEEN + j) * LANES, value)

    return kernel


def check(transform, square, exact):
    rows, columns, _ = square.shape
    x = strided(square.shape, F32).fill(square)
    out = strided((SEEN, SEEN, LANES), F32)
    after = on_both(square_of(transform, rows, columns), [x, out], 1, [out])
    high, wide = exact.shape[:2]
    made = after[1].view()[:high, :wide]
    assert abs(made - exact).max() <= 1e-6 * abs(exact).max()


def drawn(size):
    return np.random.default_rng(1).normal(size=(size, size, LANES)).astype("f4")


def seen_is_right():
    d = drawn(SEEN)
    check(seen_square, d, np.einsum("ai,ijc,bj->abc", SEEING, d, SEEING))


def sent_is_right(scheme):
    y = drawn(scheme.side)
    exact = np.einsum("ia,ijc,jb->abc", scheme.results, y, scheme.results)
    check(lambda line: sent_square(line, scheme.side), y, exact)


def places(square):
    """A square of vectors with their places."""
    return [(i, j, value) for i, row in enumerate(square) for j, value in enumerate(row)]


def results_are_right(scheme):
    m = drawn(SEEN)
    exact = np.einsum("ai,ijc,bj->abc", scheme.results, m, scheme.results)
    check(lambda line: places(results_square(line, scheme.side)), m, exact)


def filters_are_right(scheme):
    g = drawn(scheme.taps)
    exact = np.einsum("ai,ijc,bj->abc", scheme.filters, g, scheme.filters)
    check(lambda line: filtered_square(line, scheme.taps), g, exact)


def gradients_are_right(scheme):
    m = drawn(SEEN)
    exact = np.einsum("ia,ijc,jb->abc", scheme.filters, m, scheme.filters)
    check(lambda line: places(gathered_square(line, scheme.taps)), m, exact)


def test_what_tiles_see():
    seen_is_right()


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_what_tiles_send_and_make(scheme):
    sent_is_right(scheme)
    results_are_right(scheme)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_what_filters_become_and_their_gradients_are_made_of(scheme):
    filters_are_right(scheme)
    gradients_are_right(scheme)


@pytest.mark.parametrize(
    ("name", "old", "new", "look"),
    [
        ("seen_inside", "plus(d3, -4.0, d1)", "plus(d3, 4.0, d1)", seen_is_right),
        ("seen", "last + d[5]", "last + d[4]", seen_is_right),
        ("results_inside", "2.0**i", "4.0**i", lambda: results_are_right(Scheme(3))),
        ("sent", "plus(far, -2.0, near)", "plus(far, 2.0, near)", lambda: sent_is_right(Scheme(5))),
        ("sent", "2.0 ** (i - 1)", "2.0**i", lambda: sent_is_right(Scheme(3))),
        ("filtered", "scale * (even - odd)", "scale * (odd - even)", lambda: filters_are_right(Scheme(3))),
        (
            "filtered",
            "plus(odd, pole**i, value)",
            "plus(odd, pole, value)",
            lambda: filters_are_right(Scheme(5)),
        ),
        ("gathered", "far * 2.0**i", "far * 2.0", lambda: gradients_are_right(Scheme(3))),
        ("gathered", "out[-1] + m[5]", "out[-1]", lambda: gradients_are_right(Scheme(5))),
    ],
)
def test_planted_faults_are_caught(monkeypatch, name, old, new, look):
    plant(monkeypatch, transforms, name, old, new)
    with caught():
        look()
