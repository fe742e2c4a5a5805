"""Writing and sending mail: one shape for every reply, one identity at every try."""

from __future__ import annotations

import hashlib
import re
import smtplib
import traceback
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from crm_desktop.channels.email.addresses import parse_ids, usable_address
from crm_desktop.channels.email.automatic import LOOP_HEADER
from crm_desktop.channels.email.decoding import clean_line, clean_text
from crm_desktop.channels.email.filenames import safe_name
from crm_desktop.channels.email.settings import Security, SmtpSettings, tls_context
from crm_desktop.channels.email.trouble import network_trouble
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.messages import Address, OutboundAttachment, OutboundMessage

_MEDIA_TYPE = re.compile(r"([a-z]{1,20})/([a-z0-9][a-z0-9.+-]{0,80})")
_METHOD = re.compile(rb"^METHOD:(REQUEST|CANCEL)\r?$", re.MULTILINE)
_ID_HEADERS = {"message-id", "in-reply-to", "references"}


class _Policy(EmailPolicy):
    """Folds Message-IDs between them: the library would encode a long one beyond recognition."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _ID_HEADERS:
            return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _ID_HEADERS:
            return self.fold(name, value).encode("ascii", "replace")
        return bytes(super().fold_binary(name, value))


_POLICY = _Policy(linesep="\r\n", raise_on_defect=False)


def message_id_for(seed: str, domain: str) -> str:
    """The Message-ID of whatever `seed` names, with angle brackets; the same at every call."""
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:32]
    return f"<{digest}@{domain.strip().lower() or 'localhost'}>"


def build(message: OutboundMessage, *, written_at: datetime) -> EmailMessage:
    """The mail as it goes over the wire; raises InvalidInput for an address that is none.

    No value can add a header of its own: each is made one clean line first.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _mailbox(message.sender)
    mail["To"] = [_mailbox(each) for each in message.to]
    if message.cc:
        mail["Cc"] = [_mailbox(each) for each in message.cc]
    mail["Subject"] = clean_line(message.subject, 900)
    mail["Date"] = format_datetime(written_at)
    mail["Message-ID"] = _ids([message.message_id])
    if answered := _ids([message.in_reply_to]):
        mail["In-Reply-To"] = answered
    if references := _ids(message.references):
        mail["References"] = references
    mail[LOOP_HEADER] = "1"
    if message.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    _write_body(mail, message)
    return mail


def _write_body(mail: EmailMessage, message: OutboundMessage) -> None:
    mail.set_content(clean_text(message.text) + "\n", cte="quoted-printable")
    inline = [each for each in message.attachments if each.inline and message.html]
    if message.html:
        mail.add_alternative(clean_text(message.html), subtype="html", cte="quoted-printable")
        if inline:
            look = mail.get_payload(1)
            assert isinstance(look, EmailMessage)
            for each in inline:
                main, sub = _media_type(each)
                look.add_related(
                    each.content,
                    maintype=main,
                    subtype=sub,
                    cid=f"<{clean_line(each.content_id, 200)}>",
                    filename=safe_name(each.name, each.content_type, 1),
                    disposition="inline",
                )
    for each in message.attachments:
        if message.automatic and (method := _asks(each)):
            # As an alternative, mail programs offer it to the calendar; as a file, the others do.
            mail.add_alternative(
                each.content, maintype="text", subtype="calendar",
                params={"method": method, "charset": "utf-8"},
            )  # fmt: skip
    for number, each in enumerate(message.attachments, start=1):
        if each not in inline:
            main, sub = _media_type(each)
            name = safe_name(each.name, each.content_type, number)
            mail.add_attachment(each.content, maintype=main, subtype=sub, filename=name)


def _asks(file: OutboundAttachment) -> str:
    """What an invitation asks of a calendar; empty for every other file."""
    if file.content_type.strip().lower() != "text/calendar":
        return ""
    found = _METHOD.search(file.content[:1_000])
    return found[1].decode() if found else ""


def _media_type(file: OutboundAttachment) -> tuple[str, str]:
    kind = _MEDIA_TYPE.fullmatch(file.content_type.strip().lower())
    # A mail or a multipart as a file would have to be valid; as plain bytes it arrives unchanged.
    if kind is None or kind[1] in ("message", "multipart"):
        return "application", "octet-stream"
    return kind[1], kind[2]


