"""The one native loop that walks the records of a plan, alone or with workers, in LLVM's language.

A record is four words: function, arguments, pieces, flags.  Pieces of a record are claimed one by one from a
ticket, so a worker that the system has put aside holds up nothing that it has not begun.  The ticket counts
records in its upper bits and never repeats, so a late claim fails; its lower bits say which pieces are taken.
Thread k of n begins at piece k · pieces / n: the same rows stay in the same core's cache from record to record.
"""

from __future__ import annotations

from typing import Final

from .target import Target

RECORD_WORDS: Final = 4
GUARD: Final = 1
"""The flag of a record that ends the walk if its first byte is not zero; it calls nothing."""

# Words of the control block; each that is written often has a cache line of its own.
TICKET, LIMIT, CURRENT, SEQUENCE, BUSY = 0, 8, 9, 10, 16
DONE, WAITING, SLEEPERS, GENERATION, STOP, ALONE = 24, 25, 32, 40, 48, 49
WORKERS, LAST_CPU, CORES, MASK, IDS = 50, 51, 52, 56, 72
MOST_WORKERS: Final = 256
RAN: Final = 336
"""From here on each thread counts the pieces that it ran, a cache line apart."""
CONTROL_WORDS: Final = RAN + 8 * (MOST_WORKERS + 1)
MOST_PIECES: Final = 16
"""Pieces of a record: each has a bit in the ticket."""
CLOSED: Final = (1 << MOST_PIECES) - 1

SPINS_IN_STEP, SPINS_BETWEEN, SPINS_FOR_LAST = 30_000, 2_000, 5_000
PATIENCE: Final = 200_000
"""Nanoseconds without a finished piece until a worker may go to the caller's core."""
FUTEX = {"x86_64": 202, "aarch64": 98, "arm64": 98}


def can_park(target: Target) -> bool:
    """Whether workers can sleep and be woken: on Linux; elsewhere a step runs on one thread."""
    return "linux" in target.triple and target.triple.split("-")[0] in FUTEX


def word(name: str, index: int, block: str = "%control") -> str:
    """An instruction that finds a word of the control block."""
    return f"{name} = getelementptr i64, ptr {block}, i64 {index}"


def pause(target: Target) -> str:
    """An instruction that leaves the core to its other thread for a moment."""
    if target.triple.startswith("x86_64"):
        return "call void @llvm.x86.sse2.pause()"
    return "call void @llvm.aarch64.hint(i32 1)"


def flush(target: Target, label: str) -> tuple[str, str]:
    """Instructions that set flush-to-zero, and that give the old mode back."""
    if not target.triple.startswith("x86_64"):
        before = f"""%mode{label} = call i64 @llvm.aarch64.get.fpcr()
  %flush{label} = or i64 %mode{label}, 16777216
  call void @llvm.aarch64.set.fpcr(i64 %flush{label})"""
        return before, f"call void @llvm.aarch64.set.fpcr(i64 %mode{label})"
    before = f"""%csr{label} = alloca i32
  %csr.flushed{label} = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %csr{label})
  %mode{label} = load i32, ptr %csr{label}
  %flush{label} = or i32 %mode{label}, 32832
  store i32 %flush{label}, ptr %csr.flushed{label}
  call void @llvm.x86.sse.ldmxcsr(ptr %csr.flushed{label})"""
    return before, f"call void @llvm.x86.sse.ldmxcsr(ptr %csr{label})"


def declarations(target: Target) -> str:
    """What the driver calls."""
    lines = ["declare i32 @sched_yield()"]
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


def run_one(target: Target) -> str:
    """`run_one(records, count)`: the walk on one thread; returns the number of the guard that stopped it, or -1."""
    before, after = flush(target, "")
    return f"""
define i64 @chainrule_run_one(ptr %records, i64 %count) nounwind {{
entry:
  {before}
  br label %record
record:
  %r = phi i64 [ 0, %entry ], [ %next, %after ]
  %more = icmp slt i64 %r, %count
  br i1 %more, label %look, label %end
look:
  %at = mul i64 %r, {RECORD_WORDS}
  %place = getelementptr i64, ptr %records, i64 %at
  %place.a = getelementptr i64, ptr %place, i64 1
  %place.p = getelementptr i64, ptr %place, i64 2
  %place.f = getelementptr i64, ptr %place, i64 3
  %function = load ptr, ptr %place
  %arguments = load ptr, ptr %place.a
  %pieces = load i64, ptr %place.p
  %flags = load i64, ptr %place.f
  %guard = icmp eq i64 %flags, {GUARD}
  br i1 %guard, label %check, label %piece
check:
  %status = load i8, ptr %arguments
  %bad = icmp ne i8 %status, 0
  br i1 %bad, label %stopped, label %after
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
  br label %record
stopped:
  {after}
  ret i64 %r
end:
  {after}
  ret i64 -1
}}
"""


