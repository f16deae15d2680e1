"""Philox on Python integers, as the paper writes it: the slow twin."""


def scalar_philox(counter, key):
    """The paper's loop on Python integers."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [second >> 32 ^ c[1] ^ k0, second % 2**32, first >> 32 ^ c[3] ^ k1, first % 2**32]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c


def scalar_bits(seed, layer, step, i):
    block = i // 4
    counter = (block % 2**32, block >> 32, step % 2**32, layer)
    return scalar_philox(counter, (seed % 2**32, seed >> 32))[i % 4]
