"""What the caller and the workers share."""

import pytest

from chainrule.kernels.language import control
from chainrule.kernels.language.target import Target, host


def test_a_word_is_found_by_its_number():
    assert control.word("%x", 3) == "%x = getelementptr i64, ptr %control, i64 3"


def test_workers_sleep_on_linux_alone():
    assert control.can_park(Target("x86_64-unknown-linux-gnu", "", ""))
    assert not control.can_park(Target("x86_64-apple-darwin", "", ""))
    assert not control.can_park(Target("riscv64-unknown-linux-gnu", "", ""))


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_each_processor_has_its_words(name):
    target = Target(f"{name}-unknown-linux-gnu", "", "")
    assert control.futex(target) == {"x86_64": 202, "aarch64": 98}[name]
    assert "call void" in control.pause(target) and all(control.flush(target, "x"))


def test_a_bit_for_each_piece():
    assert control.CLOSED == 2**control.MOST_PIECES - 1 and host()
