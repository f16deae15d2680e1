"""The bytes of arguments: arrays that overlap share their marks, and what holds nothing says so."""

import numpy as np
import pytest

from chainrule.kernels.language.regions import NOBODY, Fault, element_of, flattened, fresh_marks, regions
from chainrule.kernels.language.types import F32, U8


def test_numbers_stay_numbers_and_arrays_become_their_bytes():
    x = np.arange(3, dtype=F32)
    region, number = regions([x, 7], ())
    assert number == 7
    assert region.name == "argument 0"
    assert region.data.size == x.nbytes and np.shares_memory(region.data, x)
    assert region.defined.all()
    assert all((mark == NOBODY).all() for mark in (region.readers, region.writers, region.raisers))


def test_arrays_that_overlap_know_each_others_marks():
    whole = np.zeros(12, U8)
    first, last, apart = regions([whole[:6], whole[3:8], whole[8:]], ())
    first.writers[4] = 2
    assert last.writers.tolist() == [NOBODY, 2, NOBODY, NOBODY, NOBODY]
    assert (apart.writers == NOBODY).all()


def test_what_is_unwritten_holds_nothing():
    x, y = regions([np.zeros(2, F32), np.zeros(2, F32)], (1,))
    assert x.defined.all() and not y.defined.any()


def test_scratch_memory_begins_without_marks():
    defined, *touched = fresh_marks(5, False)
    assert not defined.any() and all((mark == NOBODY).all() for mark in touched)


def test_arrays_with_gaps_are_refused():
    with pytest.raises(Fault, match="argument 3: an array that is not contiguous"):
        flattened(3, np.zeros((4, 4)).T[1:])


def test_the_element_that_a_byte_belongs_to():
    assert element_of(slice(8, 20), 5, F32) == 3
    assert element_of(np.array([0, 1, 2, 3, 40, 41, 42, 43]), 6, F32) == 10
