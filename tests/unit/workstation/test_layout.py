"""The windows come back as they were, and a damaged memory of them harms nobody."""

from pathlib import Path

import pytest

from crm_desktop.workstation.layout import LayoutStore


def test_a_value_is_there_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "state" / "layout.json"
    LayoutStore(path).set("main", {"size": [1440, 900]})

    assert LayoutStore(path).get("main") == {"size": [1440, 900]}


def test_an_unknown_name_gives_the_default(tmp_path: Path) -> None:
    assert LayoutStore(tmp_path / "layout.json").get("main", 7) == 7


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b""])
def test_a_damaged_file_is_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "layout.json"
    path.write_bytes(content)

    store = LayoutStore(path)
    store.set("main", 1)

    assert LayoutStore(path).get("main") == 1
    assert (tmp_path / "layout.json.damaged-1").read_bytes() == content


def test_a_disk_that_refuses_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    store = LayoutStore(tmp_path / "state" / "layout.json")

    store.set("main", 1)

    assert store.get("main") == 1
