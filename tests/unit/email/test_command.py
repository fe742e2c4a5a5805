"""`crm-desktop mail parse`: one line a file, whatever the file."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from crm_desktop.cli import app


def test_json_prints_one_line_a_file_and_survives_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From: a@b.org\r\nSubject: t\xc5\xb7\r\n\r\nline\r\nline")
    (tmp_path / "b.eml").write_bytes(b"\0\xff")
    files = [str(tmp_path / name) for name in ("a.eml", "gone.eml", "b.eml", "")]
    result = CliRunner().invoke(app, ["mail", "parse", *files, "--json"])
    first, second, third, fourth = (json.loads(each) for each in result.output.splitlines())
    assert result.exit_code == 1
    assert (first["subject"], first["text"]) == ("tŷ", "line\nline")
    assert first.keys() == second.keys() == third.keys() == fourth.keys()
    assert "could not be opened" in second["problems"][0]


def test_readable_files_leave_with_nought(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From: Ann <a@b.org>\r\nSubject: Bins\r\n\r\nHello\r\nthere")
    result = CliRunner().invoke(app, ["mail", "parse", str(tmp_path / "a.eml")])
    assert result.exit_code == 0
    assert "Ann <a@b.org>" in result.output
    assert "Bins" in result.output
