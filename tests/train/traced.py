"""Following a child's system calls by ptrace (Linux), to end it between any two of them."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from typing import NamedTuple

TRACEME, CONT, SYSCALL, SETOPTIONS = 0, 7, 24, 0x4200
MARK_SYSCALLS, FOLLOW_THREADS, DIE_TOGETHER = 0x1, 0x8, 0x100000
EVERY_THREAD = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request: int, process: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, process, None, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace({request}): {os.strerror(number)}")


class Ended(NamedTuple):
    """How a child ended.  calls: the system calls between its two marks, until then;  killed: by us"""

    calls: int
    killed: bool
    code: int


def mark() -> None:
    """In the child: what is followed begins, and ends, here."""
    os.kill(os.getpid(), signal.SIGSTOP)


def follow(act: Callable[[], None], last: int | None = None) -> Ended:
    """Run `act` in a fork of this process, and count the system calls of all its threads between two marks.

    last:  the child is killed before this call, counted from 0; None lets it live
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            ptrace(TRACEME)
            act()
            code = 0
        finally:
            os._exit(code)
    return watched(child, last)


def watched(child: int, last: int | None) -> Ended:
    """The parent's side."""
    marks, calls, killed = 0, 0, False
    inside: set[int] = set()
    while True:
        thread, status = os.waitpid(-1, EVERY_THREAD)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread != child:
                continue
            return Ended(calls, killed, os.waitstatus_to_exitcode(status))
        stop, event = os.WSTOPSIG(status), status >> 16
        if stop == signal.SIGTRAP | 0x80:  # before a system call, or behind it
            if thread in inside:
                inside.discard(thread)
            elif marks == 1:
                if calls == last:
                    os.kill(child, signal.SIGKILL)
                    killed = True
                    continue
                calls += 1
                inside.add(thread)
        elif stop == signal.SIGSTOP and thread == child and not event:
            marks += 1
            if marks == 1:
                ptrace(SETOPTIONS, child, MARK_SYSCALLS | FOLLOW_THREADS | DIE_TOGETHER)
        passed = 0 if event or stop in (signal.SIGSTOP, signal.SIGTRAP, signal.SIGTRAP | 0x80) else stop
        try:
            ptrace(SYSCALL if marks == 1 else CONT, thread, passed)
        except ProcessLookupError:
            continue
