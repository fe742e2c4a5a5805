"""An Open311 GeoReport v2 office as a back office of the domain.

The standard has no idempotency key. Three things together keep one hand-off one request:
the same `Idempotency-Key` header at every try, for servers that honour it; a mark of the hand-off
at the end of the description; and, when the fate of an earlier try is not known, a look through
the office's recent requests of that service for the mark before anything is posted again.

The look proves nothing where an office gives tokens (an accepted request is not listed yet), does
not list requests at all, or lists them without descriptions. There the hand-off is posted once
more, recognisably, with the receipt marked `doubtful`; should that try's fate be unknown as well,
the trouble says `retry=False`, so that a person looks before there could be three.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from urllib.parse import quote

from crm_desktop.backoffice.open311 import form, readings, wire
from crm_desktop.backoffice.open311.line import Line
from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.handoffs import (
    HandoffReceipt,
    HandoffRequest,
    HandoffStatus,
    TargetAttribute,
    TargetService,
)

#: Ids in one question; the standard's limit for a list.
BATCH: Final = 50

#: How far the office's clock may be behind ours.
CLOCK_SLACK: Final = timedelta(hours=1)

#: Pages of PAGE requests that are looked through for an earlier try.
PAGE: Final = 100
MAX_PAGES: Final = 20

_NO_SUCH_FORMAT = frozenset({400, 404, 406, 415, 501})


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a look for an earlier try found; `sure` when not finding it means it is not there."""

    receipt: HandoffReceipt | None
    sure: bool


