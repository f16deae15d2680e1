"""Transposed convolution layers."""

import pytest

from chainrule import nn

from .layers import Layer, check_layer
from .twins import agrees

ROWS = {
    "plain": Layer(
        lambda rng: nn.ConvTranspose2d(3, 4, 3, rng=rng),
        (2, 3, 4, 5),
        (2, 4, 6, 7),
        {"weight": (3, 4, 3, 3), "bias": (4,)},
    ),
    "with settings": Layer(
        lambda rng: nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, False, (1, 2), rng=rng),
        (2, 4, 4, 3),
        (2, 6, 8, 11),
        {"weight": (4, 3, 3, 2)},
    ),
    "one axis": Layer(
        lambda rng: nn.ConvTranspose1d(3, 4, 3, 2, 1, 1, rng=rng),
        (2, 3, 5),
        (2, 4, 10),
        {"weight": (3, 4, 3), "bias": (4,)},
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.mark.parametrize(
    "settings", [(3, 4, 3), (4, 6, 3, 2, 1, 1, 2, True, 2), (4, 2, 2, 2, 0, 0, 1, False)], ids=str
)
@pytest.mark.parametrize("name", ["ConvTranspose1d", "ConvTranspose2d"])
def test_layers_are_those_of_torch(name, settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    shape = (2, settings[0], 5, 6)[: 3 if "1d" in name else 4]
    agrees(torch, getattr(nn, name)(*settings), getattr(torch.nn, name)(*settings), shape)


def test_printed_form_and_sum_of_parameters():
    layer = nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 2)
    text = "4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1)"
    assert repr(layer) == f"ConvTranspose2d({text}, dilation=(2, 2), groups=2, bias=False)"
    assert layer.parameter_sum() == "4·(3·3·3)"
    assert nn.ConvTranspose1d(3, 10, 4).parameter_sum() == "3·(4·10)+10"
