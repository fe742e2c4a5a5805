"""What the doctor makes of what it is told: the words and what to do, without a database."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm_desktop.commands.doctor import computer, database, display, refusal
from crm_desktop.commands.doctor.finding import State
from crm_desktop.commands.doctor.patience import ask_keyring
from crm_desktop.commands.doctor.run import doctor, examine
from crm_desktop.domain.errors import (
    AccountRefused,
    DatabaseAway,
    DatabaseBusy,
    DatabaseNewer,
    DatabaseOlder,
    InsecureConnection,
    InvalidInput,
    NoKeyring,
    ServerUnverified,
    SignInRefused,
    SwitchedOff,
    UnsafeSignIn,
)
from crm_desktop.domain.views import AccountStatus
from crm_desktop.services import Target
from crm_desktop.services.diagnosis import Encryption, Holder, Standing
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import Settings, load

_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_SERVER = Target("postgresql://db.example/crm")
_FILE = Target("sqlite:////somewhere/crm.sqlite3")
_FACTS = {"platform": "xcb", "screens": [[1440, 900]], "family": True, "without": []}


def _standing(**other: object) -> Standing:
    facts = {
        "login": "anna",
        "groups": frozenset({"crm_staff", "crm_advisor"}),
        "missing": frozenset(),
        "is_superuser": False,
        "is_staff": True,
    }
    return Standing(**{**facts, **other})  # type: ignore[arg-type] # a test's shorthand


def _holder(lease: str = "outbox", seconds: int = 5) -> Holder:
    return Holder(lease, "desk-7:412:ab12cd34", _NOW + timedelta(seconds=seconds))


def _account(status: str, words: str = "") -> AccountStatus:
    return AccountStatus(1, "imap", "Inbox", status, words, _NOW)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0.4, State.OK), (-1.9, State.OK), (3, State.WARNING), (-61, State.TROUBLE)],
)
def test_clocks_may_differ_a_little(seconds: float, state: State) -> None:
    found = database.of_clock(timedelta(seconds=seconds))

    assert found.state is state
    assert bool(found.to_do) is (state is not State.OK)


def test_it_says_whose_clock_is_ahead() -> None:
    behind, ahead = (database.of_clock(each) for each in (timedelta(hours=2), timedelta(0, -30)))

    assert behind.words == "This computer's clock is 2 hours behind the database's."
    assert ahead.words == "This computer's clock is 30 seconds ahead of the database's."


@pytest.mark.parametrize(
    ("way", "state"),
    [
        (Encryption("TLSv1.3", verified=True, loopback=False), State.OK),
        (Encryption("", verified=False, loopback=True), State.OK),
        (Encryption("TLSv1.3", verified=False, loopback=False), State.TROUBLE),
    ],
)
def test_a_way_to_another_computer_needs_a_checked_certificate(
    way: Encryption, state: State
) -> None:
    assert database.of_encryption(way).state is state


@pytest.mark.parametrize(
    ("who", "state", "words"),
    [
        (_standing(), State.OK, "anna works here (advisor)."),
        (_standing(groups=frozenset({"crm_gateway"}), is_staff=False), State.OK, "gateway"),
        (_standing(is_superuser=True), State.WARNING, "passes every rule by"),
        (_standing(is_staff=False), State.TROUBLE, "nobody who works here"),
        (_standing(missing=frozenset({"crm_desk"})), State.TROUBLE, "crm_desk"),
    ],
)
def test_a_login_must_be_somebody(who: Standing, state: State, words: str) -> None:
    found = database.of_standing(who)

    assert found.state is state
    assert words in found.words


def test_it_says_which_computer_does_the_gateways_work() -> None:
    found = database.of_holders([_holder(), _holder("sweeper")], _NOW, embedded=False)

    assert found.state is State.OK
    assert found.words == "desk-7 (process 412) does outbox, sweeper."


def test_work_that_nobody_does_is_named() -> None:
    found = database.of_holders([_holder(), _holder("imap:4", -60)], _NOW, embedded=False)

    assert found.state is State.WARNING
    assert "imap:4" in found.words


@pytest.mark.parametrize(("embedded", "state"), [(True, State.OK), (False, State.WARNING)])
def test_only_a_shared_database_misses_its_gateway(embedded: bool, state: State) -> None:
    found = database.of_holders([_holder(seconds=-60)], _NOW, embedded=embedded)

    assert found.state is state


def test_accounts_in_trouble_come_with_their_words_and_nobodys_address() -> None:
    bad, good = database.of_accounts(
        [_account("trouble", "margaret@example.org was refused"), _account("ok")]
    )

    assert bad.state is State.WARNING
    assert "[email] was refused" in bad.words
    assert good.words == "Accounts: 1 work (Inbox)."


def test_a_centre_without_accounts_is_told_how_to_add_one() -> None:
    (found,) = database.of_accounts([])

    assert "admin account add" in found.to_do


@pytest.mark.parametrize(
    ("error", "target", "check", "state"),
    [
        (DatabaseAway("refused"), _SERVER, "database", State.TROUBLE),
        (DatabaseAway("no file"), _FILE, "database", State.TROUBLE),
        (DatabaseBusy(), _FILE, "database", State.WARNING),
        (DatabaseAway('FATAL:  database "crm" does not exist'), _SERVER, "database", State.TROUBLE),
        (ServerUnverified("certificate verify failed"), _SERVER, "tls", State.TROUBLE),
        (InsecureConnection(host="db"), _SERVER, "tls", State.TROUBLE),
        (SignInRefused(), Target(_SERVER.url, "anna", "wrong"), "sign-in", State.TROUBLE),
        (SignInRefused(), _SERVER, "sign-in", State.WARNING),
        (SwitchedOff(), Target(_SERVER.url, "anna", "right"), "sign-in", State.TROUBLE),
        (AccountRefused("no ticket"), Target(_SERVER.url, "anna"), "sign-in", State.TROUBLE),
        (UnsafeSignIn("wants it in clear"), _SERVER, "sign-in", State.TROUBLE),
    ],
)
def test_a_database_that_lets_nobody_in_says_why(
    error: Exception, target: Target, check: str, state: State
) -> None:
    *_, found = refusal.of_refusal(error, target, "crm on db.example")  # type: ignore[arg-type]

    assert (found.check, found.state) == (check, state)
    assert found.to_do


def test_a_file_that_is_there_is_not_said_to_be_absent(tmp_path: Path) -> None:
    file = tmp_path / "crm.sqlite3"
    (absent,) = refusal.of_refusal(DatabaseAway(), Target(f"sqlite:///{file}"), str(file))
    file.touch()
    (there,) = refusal.of_refusal(DatabaseAway(), Target(f"sqlite:///{file}"), str(file))

    assert "demo prepare" in absent.to_do
    assert "is there, but cannot be opened" in there.words


def test_before_the_first_start_nothing_is_wrong(home: Path) -> None:
    paths = Paths.of_user()

    (found,) = (
        each for each in examine(lambda: load(paths), paths, "") if each.check == "database"
    )

    assert found.state is State.WARNING
    assert "at its first start" in found.to_do


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DatabaseOlder(found="0001", wanted="0002"), "0001"),
        (DatabaseNewer(found="0003", wanted="0002"), "newer program"),
    ],
)
def test_another_revision_is_trouble(error: Exception, words: str) -> None:
    def refuse() -> None:
        raise error

    found = database.of_revision(refuse, _FILE)

    assert found.state is State.TROUBLE
    assert words in found.words


def test_missing_libraries_are_named_by_their_packages() -> None:
    answer = display.Answer(None, "no plug-in")

    found = display.of_display(answer, ("libxcb-cursor0", "libegl1"), shown=True)

    assert found.state is State.TROUBLE
    assert found.to_do.endswith("apt install libxcb-cursor0 libegl1")


def test_a_display_that_refuses_is_trouble_and_none_at_all_a_warning() -> None:
    refused = display.of_display(display.Answer(None, "could not connect"), (), shown=True)
    absent = display.of_display(display.Answer(_FACTS), (), shown=False)
    good = display.of_display(display.Answer(_FACTS), (), shown=True)

    assert (refused.state, absent.state) == (State.TROUBLE, State.WARNING)
    assert good.words == "Windows can be opened (xcb; 1440 × 900)."


def test_scripts_without_letters_are_named() -> None:
    found = display.of_fonts({**_FACTS, "without": ["Bengali"]})
    without_inter = display.of_fonts({**_FACTS, "family": False})

    assert "Bengali" in found.words
    assert "fonts-noto-core" in found.to_do
    assert without_inter.state is State.WARNING


def test_only_linux_may_have_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    on_linux = [display.has_display(env) for env in ({}, {"DISPLAY": ":0"}, {"DISPLAY": ""})]
    monkeypatch.setattr("sys.platform", "win32")

    assert on_linux == [False, True, False]
    assert display.has_display({})


@pytest.mark.parametrize(
    ("free", "state"),
    [(50 * 1024**3, State.OK), (500 * 1024**2, State.WARNING), (1024**2, State.TROUBLE)],
)
def test_a_disk_that_fills_is_told_in_time(
    free: int, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": free}))

    (found,) = computer.of_disks([tmp_path / "not" / "there" / "yet", tmp_path])

    assert found.state is state


def test_a_port_of_another_program_is_told_from_the_gateways_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = Settings(http_port=server.getsockname()[1], smtp_port=0)
        other = list(computer.of_ports(settings, gateway_runs=False))
        own = list(computer.of_ports(settings, gateway_runs=True))
    free = list(computer.of_ports(settings, gateway_runs=False))

    assert [each.state for each in other] == [State.WARNING, State.OK]
    assert "CRM_DESKTOP_HTTP_PORT" in other[0].to_do
    assert "gateway answers" in own[0].words
    assert "is free" in free[0].words


def test_an_earlier_crash_is_told_without_its_text(tmp_path: Path) -> None:
    (tmp_path / "desktop-crash.txt").write_text("Fatal Python error: Segmentation fault")

    log, crash = computer.of_log(tmp_path)

    assert log.state is State.OK
    assert crash.check == "crash"
    assert "Segmentation" not in crash.words + crash.to_do


def test_without_a_keyring_work_goes_on() -> None:
    assert computer.of_keyring(None).state is State.WARNING


def test_a_keyring_that_stays_silent_is_not_waited_for() -> None:
    never = threading.Event()

    with pytest.raises(NoKeyring, match="unlock"):
        ask_keyring(never.wait, 0.05)

    never.set()


def test_settings_that_cannot_be_read_are_one_finding_of_several(tmp_path: Path) -> None:
    said: list[str] = []

    def load() -> Settings:
        raise InvalidInput("settings.toml, line 3: theme: no such theme.")

    paths = Paths(tmp_path, tmp_path, tmp_path, tmp_path)
    code = doctor(load, paths, "", said.append, as_json=True)

    found = {each["check"]: each for each in json.loads(said[0])}
    assert code == 1
    assert found["settings"]["state"] == "trouble"
    assert "line 3" in found["settings"]["words"]
    assert {"display", "fonts", "log"} <= set(found)
