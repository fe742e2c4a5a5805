"""A real SMTP server that keeps what it takes, with STARTTLS and sign-in where wanted."""

import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.servers.processes import PATIENCE

USER, PASSWORD = "desk@council.test", "let me in"


@dataclass(frozen=True)
class Taken:
    """One mail as the server took it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class _Sink:
    refusals: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    taken: list[Taken] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data_answer.startswith("250"):
            with self.arrived:
                mail = Taken(envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.content))
                self.taken.append(mail)
                self.arrived.notify_all()
        return self.data_answer


class SmtpSink:
    """An SMTP server on a loopback port, a free one unless given; start it with `with`.

    `refusals` maps recipients to the answer that they get, `data_answer` is what every mail gets.
    With a certificate it offers STARTTLS and takes no mail without sign-in over it, or it speaks
    TLS from the start and takes any.
    """

    def __init__(
        self,
        certificate: tuple[Path, Path] | None = None,
        *,
        port: int = 0,
        smtputf8: bool = True,
        tls_from_the_start: bool = False,
    ):
        self._sink = _Sink()
        options: dict[str, Any] = {"enable_SMTPUTF8": smtputf8}
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*certificate)
            if tls_from_the_start:
                options["ssl_context"] = context
            else:
                options |= {
                    "tls_context": context,
                    "require_starttls": True,
                    "auth_required": True,
                    "authenticator": _authenticate,
                }
        self._controller = _Controller(self._sink, hostname="127.0.0.1", port=port, **options)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    @property
    def refusals(self) -> dict[str, str]:
        """Which recipients are refused, with which answer."""
        return self._sink.refusals

    @property
    def taken(self) -> list[Taken]:
        """Every mail taken so far."""
        return self._sink.taken

    def answer_data_with(self, answer: str) -> None:
        """What every mail gets from now on, such as `451 later`."""
        self._sink.data_answer = answer

    def wait_for_mail(self, number: int = 1, seconds: float = PATIENCE) -> list[Taken]:
        """The mails taken, once there are `number`."""
        with self._sink.arrived:
            if not self._sink.arrived.wait_for(lambda: len(self.taken) >= number, seconds):
                raise RuntimeError(f"{len(self.taken)} of {number} mails came in {seconds} s")
            return list(self.taken)

    def __enter__(self) -> "SmtpSink":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class _Controller(Controller):
    """The library's own check connects to the port asked for, which here is any free one."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library has no types


def _authenticate(
    server: Any, session: Any, envelope: Any, mechanism: str, data: Any
) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=right)
