"""The one native loop that walks the records of a plan, alone or with workers, in LLVM's language.

A record is four words: function, arguments, pieces, flags.  Where somebody wants to know, the time is noted before the
first record and after each.

Pieces of a record are claimed one by one from a ticket, so a worker that the system has put aside holds up nothing that
it has not begun.  The ticket counts records in its upper bits and never repeats, so a late claim fails; its lower bits
say which pieces are taken.  Thread k of n begins at piece k · pieces / n: the same rows stay in the same core's cache
from record to record.
"""

from __future__ import annotations

from typing import Final

from .control import (
    ALONE,
    BUSY,
    CLOSED,
    CURRENT,
    DONE,
    LIMIT,
    MOST_PIECES,
    RAN,
    SEQUENCE,
    SPINS_FOR_LAST,
    TICKET,
    WAITING,
    WORKERS,
    can_park,
    flush,
    futex,
    pause,
    word,
)
from .target import Target
from .workers import pin, wait, wake, work

RECORD_WORDS: Final = 4
GUARD: Final = 1
"""The flag of a record that ends the walk if its first byte is not zero; it calls nothing."""


CLOCKS: Final = {"linux": 1, "darwin": 6}
"""The number of the clock that never goes back, by system."""


def clock_of(target: Target) -> int | None:
    """The number of that clock; None where there is none."""
    return next((number for system, number in CLOCKS.items() if system in target.triple), None)


def declarations(target: Target) -> str:
    """What the driver calls."""
    lines = ["declare i32 @sched_yield()"]
    lines += ["declare i32 @clock_gettime(i32, ptr)"] if clock_of(target) else []
    if target.triple.startswith("x86_64"):
        lines += ["declare void @llvm.x86.sse.stmxcsr(ptr)", "declare void @llvm.x86.sse.ldmxcsr(ptr)"]
        lines += ["declare void @llvm.x86.sse2.pause()"]
    else:
        lines += ["declare i64 @llvm.aarch64.get.fpcr()", "declare void @llvm.aarch64.set.fpcr(i64)"]
        lines += ["declare void @llvm.aarch64.hint(i32)"]
    if can_park(target):
        lines += [
            "declare i64 @llvm.cttz.i64(i64, i1)",
            "declare i64 @syscall(i64, ...)",
            "declare i32 @sched_getcpu()",
            "declare i32 @sched_setaffinity(i32, i64, ptr)",
        ]
    return "\n".join(lines)


def note(target: Target) -> str:
    """`note(times, n)`: the nanoseconds of a clock that never goes back, as the n-th of the times, if there are any."""
    clock = (
        f"call i32 @clock_gettime(i32 {clock_of(target)}, ptr %now)" if clock_of(target) else "add i32 0, 0"
    )
    return f"""
define void @chainrule_note(ptr %times, i64 %n) nounwind {{
entry:
  %now = alloca [2 x i64]
  store [2 x i64] zeroinitializer, ptr %now
  %wanted = icmp ne ptr %times, null
  br i1 %wanted, label %look, label %end
look:
  %ignored = {clock}
  %seconds = load i64, ptr %now
  %rest = getelementptr i64, ptr %now, i64 1
  %nanoseconds = load i64, ptr %rest
  %whole = mul i64 %seconds, 1000000000
  %time = add i64 %whole, %nanoseconds
  %place = getelementptr i64, ptr %times, i64 %n
  store i64 %time, ptr %place
  br label %end
end:
  ret void
}}
"""


def run_one(target: Target) -> str:
    """`run_one(records, count, times)`: the walk on one thread; the number of the guard that stopped it, or -1."""
    before, after = flush(target, "")
    return f"""
define i64 @chainrule_run_one(ptr %records, i64 %count, ptr %times) nounwind {{
entry:
  {before}
  call void @chainrule_note(ptr %times, i64 0)
  br label %record
{find_record()}
  %function = load ptr, ptr %place
{read_record(otherwise="piece")}
piece:
  %p = phi i64 [ 0, %look ], [ %p.next, %call ]
  %left = icmp slt i64 %p, %pieces
  br i1 %left, label %call, label %after
call:
  call void %function(ptr %arguments, i64 %p)
  %p.next = add i64 %p, 1
  br label %piece
after:
  %next = add i64 %r, 1
  call void @chainrule_note(ptr %times, i64 %next)
  br label %record
stopped:
  {after}
  ret i64 %r
end:
  {after}
  ret i64 -1
}}
"""


