"""The classifiers of the course with scikit-learn's face, which is not imported."""

from .base import Classifier as Classifier
from .linear import LinearSVMClassifier as LinearSVMClassifier
from .linear import SoftmaxClassifier as SoftmaxClassifier
from .neighbours import KNeighborsClassifier as KNeighborsClassifier
from .network import NetworkClassifier as NetworkClassifier
