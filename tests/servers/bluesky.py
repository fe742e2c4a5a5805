"""A Bluesky of the tests' own: its published servers, and residents who speak on it."""

import json
import os
import secrets
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.servers import processes
from tests.servers.bluesky_program import find_bluesky
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresCluster, exclusive

PASSWORD = "main-password"
#: They run to the end of the run, when its guard stops them.
_RUNNING: list[processes.Program] = []


@dataclass(frozen=True)
class Bluesky:
    """One network; accounts are made by whoever needs them and never shared."""

    #: Address of the personal data server, where every account lives.
    service: str
    #: Identity of the chat service, as accounts address it.
    chat: str
    #: What the server signs its sessions with.
    secret: str

    def person(self, name: str) -> "Person":
        """A new account, seen by the whole network."""
        handle = f"{name}-{secrets.token_hex(3)}.test"
        with httpx.Client(base_url=f"{self.service}/xrpc", timeout=60) as http:
            made = http.post(
                "/com.atproto.server.createAccount",
                json={"handle": handle, "email": f"{handle}@example.org", "password": PASSWORD},
            )
        made.raise_for_status()
        person = Person(self, made.json()["did"], handle, made.json()["accessJwt"])
        processes.wait_for(person.is_known, f"{handle} on the network")
        return person


@dataclass
class Person:
    """Somebody with an account, speaking plain XRPC: another program than ours."""

    network: Bluesky
    did: str
    handle: str
    token: str

    def app_password(self, *, private: bool = True) -> str:
        """A new app password; `private`: it may read and write private messages."""
        name = secrets.token_hex(4)
        made = self.call(
            "com.atproto.server.createAppPassword", {"name": name, "privileged": private}
        )
        return str(made["password"])

    def is_known(self) -> bool:
        """Whether the rest of the network has heard of this account."""
        answer = self._request("GET", "app.bsky.actor.getProfile", params={"actor": self.did})
        return answer.is_success and answer.json()["handle"] == self.handle

    def call(self, method: str, body: dict[str, Any], **headers: str) -> Any:
        """Do something; the answer's tree."""
        answer = self._request("POST", method, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def ask(self, method: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
        """Read something; the answer's tree."""
        answer = self._request("GET", method, params=params, headers=headers or {})
        assert answer.is_success, answer.text
        return answer.json()

    def upload(self, content: bytes, content_type: str) -> Any:
        """Put a file there; what a record holds of it."""
        answer = self._request(
            "POST",
            "com.atproto.repo.uploadBlob",
            content=content,
            headers={"Content-Type": content_type},
        )
        assert answer.is_success, answer.text
        return answer.json()["blob"]

    def _request(self, verb: str, method: str, **how: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | how.pop("headers", {})
        with httpx.Client(base_url=f"{self.network.service}/xrpc", timeout=60) as http:
            return http.request(verb, f"/{method}", headers=headers, **how)


def shared_bluesky(shared: Path, cluster: PostgresCluster) -> Bluesky:
    """The suite's one network below `shared`, started by whichever worker asks first."""
    note = shared / "bluesky.json"
    with exclusive(shared / "bluesky.start"):
        if note.exists():
            return Bluesky(**json.loads(note.read_text()))
        made = _start(shared / "bluesky", cluster)
        note.write_text(json.dumps(asdict(made)))
        return made


def _start(directory: Path, cluster: PostgresCluster) -> Bluesky:
    directory.mkdir()
    name = "bluesky"
    cluster.create_database(name)
    ports = {each: free_port() for each in ("plc", "pds", "appview", "dataplane", "chat", "nobody")}
    secret = secrets.token_hex(16)
    # Their PostgreSQL client cannot be given this certificate in an address.
    database = (
        f"postgres://postgres:{quote(cluster.password)}@127.0.0.1:{cluster.port}/{name}"
        "?sslmode=no-verify"
    )
    given = {"ports": ports, "directory": str(directory), "secret": secret, "database": database}
    program = processes.start(
        [*find_bluesky().command, json.dumps(given)],
        stdout=subprocess.PIPE,
        env=os.environ | {"LOG_ENABLED": "false", "TMPDIR": str(directory)},
        cwd=directory,
    )
    _RUNNING.append(program)
    ready = json.loads(processes.read_line(program, "Bluesky's servers"))
    assert program.stdout is not None
    program.stdout.close()
    return Bluesky(f"http://localhost:{ports['pds']}", ready["chat"], secret)
