"""Everything that the steps of a training change, by name: to be saved, and to be put back.

model/NAME      parameters and persistent buffers, as the model's state dict calls them
buffers/NAME    buffers that the state dict leaves out: counters of dropout
loss/NAME       parameters and buffers of a loss that is a module
optimizer/NAME  slots, and the hyperparameters of the groups
schedule/NAME   what the schedule counts
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import SettingError
from ..nn import Module
from ..optim import Optimizer
from ..optim.state import State, matched
from ..tensor import Tensor


class TrainingState:
    """The state of a model, its loss, optimizer and schedule as one table.

    Raises SettingError for a schedule that cannot say its own state.
    """

    def __init__(self, model: Module, loss: Any, optimizer: Optimizer, schedule: Any) -> None:
        self.model, self.loss, self.optimizer, self.schedule = model, loss, optimizer, schedule
        if schedule is not None and not hasattr(schedule, "load_state_dict"):
            came = f"a schedule {type(schedule).__name__} without state_dict() and load_state_dict()"
            raise SettingError("Trainer", came, "one that can be saved", "a schedule of chainrule.optim")

    def cells(self) -> dict[str, Tensor]:
        """The tensors that a step may change, and what is fixed among the parameters."""
        found = {f"model/{name}": tensor for name, tensor in self.model._kept()}
        found |= {f"buffers/{name}": b for name, b in self.model.named_buffers() if not b.persistent}
        if isinstance(self.loss, Module):
            for named in (self.loss.named_parameters(), self.loss.named_buffers()):
                found |= {f"loss/{name}": tensor for name, tensor in named}
        return found | {f"optimizer/{slot.name}": slot for slot in self.optimizer.slots()}

    def arrays(self) -> State:
        """All of it as arrays, which are not copied: the next step may change them."""
        state = {name: tensor.numpy() for name, tensor in self.cells().items()}
        for group in self.optimizer.param_groups:
            state |= {f"optimizer/{name}": array for name, array in group.state().items()}
        if self.schedule is not None:
            state |= {f"schedule/{name}": array for name, array in self.schedule.state_dict().items()}
        return state

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `arrays` gave; StateError on a mismatch, and nothing changes."""
        arrays = matched("Trainer", self.arrays(), state)
        settings = part(arrays, "optimizer/")
        for group in self.optimizer.param_groups:
            group.check_state(settings)
        if self.schedule is not None:
            self.schedule.load_state_dict(part(arrays, "schedule/"))
        for group in self.optimizer.param_groups:
            group.load_state(settings)
        for name, tensor in self.cells().items():
            tensor.assign(np.array(arrays[name], order="K"))

    def seeds(self) -> dict[str, int]:
        """The seeds that layers and loss drew when they were made, by path: dropout's masks follow from them."""
        return {name: int(module.seed) for name, module in self._seeded()}

    def load_seeds(self, seeds: Mapping[str, int]) -> None:
        """Take over the seeds of the layers that are here."""
        for name, module in self._seeded():
            if name in seeds:
                module.seed = seeds[name]

    def _seeded(self) -> Iterator[tuple[str, Any]]:
        for prefix, module in (("model", self.model), ("loss", self.loss)):
            if isinstance(module, Module):
                for path, layer in module.named_modules():
                    if type(getattr(layer, "seed", None)) is int:
                        yield f"{prefix}/{path}", layer


def part(state: State, prefix: str) -> State:
    """The entries under a prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}


def axes_of(array: np.ndarray) -> list[int]:
    """The axes of an array as they lie in memory, the widest stride first.

    >>> axes_of(np.zeros((2, 3))), axes_of(np.zeros((2, 3)).T)
    ([0, 1], [1, 0])
    """
    if array.flags.c_contiguous:
        return list(range(array.ndim))
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


def laid(array: np.ndarray, axes: list[int]) -> np.ndarray:
    """A copy that lies in memory as `axes` says.

    Plain products give other last digits for numbers that lie otherwise, so that the way they lie is state too.

    >>> laid(np.zeros((2, 3)), [1, 0]).strides
    (8, 16)
    """
    if sorted(axes) != list(range(array.ndim)):
        raise ValueError(f"axes {axes} of an array of {array.ndim}")
    back = [axes.index(axis) for axis in range(array.ndim)]
    return np.array(array.transpose(axes), order="C").transpose(back)
