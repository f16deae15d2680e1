"""Worker: the small ConvNet on Fashion-MNIST in chainrule.  Argument: the file for the first weights."""

from __future__ import annotations

import sys

import numpy as np
from fashion import DECAY, MOMENTUM, PEAK_RATE, read, serve_epochs, total_steps
from work_chainrule import learner

import chainrule as cr
from chainrule import optim, zoo
from chainrule.random import Generator


def main() -> None:
    train, test = read()
    model = zoo.convnet(rng=Generator(0))
    np.savez(sys.argv[1], **model.state_dict())
    optimizer = optim.SGD(model.parameters(), lr=PEAK_RATE, momentum=MOMENTUM, weight_decay=DECAY)
    schedule = optim.OneCycleLR(optimizer, PEAK_RATE, total_steps(train), cycle_momentum=False)
    step = cr.compile(learner(model, optimizer), fallback="error")
    scores = cr.compile(lambda images: model(images), fallback="error")

    def learn(epoch: int) -> float:
        losses = []
        model.train()
        for images, labels in train.batches(epoch):
            losses.append(float(step(images, labels)))
            schedule.step()
        return float(np.mean(losses))

    def look() -> float:
        model.eval()
        with cr.no_grad():
            return test.accuracy(lambda images: scores(images).numpy())

    serve_epochs(learn, look, version=cr.__version__)


if __name__ == "__main__":
    main()
