"""A real Asterisk with the configuration that we ship, on loopback, in a directory of its own."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.stream import EventStream
from tests.servers import processes
from tests.servers.asterisk_program import AsteriskProgram, find_asterisk
from tests.servers.ports import free_port
from tests.servers.postgres import exclusive

USER = "crm"
PASSWORD = "ari-password"
APP = "crm"
#: A number whose calls go straight to the application, and one with a menu before it.
LINE = "01632960010"
MENU_LINE = "01632960020"
#: The caller's calls carry this; by the address alone telephones and trunk are the same here.
PROVIDER = "Provider"

_SHIPPED = Path(__file__).parents[2] / "resources" / "asterisk"
#: What speaks to other machines, to hardware, or for which there is nothing to do.
_NOT_LOADED = (
    *("chan_console", "chan_iax2", "chan_motif", "chan_unistim", "pbx_dundi", "pbx_ael", "pbx_lua"),
    *("res_calendar", "res_config_ldap", "res_config_odbc", "res_config_pgsql", "res_fax"),
    *("res_fax_spandsp", "res_hep", "res_odbc", "res_phoneprov", "res_prometheus", "res_snmp"),
    *("res_smdi", "res_statsd", "res_stun_monitor", "res_xmpp", "res_resolver_unbound"),
    *("app_adsiprog", "app_alarmreceiver", "app_amd", "app_festival", "app_followme", "app_jack"),
    *("app_minivm", "app_voicemail", "app_voicemail_odbc", "cdr_adaptive_odbc", "cdr_custom"),
    *("cdr_manager", "cdr_odbc", "cdr_pgsql", "cdr_radius", "cdr_sqlite3_custom", "cdr_tds"),
    *("cel_custom", "cel_odbc", "cel_pgsql", "cel_radius", "cel_sqlite3_custom", "cel_tds"),
    *("res_pjsip_phoneprov_provider", "res_geolocation", "res_stir_shaken", "res_aeap"),
)
_INDICATIONS = """
[general]
country = uk
[uk]
description = United Kingdom
ringcadence = 400,200,400,2000
dial = 350+440
busy = 400/375,0/375
ring = 400+450/400,0/200,400+450/400,0/2000
congestion = 400/400,0/350,400/225,0/525
"""
_LOGGER = """
[general]
dateformat = %F %T.%3q
[logfiles]
words => notice,warning,error,verbose
"""


@dataclass(frozen=True)
class Phone:
    """An advisor's telephone as the PBX knows it."""

    extension: str
    password: str


