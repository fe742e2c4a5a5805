"""The advisors' telephones, in a process of their own: baresip has one state a process.

Says when it has its ports, then reads commands and writes what happens, a JSON object a line: see
`tests.servers.phone`.
"""

import asyncio
import json
import sys
from typing import Any

from baresip import Account, AudioRestarted, BaresipError, Config, Event, StackEvent
from baresip.call import Call
from baresip.runtime import Runtime
from baresip.ua import UserAgent

#: How a PBX asks a telephone to pick up by itself.
_HEADERS = ("Call-Info", "Alert-Info")


class Telephone:
    """One extension; it has one call at a time."""

    def __init__(self, extension: str, ua: UserAgent) -> None:
        self._extension = extension
        self._ua = ua
        self.call: Call | None = None
        self._heard = 0
        #: by hand, header (when the INVITE asks for it), or always.
        self.answers = "header"
        ua.on_incoming(self._rings)

    def _tell(self, happened: str, **more: object) -> None:
        _write({"phone": self._extension, "happened": happened, **more})

    def _rings(self, call: Call) -> None:
        self._have(call)
        headers = {name.lower(): value for name, value in call.headers.items()}
        self._tell("rings", peer=call.peer, headers=headers)
        asked = "answer-after=0" in headers.get("call-info", "") or "alert-autoanswer" in (
            headers.get("alert-info", "")
        )
        if self.answers == "always" or (self.answers == "header" and asked):
            asyncio.get_running_loop().create_task(call.answer())

    def _have(self, call: Call) -> None:
        self.call = call
        call.on(lambda event: self._happened(call, event))
        call.on_dtmf(lambda key: self._tell("digit", digit=key.digit))

    def _happened(self, call: Call, event: StackEvent) -> None:
        if event.event is Event.CALL_ESTABLISHED:
            self._tell("up")
        elif event.event is Event.CALL_HOLD:
            self._tell("held by the PBX")
        elif event.event is Event.CALL_RESUME:
            self._tell("resumed by the PBX")
        elif event.event is Event.CALL_CLOSED:
            self.call = None if self.call is call else self.call
            packets = call.final_stats.rx_packets if call.final_stats else 0
            self._tell("ended", why=event.text or "", packets=packets)

    async def do(self, command: dict[str, Any]) -> object:
        """One command; what it answers."""
        match command["do"]:
            case "answers":
                self.answers = command["how"]
            case "dial":
                self._have(await self._ua.dial(command["uri"]))
            case "register":
                await self._ua.register()
            case "unregister":
                await self._ua.unregister()
            case what if self.call is not None:
                return await self._do_in(self.call, what, command)
            case what:
                raise BaresipError(f"no call to {what}")
        return None

    async def _do_in(self, call: Call, what: str, command: dict[str, Any]) -> object:
        if what == "say":
            return call.audio.write(bytes.fromhex(command["pcm"]))
        if what == "hear":
            return _heard(call).hex()
        if what == "press":
            await call.send_dtmf(command["digits"])
            return None
        plain = {
            "answer": call.answer,
            "reject": call.reject,
            "hang up": call.hangup,
            "hold": call.hold,
            "resume": call.resume,
        }
        await plain[what]()
        return None


def _heard(call: Call) -> bytes:
    try:
        return call.audio.read(320_000)
    except AudioRestarted:  # by a hold or a resume; what came before is lost
        return call.audio.read(320_000)


def _write(said: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Serve until standard input ends."""
    runtime = Runtime()
    await runtime.start(
        Config(
            net_interface="127.0.0.1",
            max_concurrent_calls=None,
            expose_headers=_HEADERS,
            extra_config_text=f"sip_listen 127.0.0.1:{sys.argv[1]}\n",
        )
    )
    _write({"ready": True})
    telephones: dict[str, Telephone] = {}
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=4_000_000)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    working = set()
    while line := await reader.readline():
        task = loop.create_task(_serve(runtime, telephones, json.loads(line)))
        working.add(task)
        task.add_done_callback(working.discard)
    await runtime.close()


async def _serve(
    runtime: Runtime, telephones: dict[str, Telephone], command: dict[str, Any]
) -> None:
    extension = command["phone"]
    answer: dict[str, object] = {"number": command["number"]}
    try:
        if command["do"] == "begin":
            account = Account(
                user=extension, domain=command["pbx"], password=command["password"], reg_interval=60
            )
            ua = await UserAgent.create(runtime, account)
            telephones[extension] = Telephone(extension, ua)
            await ua.register()
        else:
            answer["answer"] = await telephones[extension].do(command)
    except (BaresipError, OSError) as trouble:
        answer["trouble"] = f"{type(trouble).__name__}: {trouble}"
    _write(answer)


if __name__ == "__main__":
    asyncio.run(main())
