"""Every error that chainrule raises on purpose.

ChainruleError          who, what came, what was expected, what to try
├── ShapeError          shapes that do not fit together            (ValueError)
├── DTypeError          kinds of number that do not fit together   (TypeError)
├── SettingError        a setting that cannot work: stride 0       (ValueError)
├── IndexingError       an index that the array does not have      (IndexError)
├── LabelError          a class label outside 0 … classes - 1      (ValueError)
├── GradientError       a gradient of something that has none      (RuntimeError)
├── InPlaceError        a write into an array that the graph reads (TypeError)
├── TraceError          a step that is not one fixed program       (RuntimeError)
├── CompileError        no compiler or processor to compile for    (RuntimeError)
├── DifferenceError     a compiled line, or a slope, that differs  (AssertionError)
├── StateError          weights that are not those of this model   (ValueError)
├── DataError           a data set that cannot be learned from     (ValueError)
├── NotFittedError      a question to what has not learned yet     (ValueError, AttributeError)
├── NonFiniteError      NaN or infinity where numbers are needed   (ArithmeticError)
│   └── DivergedError   a loss that ran away while training        (ArithmeticError)
├── FileError           a missing, truncated or foreign file       (OSError)
├── ResourceError       out of disk or memory                      (OSError, MemoryError)
├── UsageError          a name or option that does not exist       (ValueError)
└── MissingExtraError   an optional library that is not installed  (ImportError)
"""

from __future__ import annotations


class ChainruleError(Exception):
    """Base of all errors raised on purpose; its message has four parts.

    who:       the gate, layer, file or option at fault; a layer path is put before it on the way up
    came:      what was given
    expected:  what would have been right
    hint:      the smallest thing to try

    >>> print(ShapeError("conv2d", "x has shape (3, 3)", "4 axes (N, C, H, W)", "add the batch axis"))
    conv2d: x has shape (3, 3); expected 4 axes (N, C, H, W); try: add the batch axis
    """

    def __init__(self, who: str, came: str, expected: str, hint: str) -> None:
        super().__init__(who, came, expected, hint)
        self.who, self.came, self.expected, self.hint = who, came, expected, hint
        self.layer = ""
        self.line = ""

    def at(self, layer: str, line: str) -> ChainruleError:
        """Add the layer path and the user's source line, unless an inner call has said them."""
        self.layer = self.layer or layer
        self.line = self.line or line
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Copies and pickles keep the four parts; OSError's own way would lose some."""
        return type(self), (self.who, self.came, self.expected, self.hint), self.__dict__

    def __str__(self) -> str:
        who = f"{self.layer}: {self.who}" if self.layer else self.who
        where = f"\n  at {self.line}" if self.line else ""
        return f"{who}: {self.came}; expected {self.expected}; try: {self.hint}{where}"


class ShapeError(ChainruleError, ValueError):
    """Shapes do not fit together.

    Cause: `linear` of x (8, 5) with w (3, 4).  Cure: give w as many columns as x has.
    """


class DTypeError(ChainruleError, TypeError):
    """Kinds of number do not fit together.

    Cause: float32 + float64, or an image of bytes into a convolution.  Cure: `x.astype("float32")`.
    """


class SettingError(ChainruleError, ValueError):
    """A setting cannot work, whatever the data.

    Cause: `Conv2d(3, 8, 3, stride=0)`.  Cure: the range that the message names.
    """


class IndexingError(ChainruleError, IndexError):
    """An index or axis points outside the array.

    Cause: `x[5]` of three rows, `x.sum(axis=2)` of a matrix.  Cure: an index within the shape.
    """


class LabelError(ChainruleError, ValueError):
    """A class label is not one of 0 … classes - 1.

    Cause: labels counted from 1.  Cure: `labels - 1`, or one more output.
    """


class GradientError(ChainruleError, RuntimeError):
    """Backward was asked for something that has no gradient, or whose graph is gone.

    Cause: `backward()` on a detached value, or twice through one graph.  Cure: `retain_graph=True`.
    """


class InPlaceError(ChainruleError, TypeError):
    """A write into an array that the graph may still read.

    Cause: `x += 1`, `x[0] = 1`.  Cure: `x = x + 1`; for parameters, `p.assign(value)`.
    """


class TraceError(ChainruleError, RuntimeError):
    """A step cannot be written down as one fixed program.

    Cause: `if loss > 1:` or `float(loss)` inside the step.  Cure: `where(...)`, or return the value.
    """


class CompileError(ChainruleError, RuntimeError):
    """A step cannot be compiled on this machine.

    Cause: llvmlite is missing or broken, or the processor has neither AVX2 with FMA nor is it an aarch64.
    Cure: install llvmlite, or run plain: the same step, gate by gate.
    """


class DifferenceError(ChainruleError, AssertionError):
    """A line of a compiled step gives other numbers than the gate itself, or backward another slope than differences.

    Cause: a fault in a kernel, a gate of your own whose forward depends on more than its inputs; a wrong backward.
    Cure: run plain, and report the line that the message names; correct the backward that it names.
    """


class StateError(ChainruleError, ValueError):
    """Weights do not belong to this model.

    Cause: a key is missing, unknown, or has another shape.  Cure: build the model that was saved.
    """


class DataError(ChainruleError, ValueError):
    """A data set cannot be learned from.

    Cause: an empty set, images and labels of different number.  Cure: what the message names.
    """


class NotFittedError(ChainruleError, ValueError, AttributeError):
    """An estimator is asked before it has learned.

    Cause: `predict(X)` without `fit(X, y)`.  Cure: fit first.
    """


class NonFiniteError(ChainruleError, ArithmeticError):
    """NaN or infinity where numbers are needed.

    Cause: NaN in the pictures, a learning rate that makes the loss explode.  Cure: clean, or lower it.
    """


class DivergedError(NonFiniteError):
    """The loss became NaN or infinite while training.

    Cause: a learning rate that is too large.  Cure: a tenth of it, or `clip_grad_norm`.
    """


class FileError(ChainruleError, OSError):
    """A file is missing, truncated, or of another format.

    Cause: a download that broke off.  Cure: fetch it again.
    """

    # OSError's own __new__ and __str__ know errno and file names only.
    __str__ = ChainruleError.__str__


class ResourceError(ChainruleError, OSError, MemoryError):
    """No disk space or memory left.

    Cause: a full disk while a run is saved; a compiled step whose values need more memory than there is.  Cure: free
    some, or give `--out` another place; a smaller batch.
    """

    __str__ = ChainruleError.__str__


class UsageError(ChainruleError, ValueError):
    """A name, option or configuration key does not exist.

    Cause: `chainrule train lenet6`.  Cure: one of the names listed.
    """


class MissingExtraError(ChainruleError, ImportError):
    """An optional library is not installed.

    Cause: a picture drawn on a matplotlib axis without matplotlib.  Cure: the install line given.
    """
