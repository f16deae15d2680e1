"""A step in a file: written with all that it reads, opened on another machine, run and verified there again."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..graph import Program, Spec, Value, require_grad
from ..graph.foreign import Foreign
from ..graph.paths import cell_path, input_names, unique
from ..graph.plain import hints_of
from ..graph.readback import read
from ..graph.spec import Example
from ..graph.written import write
from ..kernels.language.target import processor
from ..kernels.threads import threads
from ..ops.gates import VOCABULARY, check_settings
from ..version import __version__
from ..words import many
from .archive import Archive, MadeBy, pack, unpack
from .arrange import Arrangement, arrange
from .plan import Plan, Replay
from .watch import replay


def save(
    path: str | os.PathLike[str],
    program: Program,
    arrays: Sequence[np.ndarray],
    values: Mapping[int, np.ndarray],
) -> None:
    """Write a program with its arguments, its state as it is now, and some of its values by number.

    What is written is read back before, so that there is no file that `SavedStep.open` would refuse.
    """
    written = write(program, VOCABULARY)
    again = reread(written, Foreign(os.fspath(path)))
    again.constants = program.constants
    known = dict(zip(program.inputs, arrays, strict=True))
    known |= {n: cell.data for n, cell in program.cells.items()} | program.constants
    there = {name: known[n] for n, name in places(again).items()}
    there |= {name: values[n] for n, name in kept_at(again, values).items()}
    made = MadeBy(__version__, processor(), threads())
    pack(Path(path), Archive(made, sorted(values), written, there))


def reread(written: Any, foreign: Foreign) -> Program:
    """The program that was written, without numbers."""
    return read(written, foreign, VOCABULARY, check_settings, Value.usual)


def places(program: Program) -> dict[int, str]:
    """The names of the arrays that a program reads, by number."""
    taken: Counter[str] = Counter()
    named = [(n, f"inputs/{name}") for n, name in zip(program.inputs, input_names(program), strict=True)]
    named += [(n, f"state/{cell_path(cell, k)}") for k, (n, cell) in enumerate(program.cells.items())]
    named += [(n, f"constants/{n}") for n in program.constants]
    return {n: unique(name, taken) for n, name in named}


def kept_at(program: Program, values: Iterable[int]) -> dict[int, str]:
    """The names of the arrays of watched values, but of what the program reads anyway."""
    names, read = program.names(), {*program.inputs, *program.cells, *program.constants}
    return {n: f"values/{names[n]}" for n in values if n not in read}


class Differences(NamedTuple):
    """Watched values of a file against those that the compiled step computes here.

    paths:  all that were compared;  differing: those with other bits, each with its largest difference relative to
            the largest number that was saved
    made_by, here:  the processors
    """

    paths: tuple[str, ...]
    differing: dict[str, float]
    made_by: str
    here: str

    @property
    def largest(self) -> float:
        """The largest relative difference; 0 where all bits are the same."""
        return max(self.differing.values(), default=0.0)

    def __str__(self) -> str:
        if not self.paths:
            return "no values were kept in the file"
        count = many(len(self.paths), "kept value")
        on = f"on {self.here}" if self.made_by == self.here else f"on {self.here}, saved on {self.made_by}"
        if not self.differing:
            return f"{count}: the same bits {on}"
        furthest = max(self.differing, key=lambda path: self.differing[path])
        return (
            f"{count}: {len(self.differing)} with other bits {on}, at most by {self.largest:.1e} ({furthest})"
        )


class SavedStep:
    """A step out of a file, in the state in which it was saved: looked at, run, and verified as often as one likes.

    path:     the file, which is read once and not held
    batch:    the arguments; values: path -> array, what was watched when it was saved
    made_by:  chainrule's version, processor and threads there

    `check.compiled(saved)` verifies it here, `check.blame(saved)` names the line that made a NaN, `saved.differences()`
    compares the values in the file with those computed here.

    >>> import tempfile
    >>> import chainrule as cr
    >>> step = cr.compile(lambda x: cr.exp(x).sum())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     step.save(np.zeros(3, "float32"), f"{folder}/step.safetensors", watch="exp")
    ...     saved = SavedStep.open(f"{folder}/step.safetensors")
    >>> print(saved.program)
    program <lambda>(x: f32[3])
      exp: f32[3] <- exp(x)                            # forward, ...
      loss: f32[] <- sum(exp, axis=(0,), keepdims=False)  # forward, ...
      return loss
    >>> saved.values, saved()
    ({'exp': array([1., 1., 1.], dtype=float32)}, Tensor(3.))
    >>> print(saved.differences())
    1 kept value: the same bits on ...
    """

    def __init__(
        self,
        path: str,
        program: Program,
        arrays: Sequence[np.ndarray],
        values: dict[str, np.ndarray],
        made_by: MadeBy,
    ) -> None:
        self.path, self.values, self.made_by = path, values, made_by
        self._program, self._arrays = program, list(arrays)
        given = iter(arrays)
        self.batch = tuple(next(given) if isinstance(x, Example) else x for x in program.arguments)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> SavedStep:
        """The step in a file.  Nothing in it is run, and no other file is opened.

        Raises FileError for a file that is missing, damaged, foreign, or of a newer version.
        """
        know_settings()
        archive, foreign = unpack(Path(path)), Foreign(os.fspath(path))
        program = reread(archive.program, foreign)
        expected = places(program)
        known = taken(archive.arrays, expected, program.specs, foreign)
        for number, cell in program.cells.items():
            cell.data = known[number]
        program.constants = {n: known[n] for n in program.constants}
        most = len(program.specs) - 1
        watched = [foreign.whole(n, "a watched value", 0, most) for n in archive.watched]
        aside = kept_at(program, watched)
        known |= taken(archive.arrays, aside, program.specs, foreign)
        if extra := sorted(set(archive.arrays) - {*expected.values(), *aside.values()}):
            raise foreign.refuse("an array", extra[0], "one that the step has")
        names = program.names()
        values = {names[n]: known[n] for n in watched}
        return cls(os.fspath(path), program, [known[n] for n in program.inputs], values, archive.made_by)

    @property
    def program(self) -> Program:
        """The program, with state of its own each time: running one, `saved.program(*saved.batch)`, changes its cells
        and nothing here.
        """
        cells = {id(cell): copied(cell) for cell in self._program.cells.values()}
        return replace(
            self._program,
            cells={n: cells[id(cell)] for n, cell in self._program.cells.items()},
            updates=[(cells[id(cell)], n) for cell, n in self._program.updates],
            gradients=[(cells[id(cell)], n) for cell, n in self._program.gradients],
        )

    def __call__(self) -> Any:
        """Run the step once, gate by gate, and return what it returned; the saved state stays."""
        return self.program(*self.batch)

    def __repr__(self) -> str:
        kept = many(len(self.values), "kept value")
        whole = f"{len(self._program.lines)} lines, {len(self._program.cells)} cells, {kept}"
        return f"SavedStep({self.path!r}: {self._program.name}, {whole}; {self.made_by})"

    def __str__(self) -> str:
        program, state = self._program, sum(cell.data.nbytes for cell in self._program.cells.values())
        named = zip(program.argument_names, program.arguments, strict=True)
        given = [f"{name}: {x.spec}" if isinstance(x, Example) else f"{name} = {x!r}" for name, x in named]
        rows = {
            "step": f"{program.name}({', '.join(given)})",
            "program": f"{len(program.lines)} lines",
            "state": f"{len(program.cells)} arrays, {state / 1e6:.1f} MB",
            "kept": f"{many(len(self.values), 'value')} of that step",
            "saved by": str(self.made_by),
        }
        return "\n".join(f"{name:<8}  {said}" for name, said in rows.items())

    def replay(self) -> tuple[Plan, Replay]:
        """The step compiled here, and all its values; the saved state stays.  Raises CompileError where nothing can be
        compiled.
        """
        return replay(self._made, self._arrays)

    @functools.cached_property
    def _made(self) -> Arrangement:
        """Everything about its plan but memory: that is given back after each look."""
        return arrange(self.program)

    def differences(self) -> Differences:
        """The kept values against those that the compiled step computes here: the same bits on the same kind of
        processor; another one may have other kernels.
        """
        if not self.values:
            return Differences((), {}, self.made_by.processor, processor())
        plan, (computed, _) = self.replay()
        numbers = {name: n for n, name in plan.program.names().items()}
        pairs = {path: (a, computed.get(numbers[path])) for path, a in self.values.items()}
        apart = {
            path: distance(a, b) for path, (a, b) in pairs.items() if b is None or a.tobytes() != b.tobytes()
        }
        return Differences(tuple(pairs), apart, self.made_by.processor, processor())


@functools.cache
def know_settings() -> None:
    """Look up the declared types of all gates: Python evaluates their texts, and does so before a file is read."""
    for made in (*VOCABULARY.gates.values(), *VOCABULARY.kinds.values()):
        hints_of(made)


def copied(cell: Value) -> Value:
    """The same numbers as a cell of its own."""
    copy: Value = type(cell).of(cell.data, weak=cell.weak)
    copy.name = cell.name
    if cell.node is not None:
        require_grad(copy)
    return copy


def taken(
    arrays: Mapping[str, np.ndarray], names: Mapping[int, str], specs: Sequence[Spec], foreign: Foreign
) -> dict[int, np.ndarray]:
    """The arrays of these names, by number, each of its value's shape and dtype."""
    found = {}
    for number, name in names.items():
        array, spec = arrays.get(name), specs[number]
        if array is None:
            raise foreign.refuse("the file", f"without {name}", "all arrays that the step reads")
        if (array.shape, array.dtype) != (spec.shape, spec.dtype):
            raise foreign.refuse(name, str(Spec(array.shape, array.dtype)), str(spec))
        found[number] = array
    return found


def distance(kept: np.ndarray, here: np.ndarray | None) -> float:
    """The largest difference, relative to the largest number kept; infinity where one of them is not finite alone."""
    if here is None:
        return np.inf
    with np.errstate(all="ignore"):
        a, b = kept.astype(np.float64), here.astype(np.float64)
        apart = np.where(
            (a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.nan_to_num(np.abs(a - b), nan=np.inf)
        )
    largest, furthest = np.abs(a[np.isfinite(a)]).max(initial=0), float(apart.max(initial=0))
    if not largest:
        return np.inf if furthest else 0.0
    return float(furthest / largest)
