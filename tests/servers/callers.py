"""Callers, and the people in the world who are called: sipp on loopback, with sound both ways."""

import math
import os
import socket
import struct
import subprocess
import uuid
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import processes, sipp
from tests.servers.asterisk import PROVIDER, Asterisk
from tests.servers.ports import free_port

#: A number that nobody has: one of those set aside for stories.
NUMBER = "+441632960123"


class Caller:
    """One call from outside, from its INVITE on; a test says what it does next."""

    def __init__(
        self,
        pbx: Asterisk,
        to: str,
        number: str = NUMBER,
        *,
        name: str = "",
        withheld: bool = False,
        sound: Path | None = None,
    ) -> None:
        """Call `to`; `number` may be anything that a network sends. Sounds like a tone, or `sound`.

        `sound` is a WAV of 8 kHz, 16 bit, mono.
        """
        self._id = uuid.uuid4().hex
        self._port = free_port()
        self._pbx = pbx
        self._folder = Path(pbx.directory, "callers", self._id)
        self._folder.mkdir(parents=True)
        uri = f"sip:{number}@127.0.0.1"
        headers = ""
        caller = f'"{name}" <{uri}>' if name else f"<{uri}>"
        if withheld:
            caller = '"Anonymous" <sip:anonymous@anonymous.invalid>'
            headers = f"P-Asserted-Identity: <{uri}>\n      Privacy: id\n      "
        scenario = sipp.calling(
            to,
            caller=caller,
            headers=headers,
            agent=PROVIDER,
            sound=str(_raw(sound, self._folder)),
            call_id=self._id,
        )
        self._process = _start(
            self._folder, scenario, self._port, f"127.0.0.1:{pbx.sip_port}", self._id
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.vanish()

    # What it does

    def hang_up(self) -> None:
        """Leave: BYE when it was answered, CANCEL before; returns when the PBX has confirmed."""
        self._do("do=hangup")
        self.wait_ended()

    def press(self, digits: str) -> None:
        """Press keys, one after the other."""
        for digit in digits:
            self._press(digit)

    def _press(self, digit: str) -> None:
        pressed = f"pressed {digit}"
        before = self.story.count(pressed)
        self._do(f"do=press{digit}")
        processes.wait_for(lambda: self.story.count(pressed) > before, pressed)

    def vanish(self) -> None:
        """Be gone without a word, sound included; nothing happens when it has ended."""
        self._process.kill()
        processes.stop(self._process)

    # What became of it

    def wait_ringing(self) -> None:
        """Return when it was told that it rings."""
        self._wait("ringing")

    def wait_answered(self) -> None:
        """Return when it was answered."""
        self._wait("answered")

    def wait_ended(self) -> None:
        """Return when the call is over, whoever ended it."""
        processes.wait_for(
            lambda: self._process.poll() is not None, f"the end of a call that was {self.story}"
        )
        if self._process.returncode != 0:
            raise RuntimeError(f"{self.story}: {processes.fate(self._process)}")

    @property
    def story(self) -> list[str]:
        """What happened so far: ringing, answered, left (by itself), ended (by the PBX),
        refused 486."""
        return _story(self._folder)

    @property
    def was_answered(self) -> bool:
        """Whether somebody, or something, picked up."""
        return "answered" in self.story

    def _wait(self, word: str) -> None:
        def has_come() -> bool:
            if word in self.story:
                return True
            if self._process.poll() is not None and word not in self.story:
                raise RuntimeError(f"the call ended before it was {word}: {self.story}")
            return False

        processes.wait_for(has_come, f"a call that is {word}")

    def _do(self, words: str) -> None:
        _tell(self._port, self._id, words)


class Callee:
    """The world behind the trunk: whoever is called there does the same; any number of calls."""

    def __init__(
        self, pbx: Asterisk, answers: bool | int = True, *, sound: Path | None = None
    ) -> None:
        """`answers` at once (True), rings for ever (False), or refuses with a status, such as 486.

        One at a time for each PBX: it listens where the PBX's trunk leads.
        """
        self._folder = Path(pbx.directory, "callers", uuid.uuid4().hex)
        self._folder.mkdir(parents=True)
        self._port = pbx.trunk_port
        scenario = sipp.called(answers, str(_raw(sound, self._folder)))
        self._process = _start(self._folder, scenario, self._port, "", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        processes.stop(self._process)

    @property
    def story(self) -> list[str]:
        """What happened, oldest first: `rings <call> <number>`, `answered <call>`,
        `given up <call>`, `left`, `ended`."""
        return _story(self._folder)

    @property
    def numbers(self) -> list[str]:
        """Who was called, oldest first."""
        return [each.split()[2] for each in self.story if each.startswith("rings ")]

    def wait_for(self, word: str, times: int = 1) -> None:
        """Return when `word` (rings, answered, given, left, ended) has happened so often."""
        processes.wait_for(
            lambda: sum(each.startswith(word) for each in self.story) >= times,
            f"{times} × {word}",
        )

    def hang_up(self) -> None:
        """Whoever was called last, and answered, leaves."""
        call = [each for each in self.story if each.startswith("answered")][-1].split()[1]
        _tell(self._port, call, "do=hangup")


def _start(folder: Path, scenario: str, port: int, remote: str, call_id: str) -> processes.Program:
    (folder / "scenario.xml").write_text(scenario)
    media = free_port(in_a_row=3)  # sipp's video has the next but one
    command = [
        processes.find_program("sipp", "sip-tester"),
        *([remote] if remote else []),
        *("-sf", "scenario.xml", "-i", "127.0.0.1", "-p", str(port)),
        *("-mp", str(media)),
        *("-nostdin", "-trace_logs", "-log_file", "story", "-trace_err", "-error_file", "errors"),
        *(("-m", "1", "-cid_str", call_id) if call_id else ()),
    ]
    return processes.start(
        command, cwd=folder, stdout=subprocess.DEVNULL, env=os.environ | {"TERM": "dumb"}
    )


def _story(folder: Path) -> list[str]:
    path = folder / "story"
    return path.read_text(errors="replace").splitlines() if path.exists() else []


_numbers = iter(range(1, 1_000_000_000))


def _tell(port: int, call_id: str, words: str) -> None:
    """Have sipp, which listens at `port`, go on in its scenario."""
    number = next(_numbers)
    lines = (
        "MESSAGE sip:test@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKt{number}",
        "From: <sip:test@127.0.0.1>;tag=t",
        "To: <sip:test@127.0.0.1>;tag=0",
        f"Call-ID: {call_id}",
        f"CSeq: {number} MESSAGE",
        f"X-Words: {words}",
        "Content-Length: 0",
        "\r\n",
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto("\r\n".join(lines).encode(), ("127.0.0.1", port))


def _raw(sound: Path | None, folder: Path) -> Path:
    """The sound as A-law without a head, which is what sipp sends."""
    target = folder / "sound.alaw"
    samples = _tone() if sound is None else _samples(sound)
    target.write_bytes(bytes(map(_alaw, samples)))
    return target


def _tone() -> list[int]:
    return [int(8000 * math.sin(2 * math.pi * 400 * each / 8000)) for each in range(8000)]


def _samples(sound: Path) -> list[int]:
    with wave.open(str(sound)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        content = file.readframes(file.getnframes())
    return list(struct.unpack(f"<{len(content) // 2}h", content))


def _alaw(sample: int) -> int:
    """One sample as ITU-T G.711 A-law."""
    size = (sample if sample >= 0 else ~sample) >> 4
    exponent = max(size.bit_length() - 4, 0)
    code = size if exponent == 0 else (exponent << 4) + (size >> (exponent - 1)) - 16
    return (code | (0x80 if sample >= 0 else 0)) ^ 0x55
