"""The kernel language: plain Python functions, traced into vector code, or run by a machine that checks them."""

from .engine import Engine as Engine
from .engine import engine as engine
from .llvm import Written as Written
from .llvm import write as write
from .machine import Machine as Machine
from .values import Index as Index
from .values import Pointer as Pointer
from .values import Vector as Vector
