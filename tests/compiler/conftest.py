"""What tests of the compiler share: both orders of pictures, for shapes of few channels."""

import pytest

from chainrule.compiler import layout
from chainrule.compiler.pixels import ABREAST, LAST, Order


@pytest.fixture(params=[ABREAST, LAST], ids=["abreast", "last"])
def order(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Order:
    """Pictures of few channels lie abreast, as they do in plans, or with their channels last, as wider ones do."""
    if request.param == LAST:
        monkeypatch.setattr(layout, "FEW", 0)
    return request.param
