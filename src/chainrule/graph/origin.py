"""Where a gate was applied: the user's source line and the layer path, remembered as one small number."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import NamedTuple

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

COMMAND = os.path.join(PACKAGE, "cli") + os.sep
MATHEMATICS = (*(os.path.join(PACKAGE, room) + os.sep for room in ("graph", "ops")), PACKAGE + "tensor.py")

layer: ContextVar[str] = ContextVar("layer", default="")
"""The dotted path of the module that is running, as in its state dict; '' outside of modules."""

phase: ContextVar[str] = ContextVar("phase", default="forward")
"""What a gate is applied for: "forward", "backward" or "update"; "again" is the second run of a checkpoint."""

_inherited: ContextVar[int | None] = ContextVar("inherited", default=None)
_origins: list[Origin] = []
_numbers: dict[Origin, int] = {}


class Origin(NamedTuple):
    """A line of the user's code, the function it stands in, and the layer that ran."""

    file: str
    line: int
    function: str
    layer: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line} in {self.function}" if self.file else ""

    @property
    def text(self) -> str:
        """What stands in the line; "" for a file of another machine, of which only the name is known."""
        known = os.path.isabs(self.file) or (self.file.startswith("<") and self.file in linecache.cache)
        return linecache.getline(self.file, self.line).strip() if known else ""


def here() -> int:
    """The number of the place in the user's code that is running, with the layer path."""
    inherited = _inherited.get()
    if inherited is not None:
        again = phase.get() == "again"  # of a layer of its own, where the user's line called for all of it
        return number_of(origin(inherited)._replace(layer=layer.get())) if again else inherited
    frame = last = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, last = frame.f_back, frame
    if last.f_code.co_filename.startswith(COMMAND):
        frame = ours()
    return number_of(Origin(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, layer.get()))


def number_of(place: Origin) -> int:
    """The number that stands for a place."""
    number = _numbers.get(place)
    if number is None:
        number = _numbers[place] = len(_origins)
        _origins.append(place)
    return number


def ours() -> FrameType:
    """The line of a layer, loss or update rule that is running: under the command there is no line of the user's."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(MATHEMATICS):
        frame = frame.f_back
    return frame


def origin(number: int) -> Origin:
    """The place that a number stands for."""
    return _origins[number]


@contextmanager
def inherit(number: int) -> Iterator[None]:
    """Gates applied inside count as applied at the place `number`: backward lines inherit the forward's."""
    token = _inherited.set(number)
    try:
        yield
    finally:
        _inherited.reset(token)


@contextmanager
def during(name: str) -> Iterator[None]:
    """Gates applied inside belong to this phase of the step."""
    token = phase.set(name)
    try:
        yield
    finally:
        phase.reset(token)
