"""Looking at trainings from outside: the debugger, and where two of them part.  Nothing below knows this room."""

from .debugger import Debugger as Debugger
from .debugger import debug as debug
from .diff import Diff as Diff
from .diff import diff as diff
from .lockstep import Parting as Parting
from .lockstep import part as part
from .rerun import Rerun as Rerun
from .stop import Stop as Stop
from .why import Why as Why
