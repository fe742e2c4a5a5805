"""Callers and advisors' phones at a real PBX, for many calls at once: one sipp is all of each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import processes
from tests.servers.asterisk import LINE, PROVIDER, Asterisk
from tests.servers.ports import free_port

_SDP = """Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=bench 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000"""
_REPLY = """[last_Via:]
      [last_From:]
      [last_To:]{tag}
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:bench@[local_ip]:[local_port]>"""
_CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
      INVITE sip:{line}@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+44163296[call_number]@127.0.0.1>;tag=[pid]t[call_number]
      To: <sip:{line}@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:bench@[local_ip]:[local_port]>
      Max-Forwards: 70
      User-Agent: {agent}
      {sdp}
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
      ACK [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+44163296[call_number]@127.0.0.1>;tag=[pid]t[call_number]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      User-Agent: {agent}
      Content-Length: 0

  ]]></send>
  <pause milliseconds="{milliseconds}"/>
  <send retrans="500"><![CDATA[
      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+44163296[call_number]@127.0.0.1>;tag=[pid]t[call_number]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 2 BYE
      Max-Forwards: 70
      User-Agent: {agent}
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>
"""
_PHONE = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="phone">
  <recv request="INVITE" rrs="true"/>
  <send><![CDATA[
      SIP/2.0 180 Ringing
      {tagged}
      Content-Length: 0

  ]]></send>
  <pause milliseconds="{milliseconds}"/>
  <send retrans="500"><![CDATA[
      SIP/2.0 200 OK
      {tagged}
      {sdp}
  ]]></send>
  <recv request="ACK"/>
  <label id="talk"/>
  <recv request="INVITE" optional="true" next="again"/>
  <recv request="ACK" optional="true" next="talk"/>
  <recv request="BYE"/>
  <send next="end"><![CDATA[
      SIP/2.0 200 OK
      {plain}
      Content-Length: 0

  ]]></send>
  <label id="again"/>
  <send next="talk"><![CDATA[
      SIP/2.0 200 OK
      {plain}
      {sdp}
  ]]></send>
  <label id="end"/>
  <nop/>
</scenario>
"""


@contextmanager
def pbx(folder: Path) -> Iterator[Asterisk]:
    """A PBX of one's own; nobody in it says a word, so silence ends no call."""
    made = Asterisk.create(folder / "pbx", silence=3600)
    try:
        yield made
    finally:
        made.destroy()


@contextmanager
def phones(made: Asterisk, folder: Path, *, ring_ms: int = 400) -> Iterator[None]:
    """Every advisor's phone, behind the trunk: each rings for a while and is picked up."""
    tag = ";tag=[pid]p[call_number]"
    scenario = _PHONE.format(
        tagged=_REPLY.format(tag=tag), plain=_REPLY.format(tag=""), sdp=_SDP, milliseconds=ring_ms
    )
    with _sipp(folder / "phones", scenario, made.trunk_port, ""):
        yield


def call(made: Asterisk, folder: Path, *, a_second: float, many: int, seconds: float) -> int:
    """Make so many calls of so many seconds, and wait for their end; how many went wrong."""
    scenario = _CALLER.format(
        line=LINE, agent=PROVIDER, sdp=_SDP, milliseconds=round(seconds * 1000)
    )
    rate = ("-r", str(round(a_second * 10)), "-rp", "10000", "-l", "1000", "-m", str(many))
    remote = f"127.0.0.1:{made.sip_port}"
    stats = folder / "callers" / "stats.csv"
    with _sipp(
        folder / "callers", scenario, free_port(), remote, *rate, "-trace_stat", "-stf", str(stats)
    ) as sipp:
        processes.wait_for(lambda: sipp.poll() is not None, "the end of the calls", 3600)
    names, *_, last = (line.split(";") for line in stats.read_text().splitlines())
    return int(dict(zip(names, last, strict=False))["FailedCall(C)"])


@contextmanager
def _sipp(
    folder: Path, scenario: str, port: int, remote: str, *options: str
) -> Iterator[processes.Program]:
    folder.mkdir(parents=True)
    (folder / "scenario.xml").write_text(scenario)
    command = [
        processes.find_program("sipp", "sip-tester"),
        *([remote] if remote else []),
        *("-sf", "scenario.xml", "-i", "127.0.0.1", "-p", str(port), "-mp", str(free_port())),
        *("-nostdin", "-trace_err", "-error_file", "errors", *options),
    ]
    running = processes.start(
        command, cwd=folder, stdout=subprocess.DEVNULL, env=os.environ | {"TERM": "dumb"}
    )
    try:
        yield running
    finally:
        running.kill()
        processes.stop(running)
