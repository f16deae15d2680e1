"""chainrule: backpropagation on computational graphs, visible at full speed.

    import chainrule as cr
    from chainrule import nn, optim

The array functions (`cr.exp`, `cr.sum`, `cr.conv2d`, …) are gates: tensors in, tensors out, gradients back.
"""

import importlib as _importlib
import typing as _typing

from . import blas as blas  # the first: before anything that loads NumPy
from . import errors as errors
from . import graph as graph
from . import nn as nn
from . import ops as ops
from . import optim as optim
from . import random as random
from .derivatives import grad as grad
from .derivatives import value_and_grad as value_and_grad
from .graph import Elementwise as Elementwise
from .graph import Gate as Gate
from .graph import Spec as Spec
from .graph import apply as apply
from .graph import checkpoint as checkpoint
from .graph import gate as gate
from .graph import no_grad as no_grad
from .kernels.threads import set_threads as set_threads
from .ops import abs as abs
from .ops import absolute_error as absolute_error
from .ops import adaptive_avg_pool2d as adaptive_avg_pool2d
from .ops import adaptive_max_pool2d as adaptive_max_pool2d
from .ops import add as add
from .ops import alpha_dropout as alpha_dropout
from .ops import argmax as argmax
from .ops import argmin as argmin
from .ops import argsort as argsort
from .ops import astype as astype
from .ops import avg_pool1d as avg_pool1d
from .ops import avg_pool2d as avg_pool2d
from .ops import batch_norm as batch_norm
from .ops import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .ops import binary_hinge as binary_hinge
from .ops import broadcast_to as broadcast_to
from .ops import channel_dropout as channel_dropout
from .ops import clip as clip
from .ops import concat as concat
from .ops import contrastive as contrastive
from .ops import conv1d as conv1d
from .ops import conv2d as conv2d
from .ops import conv_transpose1d as conv_transpose1d
from .ops import conv_transpose2d as conv_transpose2d
from .ops import cos as cos
from .ops import cumulative_sum as cumulative_sum
from .ops import depthwise_conv2d as depthwise_conv2d
from .ops import divide as divide
from .ops import dropout as dropout
from .ops import einsum as einsum
from .ops import elastic_net as elastic_net
from .ops import elu as elu
from .ops import embedding as embedding
from .ops import equal as equal
from .ops import erf as erf
from .ops import exp as exp
from .ops import expand_dims as expand_dims
from .ops import expm1 as expm1
from .ops import flip as flip
from .ops import floor as floor
from .ops import fold as fold
from .ops import gelu as gelu
from .ops import global_avg_pool2d as global_avg_pool2d
from .ops import global_max_pool2d as global_max_pool2d
from .ops import greater as greater
from .ops import greater_equal as greater_equal
from .ops import group_norm as group_norm
from .ops import gru_cell as gru_cell
from .ops import huber as huber
from .ops import index as index
from .ops import instance_norm as instance_norm
from .ops import kl_divergence as kl_divergence
from .ops import l1 as l1
from .ops import l2 as l2
from .ops import layer_norm as layer_norm
from .ops import leaky_relu as leaky_relu
from .ops import less as less
from .ops import less_equal as less_equal
from .ops import linear as linear
from .ops import local_response_norm as local_response_norm
from .ops import locally_connected2d as locally_connected2d
from .ops import log as log
from .ops import log1p as log1p
from .ops import log_sigmoid as log_sigmoid
from .ops import log_softmax as log_softmax
from .ops import logical_and as logical_and
from .ops import logical_not as logical_not
from .ops import logical_or as logical_or
from .ops import logsumexp as logsumexp
from .ops import lp_pool2d as lp_pool2d
from .ops import lstm_cell as lstm_cell
from .ops import matmul as matmul
from .ops import matrix_transpose as matrix_transpose
from .ops import max as max
from .ops import max_pool1d as max_pool1d
from .ops import max_pool2d as max_pool2d
from .ops import max_unpool2d as max_unpool2d
from .ops import maximum as maximum
from .ops import maxout as maxout
from .ops import mean as mean
from .ops import min as min
from .ops import minimum as minimum
from .ops import mse as mse
from .ops import multiclass_hinge as multiclass_hinge
from .ops import multiply as multiply
from .ops import negative as negative
from .ops import nll as nll
from .ops import not_equal as not_equal
from .ops import outer as outer
from .ops import pad as pad
from .ops import permute_dims as permute_dims
from .ops import pixel_shuffle as pixel_shuffle
from .ops import pixel_unshuffle as pixel_unshuffle
from .ops import pointwise_conv2d as pointwise_conv2d
from .ops import power as power
from .ops import prelu as prelu
from .ops import prod as prod
from .ops import relu as relu
from .ops import reshape as reshape
from .ops import rnn_cell as rnn_cell
from .ops import roll as roll
from .ops import scaled_dot_product_attention as scaled_dot_product_attention
from .ops import scatter_along_axis as scatter_along_axis
from .ops import selu as selu
from .ops import sigmoid as sigmoid
from .ops import sign as sign
from .ops import silu as silu
from .ops import sin as sin
from .ops import smooth_l1 as smooth_l1
from .ops import softmax as softmax
from .ops import softmax_cross_entropy as softmax_cross_entropy
from .ops import softplus as softplus
from .ops import sort as sort
from .ops import split as split
from .ops import sqrt as sqrt
from .ops import squared_error as squared_error
from .ops import squeeze as squeeze
from .ops import stack as stack
from .ops import standardize as standardize
from .ops import std as std
from .ops import subtract as subtract
from .ops import sum as sum
from .ops import take_along_axis as take_along_axis
from .ops import tanh as tanh
from .ops import tensordot as tensordot
from .ops import tile as tile
from .ops import top_k as top_k
from .ops import triplet_margin as triplet_margin
from .ops import unfold as unfold
from .ops import unstack as unstack
from .ops import upsample as upsample
from .ops import var as var
from .ops import vecdot as vecdot
from .ops import where as where
from .tensor import Tensor as Tensor
from .tensor import trace as trace
from .version import __version__ as __version__

if _typing.TYPE_CHECKING:
    from . import check as check
    from .compiler import compile as compile
    from .lens import debug as debug

_LATE = {"check": "check", "compile": "compiler", "debug": "lens"}
"""Names that are loaded when somebody first asks for them, and the rooms they are in: most of the time it takes to
import chainrule would be the compiler's.
"""

__all__ = [*(name for name in globals() if not name.startswith("_")), *_LATE]  # noqa: PLE0604  names all of them


def __getattr__(name: str) -> _typing.Any:
    if name not in _LATE:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    room = _importlib.import_module(f".{_LATE[name]}", __name__)
    found = globals()[name] = room if name == _LATE[name] else getattr(room, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
