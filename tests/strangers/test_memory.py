"""Reading takes at most twice what the file holds and a megabyte, whoever counts."""

import sys

import pytest

from .memory import LARGE, measured

QUICK = (
    "checkpoint",
    "sealed, 9,000 arrays",
    "weights, crooked",
    "IDX, gzip",
    "npz, packed",
    "packed JPEG",
    "step, 6,000 lines",
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the largest size of a process")
@pytest.mark.parametrize("name", QUICK)
def test_the_system_counts_no_more_than_there_is_room_for(name):
    assert name in LARGE
    content, memory, room = measured(name)
    assert content / 2 < memory <= room
