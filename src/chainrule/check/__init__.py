"""Checks that teach: compiled against plain, gradients against differences, who made the NaN, is the set-up sane."""

from .advice import USUAL as USUAL
from .blame import Blame as Blame
from .blame import blame as blame
from .blame import explain as explain
from .compiled import Report as Report
from .compiled import compiled as compiled
from .findings import Finding as Finding
from .findings import SetupReport as SetupReport
from .gradients import gradients as gradients
from .setup import setup as setup
from .verdicts import GradientReport as GradientReport
