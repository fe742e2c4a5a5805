"""What callers hear who wait, and what they choose, at a real PBX."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from crm_desktop.channels.voice.events import PlaybackFinished, PlaybackStarted
from crm_desktop.channels.voice.stream import EventStream
from crm_desktop.channels.voice.trouble import AriNotFound
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.calls.waiting import Waiting
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.store.models import Call, Contact, OpeningCalendar, TelephoneLine
from crm_desktop.store.models.recordings import Recording
from tests.calls_centre import call_row, contact, event, events
from tests.centre import Centre
from tests.integration.calls.conftest import RESOURCES, Secrets, connect
from tests.integration.gateway.looking import Watch, watching
from tests.servers.asterisk import LINE, PASSWORD, USER, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phones

OUR_LINE = "+441632960010"


@pytest.fixture
def watch(postgres_centre: Centre) -> Iterator[Watch]:
    """Waits for what the gateway does."""
    with watching(postgres_centre) as watch:
        yield watch


@pytest.fixture
def start(secrets: Secrets) -> Iterator[Callable[[Centre], Gateway]]:
    """Start gateways that care for those who wait."""
    running: list[Gateway] = []

    def begin(centre: Centre) -> Gateway:
        gateway = Gateway(
            centre.as_gateway(connections=10),
            centre.as_gateway(connections=1),
            GatewayConfig(web_resources=RESOURCES, http_port=0, smtp_port=0),
            secrets,
            call_parts=lambda: (Waiting(),),
        )
        running.append(gateway)
        gateway.start()
        return gateway

    yield begin
    for gateway in running:
        gateway.stop()


def _line(centre: Centre, **values: object) -> None:
    """The line of this test's calls."""
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(TelephoneLine)
            .where(TelephoneLine.name == "Main line")
            .values(number=OUR_LINE, **values)
        )


def _closed(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(OpeningCalendar).values(hours={"week": {}}))


def _call(watch: Watch, state: CallState, **wanted: object) -> Call:
    found = watch.row(Call, state=state.value, **wanted)
    assert isinstance(found, Call)
    return found


def _contact(watch: Watch, contact_id: int, state: ContactState) -> Contact:
    found = watch.row(Contact, id=contact_id, state=state.value)
    assert isinstance(found, Contact)
    return found


def _speaks(watch: Watch, pbx: Asterisk, call: Call) -> str:
    """Their message is being recorded, for two seconds."""
    name = f"crm-voicemail-{call.contact_id}-{call.channel}"
    with pbx.ari() as ari:

        def records(_: object) -> bool:
            try:
                return ari.live_recording(name).state == "recording"
            except AriNotFound:
                return False

        watch.until(records)
    since = time.monotonic()
    watch.until(lambda _: time.monotonic() > since + 2.2)
    return name


def _listen_to(pbx: Asterisk, bridge: str) -> None:
    """Tell the application `ears` what is played in a bridge."""
    httpx.post(
        f"{pbx.url}/ari/applications/ears/subscription",
        params={"eventSource": f"bridge:{bridge}"},
        auth=(USER, PASSWORD),
    ).raise_for_status()


def _played(ears: EventStream, watch: Watch, until: str) -> list[str]:
    """What is heard, up to a sound."""
    heard: list[str] = []

    def listen(_: object) -> bool:
        heard.extend(
            each.playback.media for each in ears.receive(0.5) if isinstance(each, PlaybackStarted)
        )
        return until in heard

    watch.until(listen)
    return heard


