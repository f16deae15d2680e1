"""The classifiers of the course with scikit-learn's face, which is not imported."""

from .base import Classifier as Classifier
from .configured import ConfiguredClassifier as ConfiguredClassifier
from .crossval import CrossValidation as CrossValidation
from .crossval import cross_validate as cross_validate
from .linear import LinearSVMClassifier as LinearSVMClassifier
from .linear import SoftmaxClassifier as SoftmaxClassifier
from .neighbours import KNeighborsClassifier as KNeighborsClassifier
from .network import NetworkClassifier as NetworkClassifier
from .search import RandomSearch as RandomSearch
from .trials import Trial as Trial
