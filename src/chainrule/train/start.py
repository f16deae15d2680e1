"""How a run began: its first weights, and what it ran on.  With the configuration, all that its bits depend on."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from ..digest import digest
from ..kernels.language.target import processor
from ..nn import Module
from ..version import __version__

PACKAGES = ("numpy", "llvmlite")


@dataclass(frozen=True)
class Start:
    """The beginning of a run.

    weights:  what stands for the bits of the first weights
    run:  the folder of the run that they are from; "" where they were drawn from the seed
    plain:  whether every step ran gate by gate
    versions:  of Python and the packages, and the kind of processor
    """

    weights: str
    run: str
    plain: bool
    versions: dict[str, str]

    @classmethod
    def of(cls, model: Module, run: str = "", plain: bool = False) -> Start:
        """A model before its first step.

        >>> from chainrule import zoo
        >>> Start.of(zoo.build("linear")).versions["numpy"] == np.__version__
        True
        """
        return cls(digest_of(model), run, plain, versions())

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Start:
        """What was written as JSON.

        Raises KeyError, TypeError or ValueError for anything else.
        """
        weights, run, plain, given = (facts[name] for name in ("weights", "run", "plain", "versions"))
        texts = type(given) is dict and [weights, run, *given, *given.values()]
        if not texts or any(type(text) is not str for text in texts) or type(plain) is not bool:
            raise ValueError("an entry of another kind")
        return cls(weights, run, plain, given)


def digest_of(model: Module) -> str:
    """A few signs that stand for the names and bits of a model's state."""
    parts = (
        name.encode() + np.asarray(array, order="C").tobytes() for name, array in model.state_dict().items()
    )
    return digest(b"".join(map(digest, parts))).hex()[:16]


@functools.cache
def versions() -> dict[str, str]:
    """What the numbers come from, by name."""
    found = {"python": platform.python_version(), "processor": processor(), "chainrule": __version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # run from a folder that was not installed
            continue
    return found
