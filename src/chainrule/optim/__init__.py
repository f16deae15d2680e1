"""Update rules, schedules and clipping, written with gates, so that they are part of the traced step."""

from .adagrad import Adadelta as Adadelta
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .averaging import AveragedWeights as AveragedWeights
from .clipping import clip_grad_norm as clip_grad_norm
from .clipping import clip_grad_value as clip_grad_value
from .group import Bounds as Bounds
from .group import Group as Group
from .optimizer import Optimizer as Optimizer
from .plateau import ReduceLROnPlateau as ReduceLROnPlateau
from .rmsprop import RMSprop as RMSprop
from .schedule import Schedule as Schedule
from .schedule import SequentialLR as SequentialLR
from .schedules import CosineAnnealingLR as CosineAnnealingLR
from .schedules import ExponentialLR as ExponentialLR
from .schedules import InverseTimeLR as InverseTimeLR
from .schedules import LinearLR as LinearLR
from .schedules import OneCycleLR as OneCycleLR
from .schedules import PolynomialLR as PolynomialLR
from .schedules import StepLR as StepLR
from .sgd import SGD as SGD
