"""Secrets are kept encrypted by the system, or not at all."""

from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from crm_desktop.domain.errors import NoKeyring
from crm_desktop.workstation.secrets import FileSecrets, KeyringSecrets, open_secrets


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets.toml"
    path.write_text('"imap:office" = "pass word"\n')
    path.chmod(0o600)
    return path


def make(backend: type) -> KeyringBackend:
    made: KeyringBackend = backend()
    return made


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_a_backend_that_keeps_nothing_is_refused(backend: type) -> None:
    with pytest.raises(NoKeyring, match="no keyring"):
        KeyringSecrets(make(backend))


def test_a_chain_with_one_untrusted_link_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [make(null.Keyring)])

    with pytest.raises(NoKeyring):
        KeyringSecrets(make(chainer.ChainerBackend))


def test_a_private_file_gives_its_secrets_to_a_headless_gateway(secrets_file: Path) -> None:
    secrets = open_secrets(secrets_file)

    assert secrets.get("imap:office") == "pass word"
    assert secrets.get("imap:other") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(secrets_file: Path, mode: int) -> None:
    secrets_file.chmod(mode)

    with pytest.raises(NoKeyring, match="chmod 600"):
        FileSecrets(secrets_file)


def test_a_link_to_a_private_file_is_refused(secrets_file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(secrets_file)

    with pytest.raises(NoKeyring, match="cannot be read"):
        FileSecrets(link)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoKeyring):
        FileSecrets(tmp_path)


def test_a_malformed_file_is_explained_without_quoting_it(secrets_file: Path) -> None:
    secrets_file.write_text("hunter2")

    with pytest.raises(NoKeyring, match="list of lines") as caught:
        FileSecrets(secrets_file)

    assert "hunter2" not in str(caught.value)


def test_the_program_never_writes_the_file(secrets_file: Path) -> None:
    secrets = FileSecrets(secrets_file)
    before = secrets_file.read_bytes()

    with pytest.raises(NoKeyring, match="administrator"):
        secrets.set("imap:office", "new")
    with pytest.raises(NoKeyring, match="administrator"):
        secrets.delete("imap:office")

    assert secrets_file.read_bytes() == before
