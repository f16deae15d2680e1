"""`chainrule debug`: a network's training step line by line, with a question at every place."""

from __future__ import annotations

import sys
from typing import TextIO

import click
from rich.text import Text

from .. import check
from ..compiler import SavedStep
from ..errors import CompileError, DifferenceError, UsageError
from ..graph import PHASES
from ..lens import Debugger, debug
from .codes import FAILED
from .help import Argument, Option, Verb
from .options import batch_option, complete_model, data_option, threads_option
from .output import show
from .prompt import COMMANDS, Prompt, script
from .setups import PICTURES, on_pictures

SUFFIX = ".safetensors"
"""How the file of a saved step ends."""


@click.command(
    "debug",
    cls=Verb,
    more={"Commands": COMMANDS},
    examples=(
        ("chainrule debug resnet20", "step through a training step on four pictures"),
        ('chainrule debug lenet5 -c "run_to conv1/relu; explain"', "without a prompt"),
        ('chainrule debug convnet -c "break_at * when not finite; run"', "where the first NaN is made"),
        ('chainrule debug resnet20 -c "why conv1.weight 3,0,1,1"', "the terms of one gradient"),
        ("chainrule debug step.safetensors", "a step that step.save(batch, …) wrote, verified here"),
    ),
)
@click.argument(
    "model",
    cls=Argument,
    metavar="MODEL",
    shell_complete=complete_model,
    help="A network of the zoo, the folder of a run, or the file of a saved step.",
)
@batch_option(PICTURES)
@data_option
@click.option(
    "-c",
    "commands",
    multiple=True,
    cls=Option,
    group="Output",
    metavar="COMMANDS",
    expected="commands with semicolons between them",
    example='-c "run_to loss; explain"',
    help="Do these commands, and leave; may be given several times.",
)
@click.option(
    "--commands",
    "file",
    type=click.File(encoding="utf-8"),
    cls=Option,
    group="Output",
    metavar="FILE",
    expected="a file of commands, one a line",
    example="commands.txt",
    help="Do the commands of a file, and leave.",
)
@click.option(
    "--compiled",
    is_flag=True,
    cls=Option,
    group="Output",
    help="Show the numbers of the compiled step, not of the interpreter.",
)
@threads_option
@click.pass_context
def debug_verb(
    context: click.Context,
    model: str,
    batch: int | None,
    data: str | None,
    commands: tuple[str, ...],
    file: TextIO | None,
    compiled: bool,
) -> None:
    """Go through a network's training step line by line: forward, backward, update.

    Every value has a path. At each stop ask for its numbers, for the gradient that arrives at it, for what its
    gate hands on, or for one sentence that explains it. Nothing is trained and nothing is saved.
    """
    debugger, told = opened(model, batch, data, compiled)
    lines = [*commands, *(file or ())]
    prompt = Prompt(debugger, echo=bool(lines) or not sys.stdin.isatty())
    show(*told, heading(debugger))
    if commands or file is not None:
        script(prompt, lines)
    else:
        prompt.cmdloop()
    if prompt.failed and not (prompt.use_rawinput and not lines):
        context.exit(FAILED)


def opened(
    model: str, count: int | None = None, data: str | None = None, compiled: bool = False
) -> tuple[Debugger, list[Text]]:
    """The debugger of a network of the zoo, of a run that goes on learning, or of a saved step; and what is said first.

    Raises what reading them raises, UsageError for pictures beside a saved step.
    """
    if model.endswith(SUFFIX):
        if count is not None or data is not None:
            raise UsageError(
                model, "--batch or --data", "a saved step alone, which has its batch", "without them"
            )
        saved = SavedStep.open(model)
        return debug(saved, compiled=compiled), [Text(str(saved)), verified(saved)]
    setup = on_pictures(model, count or PICTURES, data)
    debugger = debug(setup.step, *setup.batch, compiled=compiled)
    debugger.title = setup.heading()
    return debugger, []


def verified(saved: SavedStep) -> Text:
    """Whether a saved step, compiled here, is the step that was saved."""
    try:
        report = check.compiled(saved)
    except CompileError as error:
        return Text(f"not verified  {error}", "yellow")
    except DifferenceError as error:
        return Text(f"differs   {error}", "red")
    return Text(f"verified  {report}\n          {saved.differences()}", "green")


def heading(debugger: Debugger) -> Text:
    """What is debugged, and how many lines it has."""
    lines = debugger.program.lines
    phases = {name: sum(line.phase == name for line in lines) for name in PHASES}
    told = ", ".join(f"{many:,} {name}" for name, many in phases.items() if many)
    return Text.assemble((debugger.title, "bold"), f"\n{len(lines):,} lines: {told}; help lists the commands")