@dataclass
class Asterisk:
    """One server; `start`, `stop` and `kill9` may alternate, its state and ports stay.

    Tests that stop or kill it take one of their own; others share `shared_asterisk` and need
    numbers and extensions that no other test uses at the same time.
    """

    directory: str
    http_port: int
    sip_port: int
    #: Where calls to the outside go: `tests.servers.callers.Callee` listens there.
    trunk_port: int
    _process: "processes.Program | None" = field(default=None, init=False, repr=False)

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        phones: int = 3,
        silence: int = 20,
        changes: Mapping[str, str] | None = None,
    ) -> Self:
        """Configure and start a server in `directory`, which must not exist yet.

        It knows the telephones 101, 102 and so on; `silence` is after how many seconds without
        sound a call ends. `changes` puts other texts in the place of those in the configuration.
        """
        made = cls(str(directory), free_port(), free_port(), free_port())
        made._configure(phones, silence, dict(changes or {}))
        made.start()
        return made

    # What a test works with

    @property
    def url(self) -> str:
        """The address of ARI, as in an account's settings."""
        return f"http://127.0.0.1:{self.http_port}"

    def ari(self) -> Ari:
        """A client that may do everything."""
        return Ari(self.url, USER, PASSWORD, timeout=processes.PATIENCE)

    def stream(self, app: str = APP) -> EventStream:
        """A connection for events: from now on calls come to `app`."""
        return EventStream(self.url, USER, PASSWORD, app, timeout=processes.PATIENCE)

    def wait_for_gateway(self) -> None:
        """Return when one is connected: calls from now on are the centre's, not the queue's that
        rings telephones while none is there.
        """
        with self.ari() as ari:
            processes.wait_for(lambda: APP in ari.applications(), "the gateway's connection")

    def phone(self, extension: str) -> Phone:
        """What the telephone of `extension` must know."""
        return Phone(extension, f"change-me-{extension}")

    def calls(self) -> list[dict[str, str]]:
        """Asterisk's own list of calls that have ended (CDR), a channel pair each, oldest first."""
        path = Path(self.directory, "log/cdr-csv/Master.csv")
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return [dict(zip(_CDR, line, strict=False)) for line in csv.reader(file)]

    def missed(self) -> dict[str, str]:
        """What was kept while no gateway was there, by channel id."""
        shown = re.findall(
            r"^/crm-missed/(\S+) *: (.*)$", self.cli("database show crm-missed"), re.M
        )
        return {key: words.strip() for key, words in shown}

    def cli(self, command: str) -> str:
        """What Asterisk's own console says to a command, such as `core show channels`."""
        said = subprocess.run(
            [*self._command(), "-rx", command], capture_output=True, text=True, check=False
        )
        return said.stdout + said.stderr

    def words(self) -> str:
        """Asterisk's log."""
        path = Path(self.directory, "log/words")
        return path.read_text(errors="replace") if path.exists() else ""

    # The server's life

    def start(self) -> None:
        """Start, and return when it takes calls."""
        self._process = processes.start(
            [*self._command(), "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            processes.wait_for(self._is_booted, "Asterisk's start")
        except RuntimeError as trouble:
            raise RuntimeError(f"{trouble}\n{self.words()[-4000:]}") from trouble

    def stop(self) -> None:
        """End it as an administrator would; every call is cut."""
        if self._process is not None:
            processes.stop(self._process)
            self._process = None

    def kill9(self) -> None:
        """Kill it at once; nobody is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            processes.stop(self._process)
            self._process = None

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def destroy(self) -> None:
        """Kill it and remove its directory."""
        self.kill9()
        shutil.rmtree(self.directory, ignore_errors=True)

    # How it is made

    def _command(self) -> tuple[str, ...]:
        return (*find_asterisk().command, "-C", f"{self.directory}/etc/asterisk.conf")

    def _is_booted(self) -> bool:
        if not Path(self.directory, "run/asterisk.ctl").exists():
            return False
        return "fully booted" in self.cli("core waitfullybooted")

    def _configure(self, phones: int, silence: int, changes: dict[str, str]) -> None:
        root = Path(self.directory)
        for folder in ("etc", "run", "lib", "log/cdr-csv", "spool/recording", "spool/outgoing"):
            (root / folder).mkdir(parents=True)
        changes = {
            "bindport = 8088": f"bindport = {self.http_port}",
            "password = change-me\n": f"password = {PASSWORD}\n",
            "bind = 0.0.0.0:5060": f"bind = 127.0.0.1:{self.sip_port}",
            "contact = sip:192.0.2.1:5060\n": f"contact = sip:127.0.0.1:{self.trunk_port}\n",
            "match = 192.0.2.1": f"match_header = User-Agent: {PROVIDER}",
            "directory = moh": f"directory = {_SHIPPED / 'moh'}",
            "qualify_frequency = 30": "qualify_frequency = 0",
            "rtp_timeout = 20": f"rtp_timeout = {silence}",
        } | changes
        shipped = {each.name: each.read_text() for each in _SHIPPED.glob("*.conf")}
        for old, new in changes.items():
            assert any(old in each for each in shipped.values()), old
            shipped = {name: each.replace(old, new) for name, each in shipped.items()}
        shipped["pjsip.conf"] += "".join(
            _telephone(str(extension)) for extension in range(104, 101 + phones)
        )
        for name, content in (shipped | self._surroundings(find_asterisk())).items():
            (root / "etc" / name).write_text(content)

    def _surroundings(self, program: AsteriskProgram) -> dict[str, str]:
        """What any Asterisk has besides the files that we ship."""
        places = {
            "astetcdir": f"{self.directory}/etc",
            "astmoddir": program.modules,
            "astvarlibdir": f"{self.directory}/lib",
            "astdbdir": f"{self.directory}/lib",
            "astkeydir": f"{self.directory}/lib",
            "astdatadir": program.data,
            "astspooldir": f"{self.directory}/spool",
            "astrundir": f"{self.directory}/run",
            "astlogdir": f"{self.directory}/log",
        }
        directories = "".join(f"{name} => {place}\n" for name, place in places.items())
        not_loaded = "".join(f"noload = {name}.so\n" for name in _NOT_LOADED)
        return {
            "asterisk.conf": f"[directories]\n{directories}[options]\nverbose = 3\n",
            "modules.conf": f"[modules]\nautoload = yes\n{not_loaded}",
            "indications.conf": _INDICATIONS,
            "logger.conf": _LOGGER,
        }


_CDR = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp"),
    *("lastdata", "start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
    *("uniqueid", "userfield"),
)


def _telephone(extension: str) -> str:
    return (
        f"\n[{extension}](advisor)\nauth = {extension}\naors = {extension}\n"
        f"[{extension}](advisor-auth)\nusername = {extension}\npassword = change-me-{extension}\n"
        f"[{extension}](advisor-aor)\n"
    )


def shared_asterisk(shared: Path) -> Asterisk:
    """The suite's one server below `shared`, started by whichever worker asks first."""
    note = shared / "asterisk.json"
    with exclusive(shared / "asterisk.start"):
        if note.exists():
            return Asterisk(**json.loads(note.read_text()))
        made = Asterisk.create(shared / "asterisk", phones=20)
        kept = {each.name: getattr(made, each.name) for each in fields(made) if each.init}
        note.write_text(json.dumps(kept))
        return made
