"""A small file is the old one or the new one, and a damaged one is never thrown away."""

from pathlib import Path

import pytest

from crm_desktop.workstation.files import set_aside, write_atomically


def test_a_failed_write_leaves_the_old_content_and_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()  # a file cannot replace a directory

    with pytest.raises(OSError, match="directory"):
        write_atomically(target, b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_each_damaged_file_gets_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    names = []
    for content in (b"first", b"second"):
        path.write_bytes(content)
        names.append(set_aside(path))

    assert [name.read_bytes() for name in names if name] == [b"first", b"second"]


def test_a_file_that_cannot_be_moved_is_reported_as_such(tmp_path: Path) -> None:
    assert set_aside(tmp_path / "missing") is None
