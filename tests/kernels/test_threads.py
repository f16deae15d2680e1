"""Threads: how many there are, what they compute, when they stop, sleep, wake and end."""

import ctypes
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from chainrule.errors import SettingError
from chainrule.kernels import threads as room
from chainrule.kernels.language import Engine, control, driver, write
from chainrule.kernels.language.cache import Cache
from chainrule.kernels.language.types import F32, I64, U8
from chainrule.kernels.threads import Pool, pool, quota, set_threads, threads, usable_cores, wanted_threads

from .machines import held

LINUX = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs affinity masks, as Linux has")
RANGE = f"a whole number from 1 to {control.MOST_WORKERS}"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """No setting of these tests is left behind."""
    monkeypatch.delenv("CHAINRULE_THREADS", raising=False)
    yield
    set_threads(None)


@pytest.fixture
def make_pool():
    """Pools that are closed when the test ends."""
    made = []

    def make(count):
        made.append(Pool(count, held()))
        return made[-1]

    yield make
    for each in made:
        each.close()


def in_a_new_process(text, **environment):
    """What a program prints; it must end well, and soon."""
    given = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    command = [sys.executable, "-W", "ignore", "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=given)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# --- records --------------------------------------------------------------------------------------------


class Plan:
    """Records in memory, with all that they point to."""

    def __init__(self):
        self.rows, self.kept = [], []

    def call(self, kernel, *arguments, pieces=1):
        written = write(kernel)
        words = [x.ctypes.data if isinstance(x, np.ndarray) else x for x in arguments]
        table = np.array(words, np.int64)
        self.kept += [table, arguments]
        self.rows.append([held().load([written])[written.name], table.ctypes.data, pieces, 0])
        return self

    def python(self, function, pieces=1):
        """Pieces run by Python, which a worker may do: it is a thread of Python's."""
        entry = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(lambda _, piece: function(piece))
        self.kept.append(entry)
        self.rows.append([ctypes.cast(entry, ctypes.c_void_p).value, 0, pieces, 0])
        return self

    def guard(self, status):
        self.kept.append(status)
        self.rows.append([0, status.ctypes.data, 0, driver.GUARD])
        return self

    def run(self, on):
        records = np.array(self.rows, np.int64).reshape(-1, driver.RECORD_WORDS)
        return on.run(records.ctypes.data, len(self.rows))


def double_and_add(k):
    """x = 2x + piece, shared out: x, count, pieces."""
    x = k.pointer(0, I64)
    for i, mask in k.lanes(*k.share(k.integer(1), k.integer(2))):
        k.store(x, i, k.load(x, i, mask) * 2 + k.splat(k.piece), mask)


def count_calls(k):
    """One number for each piece, one more a call."""
    x = k.pointer(0, I64)
    k.put(x, k.piece, k.spread(x, k.piece) + 1)


def halve(k):
    x = k.pointer(0, F32)
    k.store(x, 0, k.load(x, 0) * 0.5)


def raise_it(k):
    k.raise_flag(k.pointer(0, U8), k.all_lanes())


def expected_of(x, pieces):
    """`double_and_add` in NumPy."""
    for count in pieces:
        each = -(-x.size // count)
        x = 2 * x + np.arange(x.size) // each
    return x


# --- how many -------------------------------------------------------------------------------------------


@LINUX
def test_usable_cores_are_those_of_the_affinity_mask():
    text = """
import os
from chainrule.kernels.threads import usable_cores
print(usable_cores())
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(usable_cores())
"""
    before, after = map(int, in_a_new_process(text))
    assert 1 <= before <= len(os.sched_getaffinity(0))
    assert after == 1


@pytest.fixture
def control_group(monkeypatch, tmp_path):
    """Files of a control group to be written; the real ones are not read."""
    monkeypatch.setattr(room, "CONTROL_GROUP", str(tmp_path / "sys/fs/cgroup"))

    def write_files(**files):
        for name, text in files.items():
            version2 = name == "cpu_max"
            place = tmp_path / "sys/fs/cgroup" / ("cpu.max" if version2 else f"cpu/cpu.{name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    return write_files


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, np.inf),
        ({"cpu_max": "max 100000\n"}, np.inf),
        ({"cpu_max": "150000 100000\n"}, 1.5),
        ({"cpu_max": "50000 100000\n"}, 0.5),
        ({"cpu_max": "nonsense\n"}, np.inf),
        ({"cpu_max": ""}, np.inf),
        ({"cpu_max": "a b\n"}, np.inf),
        ({"cfs_quota_us": "-1\n", "cfs_period_us": "100000\n"}, np.inf),
        ({"cfs_quota_us": "300000\n", "cfs_period_us": "100000\n"}, 3),
        ({"cfs_quota_us": "300000\n"}, np.inf),
        ({"cpu_max": "max 100000\n", "cfs_quota_us": "200000\n", "cfs_period_us": "100000\n"}, 2),
    ],
)
def test_the_quota_of_a_control_group(control_group, files, cores):
    control_group(**files)
    assert quota() == cores


