"""The arithmetic of convolution and pooling: what fits, how large the output is, how many parameters there are."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.errors import ShapeError


def told(layer, shape):
    """The row of one layer in the summary: output, its sum, parameters and their sum."""
    (row,) = nn.summary(layer, shape).rows
    return row


def outputs(layer, n):
    return told(layer, (1, n, n)).output[1:]


def test_seven_by_seven_with_a_three_by_three_filter():
    """(N − F) / stride + 1: (7 − 3)/1 + 1 = 5 and (7 − 3)/2 + 1 = 3."""
    assert outputs(nn.Conv2d(1, 1, 3, stride=1), 7) == (5, 5)
    assert outputs(nn.Conv2d(1, 1, 3, stride=2), 7) == (3, 3)


def test_stride_three_does_not_fit():
    """(7 − 3)/3 + 1 = 2.33: there are 2 places, and the last row and column are seen by no filter."""
    layer = nn.Conv2d(1, 1, 3, stride=3, bias=False)
    assert outputs(layer, 7) == (2, 2)
    picture = Tensor(np.ones((1, 1, 7, 7)), requires_grad=True)
    cr.conv2d(picture, np.ones((1, 1, 3, 3)), stride=3).sum().backward()
    seen = picture.grad.numpy()[0, 0]
    assert (seen[:6, :6] == 1).all()
    assert not seen[6].any()
    assert not seen[:, 6].any()


def test_a_border_of_one_keeps_seven_by_seven():
    """(7 + 2·1 − 3)/1 + 1 = 7"""
    assert outputs(nn.Conv2d(1, 1, 3, padding=1), 7) == (7, 7)


@pytest.mark.parametrize(("filter", "border"), [(3, 1), (5, 2), (7, 3)])
def test_a_border_of_half_a_filter_keeps_the_size(filter, border):
    """F = 3, 5, 7 with a border of (F − 1)/2 = 1, 2, 3."""
    assert outputs(nn.Conv2d(1, 1, filter, padding=border), 32) == (32, 32)


def test_without_a_border_pictures_shrink():
    """32 → 28 → 24 by filters of 5×5, which is too fast to be deep."""
    first = nn.Conv2d(3, 6, 5)
    assert told(first, (3, 32, 32)).output == (6, 28, 28)
    assert told(nn.Conv2d(6, 10, 5), (6, 28, 28)).output == (10, 24, 24)


def test_ten_filters_of_five_by_five():
    """32×32×3 with ten 5×5 filters, stride 1, border 2: 32×32×10 out, 10 · (5·5·3 + 1) = 760 parameters."""
    row = told(nn.Conv2d(3, 10, 5, stride=1, padding=2), (3, 32, 32))
    assert row.output == (10, 32, 32)
    assert row.size_sum == "(32+2·2−5)/1+1 = 32"
    assert (row.parameter_sum, row.parameters) == ("10·(5·5·3+1)", 760)


def test_one_place_of_one_filter_is_a_dot_product_of_75_numbers():
    """5·5·3 = 75 products, summed, plus a bias: one number."""
    layer = nn.Conv2d(3, 1, 5)
    x = np.arange(75, dtype="float32").reshape(1, 3, 5, 5) / 75
    assert layer(x).shape == (1, 1, 1, 1)
    by_hand = layer.weight.numpy().reshape(-1) @ x.reshape(-1) + layer.bias.numpy()
    assert layer(x).numpy().reshape(1) == pytest.approx(by_hand, rel=1e-5)
    assert told(layer, (3, 5, 5)).multiply_adds == 75


def test_one_by_one_filters_mix_channels():
    """56×56×64 with 32 filters of 1×1: 56×56×32, each a dot product of 64 numbers."""
    row = told(nn.Conv2d(64, 32, 1), (64, 56, 56))
    assert row.output == (32, 56, 56)
    assert row.multiply_adds == 56 * 56 * 32 * 64


def test_three_small_filters_see_what_a_large_one_does_with_fewer_parameters():
    """Three 3×3 layers see 7×7 and have 27·C² weights; one 7×7 layer has 49·C²."""
    channels = 8
    three = [nn.Conv2d(channels, channels, 3, bias=False) for _ in range(3)]
    one = nn.Conv2d(channels, channels, 7, bias=False)
    assert told(nn.Sequential(one), (channels, 7, 7)).output == (channels, 1, 1)
    assert nn.summary(nn.Sequential(*three), (channels, 7, 7)).rows[-1].output == (channels, 1, 1)
    assert sum(layer.weight.size for layer in three) == 27 * channels**2
    assert one.weight.size == 49 * channels**2


def test_a_filter_larger_than_the_picture_is_refused_with_the_arithmetic():
    with pytest.raises(ShapeError, match="conv2d"):
        told(nn.Conv2d(1, 1, 9), (1, 7, 7))


def test_max_pooling_of_four_by_four():
    """2×2 windows, stride 2: the largest of each."""
    x = Tensor(
        [[[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]], dtype="float32", requires_grad=True
    )
    out = cr.max_pool2d(x, 2)
    assert out.tolist() == [[[[6, 8], [3, 4]]]]
    out.sum().backward()  # and back to the winners alone
    assert x.grad.tolist() == [[[[0, 0, 0, 0], [0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]]]]


def test_pooling_halves_the_size_and_keeps_the_channels():
    """224×224×64 by 2×2 windows with stride 2: 112×112×64, no parameters."""
    row = told(nn.MaxPool2d(2, stride=2), (64, 224, 224))
    assert row.output == (64, 112, 112)
    assert row.size_sum == "(224+2·0−2)/2+1 = 112"
    assert row.parameters == 0


def test_overlapping_pools():
    """AlexNet's 3×3 windows with stride 2: (55 − 3)/2 + 1 = 27."""
    assert outputs(nn.MaxPool2d(3, stride=2), 55) == (27, 27)


def test_a_fully_connected_layer_on_a_picture_stretched_out():
    """32×32×3 is 3,072 numbers; ten scores need W of 10 × 3,072, and each is a dot product of all of them."""
    rows = nn.summary(nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)), (3, 32, 32)).rows
    assert [row.output for row in rows] == [(3072,), (10,)]
    assert (rows[1].multiply_adds, rows[1].parameters) == (10 * 3072, 10 * 3072 + 10)
