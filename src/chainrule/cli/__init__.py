"""The command `chainrule`: parse, call, print.  Results on stdout, progress and errors on stderr."""

from .app import main as main