def claim(target: Target) -> str:
    """`claim(control, id)`: take one piece of the open record and run it; whether there was one."""
    number = FUTEX[target.triple.split("-")[0]]
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
again:
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
  br i1 %won, label %work, label %again
work:
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
  br label %ran
ran:
  ret i1 true
none:
  ret i1 false
}}
"""


def wake(target: Target) -> str:
    """`wake(control)`: move sleeping workers off the caller's core, and wake them."""
    number = FUTEX[target.triple.split("-")[0]]
    return f"""
define void @chainrule_wake(ptr %control) nounwind {{
  {word("%sleepers", SLEEPERS)}
  {word("%generation", GENERATION)}
  {word("%last", LAST_CPU)}
  {word("%mask", MASK)}
  {word("%workers", WORKERS)}
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
  %n = load i64, ptr %workers
  br label %each
each:
  %k = phi i64 [ 0, %move ], [ %k.next, %set ]
  %rest = icmp slt i64 %k, %n
  br i1 %rest, label %set, label %moved
set:
  %slot = add i64 %k, {IDS}
  %id.place = getelementptr i64, ptr %control, i64 %slot
  %id64 = load i64, ptr %id.place
  %id = trunc i64 %id64 to i32
  %ignored = call i32 @sched_setaffinity(i32 %id, i64 128, ptr %mask)
  %k.next = add i64 %k, 1
  br label %each
moved:
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
    number = FUTEX[target.triple.split("-")[0]]
    return f"""
define void @chainrule_wait(ptr %control, i64 %finished) nounwind {{
entry:
  {word("%done", DONE)}
  {word("%waiting", WAITING)}
  {word("%last", LAST_CPU)}
  {word("%mask", MASK)}
  {word("%workers", WORKERS)}
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
  %n = load i64, ptr %workers
  br label %each
each:
  %k = phi i64 [ 0, %free ], [ %k.next, %set ]
  %rest = icmp slt i64 %k, %n
  br i1 %rest, label %set, label %ready
set:
  %slot = add i64 %k, {IDS}
  %id.place = getelementptr i64, ptr %control, i64 %slot
  %id64 = load i64, ptr %id.place
  %id = trunc i64 %id64 to i32
  %ignored = call i32 @sched_setaffinity(i32 %id, i64 128, ptr %mask)
  %k.next = add i64 %k, 1
  br label %each
ready:
  store atomic i64 0, ptr %waiting seq_cst, align 8
  ret void
}}
"""


def run_many(target: Target) -> str:
    """`run_many(control, records, count)`: the walk with workers; returns as `run_one`."""
    before, after = flush(target, "")
    return f"""
define i64 @chainrule_run_many(ptr %control, ptr %records, i64 %count) nounwind {{
entry:
  {before}
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
record:
  %r = phi i64 [ 0, %entry ], [ %next, %after ]
  %more = icmp slt i64 %r, %count
  br i1 %more, label %look, label %end
look:
  %at = mul i64 %r, {RECORD_WORDS}
  %place = getelementptr i64, ptr %records, i64 %at
  %place.a = getelementptr i64, ptr %place, i64 1
  %place.p = getelementptr i64, ptr %place, i64 2
  %place.f = getelementptr i64, ptr %place, i64 3
  %arguments = load ptr, ptr %place.a
  %pieces = load i64, ptr %place.p
  %flags = load i64, ptr %place.f
  %guard = icmp eq i64 %flags, {GUARD}
  br i1 %guard, label %check, label %size
check:
  %status = load i8, ptr %arguments
  %bad = icmp ne i8 %status, 0
  br i1 %bad, label %stopped, label %after
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
open:
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
  br label %mine
mine:
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
  br label %wait
close:
  %closed = or i64 %t, {CLOSED}
  store atomic i64 %closed, ptr %ticket seq_cst, align 8
  br label %after
after:
  %next = add i64 %r, 1
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


def work(target: Target) -> str:
    """`work(control, id)`: a worker's life: claim, spin, yield, park; returns when told to stop."""
    number = FUTEX[target.triple.split("-")[0]]
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
none:
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
  br label %look
park:
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
  br label %top
end:
  {after}
  ret void
}}
"""


def driver_text(target: Target) -> str:
    """The whole driver for a target; without workers where they could not sleep."""
    parts = [declarations(target), run_one(target)]
    if can_park(target):
        parts += [claim(target), wake(target), wait(target), run_many(target), work(target)]
    return "\n".join(parts)


def names(target: Target) -> list[str]:
    """The functions of the driver that Python calls."""
    one = ["chainrule_run_one"]
    return [*one, "chainrule_run_many", "chainrule_work", "chainrule_wake"] if can_park(target) else one
