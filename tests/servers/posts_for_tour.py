"""A social network for the tour, and a resident there with a real Chromium, told what to do.

`python -m tests.servers.posts_for_tour FOLDER` says {"ready": true, "server": …, "handle": …,
"token": …, "resident": …} or {"lacks": words}, then answers each line {"do": …} of its standard
input with one line, and ends with its input.
"""

import html
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.servers.snac import Person


def main(folder: Path) -> int:
    """Serve until the input ends; 1 when there is no network or no browser."""
    with ExitStack() as stack:
        return _serve(folder, stack)


def _serve(folder: Path, stack: ExitStack) -> int:
    os.environ.setdefault("CRM_TEST_SHARED", str(folder))
    try:
        from tests.servers.browser import PHONE, chromium
        from tests.servers.snac import shared_snac, stop_started

        page = stack.enter_context(chromium()).new_page(viewport=PHONE)
        stack.callback(stop_started)
        server = shared_snac(folder)
        council, resident = server.person("harlandvale"), server.person("margaret")
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the tour has to say it
        _say({"lacks": str(trouble) or type(trouble).__name__})
        return 1

    def picture(told: Mapping[str, str]) -> bool:
        page.goto(f"{server.url}/{council.name}")
        return bool(page.screenshot(path=told["path"]))

    def say(told: Mapping[str, str], visibility: str) -> None:
        text = f"@{council.name} {told['text']}"
        resident.call("POST", "/v1/statuses", data={"status": text, "visibility": visibility})

    deeds: Mapping[str, Callable[[dict[str, str]], object]] = {
        "ask": lambda told: say(told, "public"),
        "whisper": lambda told: say(told, "direct"),
        "public": lambda _: _texts(_posts(resident, council)),
        "private": lambda _: _texts(
            each["status"]
            for each in resident.call("GET", "/v1/notifications")
            if each["type"] == "mention" and each["status"]["visibility"] == "direct"
        ),
        "picture": picture,
    }
    place = {"server": server.url, "handle": council.handle, "token": council.token}
    _say({"ready": True, **place, "resident": resident.name})
    for line in sys.stdin:
        told = json.loads(line)
        try:
            _say({"done": deeds[told["do"]](told)})
        except Exception as trouble:  # noqa: BLE001 - told where the tour can say it
            _say({"trouble": str(trouble) or type(trouble).__name__})
    return 0


def _posts(reader: "Person", of: "Person") -> Any:
    found = reader.call("GET", "/v1/accounts/lookup", params={"acct": of.name})
    return reader.call("GET", f"/v1/accounts/{found['id']}/statuses", params={"limit": "40"})


def _texts(posts: Any) -> str:
    """What posts say, without their HTML."""
    return "\n".join(html.unescape(re.sub(r"<[^>]+>", "", each["content"])) for each in posts)


def _say(words: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(words, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
