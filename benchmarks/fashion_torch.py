"""Worker: the same in PyTorch.  Arguments: the weights of fashion_chainrule, and a mode of work_torch."""

from __future__ import annotations

import sys

import numpy as np
import torch
from convnets_torch import convnet
from fashion import DECAY, MOMENTUM, PEAK_RATE, read, serve_epochs, total_steps
from torch import nn
from work_torch import form, load, prepared


def main() -> None:
    torch.set_num_threads(2)
    weights, mode = sys.argv[1:]
    train, test = read()
    model = convnet(1, 28)
    load(model, weights)
    running = prepared(model, mode)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=PEAK_RATE, momentum=MOMENTUM, weight_decay=DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps(train), cycle_momentum=False
    )
    loss_function = nn.CrossEntropyLoss()

    def scores(images: np.ndarray) -> torch.Tensor:
        return running(torch.from_numpy(images).contiguous(memory_format=form(mode)))

    def learn(epoch: int) -> float:
        losses = []
        model.train()
        for images, labels in train.batches(epoch):
            optimizer.zero_grad()
            loss = loss_function(scores(images), torch.from_numpy(labels))
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    def look() -> float:
        model.eval()
        with torch.inference_mode():
            return test.accuracy(lambda images: scores(images).numpy())

    serve_epochs(learn, look, version=torch.__version__)


if __name__ == "__main__":
    main()
