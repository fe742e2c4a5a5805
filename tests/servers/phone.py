"""The advisors' telephones: registered with the PBX, and told by a test what to do."""

import itertools
import json
import math
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.servers import processes
from tests.servers.asterisk import Asterisk
from tests.servers.ports import free_port

Answers = Literal["by hand", "header", "always"]


class PhoneTrouble(RuntimeError):
    """A telephone could not do it; mostly, it has no call."""


class Phones:
    """Telephones of one PBX in one process; `add` those that a test needs."""

    def __init__(self, pbx: Asterisk) -> None:
        self._pbx = pbx
        self._process = _started()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, object]] = {}
        self._phones: dict[str, Phone] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """All of them are unplugged; what they had is not said goodbye to."""
        self._process.kill()
        processes.stop(self._process)
        self._reader.join()

    def add(self, extension: str, *, answers: Answers = "by hand") -> "Phone":
        """A telephone that is registered; `answers` as `Phone.answers`."""
        phone = self._phones[extension] = Phone(self, extension)
        known = self._pbx.phone(extension)
        self.ask(extension, "begin", pbx=f"127.0.0.1:{self._pbx.sip_port}", password=known.password)
        phone.answers(answers)
        return phone

    # For the telephones

    def ask(self, extension: str, what: str, **more: object) -> object:
        """Have a telephone do something; raises PhoneTrouble."""
        number = next(self._numbers)
        command = {"number": number, "phone": extension, "do": what, **more}
        with self._changed:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            if not self._changed.wait_for(lambda: number in self._answers, processes.PATIENCE):
                raise PhoneTrouble(f"{what}: no answer; {processes.fate(self._process)}")
            answer = self._answers.pop(number)
        if "trouble" in answer:
            raise PhoneTrouble(f"{extension} {what}: {answer['trouble']}")
        return answer.get("answer")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._changed:
                if "happened" in said:
                    self._phones[said.pop("phone")].story.append(said)
                else:
                    self._answers[said["number"]] = said
                self._changed.notify_all()


def _started() -> processes.Program:
    """The process, which has its ports: baresip also takes the next one, which may be in use."""
    for last in (False, False, False, False, True):
        process = processes.start(
            [sys.executable, "-m", "tests.servers.phone_process", str(free_port())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        try:
            processes.read_line(process, "the telephones' ports")
        except RuntimeError:
            processes.stop(process)
            if last:
                raise
        else:
            return process
    raise AssertionError


class Phone:
    """One advisor's telephone, with one call at a time."""

    def __init__(self, phones: Phones, extension: str) -> None:
        self._phones = phones
        self.extension = extension
        #: What happened, oldest first: {"happened": "rings", "peer": …, "headers": {…}}, "up",
        #: "digit", "held by the PBX", "resumed by the PBX", {"happened": "ended", "why": …,
        #: "packets": received}.
        self.story: list[dict[str, object]] = []

    # What it does; each raises PhoneTrouble when it cannot

    def answers(self, how: Answers) -> None:
        """Whether it picks up by itself: when the INVITE asks for it (header), always, never."""
        self._phones.ask(self.extension, "answers", how=how)

    def answer(self) -> None:
        """Pick up."""
        self._phones.ask(self.extension, "answer")

    def reject(self) -> None:
        """Refuse the call that rings (486)."""
        self._phones.ask(self.extension, "reject")

    def hang_up(self) -> None:
        """End the call."""
        self._phones.ask(self.extension, "hang up")

    def hold(self) -> None:
        """Put the call on hold by the telephone's own key."""
        self._phones.ask(self.extension, "hold")

    def resume(self) -> None:
        """Come back from the telephone's own hold."""
        self._phones.ask(self.extension, "resume")

    def press(self, digits: str) -> None:
        """Press keys."""
        self._phones.ask(self.extension, "press", digits=digits)

    def dial(self, number: str) -> None:
        """Call a number or extension through the PBX."""
        port = self._phones._pbx.sip_port
        self._phones.ask(self.extension, "dial", uri=f"sip:{number}@127.0.0.1:{port}")

    def unregister(self) -> None:
        """Leave the PBX, as a telephone that is switched off."""
        self._phones.ask(self.extension, "unregister")

    def register(self) -> None:
        """Be there again."""
        self._phones.ask(self.extension, "register")

    def say(self, seconds: float = 1.0, hertz: int = 700) -> None:
        """Send a tone; it is not waited for."""
        pcm = struct.pack(
            f"<{int(8000 * seconds)}h",
            *(
                int(8000 * math.sin(2 * math.pi * hertz * each / 8000))
                for each in range(int(8000 * seconds))
            ),
        )
        self._phones.ask(self.extension, "say", pcm=pcm.hex())

    def hear(self) -> bytes:
        """The sound since the last time, as 16-bit samples."""
        heard = self._phones.ask(self.extension, "hear")
        assert isinstance(heard, str)
        return bytes.fromhex(heard)

    # What happened

    def count(self, happened: str) -> int:
        """How often something happened: rings, up, ended…"""
        return sum(each["happened"] == happened for each in self.story)

    def wait(self, happened: str, times: int = 1) -> dict[str, object]:
        """Return when something has happened so often, with the last of it."""
        processes.wait_for(
            lambda: self.count(happened) >= times,
            f"{self.extension} {happened} ({times} times)",
        )
        return [each for each in self.story if each["happened"] == happened][times - 1]
