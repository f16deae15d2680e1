"""Values of a replay: those that were made, those that the gates add, and which numbers are not finite."""

import numpy as np

import chainrule as cr
from chainrule.check.numbers import Numbers, first, not_finite


def test_what_was_made_is_taken_and_the_rest_is_computed():
    program = cr.trace(lambda x: cr.exp(x + 1.0) * 2.0, np.zeros(2, "float32"))
    (start,), (add, exp, multiply) = program.inputs, (line.outputs[0] for line in program.lines)
    made = np.array([7.0, np.inf], "float32")
    numbers = Numbers(program, {start: np.zeros(2, "float32"), exp: made})
    assert numbers[exp] is made
    np.testing.assert_array_equal(numbers[multiply], [14, np.inf])
    assert add not in numbers.known
    assert numbers.wrong(multiply).tolist() == [False, True] and numbers.wrong(start) is None


def test_whole_numbers_are_finite():
    assert not_finite(np.array([1, 2])) is None and not_finite(np.array([True])) is None
    assert not_finite(np.array(np.nan)).shape == () and first(not_finite(np.array(np.nan))) == ()


def test_the_first_place_is_the_first_in_memory_order():
    assert first(np.array([[False, False], [True, True]])) == (1, 0)
