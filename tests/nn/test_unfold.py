"""Layers that lay windows out as columns, and back."""

import pytest

from chainrule import nn

from .layers import Layer, check_layer
from .twins import agrees

ROWS = {
    "unfold": Layer(lambda rng: nn.Unfold((2, 3), stride=2), (2, 3, 6, 5), (2, 18, 6)),
    "fold": Layer(lambda rng: nn.Fold((6, 5), (2, 3), stride=2), (2, 18, 6), (2, 3, 6, 5)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


SETTINGS = [(2,), ((3, 2), (1, 2), (1, 0), (2, 1))]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_they_are_those_of_torch(settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    shape = (2, 3, 7, 6)
    agrees(torch, nn.Unfold(*settings), torch.nn.Unfold(*settings), shape)
    columns = tuple(torch.nn.Unfold(*settings)(torch.zeros(shape)).shape)
    agrees(torch, nn.Fold((7, 6), *settings), torch.nn.Fold((7, 6), *settings), columns)


def test_printed_form():
    window = "kernel_size=(2, 2), dilation=(1, 1), padding=(0, 0), stride=(3, 3)"
    assert repr(nn.Unfold(2, stride=3)) == f"Unfold({window})"
    assert repr(nn.Fold(8, 2, stride=3)) == f"Fold(output_size=(8, 8), {window})"
