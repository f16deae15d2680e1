"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import IndexingError, SettingError
from .module import Module


class ModuleList(Module):
    """Modules under the names 0, 1, 2, …: a list whose parts are found.

    Raises SettingError for what is no module, IndexingError for an index that the list does not have.

    >>> from chainrule import nn
    >>> layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    >>> len(layers), layers[1]
    (2, Tanh())
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        if not isinstance(modules, Iterable) or isinstance(modules, Module):
            came = f"modules is a {type(modules).__name__}"
            raise SettingError(type(self).__name__, came, "a list of modules", "[nn.ReLU(), …]")
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        self.add(str(len(self)), module)

    def add(self, name: str, module: Module) -> None:
        """Add a module at the end, under a name."""
        if not isinstance(module, Module):
            who, came = type(self).__name__, f"part {name} is a {type(module).__name__}"
            raise SettingError(who, came, "modules", "nn.ReLU() instead of a function, with brackets")
        if not isinstance(name, str) or not name or "." in name or hasattr(self, name):
            came = f"a part named {name!r}"
            raise SettingError(type(self).__name__, came, "a new name without a dot", "another name")
        setattr(self, name, module)

    def __len__(self) -> int:
        return sum(1 for _ in self.children())

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self.children())

    def __getitem__(self, index: int) -> Module:
        try:
            return list(self)[index]
        except (IndexError, TypeError):
            who, expected = (
                type(self).__name__,
                f"{-len(self)} … {len(self) - 1}" if len(self) else "no index: it is empty",
            )
            raise IndexingError(who, f"index {index!r}", expected, "an index within the list") from None


class Sequential(ModuleList):
    """Modules one after the other, each fed with what the one before returned.

    Their names are 0, 1, 2, …, or those of one dict of modules.
    Raises SettingError for what is no module and for a name that cannot be, IndexingError for an index that there is
    not.

    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> model(cr.Tensor([[1.0, 2.0, 3.0, 4.0]])).shape
    (1, 2)
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        for part in modules:
            for name, module in part.items() if isinstance(part, Mapping) else [(str(len(self)), part)]:
                self.add(name, module)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x
