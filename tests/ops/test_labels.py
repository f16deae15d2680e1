"""Labels: which column each names, and what is said of those that name none."""

import numpy as np
import pytest

from chainrule.errors import LabelError
from chainrule.ops.labels import check_labels, of_class


def test_the_column_of_each_label():
    assert of_class(np.array([2, 0]), 3, 2).tolist() == [[False, False, True], [True, False, False]]
    assert of_class(np.array([[1, 0]]), 2, 3).tolist() == [[[False, True], [True, False]]]


@pytest.mark.parametrize(
    ("labels", "came", "hint"),
    [
        ([0, 3], "label 3 at 1", "more outputs"),
        ([1, 3, 2], "label 3 at 1", "labels - 1"),
        ([[0, -1]], "label -1 at (0, 1)", "ignore_index=-1"),
    ],
)
def test_a_label_that_is_no_class_is_named_with_its_place(labels, came, hint):
    with pytest.raises(LabelError) as caught:
        check_labels("loss", np.array(labels), 3)
    assert (caught.value.came, caught.value.expected) == (came, "labels from 0 to 2")
    assert hint in caught.value.hint


def test_no_labels_are_fine():
    check_labels("loss", np.zeros(0, int), 3)