def find_record() -> str:
    """The blocks `record` and `look`: where the walk's next record lies."""
    return f"""record:
  %r = phi i64 [ 0, %entry ], [ %next, %after ]
  %more = icmp slt i64 %r, %count
  br i1 %more, label %look, label %end
look:
  %at = mul i64 %r, {RECORD_WORDS}
  %place = getelementptr i64, ptr %records, i64 %at
  %place.a = getelementptr i64, ptr %place, i64 1
  %place.p = getelementptr i64, ptr %place, i64 2
  %place.f = getelementptr i64, ptr %place, i64 3"""


def read_record(otherwise: str) -> str:
    """Its words; if it is a guard, the block `check`, whose byte may stop the walk, else on to `otherwise`."""
    return f"""  %arguments = load ptr, ptr %place.a
  %pieces = load i64, ptr %place.p
  %flags = load i64, ptr %place.f
  %guard = icmp eq i64 %flags, {GUARD}
  br i1 %guard, label %check, label %{otherwise}
check:
  %status = load i8, ptr %arguments
  %bad = icmp ne i8 %status, 0
  br i1 %bad, label %stopped, label %after"""


def claim(target: Target) -> str:
    """`claim(control, id)`: take one piece of the open record and run it; whether there was one."""
    return f"""
define i1 @chainrule_claim(ptr %control, i64 %id) nounwind {{
entry:
  {word("%ticket", TICKET)}
  {word("%limit", LIMIT)}
  {word("%current", CURRENT)}
  {word("%done", DONE)}
  {word("%waiting", WAITING)}
  {word("%workers", WORKERS)}
  br label %again
{take_piece()}
{run_piece(target)}
ran:
  ret i1 true
none:
  ret i1 false
}}
"""


def take_piece() -> str:
    """From the block `again`: take a piece `%p` that nobody has, of this thread's share or else any."""
    return f"""again:
  %t = load atomic i64, ptr %ticket acquire, align 8
  %taken = and i64 %t, {CLOSED}
  %free = xor i64 %taken, {CLOSED}
  %none.left = icmp eq i64 %free, 0
  br i1 %none.left, label %none, label %take
take:
  %pieces = load atomic i64, ptr %limit acquire, align 8
  %others = load i64, ptr %workers
  %threads = add i64 %others, 1
  %share = mul i64 %id, %pieces
  %start = udiv i64 %share, %threads
  %mine = lshr i64 %free, %start
  %some = icmp ne i64 %mine, 0
  %next.mine = call i64 @llvm.cttz.i64(i64 %mine, i1 false)
  %at.mine = add i64 %start, %next.mine
  %next.any = call i64 @llvm.cttz.i64(i64 %free, i1 false)
  %p = select i1 %some, i64 %at.mine, i64 %next.any
  %bit = shl i64 1, %p
  %t.next = or i64 %t, %bit
  %pair = cmpxchg ptr %ticket, i64 %t, i64 %t.next acq_rel acquire
  %won = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %won, label %work, label %again"""


def run_piece(target: Target) -> str:
    """From the block `work`: run the piece, count it, and wake the caller if it waits."""
    number = futex(target)
    return f"""work:
  %record = load atomic ptr, ptr %current acquire, align 8
  %record.a = getelementptr i64, ptr %record, i64 1
  %function = load ptr, ptr %record
  %arguments = load ptr, ptr %record.a
  call void %function(ptr %arguments, i64 %p)
  %line = mul i64 %id, 8
  %own = add i64 %line, {RAN}
  %ran.place = getelementptr i64, ptr %control, i64 %own
  %ran.before = load i64, ptr %ran.place
  %ran.now = add i64 %ran.before, 1
  store i64 %ran.now, ptr %ran.place
  %old = atomicrmw add ptr %done, i64 1 seq_cst
  %asleep = load atomic i64, ptr %waiting seq_cst, align 8
  %alert = icmp ne i64 %asleep, 0
  br i1 %alert, label %ring, label %ran
ring:
  %woken = call i64 (i64, ...) @syscall(i64 {number}, ptr %done, i32 129, i32 1, ptr null, ptr null, i32 0)
  br label %ran"""


