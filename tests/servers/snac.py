"""A real server with Mastodon's API: snac, small and MIT, with residents who speak on it.

It delivers within some seconds, and does less than Mastodon: no limits, no keys of repeated
posts, no processing of pictures. `tests.servers.mastodon_answers` stands in for those.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.servers import processes
from tests.servers.ports import free_port
from tests.servers.postgres import exclusive
from tests.servers.unpacked import command, unpacked

_NOWHERE = "urn:ietf:wg:oauth:2.0:oob"
_SCOPE = "read write follow"
#: They run to the end of the run, when its guard stops them.
_RUNNING: list[processes.Program] = []


def find_snac() -> tuple[str, ...]:
    """How this computer's snac is called, or the tests' own; fetches it when it is not there."""
    if found := shutil.which("snac"):
        return (found,)
    return command(unpacked("snac2"), "usr/bin/snac")


@dataclass(frozen=True)
class Snac:
    """One server; accounts are made by whoever needs them and never shared."""

    port: int
    directory: str

    @property
    def url(self) -> str:
        """Address of the server, and what follows the name in its handles."""
        return f"http://localhost:{self.port}"

    def person(self, name: str) -> "Person":
        """A new account, signed in as a program of its own."""
        login = f"{name}_{secrets.token_hex(3)}"
        made = subprocess.run(
            [*find_snac(), "adduser", self.directory, login],
            input="\n" * 3,
            text=True,
            capture_output=True,
            check=True,
        )
        password = re.search(r"User password is (\S+)", made.stdout)
        assert password, made.stdout
        return Person(self, login, self._token(login, password[1]))

    def _token(self, login: str, password: str) -> str:
        with _client(self.url) as http:
            app = http.post(
                "/api/v1/apps",
                data={"client_name": "tests", "redirect_uris": _NOWHERE, "scopes": _SCOPE},
            ).json()
            asked = {
                "client_id": app["client_id"],
                "redirect_uri": _NOWHERE,
                "response_type": "code",
                "scope": _SCOPE,
            }
            form = http.get("/oauth/authorize", params=asked).text
            fields = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', form))
            action = re.search(r'action="([^"]*)"', form)
            assert action, form
            answer = http.post(action[1], data=fields | {"login": login, "passwd": password})
            code = re.search(r"[0-9a-f]{32,}", answer.headers.get("location", "") + answer.text)
            assert code, answer.text
            token = http.post(
                "/oauth/token",
                data={
                    "grant_type": "authorization_code",
                    "code": code[0],
                    "client_id": app["client_id"],
                    "client_secret": app["client_secret"],
                    "redirect_uri": _NOWHERE,
                },
            )
        return str(token.json()["access_token"])


@dataclass(frozen=True)
class Person:
    """Somebody with an account, speaking the API without any library."""

    server: Snac
    name: str
    token: str

    @property
    def handle(self) -> str:
        """As others name them."""
        return f"{self.name}@localhost:{self.server.port}"

    def call(self, verb: str, path: str, **how: Any) -> Any:
        """The tree that `path` answers with."""
        answer = self.try_to(verb, path, **how)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()

    def try_to(self, verb: str, path: str, **how: Any) -> httpx.Response:
        """The answer, whatever it is."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with _client(self.server.url) as http:
            for _ in range(5 if verb == "GET" else 0):
                # It closes a connection now and then without an answer.
                with contextlib.suppress(httpx.TransportError):
                    return http.request(verb, f"/api{path}", headers=headers, **how)
            return http.request(verb, f"/api{path}", headers=headers, **how)


def shared_snac(shared: Path) -> Snac:
    """The suite's one server below `shared`, started by whichever worker asks first."""
    note = shared / "snac.json"
    with exclusive(shared / "snac.start"):
        if note.exists():
            return Snac(**json.loads(note.read_text()))
        made = _start(shared / "snac")
        note.write_text(json.dumps(asdict(made)))
        return made


def stop_started() -> None:
    """End what this process started, where nobody else will: its output may be waited for."""
    while _RUNNING:
        processes.stop(_RUNNING.pop())


def _start(directory: Path) -> Snac:
    port = free_port()
    answers = f"127.0.0.1\n{port}\nlocalhost:{port}\n\n\n"
    subprocess.run(
        [*find_snac(), "init", str(directory)],
        input=answers,
        text=True,
        capture_output=True,
        check=True,
    )
    settings = directory / "server.json"
    settings.write_text(
        json.dumps(
            json.loads(settings.read_text())
            # What unpacked it is not where its sandbox expects its libraries.
            | {
                "protocol": "http",
                "disable_sandbox": True,
                "badlogin_retries": 1_000,
                "num_threads": 12,
            }
        )
    )
    _RUNNING.append(processes.start([*find_snac(), "httpd", str(directory)], env=dict(os.environ)))
    made = Snac(port, str(directory))
    processes.wait_for(lambda: _answers(made), "snac")
    return made


def _answers(server: Snac) -> bool:
    try:
        with _client(server.url) as http:
            return http.get("/api/v1/instance").is_success
    except httpx.TransportError:
        return False


def _client(url: str) -> httpx.Client:
    """It closes connections that say they stay open."""
    return httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))


if __name__ == "__main__":
    find_snac()
