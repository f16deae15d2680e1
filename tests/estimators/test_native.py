"""The search in compiled code: the bits of the one in NumPy, whatever strips, pieces and threads."""

import numpy as np
import pytest

from chainrule.errors import CompileError
from chainrule.estimators import native, plain
from chainrule.estimators.best import Best
from chainrule.kernels.threads import set_threads

from .test_plain import expected, sides


@pytest.fixture
def threads():
    yield set_threads
    set_threads(None)


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
def test_the_bits_of_numpy(metric, short):
    asked, held, rise = sides(metric, short)
    both = [Best.none(9, 6), Best.none(9, 6)]
    for look, best in zip((native.look, plain.look), both, strict=True):
        look(asked, held, best, rise, range(7, 7 + 2 * 300, 2), metric)
    for mine, other in zip(both[0].kept, both[1].kept, strict=True):
        assert mine.tobytes() == other.tobytes()
    assert np.array_equal(both[0].kept[1], 7 + 2 * expected(asked, held, metric, 6)[1])


def test_strips_and_threads_change_no_bit(monkeypatch, threads):
    asked, held, rise = sides("l2", True)
    found = set()
    for strip in (1, 1 << 15, 1 << 20):
        monkeypatch.setattr(native, "STRIP", strip)
        for count in (1, 2, 3):
            threads(count)
            best = Best.none(9, 3)
            native.look(asked, held, best, rise, range(300), "l2")
            found.add((best.distances.tobytes(), best.numbers.tobytes()))
    assert len(found) == 1


def test_nothing_to_do():
    asked, held, rise = sides("l2", False)
    for one, other in ((asked.part(slice(0)), held), (asked, held.part(slice(0)))):
        best = Best.none(len(one), 2)
        native.look(one, other, best, rise, range(len(other)), "l2")
        assert not best.looked.any()


def test_panels_end_with_infinity():
    _, held, _ = sides("l2", True)
    tile = native.tile_for(native.F32)
    panels, begin = native.packed(held, tile)
    assert len(begin) == panels.shape[0] * tile.columns > 300 and np.isinf(begin[300:]).all()
    flat = panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])
    assert np.array_equal(flat[:300], held.rows) and not flat[300:].any()


def test_whether_there_is_a_compiler(monkeypatch):
    def broken(dtype):
        raise CompileError("compile", "none", "one", "install it")

    assert native.can_compile()
    monkeypatch.setattr(native, "tile_for", broken)
    assert not native.can_compile()
