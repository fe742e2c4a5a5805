"""The scenarios of sipp: what one side of a call says, and how a test tells it what to do.

sipp plays a scenario to its end. Ours waits inside the call, and a test sends it a MESSAGE with the
call's own id: "hang up", "press 5". So the test decides when something happens, and no time does.
"""

#: With which a call can be refused.
REFUSALS = (400, 403, 404, 408, 480, 484, 486, 487, 488, 500, 503, 603)

_SDP = """Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=caller 53655765 2353687637 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [rtpstream_audio_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000
      a=sendrecv"""

#: Everything that may come in a call, and where the scenario goes with it. What is sent stands
#: first: sipp takes a response only for what it finds above.
_LOOP = """
  <label id="press"/>
  <send next="loop"><![CDATA[
      INFO [next_url] SIP/2.0
      {dialog}
      CSeq: [cseq] INFO
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal=[$digit]
      Duration=160
  ]]><action><log message="pressed [$digit]"/></action></send>

  <label id="hangup"/>
  <send retrans="500"><![CDATA[
      BYE [next_url] SIP/2.0
      {dialog}
      CSeq: [cseq] BYE
      Content-Length: 0

  ]]><action><log message="left"/></action></send>
  <label id="leaving"/>
  <!-- The PBX may have had something to say at the same moment; who has left does not answer. -->
  <recv request="INVITE" optional="true" next="leaving"/>
  <recv request="ACK" optional="true" next="leaving"/>
  <recv request="UPDATE" optional="true" next="leaving"/>
  <recv request="BYE" optional="true" next="leaving"/>
  <recv response="200" next="end"/>

  <label id="loop"/>
  <recv request="BYE" optional="true" next="they"><action><log message="ended"/></action></recv>
  <recv request="INVITE" optional="true" next="again"/>
  <recv request="UPDATE" optional="true" next="fine"/>
  <recv request="OPTIONS" optional="true" next="fine"/>
  <recv request="NOTIFY" optional="true" next="fine"/>
  <recv request="ACK" optional="true" next="loop"/>
  <recv response="200" optional="true" next="loop"/>
  <recv request="MESSAGE" next="hangup" test="hangup">
    <action>
      <ereg regexp="do=hangup" search_in="msg" assign_to="hangup"/>
      <ereg regexp="do=press([0-9*#A-D])" search_in="msg" assign_to="press,digit"/>
    </action>
  </recv>
  <nop next="press"/>

  <label id="again"/>
  <send next="loop"><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:caller@[local_ip]:[local_port]>
      {sdp}
  ]]></send>

  <label id="fine"/>
  <send next="loop"><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:caller@[local_ip]:[local_port]>
      Content-Length: 0

  ]]></send>

  <label id="they"/>
  <send next="end"><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>

  <Reference variables="press"/>
  <label id="end"/>
  <nop/>
</scenario>
"""
#: Told in the last step before it listens to us: a message that comes earlier ends the call.
_UP = """<nop next="loop"><action>
    <exec rtp_stream="{sound},-1,8"/>
    <log message="{word}"/>
  </action></nop>"""

_CALL = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
      INVITE sip:{to}@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK{id}
      From: {caller};tag=[call_number]
      To: <sip:{to}@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:caller@[local_ip]:[local_port]>
      Max-Forwards: 70
      User-Agent: {agent}
      {headers}{sdp}
  ]]></send>
  <label id="early"/>
  <recv response="100" optional="true" next="early"/>
  <recv response="180" optional="true" next="early"><action><log message="ringing"/></action></recv>
  <recv response="183" optional="true" next="early"><action><log message="ringing"/></action></recv>
  {refusals}
  <recv request="MESSAGE" optional="true" next="cancel"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
      ACK [next_url] SIP/2.0
      {dialog}
      CSeq: 1 ACK
      Content-Length: 0

  ]]></send>
  {up}

  <label id="cancel"/>
  <send retrans="500"><![CDATA[
      CANCEL sip:{to}@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK{id}
      From: {caller};tag=[call_number]
      To: <sip:{to}@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 CANCEL
      Max-Forwards: 70
      User-Agent: {agent}
      Content-Length: 0

  ]]><action><log message="left"/></action></send>
  <recv response="200"/>
  <recv response="487"/>
  <nop next="refused"/>

  <label id="refused"/>
  <send next="end"><![CDATA[
      ACK sip:{to}@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK{id}
      From: {caller};tag=[call_number]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      User-Agent: {agent}
      Content-Length: 0

  ]]></send>
"""

#: The side that is called: it rings, and then does what it was made for.
_CALLED = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="called">
  <recv request="INVITE" rrs="true"><action>
    <ereg regexp="sip:([^@]*)" search_in="hdr" header="To:" assign_to="all,number"/>
    <ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="sequence"/>
    <ereg regexp="&lt;.*" search_in="hdr" header="From:" assign_to="them"/>
    <log message="rings [call_id] [$number]"/>
  </action></recv>
  <send><![CDATA[
      SIP/2.0 180 Ringing
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:called@[local_ip]:[local_port]>
      Content-Length: 0

  ]]></send>
  <Reference variables="all"/>
  {then}

  <label id="pickup"/>
  <send retrans="500"><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:called@[local_ip]:[local_port]>
      {sdp}
  ]]></send>
  <recv request="CANCEL" optional="true" next="fine"/>
  <recv request="ACK"/>
  {up}

  <label id="canceled"/>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]><action><log message="given up [call_id]"/></action></send>
  <send next="end"><![CDATA[
      SIP/2.0 487 Request Terminated
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      CSeq: [$sequence] INVITE
      Content-Length: 0

  ]]></send>
"""
_SILENT = '<recv request="CANCEL" next="canceled"/>'
_REFUSING = """<send next="refusing"><![CDATA[
      SIP/2.0 {status} No
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
  <label id="refusing"/>
  <recv request="ACK" next="end"/>"""


def calling(to: str, *, caller: str, headers: str, agent: str, sound: str, call_id: str) -> str:
    """Scenario of one call; `caller` is what stands in From, `headers` are whole lines."""
    refusals = "".join(
        f'<recv response="{status}" optional="true" next="refused">'
        f'<action><log message="refused {status}"/></action></recv>\n  '
        for status in REFUSALS
    )
    return (_CALL + _LOOP).format(
        to=to,
        caller=caller,
        headers=headers,
        agent=agent,
        id=call_id,
        refusals=refusals,
        sdp=_SDP,
        dialog=_dialog(f"{caller}", f"<sip:{to}@[remote_ip]:[remote_port]>[peer_tag_param]", agent),
        up=_UP.format(sound=sound, word="answered"),
    )


def called(answers: bool | int, sound: str) -> str:
    """Scenario of a telephone in the world: it answers, never answers, or refuses by a status."""
    then = ""
    if answers is False:
        then = _SILENT
    elif answers is not True:
        then = _REFUSING.format(status=answers)
    return (_CALLED + _LOOP).format(
        then=then,
        sdp=_SDP,
        dialog=_dialog("<sip:[$number]@[local_ip]:[local_port]>", "[$them]"),
        up=_UP.format(sound=sound, word="answered [call_id]"),
    )


def _dialog(ours: str, theirs: str, agent: str = "Somebody") -> str:
    """The headers of a request inside the call."""
    return f"""Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]-[cseq]
      From: {ours};tag=[call_number]
      To: {theirs}
      Call-ID: [call_id]
      Contact: <sip:caller@[local_ip]:[local_port]>
      Max-Forwards: 70
      User-Agent: {agent}"""
