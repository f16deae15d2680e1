"""Looking at trainings from outside: where two of them part."""

from .diff import Diff as Diff
from .diff import diff as diff
from .lockstep import Parting as Parting
from .lockstep import part as part
from .rerun import Rerun as Rerun
