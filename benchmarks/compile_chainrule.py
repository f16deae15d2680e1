"""Worker: how many kernels a trainer compiles for a ConvNet, with its first step and later.  Argument: network.

Two epochs of a batch and half of one, each followed by an evaluation of the same.
"""

from __future__ import annotations

import json
import sys
import time

from convnets_chainrule import model_of
from pictures import CONVNETS, batches
from work_chainrule import momentum

from chainrule import nn
from chainrule.kernels.language.engine import engine
from chainrule.train import StepEnd, Trainer


def main() -> None:
    network, model = CONVNETS[sys.argv[1]], model_of(sys.argv[1])
    trainer = Trainer(model, nn.CrossEntropyLoss(), momentum(model, network.rate))
    images, labels = batches(network)[0]
    half = network.batch // 2
    given = [(images, labels), (images[:half], labels[:half])]
    known, moments = list[int](), list[float]()

    def note(event: StepEnd) -> None:
        known.append(engine().compiled)
        moments.append(time.perf_counter())

    trainer.on(StepEnd, note)
    began = time.perf_counter()
    trainer.fit(given, given, epochs=2)
    found = {
        "a trainer's, all plans, s": round(moments[0] - began, 2),
        "kernels": known[0],
        "later": engine().compiled - known[0],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
