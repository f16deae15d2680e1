"""The trainer, its events and metrics, the run folder and its report."""

from .config import Config as Config
from .evaluation import evaluate as evaluate
from .events import EpochEnd as EpochEnd
from .events import Events as Events
from .events import FitBegin as FitBegin
from .events import FitEnd as FitEnd
from .events import StepEnd as StepEnd
from .job import Job as Job
from .job import Result as Result
from .job import evaluate_run as evaluate_run
from .job import prepared as prepared
from .job import train_run as train_run
from .metrics import Evaluation as Evaluation
from .metrics import accuracy as accuracy
from .metrics import confusion as confusion
from .run import RunFolder as RunFolder
from .run import Sight as Sight
from .start import Start as Start
from .trainer import Trainer as Trainer
