"""Reading one IMAP mailbox: marked as seen and remembered as read only after the commit."""

from __future__ import annotations

import logging

from crm_desktop.channels.email.inbox import FetchedMail, ImapInbox, read_fetched
from crm_desktop.domain.errors import ConnectorTrouble, CrmError, InvalidInput, NoKeyring
from crm_desktop.domain.messages import Address, InboundAttachment, InboundMessage
from crm_desktop.domain.states import Channel
from crm_desktop.gateway.accounts import imap_settings
from crm_desktop.gateway.bugs import trace
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, intake
from crm_desktop.services.accounts import Account
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)
_AT_ONCE = 20
_WAIT_SECONDS = 300.0
_SOON_SECONDS = 5.0
#: After a refused password: asking often locks accounts.
_SLOWLY_SECONDS = 60.0


class MailboxReader(Worker):
    """Takes in what is new in one mailbox, pushed by the server where it can."""

    def __init__(
        self,
        db: Database,
        account: Account,
        lease: Lease,
        *,
        secrets: SecretSource,
        statuses: StatusBoard,
        largest_mail: int,
    ) -> None:
        super().__init__(lease.name)
        self._db = db
        self._account = account
        self._lease = lease
        self._secrets = secrets
        self._statuses = statuses
        self._largest_mail = largest_mail
        self._uidvalidity = int(account.cursor.get("uidvalidity", 0))
        self._last_uid = int(account.cursor.get("uid", 0))
        self._inbox: ImapInbox | None = None

    def stop(self) -> None:
        """End after the mail under way; a wait for mail ends at once."""
        super().stop()
        inbox = self._inbox
        if inbox is not None:
            inbox.stop()

    def close(self) -> None:
        """Sign out."""
        if self._inbox is not None:
            self._inbox.close()
        self._statuses.forget(self._account.id)

    def work(self) -> None:
        """Take in what is there, else wait for more."""
        try:
            inbox = self._opened()
            mails = inbox.fetch_new(self._uidvalidity, self._last_uid, _AT_ONCE)
            self._statuses.ok(self._account.id, self._lease)
            taken = self._take_in(mails)
            inbox.mark_seen(taken)
            if not mails and not self.stopping.is_set():
                inbox.wait(_WAIT_SECONDS)
        except (InvalidInput, NoKeyring) as trouble:
            self._statuses.trouble(self._account.id, str(trouble), self._lease)
            self.stopping.wait(_SLOWLY_SECONDS)
        except ConnectorTrouble as trouble:
            if not self.stopping.is_set():
                self._statuses.trouble(self._account.id, str(trouble), self._lease)
            self.stopping.wait(_SOON_SECONDS if trouble.retry else _SLOWLY_SECONDS)

    def _opened(self) -> ImapInbox:
        account = accounts.get(self._db, self._account.id)
        if account.settings != self._account.settings:
            self._account = account
            if self._inbox is not None:
                self._inbox.close()
                self._inbox = None
        if self._inbox is None:
            settings = imap_settings(self._account, self._secrets, self._largest_mail)
            self._inbox = ImapInbox(settings)
            if self.stopping.is_set():  # asked to stop before there was anything to stop
                self._inbox.stop()
        return self._inbox

    def _take_in(self, mails: list[FetchedMail]) -> list[int]:
        """The UIDs that are safe in the database."""
        taken = []
        for mail in mails:
            if self.stopping.is_set():
                break
            cursor = {"uidvalidity": mail.uidvalidity, "uid": mail.uid}
            if mail.raw is not None:
                self._receive(mail, cursor)
                taken.append(mail.uid)
            self._uidvalidity, self._last_uid = mail.uidvalidity, mail.uid
        return taken

    def _receive(self, mail: FetchedMail, cursor: dict[str, int]) -> None:
        account_id = self._account.id
        message = read_fetched(mail)
        try:
            intake.receive(self._db, account_id, message, cursor=cursor, under=self._lease)
        except CrmError:
            raise
        except Exception as bug:  # noqa: BLE001 - one mail must not close the mailbox for all
            _LOG.error("%s: a mail met a bug: %s", self.name, trace(bug))
            intake.receive(self._db, account_id, _as_file(mail), cursor=cursor, under=self._lease)


def _as_file(mail: FetchedMail) -> InboundMessage:
    """The mail as a file of an otherwise empty message, for a person to look at."""
    return InboundMessage(
        channel=Channel.EMAIL,
        external_id=mail.external_id,
        sender=Address("", ""),
        subject="A mail that could not be read",
        attachments=(InboundAttachment("mail.eml", "message/rfc822", mail.raw or b""),),
        problems=("The mail could not be read; it is attached whole.",),
        auto_generated=True,
    )
