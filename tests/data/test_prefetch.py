"""Work ahead: the same results in the same order, errors where they belong, and no thread left behind."""

import gc
import subprocess
import sys
import threading
from contextvars import ContextVar

import pytest

from chainrule.data.prefetch import AHEAD, prefetched


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("chainrule-data")]


@pytest.fixture(autouse=True)
def none_left_behind():
    yield
    gc.collect()
    assert not threads()


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("numbers", [range(0), range(1), range(3, 50)], ids=str)
def test_the_order_is_kept(numbers, workers):
    assert list(prefetched(lambda number: -number, numbers, workers)) == [-n for n in numbers]


def test_a_slow_one_does_not_overtake():
    """The first is made only when the second is there."""
    second = threading.Event()

    def make(number):
        if number == 0:
            assert second.wait(10)
        if number == 1:
            second.set()
        return number

    assert list(prefetched(make, range(5), 2)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_is_made_ahead_than_there_is_room_for(workers):
    begun, enough, room = [], threading.Event(), AHEAD * workers

    def make(number):
        begun.append(number)
        if len(begun) >= room + 1:
            enough.set()
        return number

    results = prefetched(make, range(100), workers)
    assert next(results) == 0
    assert enough.wait(10)  # one was taken, so that there is room for one more
    results.close()
    assert len(begun) == room + 1


def test_an_error_comes_where_its_result_would():
    def make(number):
        if number == 3:
            raise ValueError("number three")
        return number

    results, taken = prefetched(make, range(10), 2), []
    with pytest.raises(ValueError, match="number three") as caught:
        for result in results:
            taken.append(result)
    assert taken == [0, 1, 2] and list(results) == []
    assert caught.traceback[-1].name == "make"  # its traceback leads to the place


def test_threads_end_when_nobody_goes_on():
    results = prefetched(lambda number: number, range(1000), 3)
    assert next(results) == 0 and len(threads()) == 3
    results.close()
    assert not threads()
    for number in prefetched(lambda number: number, range(1000), 2):
        if number == 5:
            break
    gc.collect()
    assert not threads()


def test_no_thread_begins_before_the_first_is_asked_for():
    results = prefetched(lambda number: number, range(10), 2)
    assert not threads()
    results.close()


def test_threads_see_the_variables_of_their_caller():
    mode = ContextVar("mode", default="other")
    mode.set("mine")
    assert list(prefetched(lambda number: mode.get(), range(3), 2)) == ["mine"] * 3


def test_threads_may_be_the_first_to_compile():
    """In a process of its own, where nothing is compiled: several threads ask for the engine at once."""
    code = (
        "import numpy as np\n"
        "from chainrule import data\n"
        "from chainrule.random import Generator\n"
        "pictures = data.Dataset(np.ones((64, 3, 8, 8), np.uint8), np.zeros(64, int), ('a',))\n"
        "transform = data.Compose((data.RandomRotation(9), data.Normalize((0.5,) * 3, (0.5,) * 3)))\n"
        "batches = data.Batches(pictures, 2, Generator(0), transform=transform, workers=4)\n"
        "print(sum(len(labels) for _, labels in batches))"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "64\n"), done.stderr