class Open311:
    """One office. Every method raises ConnectorTrouble; threads may share it."""

    def __init__(self, settings: Open311Settings, api_key: str) -> None:
        self._settings = settings
        self._api_key = api_key
        self._line = Line(settings, api_key)
        self._format = "" if settings.format == "auto" else settings.format

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every connection to the office."""
        self._line.close()

    def services(self) -> tuple[TargetService, ...]:
        """The services on offer, each with its attributes."""
        return tuple(
            replace(each.service, attributes=self.attributes(each.service.code))
            if each.service.has_metadata
            else each.service
            for each in self._kinds()
        )

    def attributes(self, service_code: str) -> tuple[TargetAttribute, ...]:
        """The questions of one service."""
        return readings.attributes(self._read(f"services/{quote(service_code, safe='')}"))

    def request(
        self, handoff: HandoffRequest, *, tried_at: datetime | None = None
    ) -> HandoffReceipt:
        """Hand over; `tried_at` is when an earlier try of unknown fate began.

        Troubles carry `fate` ("not_sent", "refused", "unknown"), and `status`, `words` and
        `retry_after` (seconds) where the office gave them.
        """
        earlier = self._before_posting(handoff, tried_at)
        if earlier.receipt:
            return earlier.receipt
        try:
            return replace(self._post(handoff), doubtful=not earlier.sure)
        except ConnectorTrouble as trouble:
            if not earlier.sure:
                trouble.retry &= trouble.params.get("fate") != "unknown"
                trouble.params["fate"] = "unknown"
            raise

    def _before_posting(self, handoff: HandoffRequest, tried_at: datetime | None) -> Earlier:
        """What is known before anything is sent; a trouble here changes nothing about the fate."""
        try:
            self._settle_format()
            if tried_at is None:
                return Earlier(None, sure=True)
            return self.find_previous(handoff, tried_at)
        except ConnectorTrouble as trouble:
            trouble.params["fate"] = "unknown" if tried_at else "not_sent"
            raise

    def find_previous(self, handoff: HandoffRequest, since: datetime) -> Earlier:
        """Look for a request with this hand-off's mark that arrived at or after `since`.

        A trouble that may pass is raised, because nothing has been posted yet; an office that
        refuses the question leaves us unsure.
        """
        try:
            service = next(
                (each for each in self._kinds() if each.service.code == handoff.service_code), None
            )
            listed = list(self._recent(handoff.service_code, since))
        except ConnectorTrouble as trouble:
            if trouble.retry:
                raise
            return Earlier(None, sure=False)
        wanted = form.mark(handoff)
        for record in listed:
            if wanted in wire.text(record, "description", limit=2 * form.MAX_DESCRIPTION):
                return Earlier(readings.receipt(record), sure=True)
        tells = all(wire.text(record, "description") for record in listed)
        complete = len(listed) < PAGE * MAX_PAGES
        immediate = service is not None and service.kind == "realtime"
        return Earlier(None, sure=tells and complete and immediate)

    def find_id(self, token: str) -> str:
        """The id that belongs to a token, or empty while there is none yet."""
        records = wire.records(self._read(f"tokens/{quote(token, safe='')}"))
        return next(filter(None, map(readings.external_id, records)), "")

    def statuses(self, external_ids: tuple[str, ...]) -> dict[str, HandoffStatus]:
        """Where each stands; ids that the office does not know are missing from the answer."""
        wanted = tuple(dict.fromkeys(filter(None, external_ids)))
        # A comma inside an id would read as two ids in a list.
        alone = [each for each in wanted if "," in each]
        plain = [each for each in wanted if "," not in each]
        found: dict[str, HandoffStatus] = {}
        for start in range(0, len(plain), BATCH):
            found |= self._statuses(plain[start : start + BATCH])
        for each in alone:
            found |= self._status(each)
        return found

    def _statuses(self, ids: Sequence[str]) -> dict[str, HandoffStatus]:
        """One question for several; an office that refuses lists is asked one by one."""
        if len(ids) == 1:
            return self._status(ids[0])
        try:
            tree = self._read("requests", service_request_id=",".join(ids))
        except ConnectorTrouble as trouble:
            if trouble.params.get("status") not in (400, 404):
                raise
            return {key: value for each in ids for key, value in self._status(each).items()}
        return self._readings(tree, ids)

    def _status(self, external_id: str) -> dict[str, HandoffStatus]:
        try:
            tree = self._read(f"requests/{quote(external_id, safe='')}")
        except ConnectorTrouble as trouble:
            if trouble.params.get("status") == 404:
                return {}
            raise
        return self._readings(tree, (external_id,))

    def _readings(self, tree: object, ids: Sequence[str]) -> dict[str, HandoffStatus]:
        """Only what was asked for, whatever else the office sends along."""
        return {
            found: readings.status(record, self._settings)
            for record in wire.records(tree)
            if (found := readings.external_id(record)) in ids
        }

    def _post(self, handoff: HandoffRequest) -> HandoffReceipt:
        began = datetime.now(UTC)
        answer = self._line.post(
            f"requests.{self._settle_format()}",
            form.fields(handoff, self._settings, self._api_key),
            {"Idempotency-Key": handoff.idempotency_key},
            self._upload(handoff),
        )
        try:
            tree = answer.tree()
            self._refuse_errors(tree)
            found = [readings.receipt(record) for record in wire.records(tree)]
        except wire.Unreadable:
            found = []
        receipt = next((each for each in found if each.external_id or each.token), None)
        return receipt or self._unnumbered(handoff, began, found)

    def _unnumbered(
        self, handoff: HandoffRequest, began: datetime, found: Sequence[HandoffReceipt]
    ) -> HandoffReceipt:
        """The office said yes and gave no number: right for a black box, else look for it."""
        try:
            kinds = {each.service.code: each.kind for each in self._kinds()}
            if kinds.get(handoff.service_code) == "blackbox":
                return found[0] if found else HandoffReceipt()
            if receipt := self.find_previous(handoff, began).receipt:
                return receipt
        except ConnectorTrouble as trouble:
            trouble.params["fate"] = "unknown"
            raise
        raise ConnectorTrouble(
            "The office accepted the request but gave no number for it",
            retry=False,
            fate="unknown",
        )

    def _upload(self, handoff: HandoffRequest) -> tuple[str, tuple[str, bytes, str]] | None:
        if not (handoff.photo and self._settings.photo_upload):
            return None
        name, kind, content = handoff.photo
        return self._settings.photo_field, (name, content, kind)

    def _kinds(self) -> tuple[readings.ServiceKind, ...]:
        return readings.service_kinds(self._read("services"))

    def _recent(self, service_code: str, since: datetime) -> Iterator[wire.Record]:
        """Requests of a service since a moment, page by page where the office has pages."""
        start = (since - CLOCK_SLACK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        seen: set[str] = set()
        for page in range(1, MAX_PAGES + 1):
            tree = self._read(
                "requests",
                service_code=service_code,
                start_date=start,
                page_size=str(PAGE),
                page=str(page),
            )
            fresh = [
                record
                for record in wire.records(tree)
                if (found := readings.external_id(record)) and found not in seen
            ]
            yield from fresh
            seen |= {readings.external_id(record) for record in fresh}
            if len(fresh) < PAGE:
                return

    def _read(self, path: str, **query: str) -> object:
        """A resource's document in the settled format."""
        return self._read_as(self._settle_format(), path, query)

    def _read_as(self, kind: str, path: str, query: dict[str, str]) -> object:
        query = {"jurisdiction_id": self._settings.jurisdiction_id, **query}
        answer = self._line.get(f"{path}.{kind}", query)
        try:
            tree = answer.tree()
        except wire.Unreadable as trouble:
            raise ConnectorTrouble(
                "The office's answer cannot be understood", retry=True, unreadable=True
            ) from trouble
        self._refuse_errors(tree)
        return tree

    def _refuse_errors(self, tree: object) -> None:
        """Some servers send the standard's error document as if all were well."""
        if words := "; ".join(wire.errors(tree)):
            raise ConnectorTrouble(
                f"The office refused it: {words}", retry=False, fate="refused", words=words
            )

    def _settle_format(self) -> str:
        """JSON where the office has it (it may be left out of the standard), else XML."""
        if not self._format:
            try:
                self._read_as("json", "services", {})
                self._format = "json"
            except ConnectorTrouble as trouble:
                if not _could_be_the_format(trouble):
                    raise
                self._read_as("xml", "services", {})
                self._format = "xml"
        return self._format


def _could_be_the_format(trouble: ConnectorTrouble) -> bool:
    return "unreadable" in trouble.params or trouble.params.get("status") in _NO_SUCH_FORMAT
