"""Pictures for the tests of transforms, and what every one of them has to hold."""

import numpy as np

from chainrule.random import Generator, Samples


def pictures(count=20, channels=3, height=6, width=5):
    return (Generator(0).bits((count, channels, height, width)) >> 24).astype(np.uint8)


def depends_on_the_picture_alone(transform, images):
    """Whatever else is in the batch, in whatever order, each picture comes out the same."""
    numbers = np.arange(len(images)) * 7 + 3
    whole = transform(images, Samples(5, numbers))
    order = Generator(1).permutation(len(images))
    np.testing.assert_array_equal(transform(images[order], Samples(5, numbers[order])), whole[order])
    half = slice(None, len(images) // 2)
    np.testing.assert_array_equal(transform(images[half], Samples(5, numbers[half])), whole[half])
    assert not np.array_equal(transform(images, Samples(6, numbers)), whole)


def leaves_its_input(transform, images):
    """The input may be read-only, lie anyhow in memory, and stays as it was; the result is memory of its own."""
    lying = np.moveaxis(np.ascontiguousarray(np.moveaxis(images, 1, 3)), 3, 1)
    before = images.copy()
    for given in (images, lying, images.repeat(2, 0)[::2]):
        given.setflags(write=False)
        out = transform(given, Samples(4, np.arange(len(given))))
        assert not np.shares_memory(out, given) and out.shape == images.shape and out.flags.c_contiguous
        np.testing.assert_array_equal(given, before)
        np.testing.assert_array_equal(out, transform(before, Samples(4, np.arange(len(given)))))
