"""Random numbers by counting, behind shuffling, initializing, dropout, augmentation.

The generator is a function of (key, counter) and has no hidden state, so any number can be made alone, in any
order, on any number of threads.
"""

from .draws import Draws as Draws
from .generator import Generator as Generator
from .generator import chosen as chosen
from .generator import current as current
from .generator import seeded as seeded
from .philox import philox as philox
from .philox import random_bits as random_bits
from .samples import Samples as Samples
