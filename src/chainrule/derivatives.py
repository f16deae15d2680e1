"""Functions made of functions: the gradient of what a function returns, to what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import graph
from .errors import GradientError, IndexingError, SettingError
from .graph import recording, require_grad
from .ops.arguments import is_whole
from .tensor import Tensor


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, *, create_graph: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradients of function(*arguments); grad(grad(f)) is the second derivative.

    argnums:  which arguments, one number or several; `.grad` of parameters is not touched
    Raises SettingError for what is no function, GradientError if it returns more than one number, IndexingError for
    arguments that it is not given.

    >>> grad(lambda x: x ** 3)(2.0), grad(grad(lambda x: x ** 3))(2.0)
    (Tensor(12.), Tensor(12.))
    """
    require_function("grad", function)
    return lambda *arguments: gradient_of(function, arguments, argnums, create_graph)[1]


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, *, create_graph: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns function(*arguments) and its gradients to the arguments numbered `argnums`.

    Raises as `grad` does.

    >>> value_and_grad(lambda x: (x * x).sum())([1.0, 2.0])
    (Tensor(5., made by sum), Tensor([2., 4.]))
    """
    require_function("value_and_grad", function)
    return lambda *arguments: gradient_of(function, arguments, argnums, create_graph)


def gradient_of(
    function: Callable[..., Any], arguments: Sequence[Any], argnums: int | Sequence[int], create_graph: bool
) -> tuple[Any, Any]:
    """function(*arguments) and its gradients to the arguments chosen."""
    chosen = numbered(argnums, len(arguments))
    inside = [x if isinstance(x, Tensor) or k not in chosen else Tensor(x) for k, x in enumerate(arguments)]
    again = create_graph
    for k in chosen:
        again = again or inside[k].requires_grad
        if not inside[k].requires_grad:
            inside[k] = inside[k].detach()
            require_grad(inside[k])
    token = recording.set(True)
    try:
        value = function(*inside)
    finally:
        recording.reset(token)
    if not isinstance(value, Tensor):
        came = f"{getattr(function, '__name__', 'a function')} returned a {type(value).__name__}"
        raise GradientError("grad", came, "a tensor of one number", "return the loss")
    found = graph.gradients(value, [inside[k] for k in chosen], create_graph=again)
    slopes = tuple(
        Tensor.of(np.zeros(inside[k].shape, inside[k].dtype)) if g is None else g
        for k, g in zip(chosen, found, strict=True)
    )
    return value, slopes if isinstance(argnums, Sequence) else slopes[0]


def numbered(argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    """The arguments that are chosen, of so many, by numbers ≥ 0."""
    given = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if not all(is_whole(k) and -count <= k < count for k in given):
        expected, hint = f"numbers from 0 to {count - 1}", "argnums=0 for the first"
        raise IndexingError("grad", f"argnums {argnums!r} of {count} arguments", expected, hint)
    return tuple(int(k) % count for k in given)


def require_function(who: str, function: Any) -> None:
    """A function, or a SettingError: values know no gradient of their own."""
    if not callable(function):
        hint = "grad(lambda w: (w * w).sum())(w), or backward() of a value"
        raise SettingError(who, f"a {type(function).__name__}", "a function of arrays", hint)
