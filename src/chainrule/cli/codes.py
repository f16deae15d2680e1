"""The exit codes."""

DONE, FAILED, USAGE, DIVERGED, BAD_FILE, FULL, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 5, 130, 143
PARTED = 1
"""Of `diff`, as of diff(1): the two are not the same."""

EXIT_CODES = {
    DONE: "done",
    FAILED: "failure: a fault of chainrule itself, a missing library, a compiled line that differs, a "
    "wrong gradient, a finding of check, a command of debug "
    "that could not be done; after diff: the runs part",
    USAGE: "usage: a name, option or value that cannot work, or a model and pictures that do not fit",
    DIVERGED: "diverged: the loss became NaN or infinite",
    BAD_FILE: "bad file: missing, unreadable, truncated, foreign, or with faulty content",
    FULL: "out of disk or memory",
    INTERRUPTED: "stopped by Ctrl-C (SIGINT)",
    TERMINATED: "stopped by SIGTERM",
}
