"""Update rules, schedules and clipping, written with gates, so that they are part of the traced step."""

from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .clipping import clip_grad_norm as clip_grad_norm
from .clipping import clip_grad_value as clip_grad_value
from .group import Bounds as Bounds
from .group import Group as Group
from .optimizer import Optimizer as Optimizer
from .schedule import Schedule as Schedule
from .schedule import SequentialLR as SequentialLR
from .schedules import CosineAnnealingLR as CosineAnnealingLR
from .schedules import LinearLR as LinearLR
from .schedules import OneCycleLR as OneCycleLR
from .schedules import StepLR as StepLR
from .sgd import SGD as SGD
