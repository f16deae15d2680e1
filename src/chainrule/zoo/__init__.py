"""Architectures, as short functions of layers: (input_shape, classes, *, rng) -> module."""

from .convnets import alexnet as alexnet
from .convnets import convnet as convnet
from .convnets import lenet5 as lenet5
from .convnets import vgg16 as vgg16
from .feedforward import linear as linear
from .feedforward import three_layer as three_layer
from .feedforward import two_layer as two_layer
from .models import MODELS as MODELS
from .models import build as build
from .models import default_shape as default_shape
from .recurrent import lstm as lstm
from .resnet import resnet20 as resnet20
