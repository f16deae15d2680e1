"""The driver's text is code for every target, without assembly; its walk, alone."""

import ctypes
import re
import time

import numpy as np
import pytest

from chainrule.kernels.language import Engine, control, write
from chainrule.kernels.language.cache import Cache
from chainrule.kernels.language.driver import GUARD, can_park, clock_of, driver_text, names
from chainrule.kernels.language.target import Target, host, to_object
from chainrule.kernels.language.types import I64

from .test_target import ELF_MACHINE, TARGETS, undefined

MAC = Target("arm64-apple-darwin", "apple-m1", "")
WINDOWS = Target("x86_64-pc-windows-msvc", "haswell", "+fma,+avx2")
ALL = {**TARGETS, "mac": MAC, "windows": WINDOWS}
SYSTEM = {"clock_gettime", "syscall", "sched_yield", "sched_getcpu", "sched_setaffinity"}


# --- text -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TARGETS)
def test_the_text_is_code_of_every_target(name):
    target = TARGETS[name]
    code = to_object(driver_text(target), target)
    assert int.from_bytes(code[18:20], "little") == ELF_MACHINE[target.triple.split("-")[0]]
    assert set(undefined(code)) == SYSTEM
    assert all(name.encode() in code for name in names(target))


@pytest.mark.parametrize("target", [MAC, WINDOWS], ids=["mac", "windows"])
def test_where_workers_cannot_sleep_the_text_has_none(target):
    text = driver_text(target)
    assert not can_park(target)
    assert names(target) == ["chainrule_run_one"]
    assert "syscall" not in text and "run_many" not in text
    assert b"chainrule_run_one" in to_object(text, target)


@pytest.mark.parametrize("name", ALL)
def test_the_text_has_no_assembly(name):
    assert not re.search(r"\basm\b", driver_text(ALL[name]))


@pytest.mark.parametrize("name", ALL)
def test_every_name_that_python_calls_is_defined_once(name):
    text = driver_text(ALL[name])
    for function in names(ALL[name]):
        assert len(re.findall(rf"define .* @{function}\(", text)) == 1


@pytest.mark.parametrize(
    ("triple", "parks"),
    [
        ("x86_64-unknown-linux-gnu", True),
        ("aarch64-unknown-linux-gnu", True),
        ("arm64-unknown-linux-gnu", True),
        ("x86_64-pc-windows-msvc", False),
        ("arm64-apple-darwin", False),
        ("riscv64-unknown-linux-gnu", False),
    ],
)
def test_workers_sleep_on_linux(triple, parks):
    assert can_park(Target(triple, "generic", "")) is parks


