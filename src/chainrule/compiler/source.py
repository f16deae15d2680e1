"""The code of a kernel, from Python to the processor's instructions."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from ..kernels.chain import Chain
from ..kernels.formula import Formula, Number, Step
from ..kernels.language import engine, write
from ..kernels.language.target import to_assembly
from ..words import many
from .tasks import Kernel, Task


class Source(NamedTuple):
    """One kernel.

    kernel:  its name;  settings: what it was made for
    python:  the class that writes it, and the formulas that it applies
    llvm:  what that wrote down;  assembly: what LLVM made of it
    """

    kernel: str
    settings: str
    python: str
    llvm: str
    assembly: str

    def __str__(self) -> str:
        ir, asm = (len(text.splitlines()) for text in (self.llvm, self.assembly))
        head = f"── {self.kernel}: {self.settings}"
        return f"{head}\n\n{self.python}\n\n.llvm: {ir:,} lines;  .assembly: {asm:,} lines"


class Sources(NamedTuple):
    """The kernels that compute a value, in their order; print it, or look at `kernels[0].assembly`."""

    path: str
    kernels: list[Source]

    def __str__(self) -> str:
        if not self.kernels:
            return f"{self.path}: no kernel; plan.why({self.path!r}) says how it comes about"
        return "\n\n".join([f"{self.path}: {many(len(self.kernels), 'kernel')}", *map(str, self.kernels)])


def source_of(task: Task) -> Source:
    """The code of the kernel of a task."""
    written = write(task.kernel)
    text = "\n".join([*written.declared, written.text])
    assembly = to_assembly(text, engine().target)
    return Source(task.name, settings(task.kernel), python(task.kernel), text, assembly)


def settings(kernel: Kernel) -> str:
    """What a kernel was made for, without its formula.

    >>> import numpy as np
    >>> from chainrule.kernels.turning import Turn
    >>> settings(Turn(np.dtype("float32"), 1))
    'Turn(dtype=float32, outer=1)'
    """
    known = [(name, x) for name, x in parts(kernel) if not isinstance(x, Formula) and not callable(x)]
    shown = (f"{name}={len(x) if name == 'stages' else x}" for name, x in known)
    return f"{name_of(kernel)}({', '.join(shown)})"


def parts(kernel: Any) -> list[tuple[str, Any]]:
    """The settings of a kernel, by name."""
    return [(f.name, getattr(kernel, f.name)) for f in fields(kernel)] if is_dataclass(kernel) else []


def name_of(kernel: Kernel) -> str:
    return str(getattr(kernel, "__name__", type(kernel).__name__))


def python(kernel: Kernel) -> str:
    """The class that writes the kernel, and what it applies to each vector."""
    code = kernel if inspect.isfunction(kernel) else type(kernel)
    text = [f"# {code.__module__.replace('.', '/')}.py", inspect.getsource(code).rstrip()]
    for _, part in parts(kernel):
        if isinstance(part, Formula):
            text += ["", "# the formula of each vector", *listing(part)]
        elif callable(part):
            text += ["", python(part)]
    for number, stage in enumerate(kernel.stages if isinstance(kernel, Chain) else ()):
        text += ["", f"# stage {number}: {settings(stage.loops)}", *listing(stage.loops.formula)]
    return "\n".join(text)


def listing(formula: Formula) -> Iterator[str]:
    """A formula, line by line: what is read, computed, stored.

    >>> import numpy as np
    >>> from chainrule.kernels.formula import NEXT, Operand
    >>> from chainrule.ops.activation import Relu
    >>> f32 = Operand(np.dtype("float32"), NEXT)
    >>> formula = Formula((f32,), (Step(Relu(), "forward", (0,), f32.dtype),), ((1, f32),))
    >>> print("\\n".join(listing(formula)))
    v0 = read float32
    v1 = relu(v0)                        # xp.maximum(x, 0)
    store v1
    """
    for number, operand in enumerate(formula.operands):
        yield f"v{number} = read {operand.dtype}"
    for number, step in enumerate(formula.steps, len(formula.operands)):
        line = f"v{number} = {applied(step)}"
        yield f"{line:<36} # {body(step)}"
    for number, _ in formula.stores:
        yield f"store v{number}"
    for number, _ in formula.sums:
        yield f"add up v{number}"
    if formula.pool is not None:
        yield f"store the largest of each 2 × 2 of v{formula.pool.source}, and which it is"
    for number in formula.guards:
        yield f"look whether v{number} is finite"


def applied(step: Step) -> str:
    """A step as a call."""
    read = [f"{x.value:g}" if isinstance(x, Number) else f"v{x}" for x in step.inputs]
    label = getattr(step.formula, "label", type(step.formula).__name__)
    named = label if step.method == "forward" else f"{label}.{step.method}"
    return f"{named}({', '.join(read)})"


def body(step: Step) -> str:
    """What the formula of a step returns."""
    text = textwrap.dedent(inspect.getsource(getattr(type(step.formula), step.method)))
    lines = [line.strip() for line in text.splitlines()]
    returned: Any = next((line for line in reversed(lines) if line.startswith("return ")), lines[-1])
    return str(returned.removeprefix("return "))
