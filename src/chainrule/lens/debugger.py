"""The debugger: the same step line by line, forward and backward, with a question at every place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..check.lines import replayed
from ..compiler import Compiled, SavedStep, compile
from ..compiler.inputs import as_example
from ..errors import ChainruleError, UsageError
from ..graph import Program, Value, find, select
from ..tensor import trace
from .conditions import Condition, condition
from .element import Element, checked
from .sentences import element_of, explain
from .slopes import gradients_to, local, needed_gradient, placed, summed
from .stop import Stop, stop_at
from .values import Values
from .why import MOST, Why, why

Path = str | Value
"""How a value is named: by its path, or a parameter by itself."""


class Break(NamedTuple):
    """A breakpoint: the value's path, and when it holds; told: as it was set, with the pattern."""

    path: str
    when: Condition | None
    told: str


class Debugger:
    """A step with a cursor on its lines.

    program, batch:  what runs, and its arguments
    values:  what the compiled step made, by number: shown in the place of the interpreter's numbers
    title:  what is debugged, for people

    The numbers are those of the plain step, to the bit, for the state of the moment when the debugger was opened.
    Nothing is changed: state stays as it is, going back only moves the cursor, and a step that runs meanwhile does
    not disturb.  A value behind the cursor may be asked for too; it is then computed.  Without a path every question
    is about the value that the cursor looks at.  See `debug`.
    """

    def __init__(
        self,
        program: Program,
        batch: tuple[Any, ...],
        values: Mapping[int, np.ndarray] | None = None,
        title: str = "",
    ) -> None:
        self.program, self.title = program, title or program.name
        self.values = Values(program, batch, values)
        self.names = self.values.names
        self.paths = by_path(program, self.names)
        self.breaks: dict[int, Break] = {}
        self.position, self.focus, self.note = 0, -1, ""

    def __repr__(self) -> str:
        return f"Debugger of {self.title}, {self.where().heading}"

    def where(self) -> Stop:
        """The stop at the cursor."""
        if not self.position:
            return Stop(0, len(self.program.lines), self.note)
        there = self.values.has(self.focus)
        array = self.values[self.focus] if there else None
        return stop_at(self.values, self.position, self.focus, self.note, array)

    def next(self, n: int = 1) -> Stop:
        """Run the next line, or the next n."""
        return self.go(self.position + counted("next", n))

    def back(self, n: int = 1) -> Stop:
        """Look at the line before, or n before; nothing is undone, as nothing was changed."""
        return self.go(self.position - counted("back", n))

    def run_to(self, path: str) -> Stop:
        """Go to the line that makes a value, wherever the cursor is; breakpoints do not hold it up.

        Raises UsageError, naming the nearest, for a path that is none or that no line makes.
        """
        number = self.made(path, "run_to")
        return self.go(self.values.makers[number] + 1, number)

    def run(self) -> Stop:
        """Go on to the next breakpoint that holds, or to the end."""
        for position in range(self.position + 1, len(self.program.lines) + 1):
            self.reach(position)
            for number in self.program.lines[position - 1].outputs:
                if number in self.breaks and self.holds(number):
                    return self.go(position, number, f"stopped at {self.breaks[number].told}")
        return self.go(len(self.program.lines), note="the end of the step")

    def break_at(self, path: str, when: Condition | str | None = None) -> list[str]:
        """Have `run` stop where a value is made, or each of several.

        path:  of a value, or a pattern with * and ?
        when:  only if this holds of the array: a function of it, or words such as "max > 1e3", "not finite"
        Returns the paths.  Raises UsageError for a path that is none or that no line makes.
        """
        holds = condition(when) if isinstance(when, str) else when
        if holds is not None and not callable(holds):
            hint = 'when="max > 1e3", when=lambda a: abs(a).max() > 1e3'
            raise UsageError("break_at", f"when={when!r}", "words, or a function of the array", hint)
        found = select(self.paths, path, "break_at")
        made = {name: n for name, n in found.items() if n in self.values.makers and self.values.has(n)}
        if not made:
            first, which = next(iter(found.items()))
            if which in self.values.makers:
                self.values[which]  # says that the compiled step does not make it
            came = f"{first} and {len(found) - 1} more" if len(found) > 1 else first
            expected, hint = "a value that a line makes", 'lines("*") shows them'
            raise UsageError("break_at", f"{came}, which no line makes", expected, hint)
        told = f"{path} when {when}" if isinstance(when, str) else f"{path} when it holds" if when else path
        self.breaks |= {n: Break(name, holds, told) for name, n in made.items()}
        return list(made)

    def clear(self, path: str = "*") -> list[str]:
        """Take breakpoints away: that of a path, those of a pattern, or all.  Returns their paths."""
        gone = select({b.path: n for n, b in self.breaks.items()}, path, "clear") if self.breaks else {}
        for number in gone.values():
            del self.breaks[number]
        return list(gone)

    def value(self, path: Path | None = None) -> np.ndarray:
        """The numbers of a value, read-only."""
        return readable(self.values[self.number(path, "value")])

    def upstream(self, path: Path | None = None) -> np.ndarray:
        """The loss's gradient to a value, read-only, in its shape.

        Raises GradientError, saying why, where there is none.
        """
        number = self.number(path, "upstream")
        return readable(needed_gradient(self.values, number))

    def downstream(self, path: Path | None = None) -> dict[str, np.ndarray]:
        """What the gate that makes a value hands to each of its inputs, local × upstream, by their paths.

        Inputs that no gradient can go to are left out.  Raises GradientError where no upstream gradient arrives.
        """
        number = self.made(path, "downstream")
        line = self.program.lines[self.values.makers[number]]
        upstream = gradients_to(self.values, line)
        if all(u is None for u in upstream):
            needed_gradient(self.values, number)
        return summed(self.names, line, placed(self.values, line).hand(upstream))

    def local(self, path: Path | None = None, index: Any = None) -> dict[str, np.ndarray]:
        """The derivative of a value to each input of its gate, by their paths.

        index:  of one element of the value, whose derivatives to all numbers of the inputs are wanted; without it
                those of each element to the number it was made of
        Raises UsageError without an index for a gate that makes an element of several numbers.
        """
        number = self.made(path, "local")
        at = (
            None
            if index is None
            else checked("local", self.names[number], self.program.specs[number].shape, index)
        )
        return local(self.values, number, at)

    def explain(self, path: Path | None = None, index: Any = None) -> str:
        """One sentence with numbers: how an element was made, and what went where on the way back.

        index:  of the element; without it the one with the largest gradient, else the largest number
        """
        number = self.number(path, "explain")
        return explain(self.values, number, index)

    def why(self, path: Path, index: Any = (), most: int = MOST) -> Why:
        """The gradient of one element of a parameter, or of any value, as the sum that it is: print it.

        most:  so many terms are named
        Raises GradientError for a value without gradient.
        """
        return why(self.values, self.number(path, "why"), index, most)

    def lines(self, pattern: str = "*") -> list[Stop]:
        """The lines that make values of a pattern, without their numbers."""
        numbers = select(self.paths, pattern, "lines").values()
        made = [(self.values.makers[n] + 1, n) for n in numbers if n in self.values.makers]
        return [stop_at(self.values, position, n, "", None) for position, n in sorted(made)]

    def element(self, path: Path | None = None, index: Any = None) -> Element:
        """One element of a value that a line makes, with all that can be said of it."""
        number = self.made(path, "element")
        if self.program.specs[number].size == 0:
            came = f"{self.names[number]}, an array of shape {self.program.specs[number].shape}"
            raise UsageError("element", came, "a value with elements", "another path")
        return element_of(self.values, number, index, "element")

    def go(self, position: int, focus: int | None = None, note: str = "") -> Stop:
        """Move the cursor; values are computed on the way."""
        last = len(self.program.lines)
        if position > last or position < 0:
            note = "the end of the step" if position > last else "the start of the step"
        position = max(0, min(position, last))
        self.reach(position)
        self.stand(position, note)
        if position and focus is not None:
            self.focus = focus
        return self.where()

    def reach(self, position: int) -> None:
        """Have the lines run up to one.  Where one fails, the cursor stands before it, and the gate's error comes."""
        try:
            self.values.advance(position)
        except ChainruleError:
            self.stand(self.values.done, "the next line failed")
            raise

    def stand(self, position: int, note: str) -> None:
        """Put the cursor on a line, and look at the first value that it makes."""
        self.position, self.note = position, note
        if position:
            self.focus = self.program.lines[position - 1].outputs[0]

    def holds(self, number: int) -> bool:
        """Whether a breakpoint's condition holds.  Raises UsageError for one that gives no yes or no."""
        found = self.breaks[number]
        try:
            return found.when is None or bool(found.when(readable(self.values[number])))
        except ValueError as error:
            came = f"a condition of {found.path} that gave no single yes or no ({error})"
            raise UsageError("break_at", came, "one truth value", "abs(a).max() > 1e3") from None

    def number(self, path: Path | None, who: str) -> int:
        """The number of the value at a path, or of the one the cursor looks at."""
        if isinstance(path, Value):
            return self.cell(path, who)
        if path is not None:
            return find(self.paths, path, who)
        if not self.position:
            raise UsageError(who, "no path before the first line", "a line, or a path", "next()")
        return self.focus

    def cell(self, state: Value, who: str) -> int:
        """The number of a parameter, or other state, that the step reads."""
        for number, cell in self.program.cells.items():
            if cell is state:
                return number
        came = f"{state.name or 'a tensor'}, which the step does not read"
        raise UsageError(who, came, "a parameter of the step, or a path", "an argument goes by its name")

    def made(self, path: Path | None, who: str) -> int:
        """The same of a value that a line makes."""
        number = self.number(path, who)
        if number not in self.values.makers:
            came = f"{self.names[number]}, which no line makes: it is there from the start"
            reader = next((line for line in self.program.lines if number in line.inputs), None)
            hint = self.names[reader.outputs[0]] if reader else "lines()"
            raise UsageError(who, came, "a value that a line makes", hint)
        return number


