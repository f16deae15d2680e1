"""What the interpreter does while files are read: `python -m tests.strangers.audit READER FILE READER FILE …`.

Prints a line of JSON for each file: its events, and how reading ended.  In this process nothing is imported but what
the readers are in, so that whatever they would load on their way is seen.
"""

import importlib
import json
import sys
from pathlib import Path

PLACES = {
    "sealed": ("chainrule.sealed", lambda m, path: m.unseal(path, m.Kind("test thing", 1, "a", "b", "c"))),
    "weights": ("chainrule.train", lambda m, path: m.RunFolder(path.parent).weights()),
    "checkpoint": ("chainrule.train", lambda m, path: m.Checkpoint.read(path)),
    "cifar": ("chainrule.data", lambda m, path: m.cifar.read_cifar(path)),
    "result": ("chainrule.train", lambda m, path: m.RunFolder(path.parent).result()),
    "plan": ("chainrule.cli.plan", lambda m, path: m.Plan.read(path.parent)),
    "trials": ("chainrule.estimators.trials", lambda m, path: finished(m, path)),
    "idx": ("chainrule.data", lambda m, path: m.read_idx(path)),
    "npz": ("chainrule.data", lambda m, path: m.read_npz(path)),
    "packed": ("chainrule.data", lambda m, path: m.read_packed_jpeg(path)),
    "config": ("chainrule.train", lambda m, path: m.Config.read(path)),
    "model": ("chainrule.train", lambda m, path: m.RunFolder(path.parent).sight()),
    "start": ("chainrule.train", lambda m, path: m.RunFolder(path.parent).start()),
    "metrics": ("chainrule.train", lambda m, path: m.RunFolder(path.parent).steps()),
    "step": ("chainrule.compiler", lambda m, path: m.SavedStep.open(path)),
}


def finished(module, path: Path):
    """The trials of a file, without the folder's other one."""
    log = object.__new__(module.TrialLog)
    log.path, log.way = path.parent, "folder"
    log._read()


QUIET = {"array.__new__", "builtins.id", "object.__getattr__", "object.__setattr__", "sys._getframe"}
"""Events that touch nothing outside."""


class Watch:
    """The events while it is on."""

    def __init__(self) -> None:
        self.on, self.seen = False, []
        sys.addaudithook(self.note)

    def note(self, event: str, args: tuple) -> None:
        named = event == "open" and isinstance(args[0], int)  # a file that is open already
        if self.on and event not in QUIET and not named:
            self.seen.append([event, *(str(a) for a in args[:1])])


def main(words: list[str]) -> None:
    given = list(zip(words[::2], words[1::2], strict=True))
    loaded = {name: importlib.import_module(PLACES[name][0]) for name, _ in given}
    watch = Watch()
    for name, file in given:
        watch.seen, ended = [], "a value"
        path = Path(file)
        watch.on = True
        try:
            PLACES[name][1](loaded[name], path)
        except Exception as error:
            watch.on = False
            ended = type(error).__name__
        watch.on = False
        print(json.dumps({"events": watch.seen, "ended": ended}))


if __name__ == "__main__":
    main(sys.argv[1:])
