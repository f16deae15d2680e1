"""What a layer is: parameters and buffers under names, and a forward that calls gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Self

import numpy as np

from ..errors import ChainruleError, SettingError, StateError
from ..graph import layer, mode
from ..graph.origin import here, origin
from ..tensor import Tensor

_paths: ContextVar[Mapping[int, str] | None] = ContextVar("paths", default=None)


class Parameter(Tensor):
    """A tensor that is learned: a leaf of the graph, listed by `parameters()`.

    >>> Parameter([1.0, 2.0])
    Parameter([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, *, dtype: Any = None, requires_grad: bool = True, name: str = "") -> None:
        super().__init__(data, dtype=dtype, requires_grad=requires_grad, name=name)

    def __repr__(self) -> str:
        return super().__repr__().replace("Tensor", "Parameter", 1)


class Buffer(Tensor):
    """State that is not learned: running statistics, counters.

    persistent:  whether the state dict holds it
    """

    __slots__ = ("persistent",)

    def __init__(self, data: Any, *, persistent: bool = True) -> None:
        super().__init__(data)
        self.persistent = persistent


class Module:
    """A layer or a network.  Assign parameters, buffers and modules as attributes, and write `forward`.

    Its parts are found by looking at its attributes, in the order of assignment; their dotted paths are the
    names of the state dict, and the layer paths in errors and programs.

    >>> class Double(Module):
    ...     def __init__(self):
    ...         self.scale = Parameter(2.0)
    ...     def forward(self, x):
    ...         return x * self.scale
    >>> double = Double()
    >>> double(Tensor([1.0, 3.0])), [name for name, _ in double.named_parameters()]
    (Tensor([2., 6.], made by multiply), ['scale'])
    """

    training = True
    forward: Callable[..., Any]

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Run forward; meanwhile, this module's path is where gates say that they stand."""
        paths = _paths.get()
        if paths is not None:
            return self._at(paths.get(id(self), type(self).__name__), inputs, named)
        self.named()
        token = _paths.set({id(module): path for path, module in self.named_modules()})
        try:
            return self._at("", inputs, named)
        finally:
            _paths.reset(token)

    def _at(self, path: str, inputs: tuple[Any, ...], named: dict[str, Any]) -> Any:
        token = layer.set(path)
        mode.get().depends(self, "training")
        try:
            return self.forward(*inputs, **named)
        except ChainruleError as error:
            raise error.at(path, str(origin(here()))) from None
        finally:
            layer.reset(token)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, list | tuple | dict | set) and any(map(is_part, within(value))):
            came = f"{name} = a {type(value).__name__} of modules or parameters"
            hint = "ModuleList([...]), or one attribute for each"
            raise SettingError(type(self).__name__, came, "parts that the module can find", hint)
        super().__setattr__(name, value)

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes, with their names."""
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Module))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with dotted paths; its own is ''."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                stack += [(join(path, name), child) for name, child in reversed(list(module.children()))]

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def _named(self, kind: type[Tensor]) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, kind) and id(value) not in seen:
                    seen.add(id(value))
                    yield join(path, name), value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, with its dotted path."""
        return self.named()._named(Parameter)

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter once: what an optimizer is given."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Every buffer once, with its dotted path."""
        return self.named()._named(Buffer)

    def named(self) -> Self:
        """Write the dotted paths into the parameters and buffers, for programs and messages."""
        for path, state in self._named(Tensor):
            state.name = path
        return self

    def train(self, mode: bool = True) -> Self:
        """Switch to training: dropout drops, batch norm uses the batch's statistics."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation: nothing is dropped, batch norm uses its running statistics."""
        return self.train(False)

    def requires_grad_(self, wanted: bool = True) -> Self:
        """Freeze (False) or unfreeze all parameters; do it before making the optimizer."""
        for parameter in self.parameters():
            parameter.requires_grad = wanted
        return self

    def astype(self, dtype: Any) -> Self:
        """Give all floating parameters and buffers another dtype, for gradient checks in float64."""
        for _, state in self._named(Tensor):
            if state.dtype.kind == "f":
                wanted, state.grad = state.requires_grad, None
                state.requires_grad = False
                state.data = state.data.astype(dtype)
                state.requires_grad = wanted
        return self

    def state_dict(self) -> dict[str, np.ndarray]:
        """All parameters and persistent buffers as read-only arrays, by dotted path, as in PyTorch."""
        return {name: value.numpy() for name, value in self._kept()}

    def _kept(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """What the state dict holds; what two parts share stands under both names, as in PyTorch."""
        for kind in (Parameter, Buffer):
            for name, value in vars(self).items():
                if isinstance(value, kind) and getattr(value, "persistent", True):
                    yield join(prefix, name), value
        for name, child in self.children():
            yield from child._kept(join(prefix, name))

    def load_state_dict(self, state: Mapping[str, Any]) -> Self:
        """Take weights of the same names and shapes; all or nothing.

        state:  arrays (or anything NumPy can read) by dotted path, in PyTorch's layouts
        Raises StateError if a name is missing, unknown, or has another shape, DTypeError for no numbers.
        """
        own = dict(self._kept())
        arrays = {name: np.asarray(value) for name, value in state.items()}
        check_state(
            type(self).__name__, {n: v.shape for n, v in own.items()}, {n: a.shape for n, a in arrays.items()}
        )
        taken = {name: Tensor(arrays[name], dtype=value.dtype) for name, value in own.items()}
        for name, value in own.items():
            value.assign(taken[name])
        return self

    def extra_repr(self) -> str:
        """The settings in one line, for the printed tree."""
        return ""

    def parameter_sum(self) -> str:
        """How many parameters this layer has of its own, as a sum one can read."""
        own = [value for value in vars(self).values() if isinstance(value, Parameter)]
        return " + ".join("·".join(map(str, p.shape)) or "1" for p in own)

    def __repr__(self) -> str:
        rows = [f"({name}): {child!r}" for name, child in self.children()]
        if not rows:
            return f"{type(self).__name__}({self.extra_repr()})"
        inside = "\n".join(rows).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {inside}\n)"


def is_part(value: Any) -> bool:
    """Whether a module must find this among its attributes."""
    return isinstance(value, Module | Parameter)


def within(value: Any) -> Iterator[Any]:
    """What a list, tuple, set or dict holds, at any depth."""
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, list | tuple | dict | set):
            yield from within(part)
        else:
            yield part


def join(path: str, name: str) -> str:
    """path.name, or the name alone at the root."""
    return f"{path}.{name}" if path else name


def check_state(who: str, own: dict[str, tuple[int, ...]], given: dict[str, tuple[int, ...]]) -> None:
    """The names and shapes are the same, or a StateError that names every difference."""
    faults = [f"{name} is missing" for name in own if name not in given]
    faults += [f"{name} is unknown" for name in given if name not in own]
    faults += [
        f"{name} has shape {given[name]} instead of {own[name]}"
        for name in own
        if name in given and given[name] != own[name]
    ]
    if faults:
        came = "; ".join(faults[:8]) + (f"; and {len(faults) - 8} more" if len(faults) > 8 else "")
        hint = "build the model with the settings it was saved with"
        raise StateError(who, came, f"the {len(own)} names and shapes of this model", hint)
