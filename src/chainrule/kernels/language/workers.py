"""Workers of the driver in LLVM's language: their life, how they are woken, where they run, how they are waited for."""

from __future__ import annotations

from .control import (
    ALONE,
    BUSY,
    CORES,
    DONE,
    GENERATION,
    IDS,
    LAST_CPU,
    MASK,
    PATIENCE,
    SLEEPERS,
    SPINS_BETWEEN,
    SPINS_IN_STEP,
    STOP,
    WAITING,
    WORKERS,
    flush,
    futex,
    pause,
    word,
)
from .target import Target


def pin() -> str:
    """`pin(control)`: let every worker run on the cores of the mask, and on no other."""
    return f"""
define void @chainrule_pin(ptr %control) nounwind {{
entry:
  {word("%mask", MASK)}
  {word("%workers", WORKERS)}
  %n = load i64, ptr %workers
  br label %each
each:
  %k = phi i64 [ 0, %entry ], [ %k.next, %set ]
  %rest = icmp slt i64 %k, %n
  br i1 %rest, label %set, label %end
set:
  %slot = add i64 %k, {IDS}
  %id.place = getelementptr i64, ptr %control, i64 %slot
  %id64 = load i64, ptr %id.place
  %id = trunc i64 %id64 to i32
  %ignored = call i32 @sched_setaffinity(i32 %id, i64 128, ptr %mask)
  %k.next = add i64 %k, 1
  br label %each
end:
  ret void
}}
"""


def wake(target: Target) -> str:
    """`wake(control)`: move sleeping workers off the caller's core, and wake them."""
    number = futex(target)
    return f"""
define void @chainrule_wake(ptr %control) nounwind {{
  {word("%sleepers", SLEEPERS)}
  {word("%generation", GENERATION)}
  {word("%last", LAST_CPU)}
  {word("%mask", MASK)}
  {word("%cores", CORES)}
  %asleep = load atomic i64, ptr %sleepers seq_cst, align 8
  %any = icmp sgt i64 %asleep, 0
  %pinned = load i64, ptr %last
  %loose = icmp slt i64 %pinned, 0
  %needed = or i1 %any, %loose
  br i1 %needed, label %place, label %end
place:
  %cpu32 = call i32 @sched_getcpu()
  %cpu = sext i32 %cpu32 to i64
  %before = load i64, ptr %last
  %same = icmp eq i64 %cpu, %before
  %usable = load i64, ptr %cores
  %few = icmp sle i64 %usable, 1
  %far = icmp ugt i64 %cpu, 1023
  %no1 = or i1 %same, %few
  %no = or i1 %no1, %far
  br i1 %no, label %ring, label %move
move:
  store i64 %cpu, ptr %last
  %w = lshr i64 %cpu, 6
  %b = and i64 %cpu, 63
  %bit = shl i64 1, %b
  %hole = getelementptr i64, ptr %mask, i64 %w
  %bits = load i64, ptr %hole
  %not = xor i64 %bit, -1
  %without = and i64 %bits, %not
  store i64 %without, ptr %hole
  call void @chainrule_pin(ptr %control)
  store i64 %bits, ptr %hole
  br label %ring
ring:
  %old = atomicrmw add ptr %generation, i64 1 seq_cst
  %woken = call i64 (i64, ...) @syscall(i64 {number}, ptr %generation, i32 129, i32 1000, ptr null, ptr null, i32 0)
  br label %end
end:
  ret void
}}
"""


def wait(target: Target) -> str:
    """`wait(control, done)`: sleep until another piece is done.  If that takes long, a worker was put aside by the
    system: until the next step it may then run on the caller's core, which is free for the moment.
    """
    number = futex(target)
    return f"""
define void @chainrule_wait(ptr %control, i64 %finished) nounwind {{
entry:
  {word("%done", DONE)}
  {word("%waiting", WAITING)}
  {word("%last", LAST_CPU)}
  %time = alloca [2 x i64]
  store i64 0, ptr %time
  %nanoseconds = getelementptr i64, ptr %time, i64 1
  store i64 {PATIENCE}, ptr %nanoseconds
  %f = trunc i64 %finished to i32
  store atomic i64 1, ptr %waiting seq_cst, align 8
  %slept = call i64 (i64, ...) @syscall(i64 {number}, ptr %done, i32 128, i32 %f, ptr %time, ptr null, i32 0)
  %now = load atomic i64, ptr %done seq_cst, align 8
  %stuck = icmp eq i64 %now, %finished
  %cpu = load i64, ptr %last
  %pinned = icmp sge i64 %cpu, 0
  %both = and i1 %stuck, %pinned
  br i1 %both, label %free, label %ready
free:
  store i64 -1, ptr %last
  call void @chainrule_pin(ptr %control)
  br label %ready
ready:
  store atomic i64 0, ptr %waiting seq_cst, align 8
  ret void
}}
"""


def work(target: Target) -> str:
    """`work(control, id)`: a worker's life: claim, spin, yield, park; returns when told to stop."""
    before, after = flush(target, "")
    return f"""
define void @chainrule_work(ptr %control, i64 %id) nounwind {{
entry:
  {before}
  {word("%busy", BUSY)}
  {word("%sleepers", SLEEPERS)}
  {word("%generation", GENERATION)}
  {word("%stop", STOP)}
  {word("%alone", ALONE)}
  br label %top
top:
  br label %look
look:
  %spins = phi i64 [ 0, %top ], [ %spins.next, %idle ], [ %spins.next, %give ]
  %got = call i1 @chainrule_claim(ptr %control, i64 %id)
  br i1 %got, label %top, label %none
{spin(target)}
{park(target)}
end:
  {after}
  ret void
}}
"""


def spin(target: Target) -> str:
    """From the block `none`: look again; after many looks give the core away in a step, park between steps."""
    return f"""none:
  %spins.next = add i64 %spins, 1
  {pause(target)}
  %ended = load atomic i64, ptr %stop acquire, align 8
  %is.ended = icmp ne i64 %ended, 0
  br i1 %is.ended, label %end, label %patient
patient:
  %inside = load atomic i64, ptr %busy acquire, align 8
  %step = icmp ne i64 %inside, 0
  %crowded = load i64, ptr %alone
  %is.crowded = icmp ne i64 %crowded, 0
  %normal = select i1 %step, i64 {SPINS_IN_STEP}, i64 {SPINS_BETWEEN}
  %patience = select i1 %is.crowded, i64 100, i64 %normal
  %long = icmp sgt i64 %spins.next, %patience
  br i1 %long, label %tired, label %idle
idle:
  br label %look
tired:
  br i1 %step, label %give, label %park
give:
  %y = call i32 @sched_yield()
  br label %look"""


def park(target: Target) -> str:
    """From the block `park`: sleep until woken, unless a step has begun or the worker is to stop."""
    number = futex(target)
    return f"""park:
  %a = atomicrmw add ptr %sleepers, i64 1 seq_cst
  %g64 = load atomic i64, ptr %generation seq_cst, align 8
  %g = trunc i64 %g64 to i32
  %now = load atomic i64, ptr %busy seq_cst, align 8
  %quiet = icmp eq i64 %now, 0
  %ended2 = load atomic i64, ptr %stop seq_cst, align 8
  %on = icmp eq i64 %ended2, 0
  %both = and i1 %quiet, %on
  br i1 %both, label %sleep, label %awake
sleep:
  %slept = call i64 (i64, ...) @syscall(i64 {number}, ptr %generation, i32 128, i32 %g, ptr null, ptr null, i32 0)
  br label %awake
awake:
  %b = atomicrmw sub ptr %sleepers, i64 1 seq_cst
  br label %top"""