def counted(who: str, n: Any) -> int:
    """A number of lines."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise UsageError(who, f"{n!r} lines", "a whole number ≥ 1", f"{who}(1)")
    return n


def by_path(program: Program, names: Mapping[int, str]) -> dict[str, int]:
    """The number of each value; those that are written into the step come last, as hardly anybody asks for them."""
    return {names[n]: n for n in sorted(names, key=lambda n: (n in program.constants, n))}


def readable(array: np.ndarray) -> np.ndarray:
    """The array, not copied, to look at only."""
    view = array.view()
    view.flags.writeable = False
    return view


def debug(step: Callable[..., Any] | Program | SavedStep, *batch: Any, compiled: bool = False) -> Debugger:
    """The same step line by line: forward, backward, update, with every value to look at and to question.

    step:  a compiled step, a plain function that is one, a program, or a saved step
    batch:  its arguments; a saved step has its own
    compiled:  show the numbers that the compiled step makes, instead of the interpreter's
    The step runs on the interpreter, on a copy of the state: nothing is changed.

    >>> import chainrule as cr
    >>> def step(x, y, z):
    ...     ((x + y) * z).backward()
    >>> numbers = (cr.Tensor(n, requires_grad=True) for n in (-2.0, 5.0, -4.0))
    >>> debugger = debug(step, *numbers)
    >>> debugger.next()
    line 1 of 4, forward
    add: f32[]
      = add(x, y)
      3.00
      at ...
    >>> print(debugger.explain())
    add: −2.00 + 5.00 = 3.00; hands −4.00 to x and −4.00 to y
    >>> float(debugger.upstream("z"))
    3.0
    """
    if isinstance(step, Program):
        if compiled:
            expected, hint = "a step that can be compiled", "the function, or what compile() gave"
            raise UsageError("debug", "a program, with compiled=True", expected, hint)
        return Debugger(step, batch)
    if isinstance(step, SavedStep):
        if batch:
            came, hint = f"a batch of {len(batch)} beside a saved step", "debug(saved)"
            raise UsageError("debug", came, "the saved step alone, which has its batch", hint)
        values = replayed(step)[1] if compiled else None
        return Debugger(step.program, step.batch, values, step.path)
    if not callable(step):
        expected = "a compiled step, a function or a program"
        raise UsageError("debug", f"a {type(step).__name__}", expected, "debug(step, images, labels)")
    batch = tuple(as_example(x) for x in batch)
    if not compiled:
        program = step.program(*batch) if isinstance(step, Compiled) else trace(step, *batch)
        return Debugger(program, batch)
    native = step if isinstance(step, Compiled) else compile(step)
    _, values = replayed(native, *batch)
    return Debugger(native.program(*batch), batch, values)
