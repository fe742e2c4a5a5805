"""The world of telephones for the tour: a PBX, two telephones and callers, told what to do.

`python -m tests.servers.calls_for_tour FOLDER` says {"ready": true, "url": …, "user": …,
"password": …} or {"lacks": words}, then answers each
line {"do": …} of its standard input with one
line, and ends with its input.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

#: The telephones of the first and the second desktop.
_EXTENSIONS = ("101", "102")
#: A caller who sends no sound any more is gone after so many seconds.
_SILENCE = 3


def main(folder: Path) -> int:
    """Serve until the input ends; 1 when there is no PBX."""
    os.environ.setdefault("CRM_TEST_SHARED", str(folder))
    from tests.servers.asterisk import PASSWORD, USER, Asterisk
    from tests.servers.callers import Caller
    from tests.servers.phone import Phones

    try:
        pbx = Asterisk.create(folder / "asterisk", silence=_SILENCE)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the tour has to say it
        _say({"lacks": str(trouble) or type(trouble).__name__})
        return 1
    calls: dict[str, Caller] = {}
    try:
        with Phones(pbx) as phones:
            known = {each: phones.add(each, answers="header") for each in _EXTENSIONS}
            _say({"ready": True, "url": pbx.url, "user": USER, "password": PASSWORD})
            deeds: Mapping[str, Callable[[dict[str, str]], object]] = {
                "ring": lambda told: calls.update(
                    {told["number"]: Caller(pbx, told["to"], told["number"])}
                ),
                "hang up": lambda told: calls.pop(told["number"]).hang_up(),
                "vanish": lambda told: calls.pop(told["number"]).vanish(),
                "story": lambda told: calls[told["number"]].story,
                "phone answers": lambda told: known[told["phone"]].answer(),
                "phone story": lambda told: [e["happened"] for e in known[told["phone"]].story],
            }
            for line in sys.stdin:
                told = json.loads(line)
                try:
                    _say({"done": deeds[told["do"]](told)})
                except Exception as trouble:  # noqa: BLE001 - told where the tour can say it
                    _say({"trouble": str(trouble) or type(trouble).__name__})
    finally:
        for each in calls.values():
            each.vanish()
        pbx.destroy()
    return 0


def _say(words: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(words, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
