"""A disk that takes nothing more stops no work and damages nothing that was kept."""

from pathlib import Path

from cryptography.fernet import Fernet

from crm_desktop.workstation.sealed import SealedStore
from tests.integration.workstation.programs import run_python

# No file may grow beyond so many bytes, which fails in `write`, as a full disk does.
_LIMIT = "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"


def test_drafts_are_held_and_the_ones_on_the_disk_stay_whole(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    SealedStore(tmp_path, key).save("contact:7", b"kept before")

    finished = run_python(
        _LIMIT + "from pathlib import Path\n"
        "from crm_desktop.workstation.sealed import SealedStore\n"
        "store = SealedStore(Path(sys.argv[1]), sys.argv[2].encode())\n"
        "store.save('contact:7', b'x' * 5000)\n"
        "print(store.durable, store.problem, len(store.load_all().entries['contact:7']))",
        tmp_path,
        key.decode(),
    )

    assert finished.stdout.startswith("False Drafts cannot be kept"), finished.stderr
    assert finished.stdout.endswith(" 5000\n")
    assert SealedStore(tmp_path, key).load_all().entries == {"contact:7": b"kept before"}
    assert len(list(tmp_path.iterdir())) == 1


def test_logging_goes_on_without_a_word(tmp_path: Path) -> None:
    finished = run_python(
        _LIMIT + "import logging\nfrom pathlib import Path\n"
        "from crm_desktop.workstation.crash_log import CrashLog\n"
        "log = CrashLog(Path(sys.argv[1]), 'gateway')\n"
        "log.start()\n"
        "for _ in range(5):\n    logging.getLogger('x').error('y' * 100)\n"
        "log.note(ValueError('z' * 500))\n"
        "log.stop()\n"
        "print('went on')",
        tmp_path,
    )

    assert finished.stdout == "went on\n"
    assert finished.stderr == ""


def test_the_layout_on_the_disk_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "layout.json"
    path.write_text('{"main": 1}')

    finished = run_python(
        _LIMIT + "from pathlib import Path\n"
        "from crm_desktop.workstation.layout import LayoutStore\n"
        "LayoutStore(Path(sys.argv[1])).set('main', 'x' * 500)",
        path,
    )

    assert finished.returncode == 0, finished.stderr
    assert path.read_text() == '{"main": 1}'
