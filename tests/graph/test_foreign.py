"""Data from outside is what it has to be, or a FileError says what came and what was expected."""

import numpy as np
import pytest

from chainrule.errors import FileError
from chainrule.graph import Spec
from chainrule.graph.foreign import Foreign

FOREIGN = Foreign("step.safetensors")


def test_what_is_right_comes_back():
    assert FOREIGN.whole(7, "n", 7, 7) == 7
    assert FOREIGN.flag(False, "b") is False
    assert FOREIGN.text("größe/☃", "s") == "größe/☃"
    assert FOREIGN.row([1, 2], "r", 2) == [1, 2]
    assert FOREIGN.fields({"b": 1, "a": 2}, "f", "a", "b") == [2, 1]
    assert FOREIGN.spec(["float32", [2, 0], True], "v") == Spec((2, 0), np.dtype("float32"), True)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: FOREIGN.whole(True, "n"),
        lambda: FOREIGN.whole(1.0, "n"),
        lambda: FOREIGN.whole(-1, "n"),
        lambda: FOREIGN.whole(1 << 64, "n"),
        lambda: FOREIGN.flag(1, "b"),
        lambda: FOREIGN.text(b"x", "s"),
        lambda: FOREIGN.text("\x1b[2J", "s"),
        lambda: FOREIGN.text("\ud800", "s"),
        lambda: FOREIGN.row((1,), "r"),
        lambda: FOREIGN.row([1], "r", 2),
        lambda: FOREIGN.fields([], "f"),
        lambda: FOREIGN.fields({"a": 1, "b": 2}, "f", "a"),
        lambda: FOREIGN.fields({}, "f", "a"),
        lambda: FOREIGN.spec(["object", [], False], "v"),
        lambda: FOREIGN.spec(["float32", [-1], False], "v"),
        lambda: FOREIGN.spec(["float32", [True], False], "v"),
        lambda: FOREIGN.spec(["float32", [1 << 40, 1 << 40], False], "v"),
        lambda: FOREIGN.spec(["float32", [1 << 63, 0], False], "v"),
        lambda: FOREIGN.spec(["float32", [1] * 33, False], "v"),
        lambda: FOREIGN.spec([["float32"], [], False], "v"),
        lambda: FOREIGN.spec(["float32", [], 0], "v"),
    ],
)
def test_what_is_wrong_is_a_file_error(wrong):
    with pytest.raises(
        FileError, match=r"^step\.safetensors: damaged in .+: .*; expected .+; try: the original file"
    ):
        wrong()


def test_the_message_says_which_piece():
    with pytest.raises(FileError) as caught:
        FOREIGN.whole(12, "a size of value 3", 0, 9)
    assert caught.value.came == "damaged in a size of value 3: 12"
    assert caught.value.expected == "a whole number from 0 to 9"


def test_a_long_or_deep_piece_is_shown_in_short():
    deep = []
    for _ in range(3000):
        deep = [deep]
    for came in ("x" * 10_000, list(range(10_000)), deep, "\x1b[2J" * 100):
        error = FOREIGN.refuse("this", came, "that")
        assert len(error.came) < 400 and error.came.isprintable()
