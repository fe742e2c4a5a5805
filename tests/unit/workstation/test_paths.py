"""Files lie under the user's own profile, resources inside the program."""

from pathlib import Path

import pytest

from crm_desktop.workstation.paths import Paths, bundled


def test_every_directory_is_under_the_users_home(home: Path) -> None:
    paths = Paths.of_user()

    assert all(
        directory.is_relative_to(home)
        for directory in (paths.config, paths.data, paths.cache, paths.log)
    )


def test_asking_for_paths_makes_no_directory(home: Path) -> None:
    Paths.of_user()

    assert list(home.iterdir()) == []


def test_resources_are_found_in_a_copy_of_the_source() -> None:
    assert bundled("resources").is_dir()


def test_a_frozen_program_looks_only_inside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm_desktop" / "resources").mkdir(parents=True)
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)

    assert bundled("resources") == tmp_path / "crm_desktop" / "resources"
    with pytest.raises(FileNotFoundError, match="migrations is missing"):
        bundled("migrations")
