"""The debugger: reads programs, plans and values; nothing below knows it."""

from .debugger import Debugger as Debugger
from .debugger import debug as debug
from .stop import Stop as Stop
from .why import Why as Why
