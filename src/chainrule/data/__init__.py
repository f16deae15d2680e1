"""Pictures with labels: read or fetched, checked, split, shuffled, augmented and cut into batches."""

from .batches import Batches as Batches
from .cifar import read_cifar as read_cifar
from .dataset import Dataset as Dataset
from .dataset import hold_out as hold_out
from .download import download as download
from .download import downloads as downloads
from .erasing import RandomErasing as RandomErasing
from .folders import read_folder as read_folder
from .folders import read_picture as read_picture
from .folds import folds as folds
from .geometry import RandomCrop as RandomCrop
from .geometry import RandomFlip as RandomFlip
from .geometry import RandomRotation as RandomRotation
from .mixup import Mixup as Mixup
from .readers import read_idx as read_idx
from .readers import read_npz as read_npz
from .readers import read_packed_jpeg as read_packed_jpeg
from .sources import load as load
from .sources import names as names
from .transforms import Compose as Compose
from .transforms import Normalize as Normalize