def run_many(target: Target) -> str:
    """`run_many(control, records, count, times)`: the walk with workers; returns as `run_one`."""
    before, after = flush(target, "")
    return f"""
define i64 @chainrule_run_many(ptr %control, ptr %records, i64 %count, ptr %times) nounwind {{
entry:
  {before}
  call void @chainrule_note(ptr %times, i64 0)
  {word("%ticket", TICKET)}
  {word("%limit", LIMIT)}
  {word("%current", CURRENT)}
  {word("%sequence", SEQUENCE)}
  {word("%busy", BUSY)}
  {word("%done", DONE)}
  {word("%alone", ALONE)}
  store atomic i64 1, ptr %busy seq_cst, align 8
  call void @chainrule_wake(ptr %control)
  br label %record
{find_record()}
{read_record(otherwise="size")}
size:
  %one = icmp sle i64 %pieces, 1
  br i1 %one, label %single, label %open
single:
  %some = icmp eq i64 %pieces, 1
  br i1 %some, label %call, label %after
call:
  %function = load ptr, ptr %place
  call void %function(ptr %arguments, i64 0)
  br label %after
{open_record()}
{share_pieces(target)}
close:
  %closed = or i64 %t, {CLOSED}
  store atomic i64 %closed, ptr %ticket seq_cst, align 8
  br label %after
after:
  %next = add i64 %r, 1
  call void @chainrule_note(ptr %times, i64 %next)
  br label %record
stopped:
  store atomic i64 0, ptr %busy seq_cst, align 8
  {after}
  ret i64 %r
end:
  store atomic i64 0, ptr %busy seq_cst, align 8
  {after}
  ret i64 -1
}}
"""


def open_record() -> str:
    """The block `open`: show the record under the ticket's next number; pieces it does not have count as taken."""
    return f"""open:
  store atomic i64 %pieces, ptr %limit release, align 8
  store atomic ptr %place, ptr %current release, align 8
  store atomic i64 0, ptr %done release, align 8
  %s = load i64, ptr %sequence
  %s.next = add i64 %s, 1
  store i64 %s.next, ptr %sequence
  %above = shl i64 {CLOSED}, %pieces
  %absent = and i64 %above, {CLOSED}
  %number = shl i64 %s.next, {MOST_PIECES}
  %t = or i64 %number, %absent
  store atomic i64 %t, ptr %ticket seq_cst, align 8
  br label %mine"""


def share_pieces(target: Target) -> str:
    """From the block `mine`: run pieces while there are any, then wait for the workers', at last asleep."""
    return f"""mine:
  %got = call i1 @chainrule_claim(ptr %control, i64 0)
  br i1 %got, label %mine, label %wait
wait:
  %spins = phi i64 [ 0, %mine ], [ %spins.next, %again ]
  %finished = load atomic i64, ptr %done acquire, align 8
  %all = icmp eq i64 %finished, %pieces
  br i1 %all, label %close, label %rest
rest:
  %spins.next = add i64 %spins, 1
  {pause(target)}
  %crowded = load i64, ptr %alone
  %is.crowded = icmp ne i64 %crowded, 0
  %patience = select i1 %is.crowded, i64 100, i64 {SPINS_FOR_LAST}
  %long = icmp sgt i64 %spins.next, %patience
  br i1 %long, label %give, label %again
give:
  call void @chainrule_wait(ptr %control, i64 %finished)
  br label %again
again:
  br label %wait"""


def driver_text(target: Target) -> str:
    """The whole driver for a target; without workers where they could not sleep."""
    parts = [declarations(target), note(target), run_one(target)]
    if can_park(target):
        parts += [claim(target), pin(), wake(target), wait(target), run_many(target), work(target)]
    return "\n".join(parts)


def names(target: Target) -> list[str]:
    """The functions of the driver that Python calls."""
    one = ["chainrule_run_one"]
    return [*one, "chainrule_run_many", "chainrule_work", "chainrule_wake"] if can_park(target) else one
