"""Worker: the same steps of linear layers in JAX, jitted.  Arguments: network, train or look, the weights."""

from __future__ import annotations

import sys

import jax
import jax.numpy as jnp
import numpy as np
from networks import MOMENTUM, NETWORKS, RATE, batches
from turns import serve


def scores(weights: list[jax.Array], images: jax.Array) -> jax.Array:
    x = images.reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k].T + weights[k + 1]
        x = jax.nn.relu(x) if k + 2 < len(weights) else x
    return x


def loss_of(weights: list[jax.Array], images: jax.Array, labels: jax.Array) -> jax.Array:
    found = jax.nn.log_softmax(scores(weights, images))
    return -jnp.take_along_axis(found, labels[:, None], axis=1).mean()


@jax.jit
def learned(
    weights: list[jax.Array], velocity: list[jax.Array], images: jax.Array, labels: jax.Array
) -> tuple[jax.Array, list[jax.Array], list[jax.Array]]:
    loss, slopes = jax.value_and_grad(loss_of)(weights, images, labels)
    velocity = [MOMENTUM * v + g for v, g in zip(velocity, slopes, strict=True)]
    return loss, [w - RATE * v for w, v in zip(weights, velocity, strict=True)], velocity


def main() -> None:
    network, learn = NETWORKS[sys.argv[1]], sys.argv[2] == "train"
    with np.load(sys.argv[3]) as arrays:
        weights = [jnp.asarray(a) for a in arrays.values()]
    velocity = [jnp.zeros_like(w) for w in weights]
    given = [(x, y.astype("i4")) for x, y in batches(network)]
    count, look = 0, jax.jit(scores)

    def step() -> float:
        nonlocal count, weights, velocity
        images, labels = given[count % len(given)]
        count += 1
        if not learn:
            return float(np.asarray(look(weights, images))[0, 0])
        loss, weights, velocity = learned(weights, velocity, images, labels)
        return float(loss)

    serve(step, version=jax.__version__)


if __name__ == "__main__":
    main()
