"""The measured peak: a sane number, measured once."""

import numpy as np
import pytest

from chainrule.kernels import peak as module
from chainrule.kernels.peak import SUMS, bandwidth, copies, multiply_adds, peak
from chainrule.kernels.threads import threads

from .machines import compiled


def test_the_kernel_multiplies_and_adds():
    numbers = np.arange(SUMS * 16, dtype="float32") / 64
    (made, *_) = compiled(multiply_adds, [numbers.copy(), 3], 1)
    x = numbers[:16]
    expected = numbers.reshape(SUMS, 16).copy()
    for _ in range(3):
        expected = x * x + expected
    np.testing.assert_allclose(made.reshape(SUMS, 16), expected, rtol=1e-6)


def test_a_sane_figure():
    """More than any processor of this century has without vectors, less than any core will have for a while."""
    one = peak(1)
    assert 1e9 < one < 1e12


def test_all_threads_unless_told_and_measured_once(monkeypatch):
    first = peak()
    assert 0.2 * peak(1) < first < 4 * threads() * peak(1)
    monkeypatch.setattr(module, "Call", lambda: pytest.fail("measured again"))
    assert peak() == first


def test_the_other_kernel_copies():
    source = np.arange(96, dtype="float32")
    _, made, _ = compiled(copies, [source, np.zeros(96, "float32"), 32], 3)
    assert np.array_equal(made, source)


def test_bytes_of_memory():
    """More than a network card, less than a graphics card."""
    assert 1e8 < bandwidth(1) < 2e12 and bandwidth() == bandwidth()


def test_what_is_copied_lies_in_memory_of_its_own(monkeypatch):
    """Pages that nobody has written are one page for all, and stay in a cache."""
    filled = []
    monkeypatch.setattr(module, "least", lambda kernel, words, pieces: filled.append(words) or 1.0)
    monkeypatch.setattr(module.np, "zeros", lambda *_: pytest.fail("nobody has written there"))
    module.measured_bandwidth.__wrapped__(1)
    assert len(filled) == 1


def test_other_threads_are_measured_anew(monkeypatch):
    monkeypatch.setattr(module, "least", lambda kernel, words, pieces: 1.0)
    for count in (3, 5):
        monkeypatch.setattr(module, "threads", lambda count=count: count)
        assert peak() == peak(count) and bandwidth() == bandwidth(count)
    module.measured_peak.cache_clear()
    module.measured_bandwidth.cache_clear()
