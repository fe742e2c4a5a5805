"""The dialplan that we ship: menus, and what it does alone while no gateway is connected."""

from __future__ import annotations

import wave
from pathlib import Path

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import StasisStart
from tests.integration.voice.conftest import Ear
from tests.servers.asterisk import LINE, MENU_LINE, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phones
from tests.servers.processes import wait_for


def _kept(pbx: Asterisk) -> list[str]:
    """What was kept of one call, by its fields, read in as a gateway does; then it is forgotten."""
    wait_for(lambda: bool(pbx.missed()), "the note of a missed call")
    ((channel, words),) = pbx.missed().items()
    with pbx.ari() as ari, pbx.stream() as stream:
        ari.originate("Local/all@crm-missed-read", app="crm", args=("forget",), seconds=60)
        one = Ear(stream).until(StasisStart)
        assert one.args == ("missed", channel, words)
        ari.continue_in_dialplan(one.channel.id)
        wait_for(lambda: not pbx.missed(), "its end")
    return words.split("|")


def test_a_menu_gives_the_digit(pbx: Asterisk, ari: Ari, ear: Ear) -> None:
    with Caller(pbx, MENU_LINE) as caller:
        caller.wait_answered()
        wait_for(lambda: _is_asked(ari), "the menu's question")
        caller.press("2")
        assert ear.until(StasisStart).args == ("in", MENU_LINE, "2")


def _is_asked(ari: Ari) -> bool:
    return any(each.application == "Read" for each in ari.channels())


def test_what_a_network_may_send_as_a_number(pbx: Asterisk, ear: Ear) -> None:
    sent = {
        "+33123456789": "+33123456789",
        "01632960123": "01632960123",
        "anonymous": "anonymous",
        "%22%3Cscript%3E": '"<script>',
        "0": "0",
    }
    for times, (number, told) in enumerate(sent.items(), start=1):
        with Caller(pbx, LINE, number):
            assert ear.until(StasisStart, times=times).channel.number == told


def test_a_withheld_number_is_marked(pbx: Asterisk, ari: Ari, ear: Ear) -> None:
    with Caller(pbx, LINE, withheld=True):
        channel = ear.call()
        assert ari.channel_variable(channel, "CALLERID(num-pres)").startswith("prohib")
        ari.set_channel_variable(channel, "CHANNEL(userfield)", "crm-1")
        assert ari.channel_variable(channel, "CHANNEL(userfield)") == "crm-1"
        assert ari.channel_variable(channel, "NO_SUCH") == ""
    with Caller(pbx, LINE, "+441632960123"):
        known = ear.call(2)
        assert not ari.channel_variable(known, "CALLERID(num-pres)").startswith("prohib")


def test_a_channel_that_is_given_back_goes_on_in_the_dialplan(
    pbx: Asterisk, ari: Ari, ear: Ear
) -> None:
    with Caller(pbx, LINE) as caller:
        ari.continue_in_dialplan(ear.call(), "crm-menu", MENU_LINE)
        caller.wait_answered()
        wait_for(lambda: _is_asked(ari), "the menu's question")
        caller.press("7")
        assert ear.until(StasisStart, times=2).args == ("in", MENU_LINE, "7")


def test_without_a_gateway_a_message_is_taken(pbx: Asterisk, ari: Ari, tmp_path: Path) -> None:
    with Caller(pbx, LINE) as caller:
        caller.wait_answered()
        caller.wait_ended()
    number, called, digit, began, answered, seconds, outcome, recording, telephone = _kept(pbx)
    assert (number, called, digit) == ("+441632960123", LINE, "")
    assert int(began) > 1_700_000_000
    assert int(seconds) >= 1
    assert (answered, outcome, telephone) == ("", "message", "")
    ari.fetch_recording(recording, tmp_path / "message.wav")
    with wave.open(str(tmp_path / "message.wav")) as file:
        assert file.getnframes() / file.getframerate() > 0.5
    ari.delete_recording(recording)


def test_without_a_gateway_the_telephones_ring(pbx: Asterisk, ari: Ari, phones: Phones) -> None:
    phone = phones.add("102", answers="always")
    with Caller(pbx, MENU_LINE, withheld=True) as caller:
        caller.wait_answered()
        wait_for(lambda: _is_asked(ari), "the menu's question")
        caller.press("4")
        phone.wait("up")
        wait_for(lambda: any(phone.hear()), "the caller's voice")
        caller.hang_up()
    number, called, digit, began, answered, _, outcome, recording, telephone = _kept(pbx)
    assert (number, called, digit) == ("", MENU_LINE, "4")
    assert int(answered) >= int(began)
    assert (outcome, recording, telephone) == ("answered", "", "PJSIP/102")
    wait_for(lambda: phone.count("ended") == 1, "the call's end")


def test_without_a_gateway_who_gives_up_is_kept(pbx: Asterisk, phones: Phones) -> None:
    phone = phones.add("103")
    with Caller(pbx, LINE) as caller:
        phone.wait("rings")
        caller.hang_up()
    kept = _kept(pbx)
    assert (kept[0], kept[4], kept[6]) == ("+441632960123", "", "hung_up")


def test_every_call_is_in_the_list_of_calls(pbx: Asterisk, ari: Ari, ear: Ear) -> None:
    before = len(pbx.calls())
    with Caller(pbx, LINE) as caller:
        ari.answer(ear.call())
        caller.wait_answered()
        caller.hang_up()
    wait_for(lambda: len(pbx.calls()) == before + 1, "its line")
    call = pbx.calls()[-1]
    assert (call["src"], call["dst"], call["disposition"]) == ("+441632960123", LINE, "ANSWERED")


def test_the_pbx_itself(pbx: Asterisk, ari: Ari, ear: Ear) -> None:
    assert int(ari.version().split(".")[0]) >= 20
    assert ari.applications() == ("crm",)
    assert {each.name for each in ari.endpoints()} == {"trunk", "101", "102", "103"}
    assert ari.variable("CRM_APP") == "crm"
    assert ari.variable("NO_SUCH") == ""
    ari.set_variable("CRM_AWAY_RINGS", "1")
    assert ari.variable("CRM_AWAY_RINGS") == "1"
