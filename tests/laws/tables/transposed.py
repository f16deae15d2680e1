"""Rows of the gates of `ops/transposed`: convolution laid down."""

from __future__ import annotations

from typing import Any

from chainrule.errors import SettingError, ShapeError
from chainrule.ops.transposed import ConvTranspose2d

from .. import reference
from ..builders import widths
from ..rows import Case, Row, bad, case, real
from .conv import CONVOLUTIONS, sliding, to_input


def laid(*settings: Any) -> Case:
    """The way back of a convolution of these settings, as a step forward."""
    back = to_input(*settings)
    return case(ConvTranspose2d(**back.gate.settings()), *back.inputs)


ROWS: tuple[Row, ...] = (
    sliding(
        "ConvTranspose2d",
        CONVOLUTIONS,
        (
            bad(ShapeError, ConvTranspose2d((4, 4)), real(1, 1, 2, 2), real(1, 3, 3)),
            bad(ShapeError, ConvTranspose2d((4, 4)), real(1, 1, 2, 2), real(1, 1, 0, 3)),
            bad(ShapeError, ConvTranspose2d((4, 4)), real(1, 1, 4, 4), real(1, 1, 3, 3)),
            bad(ShapeError, ConvTranspose2d((4, 4)), real(1, 2, 2, 2), real(1, 1, 3, 3)),
            bad(ShapeError, ConvTranspose2d((4, 4)), real(2, 2), real(1, 1, 3, 3)),
            bad(ShapeError, ConvTranspose2d((2, 4)), real(1, 1, 2, 2), real(1, 1, 3, 3)),
            bad(SettingError, ConvTranspose2d((4, 4), groups=2), real(1, 3, 2, 2), real(3, 1, 3, 3)),
            *widths(ConvTranspose2d((4, 4)), real(1, 1, 2, 2), real(1, 1, 3, 3)),
        ),
        reference.conv2d_input,
        laid,
        eps=2e-6,
    ),
)