def test_words_that_are_written_often_have_cache_lines_of_their_own():
    often = [control.TICKET, control.LIMIT, control.BUSY, control.DONE, control.SLEEPERS, control.GENERATION]
    assert all(word % 8 == 0 for word in often) and len({word // 8 for word in often}) == len(often)
    named = [
        control.CURRENT,
        control.SEQUENCE,
        control.STOP,
        control.ALONE,
        control.WORKERS,
        control.LAST_CPU,
    ]
    named += [control.CORES, *range(control.MASK, control.MASK + 16), control.IDS, *often]
    assert len(set(named)) == len(named)
    assert max(named) + control.MOST_WORKERS < control.CONTROL_WORDS


# --- the walk of one thread -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_one(engine):
    (address, *_) = engine.load_text(driver_text(engine.target), names(engine.target))
    return walker(address)


def walker(address):
    """The walk: records, how many, and where the time is noted."""
    words = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    return ctypes.CFUNCTYPE(ctypes.c_int64, *words)(address)


def note(k):
    """Write the piece behind the last number: x[0] counts."""
    x = k.pointer(0, I64)
    here = k.spread(x, 0)
    k.put(x, k.first(here) + 1, k.splat(k.piece))
    k.put(x, 0, here + 1)


def walk(engine, run_one, rows, *, count=None, times=None):
    """Records of (pieces, flags, status), the pieces noted in their order; where the walk ended."""
    written = write(note)
    address = engine.load([written])[written.name]
    noted = np.zeros(100, np.int64)
    table = np.array([noted.ctypes.data])
    status = [np.array([s], np.uint8) for _, _, s in rows]
    records = np.array(
        [
            [
                0 if flags & GUARD else address,
                s.ctypes.data if flags & GUARD else table.ctypes.data,
                pieces,
                flags,
            ]
            for (pieces, flags, _), s in zip(rows, status, strict=True)
        ],
        np.int64,
    ).reshape(-1, 4)
    ended = run_one(records.ctypes.data, len(rows) if count is None else count, times)
    return ended, noted[1 : 1 + noted[0]].tolist()


def test_pieces_are_called_in_order(engine, run_one):
    assert walk(engine, run_one, [(3, 0, 0), (1, 0, 0), (0, 0, 0), (2, 0, 0)]) == (-1, [0, 1, 2, 0, 0, 1])


def test_no_records_and_fewer_than_there_are(engine, run_one):
    assert walk(engine, run_one, []) == (-1, [])
    assert walk(engine, run_one, [(2, 0, 0), (3, 0, 0)], count=1) == (-1, [0, 1])


@pytest.mark.parametrize("status", [1, 2, 128, 255])
def test_a_guard_that_is_not_zero_ends_the_walk(engine, run_one, status):
    assert walk(engine, run_one, [(2, 0, 0), (0, GUARD, 0), (1, 0, 0), (0, GUARD, status), (4, 0, 0)]) == (
        3,
        [0, 1, 0],
    )


def test_a_guard_calls_nothing(engine, run_one):
    assert walk(engine, run_one, [(5, GUARD, 0)]) == (-1, [])


@pytest.mark.parametrize(("name", "number"), [("mac", 6), ("windows", None), ("x86_64", 1)])
def test_clocks_that_never_go_back(name, number):
    target = ALL[name] if name in ALL else next(t for t in TARGETS.values() if name in t.triple)
    assert clock_of(target) == number
    assert (f"@clock_gettime(i32 {number}," in driver_text(target)) == (number is not None)


@pytest.mark.skipif(clock_of(host()) is None, reason="needs a clock that never goes back")
def test_the_time_is_noted_before_and_after_each_record(engine, run_one):
    times = np.zeros(6, np.int64)
    before = time.monotonic_ns()
    assert walk(engine, run_one, [(2, 0, 0), (0, GUARD, 0), (0, 0, 0), (1, 0, 0)], times=times.ctypes.data)
    assert before <= times[0] and times[4] <= time.monotonic_ns() and times[5] == 0
    assert (np.diff(times[:5]) >= 0).all() and times[1] > times[0]
    times[:] = 0
    walk(engine, run_one, [(1, 0, 0), (0, GUARD, 1), (1, 0, 0)], times=times.ctypes.data)
    assert times[1] >= times[0] > 0 == times[2], "nothing after the guard"


def test_the_driver_is_compiled_once():
    engine = Engine(cache=Cache(None))
    first = engine.load_text(driver_text(host()), names(host()))
    assert engine.load_text(driver_text(host()), names(host())) == first
    assert engine.compiled == 1 and len(set(first)) == len(names(host()))


# --- faults that have to be found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%p.next = add i64 %p, 1", "%p.next = add i64 %p, 2"),
        ("icmp slt i64 %p, %pieces", "icmp sle i64 %p, %pieces"),
        ("icmp ne i8 %status, 0", "icmp eq i8 %status, 1"),
        ("ret i64 %r", "ret i64 %count"),
        ("icmp eq i64 %flags, 1", "icmp eq i64 %flags, 2"),
    ],
)
def test_planted_faults_of_the_walk(old, new):
    text = driver_text(host())
    start, stop = text.index("@chainrule_run_one"), text.index("}", text.index("@chainrule_run_one"))
    assert text[start:stop].count(old) == 1
    engine = Engine(cache=Cache(None))
    (address, *_) = engine.load_text(
        text[:start] + text[start:stop].replace(old, new) + text[stop:], names(host())
    )
    faulty = walker(address)
    with pytest.raises(AssertionError):
        if "flags" in old:  # what has no address would be called
            assert walk(engine, faulty, [(1, 2, 0)]) == (-1, [0])
        test_pieces_are_called_in_order(engine, faulty)
        test_a_guard_that_is_not_zero_ends_the_walk(engine, faulty, 2)
