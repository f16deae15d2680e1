"""Worker: how many kernels the steps of a ConvNet compile, one after the other.  Argument: network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from convnets_chainrule import model_of
from pictures import CONVNETS, batches
from work_chainrule import learner, momentum

import chainrule as cr
from chainrule.kernels.language.engine import engine


def compiled_by(step: Callable[..., Any], *batch: np.ndarray) -> int:
    """How many kernels a call compiles."""
    before = engine().compiled
    step(*batch)
    return engine().compiled - before


def main() -> None:
    network, model = CONVNETS[sys.argv[1]], model_of(sys.argv[1])
    learn = cr.compile(learner(model, momentum(model, network.rate)), fallback="error")
    look = cr.compile(lambda images: model(images), fallback="error")
    images, labels = batches(network)[0]
    half = network.batch // 2
    found = {
        "kernels": compiled_by(learn, images, labels),
        "of half a batch": compiled_by(learn, images[:half], labels[:half]),
    }
    model.train(False)
    with cr.no_grad():
        found["of evaluation"] = compiled_by(look, images)
        found["of half of one"] = compiled_by(look, images[:half])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
