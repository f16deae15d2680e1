"""Where the bytes of a plan's arena lie at its fullest moment."""

from __future__ import annotations

from collections import Counter

from chainrule.compiler.plan import Plan
from chainrule.compiler.records import Row
from chainrule.compiler.room import bytes_of

FORWARD, VALUES, GRADIENTS = "made forward, read backward", "other values", "gradients of weights"
WEIGHTS, PANELS, ROOMS = "made of weights alone", "panels of values", "rooms of Winograd's algorithm"
KINDS = (FORWARD, VALUES, GRADIENTS, WEIGHTS, PANELS, ROOMS)


def arena(plan: Plan) -> dict[str, float]:
    """MiB of the arena, of what lies in it by kind while the kernel runs that has most around it, and of the rest.

    made of weights alone:  filters turned or transformed, and their panels;  rooms: where one kernel works
    kept panels:  those that stay from step to step, outside of the arena
    """
    sizes = {n: bytes_of(plan.groups.flow.specs[n]) for n in plan.room.offsets}
    rows = {n: [row for row in plan.rows if n in (*row.task.reads, *row.task.writes)] for n in sizes}
    kinds = kinds_of(plan, rows)
    places = {n: (those[0].record, those[-1].record) for n, those in rows.items()}

    def around(record: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for n, (first, last) in places.items():
            found[kinds[n]] += sizes[n] if first <= record <= last else 0
        return found

    fullest = max((around(row.record) for row in plan.rows), key=Counter.total)
    kept = sum(array.nbytes for array in plan.room.kept.values())
    size = plan.peak - kept
    found = {"arena": size} | {f"  {kind}": fullest[kind] for kind in KINDS}
    found |= {"  gaps": size - fullest.total(), "kept panels": kept}
    return {what: round(count / 2**20, 1) for what, count in found.items()}


def kinds_of(plan: Plan, rows: dict[int, list[Row]]) -> dict[int, str]:
    """What each value is that some rows touch, by number."""
    groups, lines = plan.groups, plan.program.lines
    gradients = {groups.view(n).base for n in groups.flow.gradients}
    alone = of_weights(plan)

    def phase(row: Row) -> str:
        line = groups.groups[row.group].ops[0].line
        return lines[line].phase if line >= 0 else ""

    def kind(number: int, first: Row, last: Row) -> str:
        if first is last and first.task.name == "winograd":
            return ROOMS
        if number in gradients:
            return GRADIENTS
        if number in alone:
            return WEIGHTS
        if first.task.name == "pack":
            return PANELS
        return FORWARD if (phase(first), phase(last)) == ("forward", "backward") else VALUES

    return {n: kind(n, those[0], those[-1]) for n, those in rows.items()}


def of_weights(plan: Plan) -> set[int]:
    """The values that depend on state and constants alone: all that is written into them does."""
    found = {*plan.program.cells, *plan.groups.flow.constants}
    written: set[int] = set()
    for row in plan.rows:
        same = found.issuperset(row.task.reads)
        for n in row.task.writes:
            if same and (n in found or n not in written):
                found.add(n)
            else:
                found.discard(n)
            written.add(n)
    return found
