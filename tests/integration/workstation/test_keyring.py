"""Secrets in a real Secret Service, and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.workstation.programs import run_python
from tests.servers.keyring import secret_service

_USE = """
import sys
from pathlib import Path
from crm_desktop.workstation.sealed import open_stores
from crm_desktop.workstation.secrets import open_secrets
secrets = open_secrets()
"""
_WITHOUT = "import sys\nfrom crm_desktop.workstation.secrets import open_secrets\n"


@pytest.fixture(scope="module")
def keyring_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with secret_service(tmp_path_factory.mktemp("keyring")) as env:
        yield env


def test_a_secret_is_there_for_the_next_program(keyring_env: dict[str, str]) -> None:
    kept = run_python(_USE + "secrets.set('db', 'pass word')", env=keyring_env)
    found = run_python(_USE + "print(secrets.get('db'), secrets.get('other'))", env=keyring_env)

    assert kept.returncode == 0, kept.stderr
    assert found.stdout == "pass word None\n"


def test_a_deleted_secret_is_gone(keyring_env: dict[str, str]) -> None:
    finished = run_python(
        _USE + "secrets.set('x', '1'); secrets.delete('x'); secrets.delete('x')\n"
        "print(secrets.get('x'))",
        env=keyring_env,
    )

    assert finished.stdout == "None\n", finished.stderr


def test_the_secret_is_not_readable_on_the_disk(keyring_env: dict[str, str]) -> None:
    run_python(_USE + "secrets.set('db', 'a very plain word')", env=keyring_env)

    files = [path for path in Path(keyring_env["HOME"]).rglob("*") if path.is_file()]

    assert files
    assert not any(b"a very plain word" in path.read_bytes() for path in files)


def test_drafts_survive_with_their_key_in_the_keyring(
    keyring_env: dict[str, str], tmp_path: Path
) -> None:
    opened = "\ndrafts = open_stores(Path(sys.argv[1]), secrets).drafts\n"
    run_python(_USE + opened + "drafts.save('contact:7', b'Dear')", tmp_path, env=keyring_env)

    found = run_python(
        _USE + opened + "print(drafts.durable, drafts.load_all().entries)",
        tmp_path,
        env=keyring_env,
    )

    assert found.stdout == "True {'contact:7': b'Dear'}\n", found.stderr


def test_a_locked_keyring_is_explained(keyring_env: dict[str, str]) -> None:
    finished = run_python(
        _USE + "import secretstorage\n"
        "bus = secretstorage.dbus_init()\n"
        "secrets.set('db', 'x')\n"
        "secretstorage.get_default_collection(bus).lock()\n"
        "try:\n    secrets.get('db')\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n",
        env=keyring_env,
    )

    assert finished.stdout.startswith("NoKeyring The keyring did not open"), finished.stderr


def test_without_a_secret_service_the_program_refuses_and_explains() -> None:
    finished = run_python(
        _WITHOUT + "try:\n    open_secrets()\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )

    assert finished.stdout.startswith("NoKeyring This computer has no keyring"), finished.stderr