def _mailbox(address: Address) -> HeaderAddress:
    usable = usable_address(address.address)
    if not usable:
        raise InvalidInput("An address of the mail is no mail address.", fields={"to": "address"})
    user, _, domain = usable.rpartition("@")
    return HeaderAddress(clean_line(address.name, 200), user.strip('"'), domain)


def _ids(ids: Iterable[str]) -> str:
    return " ".join(each for each in parse_ids(" ".join(ids)) if each.isascii())


class SmtpSender:
    """Sends through one SMTP server, a connection a mail; safe to call from several threads."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def send(self, message: OutboundMessage) -> None:
        """Return when the server accepted the mail for everybody.

        Raises ConnectorTrouble; its parameter `refused` maps the refused addresses to the
        server's words, `partly` says that the others were accepted (never tried again), and
        `fate` is "unknown" when the mail may have been accepted nevertheless.
        """
        mail = build(message, written_at=datetime.now(UTC))
        recipients = [usable_address(each.address) for each in (*message.to, *message.cc)]
        host = self._settings.host
        try:
            server = self._dial()
            try:
                refused = server.send_message(
                    mail, usable_address(message.sender.address), list(dict.fromkeys(recipients))
                )
            finally:
                _leave(server)
        except smtplib.SMTPException as error:
            raise _with_fate(_trouble(error, host), error) from error
        except OSError as error:
            raise _with_fate(network_trouble(error, host), error) from error
        if refused:
            words = (
                f"{host} refused {len(refused)} of {len(recipients)} recipients; "
                "the others were accepted."
            )
            raise ConnectorTrouble(words, retry=False, refused=_words(refused), partly=True)

    def close(self) -> None:
        """Nothing is kept open between mails."""

    def _dial(self) -> smtplib.SMTP:
        settings = self._settings
        context = None if settings.security is Security.PLAIN else tls_context(settings.ca_file)
        server: smtplib.SMTP
        if settings.security is Security.TLS:
            server = smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                settings.local_name,
                timeout=settings.timeout,
                context=context,
            )
        else:
            server = smtplib.SMTP(
                settings.host, settings.port, settings.local_name, timeout=settings.timeout
            )
        try:
            if settings.security is Security.STARTTLS:
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, settings.password)
        except BaseException:
            server.close()
            raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; what was accepted stays accepted whatever becomes of the goodbye."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()


def _with_fate(trouble: ConnectorTrouble, error: OSError) -> ConnectorTrouble:
    """Mark as of unknown fate what broke off, without an answer, once the text was under way."""
    answered = isinstance(error, smtplib.SMTPResponseException)
    steps = {frame.name for frame in traceback.extract_tb(error.__traceback__)}
    if "data" in steps and not answered:
        trouble.params["fate"] = "unknown"
    return trouble


def _words(refused: dict[str, tuple[int, bytes]]) -> dict[str, str]:
    return {
        address: clean_line(f"{code} {answer.decode('utf-8', 'replace')}", 300)
        for address, (code, answer) in refused.items()
    }


def _trouble(error: smtplib.SMTPException, host: str) -> ConnectorTrouble:
    """4xx answers and lost connections may be tried again, 5xx answers not."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            retry = any(400 <= code < 500 for code, _ in error.recipients.values())
            words = f"{host} refused every recipient."
            return ConnectorTrouble(words, retry=retry, refused=_words(error.recipients))
        case smtplib.SMTPAuthenticationError():
            words = f"{host} refused the user name or the password."
            return ConnectorTrouble(words, retry=400 <= error.smtp_code < 500)
        case smtplib.SMTPResponseException():
            words = f"{host} did not take the mail (answer {error.smtp_code})."
            return ConnectorTrouble(words, retry=not 500 <= error.smtp_code < 600)
        case smtplib.SMTPNotSupportedError():
            words = f"{host} cannot do what this mail needs (STARTTLS, signing in or SMTPUTF8)."
            return ConnectorTrouble(words, retry=False)
    return ConnectorTrouble(f"{host} ended the conversation.", retry=True)
