"""A stand-in for what snac lacks of Mastodon, from its published API documentation.

It knows limits (`X-RateLimit-*`), keys of repeated posts, pictures that take their time, posts
that are deleted, and private messages that are kept apart until somebody asks for them too.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-token"
_US = {"id": "1", "acct": "council", "display_name": "The council"}
_THEY = {"id": "2", "acct": "resident@far.example", "display_name": "R"}


@dataclass
class Answers:
    """What the server is to answer, and what it was asked."""

    url: str = ""
    limited_for: float = 0.0
    processing: int = 0
    lose_answers: int = 0
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    media: dict[str, str] = field(default_factory=dict)

    def mention(self, number: str, **status: Any) -> dict[str, Any]:
        """Somebody mentions us; what its status holds."""
        made = self.status(number, **({"account": _THEY} | status))
        self.notifications.append(
            {
                "id": f"9{number}",
                "type": "mention",
                "created_at": "2026-11-27T10:00:00.000Z",
                "account": made["account"],
                "status": made,
            }
        )
        return made

    def status(self, number: str, **given: Any) -> dict[str, Any]:
        """A status that is there."""
        made: dict[str, Any] = {
            "id": number,
            "created_at": datetime.now(UTC).isoformat(),
            "in_reply_to_id": None,
            "visibility": "public",
            "spoiler_text": "",
            "content": "<p>Hello</p>",
            "account": _US,
            "url": f"https://far.example/@resident/{number}",
            "media_attachments": [],
            "edited_at": None,
        } | given
        self.statuses[number] = made
        return made


@contextmanager
def mastodon_answers() -> Iterator[Answers]:
    """The server, on loopback, until the end."""
    answers = Answers()

    class Handler(_Handler):
        pass

    Handler.answers = answers
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    answers: Answers

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if not self._may(parts.path):
            return
        match parts.path.removeprefix("/api").strip("/").split("/"):
            case ["v1", "accounts", "verify_credentials"]:
                self._say(_US)
            case ["v1", "accounts", _, "statuses"]:
                ours = [each for each in self.answers.statuses.values() if each["account"] is _US]
                self._say(ours)
            case ["v1", "instance"]:
                told = {"statuses": {"max_characters": 600, "characters_reserved_per_url": 23}}
                self._say({"uri": "near.example", "version": "4.5.0", "configuration": told})
            case ["v1", "notifications"]:
                self._say(self._notifications(query))
            case ["v1", "statuses"]:
                wanted = query.get("id[]", [])
                self._say(
                    [
                        self.answers.statuses[each]
                        for each in wanted
                        if each in self.answers.statuses
                    ]
                )
            case ["v1", "statuses", number, *rest]:
                self._status(number, rest)
            case ["v1", "media", number]:
                self._media(number)
            case _:
                self._say({"error": "Record not found"}, 404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        path = urlsplit(self.path).path
        if not self._may(path):
            return
        if path == "/api/v2/media":
            number = str(100 + len(self.answers.media))
            self.answers.media[number] = body.decode("latin-1")
            self._media(number)
        elif path == "/api/v1/statuses":
            self._post({key: value[0] for key, value in parse_qs(body.decode()).items()})
        else:
            self._say({"error": "Record not found"}, 404)

    def _may(self, path: str) -> bool:
        self.answers.asked.append(f"{self.command} {path}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say({"error": "The access token is invalid"}, 401)
            return False
        if self.answers.limited_for:
            reset = datetime.now(UTC) + timedelta(seconds=self.answers.limited_for)
            headers = {
                "X-RateLimit-Limit": "300",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": reset.isoformat().replace("+00:00", "Z"),
            }
            self._say({"error": "Too many requests"}, 429, headers)
            return False
        return True

    def _notifications(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """Newest first; of those after `min_id` the oldest page."""
        after = int(query.get("min_id", ["0"])[0])
        limit = int(query.get("limit", ["40"])[0])
        kept_too = query.get("include_filtered") == ["true"]
        listed = sorted(
            (
                each
                for each in self.answers.notifications
                if int(each["id"]) > after and (kept_too or not each.get("filtered"))
            ),
            key=lambda each: int(each["id"]),
        )
        page = listed[:limit] if "min_id" in query else listed[-limit:]
        return page[::-1]

    def _status(self, number: str, rest: list[str]) -> None:
        found = self.answers.statuses.get(number)
        if found is None:
            self._say({"error": "Record not found"}, 404)
        elif rest == ["context"]:
            self._say({"ancestors": self._above(found), "descendants": self._below(number)})
        elif rest == ["source"]:
            self._say({"id": number, "text": found["source"], "spoiler_text": ""})
        else:
            self._say(found)

    def _above(self, status: dict[str, Any]) -> list[dict[str, Any]]:
        above: list[dict[str, Any]] = []
        while status := self.answers.statuses.get(status["in_reply_to_id"] or "", {}):
            above.insert(0, status)
        return above

    def _below(self, number: str) -> list[dict[str, Any]]:
        return [each for each in self.answers.statuses.values() if each["in_reply_to_id"] == number]

    def _media(self, number: str) -> None:
        busy = self.answers.processing > 0
        self.answers.processing -= busy
        url = None if busy else f"{self.answers.url}/{number}.png"
        self._say({"id": number, "type": "image", "url": url}, 206 if busy else 200)

    def _post(self, given: dict[str, str]) -> None:
        key = self.headers.get("Idempotency-Key", "")
        number = self.answers.keys.get(key) or str(500 + len(self.answers.statuses))
        if number not in self.answers.statuses:
            self.answers.keys[key] = number
            self.answers.status(
                number,
                in_reply_to_id=given.get("in_reply_to_id"),
                visibility=given["visibility"],
                source=given["status"],
                media=given.get("media_ids[]", ""),
            )
        if self.answers.lose_answers:
            self.answers.lose_answers -= 1
            self.connection.close()
            return
        self._say(self.answers.statuses[number])

    def _say(self, tree: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(tree).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
