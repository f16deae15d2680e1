"""`python -m chainrule` is the command `chainrule`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