@LINUX
def test_usable_cores_are_cut_by_the_quota(control_group, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    for text, cores in (("max 100000", 8), ("250000 100000", 3), ("10000 100000", 1), ("9000000 100000", 8)):
        control_group(cpu_max=text)
        assert usable_cores() == cores


def test_usable_cores_without_affinity_masks(control_group, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    for count, cores in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert usable_cores() == cores


@pytest.mark.parametrize("given", ["1", "3", str(control.MOST_WORKERS)])
def test_the_environment_says_how_many(monkeypatch, given):
    monkeypatch.setenv("CHAINRULE_THREADS", given)
    assert wanted_threads() == threads() == int(given)


def test_an_empty_environment_says_nothing(monkeypatch):
    monkeypatch.setenv("CHAINRULE_THREADS", "")
    assert wanted_threads() == usable_cores()


@pytest.mark.parametrize(
    "given", ["0", "-1", "2.0", "two", str(control.MOST_WORKERS + 1), " 2", "²", "1e1", "+2"]
)
def test_what_the_environment_may_not_say(monkeypatch, given):
    monkeypatch.setenv("CHAINRULE_THREADS", given)
    with pytest.raises(SettingError, match=f"CHAINRULE_THREADS: .*expected {RANGE}"):
        wanted_threads()


@pytest.mark.parametrize("count", [1, 2, np.int64(3), control.MOST_WORKERS])
def test_set_threads_goes_before_the_environment(monkeypatch, count):
    monkeypatch.setenv("CHAINRULE_THREADS", "7")
    set_threads(count)
    assert threads() == count and type(threads()) is int
    set_threads(None)
    assert threads() == 7


@pytest.mark.parametrize("count", [0, -1, control.MOST_WORKERS + 1, 1.0, "2", True, False, np.float32(2)])
def test_what_set_threads_refuses(count):
    set_threads(3)
    with pytest.raises(SettingError, match=f"set_threads: .*expected {RANGE}, or None"):
        set_threads(count)
    assert threads() == 3


def test_set_threads_makes_a_new_pool_when_it_is_needed():
    set_threads(2)
    first = pool()
    assert pool() is first
    set_threads(1)
    assert not workers_of(first)
    assert pool() is not first and pool().threads == 1


def workers_of(each):
    return [t for t in threading.enumerate() if t in each._workers]


# --- what they compute ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_pool_runs_every_piece_of_every_record_once(make_pool, count):
    on = make_pool(count)
    for pieces in range(17):
        calls = np.zeros(max(pieces, 1), np.int64)
        plan = Plan()
        for _ in range(5):
            plan.call(count_calls, calls, pieces=pieces)
        assert plan.run(on) == -1
        assert (calls == (5 if pieces else 0)).all()


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_record_begins_when_the_one_before_has_ended(make_pool, count):
    on = make_pool(count)
    pieces = [1, 16, 3, 7, 1, 2, 16, 5] * 3
    for size in (1, 100, 1000):
        x = np.arange(size)
        plan = Plan()
        for many in pieces:
            plan.call(double_and_add, x, size, many, pieces=many)
        assert plan.run(on) == -1
        assert (x == expected_of(np.arange(size), pieces)).all()


def test_no_records(make_pool):
    for count in (1, 2):
        assert Plan().run(make_pool(count)) == -1


@pytest.mark.parametrize(("count", "size"), [(2, 64), (4, 64), (2, 20_000), (4, 20_000)])
def test_many_walks(make_pool, count, size):
    """Pieces too short for a worker to come in time, and pieces that keep all of them busy."""
    on = make_pool(count)
    pieces = [1 + (7 * n) % 16 for n in range(20)]
    x = np.arange(size)
    plan = Plan()
    for many in pieces:
        plan.call(double_and_add, x, size, many, pieces=many)
    given, expected = np.arange(size), expected_of(np.arange(size), pieces)
    started = time.monotonic()
    for _ in range(2000):
        x[:] = given
        assert plan.run(on) == -1
        assert (x == expected).all()
    assert time.monotonic() - started < 30


def test_results_have_the_same_bits_on_any_number_of_threads(make_pool):
    made = set()
    rng = np.random.default_rng(0)
    given = rng.standard_normal(5000).astype(F32)

    def mixed(k):
        x = k.pointer(0, F32)
        for i, mask in k.lanes(*k.share(k.integer(1), k.integer(2), 16)):
            value = k.load(x, i, mask)
            k.store(x, i, k.fma(value, value, value * 0.3) * k.reduce(value, "add"), mask)

    for count in (1, 2, 3, 4):
        x = given.copy()
        plan = Plan()
        for _ in range(3):
            plan.call(mixed, x, x.size, 13, pieces=13)
        plan.run(make_pool(count))
        made.add(x.tobytes())
    assert len(made) == 1


def test_several_callers_take_turns(make_pool):
    on, wrong = make_pool(3), []

    def walk(seed):
        x = np.arange(64)
        plan = Plan()
        for many in (5, 16, 2, 9):
            plan.call(double_and_add, x, x.size, many, pieces=many)
        for _ in range(300):
            x[:] = np.arange(64) + seed
            plan.run(on)
            if (x != expected_of(np.arange(64) + seed, (5, 16, 2, 9))).any():
                wrong.append(seed)

    callers = [threading.Thread(target=walk, args=(seed,), daemon=True) for seed in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert not wrong and not any(caller.is_alive() for caller in callers)


@pytest.mark.parametrize("count", [1, 2])
def test_subnormals_are_zero_within_a_walk_and_are_back_after_it(make_pool, count):
    tiny = np.finfo(F32).tiny
    x = np.full(16, tiny, F32)
    status = np.ones(1, U8)
    for stopped in (False, True):
        x[:] = tiny
        plan = Plan().call(halve, x)
        if stopped:
            plan.guard(status)
        assert plan.run(make_pool(count)) == (1 if stopped else -1)
        assert not x.any()
        assert (np.full(3, tiny) * np.float32(0.5) > 0).all()


# --- guards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_guard_ends_the_walk_at_its_record(make_pool, count):
    on = make_pool(count)
    for bad in range(4):
        status, calls = np.zeros(4, U8), np.zeros(16, np.int64)
        plan = Plan()
        for n in range(4):
            plan.call(count_calls, calls, pieces=16)
            if n == bad:
                plan.call(raise_it, status[n:], pieces=8)
            plan.guard(status[n:])
        assert plan.run(on) == plan.rows.index([0, status[bad:].ctypes.data, 0, driver.GUARD])
        assert (calls == bad + 1).all()
        assert status.tolist() == [int(n == bad) for n in range(4)]
        status[:] = 0
        assert Plan().call(count_calls, calls, pieces=16).guard(status).run(on) == -1


# --- sleeping, waking, ending ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 4])
def test_sleeping_workers_wake(make_pool, count):
    """Pieces that wait for each other: they end only if every thread takes one."""
    on, meeting, found = make_pool(count), threading.Barrier(count), []

    def meet(piece):
        meeting.wait(30)
        found.append((piece, threading.get_ident()))

    plan = Plan().python(meet, count)
    for _ in range(10):
        time.sleep(0.02)
        assert sleeping(on)
        woken = on._control[control.GENERATION]
        assert plan.run(on) == -1
        assert on._control[control.GENERATION] == woken + 1
        assert sorted(piece for piece, _ in found) == list(range(count))
        workers = {worker.ident for worker in on._workers}
        assert {ident for _, ident in found} == {threading.get_ident(), *workers}
        found.clear()


def test_workers_that_are_awake_need_no_call(make_pool):
    """Within a walk nobody sleeps: of many records each is met by all."""
    on, meeting, plan = make_pool(2), threading.Barrier(2), Plan()
    for _ in range(20):
        plan.python(lambda piece: meeting.wait(30), 2)
    woken = on._control[control.GENERATION]
    assert plan.run(on) == -1
    assert on._control[control.GENERATION] <= woken + 1


def late_writer(on):
    """Whether the second record has seen what a slow worker did in the first one."""
    meeting, seen, caller, done = threading.Barrier(2), [], threading.get_ident(), []

    def slowly(piece):
        meeting.wait(30)
        if threading.get_ident() != caller:
            time.sleep(0.1)
            done.append(piece)

    plan = Plan().python(slowly, 2).python(lambda piece: seen.append(bool(done)))
    plan.run(on)
    on.close()  # before what the records point to is gone
    return seen


def test_a_record_waits_for_slow_workers_of_the_one_before(make_pool):
    assert late_writer(make_pool(2)) == [True]


def test_planted_walk_that_does_not_wait(monkeypatch):
    usual, waits = driver.run_many, "icmp eq i64 %finished, %pieces"
    assert usual(held().target).count(waits) == 1
    monkeypatch.setattr(
        driver, "run_many", lambda t: usual(t).replace(waits, "icmp sle i64 %finished, %pieces")
    )
    assert late_writer(Pool(2, Engine(cache=Cache(None)))) == [False]


def sleeping(on):
    """Whether all workers fall asleep, soon."""
    deadline = time.monotonic() + 10
    while on._control[control.SLEEPERS] < len(on._workers) and time.monotonic() < deadline:
        time.sleep(0.005)
    return on._control[control.SLEEPERS] == len(on._workers)


@LINUX
def test_a_sleeping_pool_uses_no_time(make_pool):
    on = make_pool(3)
    Plan().call(count_calls, np.zeros(9, np.int64), pieces=9).run(on)
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.1)
    assert time.process_time() - before < 0.05


def test_close_ends_the_workers_awake_or_asleep(make_pool):
    for rest in (0, 0.02):
        on = make_pool(4)
        Plan().call(count_calls, np.zeros(9, np.int64), pieces=9).run(on)
        time.sleep(rest)
        workers = list(on._workers)
        assert len(workers) == 3 and all(w.is_alive() and w.daemon for w in workers)
        on.close()
        assert not any(w.is_alive() for w in workers)
        on.close()


def test_a_closed_pool_walks_alone(make_pool):
    on = make_pool(3)
    on.close()
    calls = np.zeros(9, np.int64)
    assert Plan().call(count_calls, calls, pieces=9).run(on) == -1
    assert (calls == 1).all()


def test_a_pool_of_one_has_no_workers(make_pool):
    on, before = make_pool(1), threading.active_count()
    on.close()
    assert threading.active_count() == before


def test_where_workers_cannot_sleep_there_are_none(make_pool, monkeypatch):
    for room_of in (control, driver):
        monkeypatch.setattr(room_of, "can_park", lambda target: False)
    on = make_pool(4)
    assert on.threads == 1 and not on._workers


@LINUX
def test_workers_stay_off_the_core_of_the_caller(make_pool):
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("needs two cores")
    on = make_pool(2)
    assert sleeping(on)
    Plan().call(count_calls, np.zeros(4, np.int64), pieces=4).run(on)
    theirs = os.sched_getaffinity(int(on._control[control.IDS]))
    assert theirs < cores and len(theirs) == len(cores) - 1
    assert os.sched_getaffinity(0) == cores


PROGRAM = """
import os, sys
import numpy as np
from chainrule.kernels.language import engine, write
from chainrule.kernels.threads import pool, set_threads
def count(k):
    x = k.pointer(0, np.dtype(np.int64))
    k.put(x, k.piece, k.spread(x, k.piece) + 1)
written = write(count)
address = engine().load([written])[written.name]
def walk():
    calls = np.zeros(16, np.int64)
    table = np.array([calls.ctypes.data])
    records = np.array([address, table.ctypes.data, 16, 0] * 3)
    assert pool().run(records.ctypes.data, 3) == -1
    assert (calls == 3).all()
    return pool()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_child_of_a_fork_has_workers_of_its_own():
    text = f"""{PROGRAM}
set_threads(3)
first = walk()
sys.stdout.flush()
child = os.fork()
if child == 0:
    second = walk()
    print("child", second is not first, len(second._workers), all(w.is_alive() for w in second._workers))
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("parent", walk() is first)
"""
    assert in_a_new_process(text) == ["child", "True", "2", "True", "parent", "True"]


def test_a_program_ends_with_workers_awake():
    assert in_a_new_process(f"{PROGRAM}\nset_threads(4); walk(); print('done')") == ["done"]


def test_the_environment_is_read_when_the_pool_is_made():
    text = f"{PROGRAM}\nprint(len(walk()._workers))"
    assert in_a_new_process(text, CHAINRULE_THREADS="3") == ["2"]
    assert in_a_new_process(text, CHAINRULE_THREADS="1") == ["0"]
