"""What is no regular file is refused by every reader, at once; what changes meanwhile is noticed."""

import os

import pytest

from .readers import READERS


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "circle"])
def test_what_is_no_file(name, kind, tmp_path):
    reader, path = READERS[name], tmp_path / READERS[name].file
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)
    with pytest.raises(reader.raises, match="pipe|folder|device|symbolic links") as caught:
        reader.read(path)
    assert all(getattr(caught.value, part) for part in ("who", "came", "expected", "hint"))
