"""Program to plan: simplify, fuse, place in memory, choose kernels, run."""

from .compiled import Compiled as Compiled
from .compiled import compile as compile
from .plan import Plan as Plan
from .saved import Differences as Differences
from .saved import SavedStep as SavedStep
