"""One engine for all tests of the kernel language, without a cache on disk."""

import pytest

from chainrule.kernels.language import Engine
from chainrule.kernels.language.cache import Cache


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(cache=Cache(None))
