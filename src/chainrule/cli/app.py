"""The command with its verbs, and its one way out: an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from .. import __version__
from .check import check
from .debug import debug_verb
from .diff import diff
from .download import download
from .evaluate import evaluate
from .failures import tell
from .help import Verbs
from .output import forgiving
from .predict import predict
from .search import search
from .signals import terminable
from .summary import summary
from .threads import relaunch
from .time import time
from .train import train

COMPLETION = "_CHAINRULE_COMPLETE"


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    subcommand_metavar="VERB ...",
    examples=(
        ("chainrule train", "train the small ConvNet on the pictures that come with it"),
        ("chainrule search svm", "find the settings that suit a model"),
        ("chainrule evaluate runs/convnet-…", "test it again, class by class"),
        ("chainrule predict runs/convnet-… shoe.png", "name what is on a picture"),
        ("chainrule summary vgg16", "a network's layers, with the arithmetic"),
        ("chainrule time resnet20", "where the milliseconds of its step go"),
        ("chainrule debug resnet20", "go through its step line by line"),
        ("chainrule check resnet20", "its compiled step, its gradients, its set-up"),
        ("chainrule diff runs/convnet-… runs/convnet-…-2", "where two runs part"),
        ("chainrule download cifar10", "fetch a published data set"),
    ),
    environment=(
        ("CHAINRULE_DATA", "the folder of the data sets that do not come with the package"),
        ("CHAINRULE_THREADS", "as --threads, for every command"),
        ("CHAINRULE_CACHE", "the folder of compiled kernels [~/.cache/chainrule]; empty: none are kept"),
        ("CHAINRULE_DEBUG", "set to 1: errors come with their traceback"),
        ("NO_COLOR", "set to 1: no colours"),
    ),
)
@click.version_option(
    __version__, "--version", message="chainrule %(version)s", help="Show the version and exit."
)
@click.pass_context
def chainrule(context: click.Context) -> None:
    """Networks of gates, trained by backpropagation on real pictures.

    `chainrule VERB --help` tells more about each verb.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for verb in (train, search, evaluate, predict, summary, time, debug_verb, check, diff, download):
    chainrule.add_command(verb)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; nothing is raised.

    arguments:  the words after `chainrule`; None takes those of the process, and starts it anew if it is to
    compute with another number of threads

    >>> main(["--version"])
    chainrule ...
    0
    """
    own, arguments = arguments is None, list(sys.argv[1:] if arguments is None else arguments)
    forgiving()
    try:
        with terminable():
            if own:
                relaunch(arguments)
            code = run(arguments)
            sys.stdout.flush()
            return code
    # the last door: whatever comes, also an interrupt, leaves as a message and a code
    except BaseException as error:
        return tell(error, as_json="--json" in arguments)


def run(arguments: list[str]) -> int:
    """Parse and call.  Click's own `main` would swallow interrupts and closed pipes."""
    if instruction := os.environ.get(COMPLETION):
        return shell_complete(chainrule, {}, "chainrule", COMPLETION, instruction)
    try:
        with chainrule.make_context("chainrule", arguments) as context:
            chainrule.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return 0
