"""Threads that run pieces: native workers that never touch Python's lock.

The number: `set_threads`, else CHAINRULE_THREADS, else the cores that this process may use (its affinity
mask, its control group's quota).  Where workers cannot sleep (outside of Linux), steps run on one thread.
"""

from __future__ import annotations

import atexit
import ctypes
import math
import os
import threading
from typing import Any

import numpy as np

from ..errors import SettingError
from .language import control, driver
from .language.engine import Engine, engine

CONTROL_GROUP = "/sys/fs/cgroup"
"""Where Linux says what a process may use."""


def usable_cores() -> int:
    """The cores that this process may use: its affinity mask, cut by its control group's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, quota())))


def quota() -> float:
    """The cores' worth of time that the control group allows; infinity without a limit."""
    for file in ("cpu.max", "cpu/cpu.cfs_quota_us"):
        try:
            words = read(file).split()
            if len(words) == 1:
                words.append(read("cpu/cpu.cfs_period_us").strip())
            if words[0] not in ("max", "-1"):
                return int(words[0]) / int(words[1])
        except (OSError, ValueError, IndexError):
            continue
    return math.inf


def read(file: str) -> str:
    """A file of the control group."""
    with open(os.path.join(CONTROL_GROUP, file), encoding="ascii") as opened:
        return opened.read()


def wanted_threads() -> int:
    """CHAINRULE_THREADS, or the usable cores."""
    given = os.environ.get("CHAINRULE_THREADS")
    if not given:
        return usable_cores()
    if not given.isdecimal() or not 1 <= int(given) <= control.MOST_WORKERS:
        expected = f"a whole number from 1 to {control.MOST_WORKERS}"
        raise SettingError("CHAINRULE_THREADS", repr(given), expected, "CHAINRULE_THREADS=2")
    return int(given)


class Pool:
    """The driver with its workers; `run` walks records."""

    def __init__(self, threads: int, using: Engine | None = None) -> None:
        held = using or engine()
        target = held.target
        addresses = held.load_text(driver.driver_text(target), driver.names(target))
        self.threads = threads if control.can_park(target) else 1
        one = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
        self._one: Any = one(addresses[0])
        self._workers: list[threading.Thread] = []
        self._turn = threading.Lock()
        if self.threads > 1:
            many = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, *one._argtypes_)
            self._many: Any = many(addresses[1])
            self._work: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(addresses[2])
            self._wake: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(addresses[3])
            self._start()

    def _start(self) -> None:
        """Make the control block and the workers."""
        words = np.zeros(control.CONTROL_WORDS + 8, np.int64)
        skip = -words.ctypes.data % 64 // 8
        self._control = words[skip : skip + control.CONTROL_WORDS]
        self._address = self._control.ctypes.data
        cores = sorted(os.sched_getaffinity(0))
        self._control[control.TICKET] = control.CLOSED
        self._control[control.LAST_CPU] = -1
        self._control[control.CORES] = len(cores)
        self._control[control.ALONE] = int(self.threads > usable_cores())
        mask = self._control[control.MASK : control.MASK + 16].view(np.uint64)
        for core in cores:
            if core < 1024:
                mask[core // 64] |= np.uint64(1 << core % 64)
        ready = threading.Barrier(self.threads)
        for number in range(self.threads - 1):
            worker = threading.Thread(
                target=self._live, args=(number, ready), name=f"chainrule-{number + 1}", daemon=True
            )
            self._workers.append(worker)
            worker.start()
        ready.wait()
        self._control[control.WORKERS] = len(self._workers)

    def _live(self, number: int, ready: threading.Barrier) -> None:
        self._control[control.IDS + number] = threading.get_native_id()
        ready.wait()
        self._work(self._address, number + 1)

    def run(self, records: int, count: int, times: int | None = None) -> int:
        """Walk `count` records from an address on; the number of the guard that stopped it, or -1.

        times:  an address from which on the nanoseconds of a clock are noted, before and after each record
        Callers on several threads take turns: there is one control block.
        """
        with self._turn:
            if self._workers:
                return int(self._many(self._address, records, count, times))
        return int(self._one(records, count, times))

    def ran(self) -> list[int]:
        """How many pieces each thread has run so far, the caller's first; records of one piece are not counted."""
        if not self._workers:
            return [0]
        return [int(n) for n in self._control[control.RAN :: 8][: self.threads]]

    def close(self) -> None:
        """Let the workers go; who still holds this pool walks alone."""
        with self._turn:
            if self._workers:
                self._control[control.STOP] = 1
                while any(worker.is_alive() for worker in self._workers):
                    self._control[control.BUSY] = 1
                    self._wake(self._address)
                    for worker in self._workers:
                        worker.join(0.01)
                self._workers.clear()


_pool: Pool | None = None
_threads: int | None = None
_lock = threading.RLock()


def pool() -> Pool:
    """The pool of this process, made when it is first needed."""
    global _pool
    held = _pool
    if held is None:
        with _lock:
            held = _pool = _pool or Pool(threads())
    return held


def threads() -> int:
    """How many threads a compiled step may use.

    >>> set_threads(2)
    >>> threads()
    2
    >>> set_threads(None)
    """
    return _threads if _threads is not None else wanted_threads()


def set_threads(count: int | None) -> None:
    """Use so many threads for compiled steps, the caller's included; None: as many cores as there are.

    Results do not depend on it.  Raises SettingError for a number below 1.
    """
    global _threads
    wrong = isinstance(count, bool) or (count is not None and not isinstance(count, int | np.integer))
    if wrong or (count is not None and not 1 <= count <= control.MOST_WORKERS):
        expected = f"a whole number from 1 to {control.MOST_WORKERS}, or None"
        raise SettingError("set_threads", repr(count), expected, "set_threads(2)")
    with _lock:
        _threads = None if count is None else int(count)
        _close()


def _close() -> None:
    global _pool
    if _pool is not None:
        _pool.close()
        _pool = None


def _forget() -> None:
    """In the child of a fork there are no workers: make new ones when they are needed."""
    global _pool, _lock
    _pool, _lock = None, threading.RLock()


atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