def test_who_waits_hears_their_place_and_an_answer_breaks_in_at_once(
    postgres_centre: Centre, pbx: Asterisk, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    connect(postgres_centre, pbx, "ben")
    _line(postgres_centre, announce_seconds=15)
    start(postgres_centre)
    pbx.wait_for_gateway()
    with (
        Phones(pbx) as phones, pbx.stream("ears") as ears, pbx.ari() as ari,
        Caller(pbx, LINE) as caller, Caller(pbx, LINE, "+441632960124") as other,
    ):  # fmt: skip
        # Ben's telephone is not there: nobody is offered any call for now.
        first, second = (
            _call(watch, CallState.WAITING, number=each)
            for each in ("+441632960123", "+441632960124")
        )
        order = sorted((first, second), key=lambda each: each.contact_id)
        bridge = f"crm-hold-{order[1].contact_id}"
        watch.until(lambda _: any(each.id == bridge for each in ari.bridges()))
        _listen_to(pbx, bridge)

        heard = _played(ears, watch, "sound:queue-callswaiting")

        assert heard[:3] == [
            "sound:queue-thereare", "sound:digits/2", "sound:queue-callswaiting"
        ]  # fmt: skip
        del phones
        # Whoever is moved to a conversation in mid-announcement is there at once.
        ari.create_bridge("elsewhere", "mixing")
        ari.add("elsewhere", order[1].channel)
        ended: list[str] = []

        def cut(_: object) -> bool:
            ended.extend(
                each.playback.state
                for each in ears.receive(0.5)
                if isinstance(each, PlaybackFinished)
            )
            return bool(ended)

        watch.until(cut)
        assert ended == ["failed"]
        ari.destroy_bridge("elsewhere")
        caller.hang_up()
        other.hang_up()


def test_a_digit_is_a_callback_that_keeps_the_place(
    postgres_centre: Centre, pbx: Asterisk, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    connect(postgres_centre, pbx, "cora")
    _line(postgres_centre)
    start(postgres_centre)
    pbx.wait_for_gateway()
    with Caller(pbx, LINE) as caller:
        waits = _call(watch, CallState.WAITING)
        caller.wait_answered()
        _until_looked_after(watch, pbx, waits.contact_id)

        caller.press("1")

        called_back = _call(watch, CallState.CALLBACK)
        caller.wait_ended()
    assert called_back.contact_id == waits.contact_id
    row = contact(postgres_centre, waits.contact_id)
    assert (row.state, row.queued_at) == ("queued", row.received_at)
    assert events(postgres_centre, waits.contact_id) == ["contact.received", "contact.callback"]
    with pbx.ari() as ari:
        watch.until(lambda _: not [each for each in ari.bridges() if each.id.startswith("crm-")])
    assert call_row(postgres_centre, waits.contact_id).ended_at is None


def test_a_message_instead_of_waiting_is_a_voicemail_with_its_sound(
    postgres_centre: Centre, pbx: Asterisk, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    connect(postgres_centre, pbx, "cora")
    _line(postgres_centre)
    start(postgres_centre)
    pbx.wait_for_gateway()
    with Caller(pbx, LINE) as caller:
        waits = _call(watch, CallState.WAITING)
        caller.wait_answered()
        _until_looked_after(watch, pbx, waits.contact_id)
        caller.press("5")
        _call(watch, CallState.VOICEMAIL)
        _until_greeted(watch, pbx, waits.channel)
        caller.press("3")  # who knows the greeting goes on
        name = _speaks(watch, pbx, waits)

        caller.hang_up()

        left = watch.contact(channel="voicemail")
    sound = watch.row(Recording, contact_id=left.id)
    assert (sound.kind, sound.name) == ("voicemail", name)
    assert left.due_at is not None
    assert left.due_at > left.received_at
    assert left.preview.endswith("left instead of waiting")
    over = _call(watch, CallState.ENDED, contact_id=waits.contact_id)
    assert contact(postgres_centre, over.contact_id).end_reason == "voicemail"


def test_when_closed_who_hangs_up_at_the_greeting_gave_up(
    postgres_centre: Centre, pbx: Asterisk, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    connect(postgres_centre, pbx)
    _line(postgres_centre)
    _closed(postgres_centre)
    start(postgres_centre)
    pbx.wait_for_gateway()
    with Caller(pbx, LINE) as caller:
        greeted = _call(watch, CallState.VOICEMAIL)
        caller.wait_answered()

        caller.hang_up()

        _call(watch, CallState.ENDED)
    row = contact(postgres_centre, greeted.contact_id)
    assert (row.state, row.end_reason) == ("abandoned", "abandoned")
    assert event(postgres_centre, row.id, "contact.abandoned")["after"] == "greeting"


def test_a_line_that_takes_no_more_says_goodbye(
    postgres_centre: Centre, pbx: Asterisk, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    connect(postgres_centre, pbx, "cora")
    _line(postgres_centre, voicemail=False, most_waiting=1)
    start(postgres_centre)
    pbx.wait_for_gateway()
    with Caller(pbx, LINE):
        waits = _call(watch, CallState.WAITING)
        _until_looked_after(watch, pbx, waits.contact_id)
        with Caller(pbx, LINE, "+441632960124") as second:
            second.wait_ended()
        sent = watch.row(Contact, end_reason="busy")
        assert contact(postgres_centre, waits.contact_id).state == "queued"
    assert sent.state == "completed"
    assert event(postgres_centre, sent.id, "contact.turned_away")["why"] == "busy"


def test_a_caller_who_vanishes_in_mid_conversation_is_called_back(
    postgres_centre: Centre, tmp_path: Path, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    pbx = Asterisk.create(tmp_path / "asterisk", silence=2)
    try:
        connect(postgres_centre, pbx, "anna")
        _line(postgres_centre)
        with Phones(pbx) as phones:
            phone = phones.add("101")
            start(postgres_centre)
            pbx.wait_for_gateway()
            with Caller(pbx, LINE) as caller:
                phone.wait("rings")
                phone.answer()
                talks = _call(watch, CallState.TALKING)

                caller.vanish()

                callback = _call(watch, CallState.CALLBACK, after_id=talks.contact_id)
        ended = call_row(postgres_centre, talks.contact_id)
        assert (ended.cut_off, ended.cause) == (True, 44)
        row = contact(postgres_centre, callback.contact_id)
        assert (row.boost_reason, row.direction) == ("Cut off", "outbound")
        assert contact(postgres_centre, talks.contact_id).state == "wrap_up"
    finally:
        pbx.destroy()


def test_what_the_pbx_kept_while_no_gateway_was_there_is_read_in_once(
    postgres_centre: Centre, tmp_path: Path, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    quick = {
        "CRM_AWAY_RINGS = 45": "CRM_AWAY_RINGS = 1",
        "CRM_AWAY_SAYS = vm-nobodyavail&vm-intro": "CRM_AWAY_SAYS = beep",
    }
    pbx = Asterisk.create(tmp_path / "asterisk", changes=quick)
    try:
        connect(postgres_centre, pbx)
        _line(postgres_centre)
        with Caller(pbx, LINE) as gives_up, Caller(pbx, LINE, "+441632960124") as leaves:
            gives_up.wait_answered()
            leaves.wait_answered()
            watch.until(lambda _: len(_channels(pbx)) >= 2)
            gives_up.hang_up()
            watch.until(lambda _: _message_size(pbx) > 50_000)
            leaves.hang_up()
        watch.until(lambda _: len(_kept(pbx)) == 2)

        gateway = start(postgres_centre)

        left = watch.contact(channel="voicemail")
        gone = watch.contact(channel="call", state="abandoned")
        watch.until(lambda _: not _kept(pbx))
        gateway.stop()
    finally:
        pbx.destroy()
    assert call_row(postgres_centre, gone.id).number == "+441632960123"
    assert call_row(postgres_centre, left.id).number == "+441632960124"
    assert gone.while_away is True
    assert "while the CRM was away" in left.preview
    with postgres_centre.as_owner().read() as tx:
        assert tx.session.query(Contact).count() == 3


def _kept(pbx: Asterisk) -> list[str]:
    """The calls that the PBX keeps for the gateway."""
    shown = pbx.cli("database show crm-missed").splitlines()
    return [each for each in shown if each.startswith("/crm-missed/")]


def _channels(pbx: Asterisk) -> list[str]:
    with pbx.ari() as ari:
        return [each.id for each in ari.channels() if each.state == "Up"]


def _message_size(pbx: Asterisk) -> int:
    return max(
        (each.stat().st_size for each in Path(pbx.directory).rglob("crm-away-*.wav")), default=0
    )


def test_a_message_is_kept_though_the_gateway_is_away_when_it_ends(
    postgres_centre: Centre, pbx: Asterisk, watch: Watch, start: Callable[[Centre], Gateway]
) -> None:
    connect(postgres_centre, pbx)
    _line(postgres_centre)
    _closed(postgres_centre)
    gateway = start(postgres_centre)
    pbx.wait_for_gateway()
    with Caller(pbx, LINE) as caller:
        greeted = _call(watch, CallState.VOICEMAIL)
        _until_greeted(watch, pbx, greeted.channel)
        caller.press("3")
        _speaks(watch, pbx, greeted)
        gateway.stop()
        caller.hang_up()

    start(postgres_centre)

    left = watch.contact(channel="voicemail")
    assert watch.row(Recording, contact_id=left.id).ended_at is not None
    _call(watch, CallState.ENDED, contact_id=greeted.contact_id)


def _until_greeted(watch: Watch, pbx: Asterisk, channel: str) -> None:
    """The greeting began: they wait in no bridge any more."""
    with pbx.ari() as ari:
        watch.until(lambda _: not any(channel in each.channels for each in ari.bridges()))
    since = time.monotonic()
    watch.until(lambda _: time.monotonic() > since + 0.5)


def _until_looked_after(watch: Watch, pbx: Asterisk, contact_id: int) -> None:
    """They are in the bridge with music, and the gateway has seen them wait for a second."""
    with pbx.ari() as ari:
        watch.until(
            lambda _: any(
                each.id == f"crm-hold-{contact_id}" and each.channels for each in ari.bridges()
            )
        )
    since = time.monotonic()
    watch.until(lambda _: time.monotonic() > since + 1.5)
