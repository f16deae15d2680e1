"""Looks at values while a step runs: records behind the group that makes a value, before its memory is another's."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Spec
from .groups import Groups
from .schedule import Schedule, Step
from .single import move
from .tasks import Task
from .views import View, contiguous

FIRST, LAST = -2, -3
"""Before and behind all groups."""


class Look:
    """A look at one value.

    tasks:  the records that look;  behind: the group after which they run, or `FIRST` or `LAST`
    State is seen as it is after the step, other views of it as the step reads it.
    """

    def __init__(self, groups: Groups, number: int, tasks: list[Task]) -> None:
        base = groups.view(number).base
        self.tasks, self.behind = tasks, groups.maker.get(base, LAST if base == number else FIRST)


class Delivery(Look):
    """A look that copies a value, in the order of the program, into an array that is fresh at every step.

    target:  the number of the copy
    """

    def __init__(self, groups: Groups, number: int, view: View) -> None:
        self.target = groups.flow.new(Spec(view.shape, groups.flow.specs[view.base].dtype))
        copy = View(self.target, view.shape, contiguous(view.shape))
        super().__init__(groups, number, move(groups, view, copy, "look"))


def delivery(groups: Groups, number: int) -> Delivery | None:
    """A look that copies a value; None where it lies in no even steps."""
    view = there(groups, number)
    return None if view is None else Delivery(groups, number, view)


def there(groups: Groups, number: int) -> View | None:
    """Where a value lies; None if that is in no even steps, inside of a larger one."""
    view = groups.view(number)
    placed = groups.place(view)
    return None if placed is view and view.base in groups.homes else placed


def looking(plan: Schedule, looks: Iterable[Look]) -> Schedule:
    """The same steps with the looks among them; what no step makes by itself, since its parts lie in place, is seen at
    the end.
    """
    waiting: dict[int, list[tuple[Step, int]]] = {}
    for look in looks:
        waiting.setdefault(look.behind, []).extend((task, look.behind) for task in look.tasks)
    ends = {group: place for place, (_, group) in enumerate(plan.steps)}
    steps = [*plan.steps[: plan.ahead], *waiting.pop(FIRST, [])]
    for place, (step, group) in enumerate(plan.steps[plan.ahead :], plan.ahead):
        steps.append((step, group))
        if ends[group] == place:
            steps += waiting.pop(group, [])
    return Schedule([*steps, *(look for left in waiting.values() for look in left)], plan.ahead)
