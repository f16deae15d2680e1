"""Every single byte of a checkpoint of ten kilobytes that is another one is noticed."""

import os

import pytest

from chainrule.errors import FileError
from chainrule.sealed import unseal

from .samples import KIND, checkpoint


def test_every_byte_counts(tmp_path):
    content, path = checkpoint(), tmp_path / "thing"
    path.write_bytes(content)
    number = os.open(path, os.O_WRONLY)
    try:
        for place, byte in enumerate(content):
            for change in (
                {1 << place % 8, 1 << (place + 3) % 8, 0xFF} if place < 3000 else {1 << place % 8, 0xFF}
            ):
                os.pwrite(number, bytes([byte ^ change]), place)
                with pytest.raises(FileError) as caught:
                    unseal(path, KIND)
                assert caught.value.who == str(path)
            os.pwrite(number, bytes([byte]), place)
    finally:
        os.close(number)
    assert unseal(path, KIND).facts["epoch"] == 3
