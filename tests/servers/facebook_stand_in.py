"""A stand-in for Facebook's Graph API and its deliveries, built from Meta's published documents.

Not yet tried against the real service. The documents: Graph API reference (Page feed, Comment,
Conversation, Page messages, Page photos), "Batch requests", "Rate limits", "Handling errors",
"Secure Graph API calls", "Webhooks: getting started", "Webhooks: Page", Messenger's "Private
replies" and "Webhook event reference".
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.stand_in import StandIn, chosen

VERSION = "v25.0"
_NAME = re.compile(r"[a-z_]+")
_NODES = {
    "Page": {"id", "name", "username", "link"},
    "Post": {
        "id", "message", "created_time", "updated_time", "from", "permalink_url", "attachments",
        "parent_id", "is_hidden", "story",
    },
    "Comment": {
        "id", "message", "created_time", "from", "permalink_url", "parent", "attachment",
        "object", "can_reply_privately", "is_hidden", "comment_count",
    },
    "Message": {"id", "message", "created_time", "from", "to", "attachments", "tags"},
    "Photo": {"id", "alt_text", "alt_text_custom", "name", "images", "link"},
    "Conversation": {"id", "updated_time", "messages", "participants", "link", "unread_count"},
}  # fmt: skip


class Refused(Exception):
    """An error as Graph answers it."""

    def __init__(
        self, message: str, code: int, *, subcode: int = 0, status: int = 400, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {
            "message": message,
            "type": more.pop("type", "OAuthException"),
            "code": code,
            **({"error_subcode": subcode} if subcode else {}),
            **more,
            "fbtrace_id": "EJplcsCHuLu",
        }

    def response(self) -> Response:
        return JSONResponse({"error": self.error}, self.status)


class FacebookStandIn(StandIn):
    """One page, with people who write to it."""

    page_id = "1234567890321"
    page_name = "Northmere Council"
    token = "EAAB-page-token"
    app_secret = "0123456789abcdef0123456789abcdef"
    verify_token = "meatyhamhock"
    app_id = 1517776481860111

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.names: dict[str, str] = {self.page_id: self.page_name}
        #: Uploaded and in nothing yet, and those that stand somewhere.
        self.photos: dict[str, tuple[bytes, str]] = {}
        self.shown: dict[str, dict[str, str]] = {}
        self.usage: dict[str, str] = {}
        self.expired = False
        self._privately_answered: set[str] = set()
        self._pending: list[dict[str, Any]] = []
        self._last = 900_000_000_000_000

    # What people do

    def person(self, name: str) -> str:
        """Somebody with an account; the id that the page knows them by."""
        person = self._number()
        self.names[person] = name
        return person

    def write(self, author: str, text: str, picture: bytes | None = None, alt: str = "") -> str:
        """A post on the page's feed, or by the page itself."""
        return self._post(author, f"{self.page_id}_{self._number()}", text, picture, alt)

    def mention(self, author: str, text: str) -> str:
        """A post elsewhere that tags the page."""
        post_id = self._post(author, f"{author}_{self._number()}", text, None, "")
        self.posts[post_id]["tagged"] = True
        self._pending.pop()
        value = {"message": text, "post_id": post_id, "item": "post", "verb": "add"}
        self._changed("mention", value | {"created_time": self._seconds()})
        return post_id

    def comment(
        self, author: str, to: str, text: str, picture: bytes | None = None, alt: str = ""
    ) -> str:
        """A comment on a post, or an answer to a comment."""
        with self.lock:
            above = self.comments.get(to)
            root = above["root"] if above else to
            parent = (above["parent"]["id"] if "parent" in above else to) if above else None
            comment_id = f"{root.partition('_')[2]}_{self._number()}"
            made = {
                "id": comment_id,
                "root": root,
                "message": text,
                "created_time": self._time(),
                "from": self._who(author),
                "permalink_url": f"https://www.facebook.com/{root}/?comment_id={comment_id}",
                "object": {"id": root.partition("_")[2]},
                "can_reply_privately": author != self.page_id,
                **({"parent": {"id": parent}} if parent else {}),
                **({"attachment": self._image(comment_id, picture, alt)} if picture else {}),
            }
            self.comments[comment_id] = made
            self.posts[root]["updated_time"] = made["created_time"]
            self._told(made, "comment", "add")
        return comment_id

    def message(self, person: str, text: str, picture: bytes | None = None) -> str:
        """A private message to the page."""
        return self._message(person, self.page_id, text, picture=picture)

    def edit(self, post_id: str, text: str) -> None:
        """Another text for something that is there."""
        with self.lock:
            if thing := self.posts.get(post_id) or self.comments.get(post_id):
                thing["message"] = text
                self._told(thing, "comment" if post_id in self.comments else "post", "edited")
                return
            person, said = self._find(post_id)
            said["message"] = text
            edit = {"mid": post_id, "text": text, "num_edit": 1}
            self._event(person, self.page_id, message_edit=edit)

    def delete(self, post_id: str) -> None:
        """Take something back."""
        with self.lock:
            if thing := self.posts.pop(post_id, None):
                self._told(thing, "post", "remove")
            elif thing := self.comments.pop(post_id, None):
                self._told(thing, "comment", "remove")
            else:
                person, said = self._find(post_id)
                self.messages[person].remove(said)
                gone = {"mid": post_id, "is_deleted": True}
                self._event(person, self.page_id, message=gone)

    # Deliveries

    def deliveries(self) -> list[tuple[dict[str, str], bytes]]:
        """What is to be delivered, each as headers and bytes; it counts as delivered."""
        with self.lock:
            pending, self._pending = self._pending, []
        return [self.signed({"object": "page", "entry": [each]}) for each in pending]

    def signed(self, payload: object) -> tuple[dict[str, str], bytes]:
        """A delivery as Meta makes it: an escaped form of the text, and a signature over that."""
        body = json.dumps(payload).replace("/", "\\/").encode("ascii")
        signature = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": f"sha256={signature}",
        }, body

    def verify(self, address: str) -> bool:
        """Ask an address whether it is ours, as the app's dashboard does."""
        challenge = self._number()
        answer = httpx.get(
            address,
            params={
                "hub.mode": "subscribe",
                "hub.challenge": challenge,
                "hub.verify_token": self.verify_token,
            },
        )
        return answer.status_code == 200 and answer.text == challenge

    # The Graph API

    def routes(self) -> Sequence[Route]:
        return [
            Route(f"/{VERSION}/", self.served(self._batch), methods=["POST"]),
            Route(f"/{VERSION}/{{path:path}}", self.served(self._get), methods=["GET"]),
            Route(f"/{VERSION}/{{path:path}}", self.served(self._write), methods=["POST"]),
            Route(f"/{VERSION}/{{thing}}", self.served(self._delete), methods=["DELETE"]),
        ]

    def headers(self, request: Request) -> dict[str, str]:
        return self.usage

    def too_many_calls(self, minutes: int) -> Response:
        """The answer when a page has called too often."""
        spent = {"type": "pages", "call_count": 100, "total_cputime": 25, "total_time": 25}
        spent["estimated_time_to_regain_access"] = minutes
        words = "(#80001) There have been too many calls from this Page account."
        return JSONResponse(
            {"error": Refused(words, 80001).error},
            400,
            {"X-Business-Use-Case-Usage": json.dumps({self.page_id: [spent]})},
        )

    async def _get(self, request: Request) -> Response:
        query = dict(request.query_params)
        try:
            self._allowed(query)
            return JSONResponse(self._answer(request.path_params["path"], query))
        except Refused as refused:
            return refused.response()

    async def _batch(self, request: Request) -> Response:
        async with request.form() as given:
            form = {name: str(value) for name, value in given.items()}
        try:
            self._allowed(form)
            asked = json.loads(form.pop("batch"))
            if len(asked) > 50:
                raise Refused("(#100) Too many requests in batch message. Maximum is 50", 100)
            if form.pop("include_headers", "false") != "false" or form:
                raise Refused("(#100) Invalid parameter", 100)
        except Refused as refused:
            return refused.response()
        return JSONResponse([self._one_of_batch(each) for each in asked])

    def _one_of_batch(self, one: dict[str, str]) -> dict[str, Any]:
        assert one["method"] == "GET"
        path, _, query = one["relative_url"].partition("?")
        try:
            body, code = self._answer(path, dict(parse_qsl(query))), 200
        except Refused as refused:
            body, code = {"error": refused.error}, refused.status
        return {"code": code, "body": json.dumps(body)}

    def _allowed(self, given: dict[str, str]) -> None:
        """Token and proof, which are taken out."""
        token, proof = given.pop("access_token", ""), given.pop("appsecret_proof", "")
        if not token:
            raise Refused("An access token is required to request this resource.", 104)
        if token != self.token:
            raise Refused("Invalid OAuth access token - Cannot parse access token", 190)
        if self.expired:
            raise Refused("Error validating access token: Session has expired", 190, subcode=463)
        if proof != hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest():
            raise Refused("Invalid appsecret_proof provided in the API argument", 100)

    def _answer(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            thing, _, edge = path.partition("/")
            if edge:
                return self._edge(thing, edge, query)
            wanted = _fields(query.pop("fields", "id"))
            _no_more(query)
            kind, found = self._thing(thing)
            _existing(kind, wanted)
            return {"id": found["id"], **chosen(found, wanted)}

    def _edge(self, thing: str, edge: str, query: dict[str, str]) -> dict[str, Any]:
        limit, after = int(query.pop("limit", "25")), query.pop("after", "")
        wanted = _fields(query.pop("fields", "id"))
        if not 1 <= limit <= 100:
            raise Refused("(#100) Please reduce the amount of data you're asking for", 100)
        if edge == "feed" and thing == self.page_id:
            kind, listed = "Post", self._feed(tagged=False)
        elif edge == "tagged" and thing == self.page_id:
            kind, listed = "Post", self._feed(tagged=True)
        elif edge == "conversations" and thing == self.page_id:
            kind, listed = "Conversation", self._conversations(query, wanted)
        elif edge == "comments":
            kind, listed = "Comment", self._comments(thing, query)
        elif edge == "messages" and thing.startswith("t_"):
            kind, listed = "Message", list(reversed(self.messages[thing[2:]]))
        else:
            raise Refused(f"(#100) Tried accessing nonexisting field ({edge})", 100)
        _no_more(query)
        _existing(kind, wanted)
        start = int(after) if after else 0
        page = listed[start : start + limit]
        answer: dict[str, Any] = {
            "data": [{"id": each["id"], **chosen(each, wanted)} for each in page]
        }
        if page:
            cursors = {"before": str(start), "after": str(start + limit)}
            answer["paging"] = {"cursors": cursors}
            if start + limit < len(listed):
                # A trap for whoever follows it.
                answer["paging"]["next"] = "https://graph.invalid/next?access_token=stolen"
        return answer

    def _feed(self, *, tagged: bool) -> list[dict[str, Any]]:
        fits = [each for each in self.posts.values() if each.get("tagged", False) == tagged]
        return list(reversed(fits))

    def _comments(self, thing: str, query: dict[str, str]) -> list[dict[str, Any]]:
        self._thing(thing)
        order = query.pop("order", "chronological")
        everything = query.pop("filter", "toplevel") == "stream"
        listed = [
            each
            for each in self.comments.values()
            if each.get("parent", {}).get("id") == thing
            or (each["root"] == thing and (everything or "parent" not in each))
        ]
        return list(reversed(listed)) if order == "reverse_chronological" else listed

    def _conversations(self, query: dict[str, str], wanted: dict[str, Any]) -> list[dict[str, Any]]:
        if query.pop("platform", "messenger") != "messenger":
            raise Refused("(#100) Invalid platform", 100)
        whose = query.pop("user_id", "")
        _existing("Message", wanted.get("messages") or {})
        found = [
            {
                "id": f"t_{person}",
                "updated_time": said[-1]["created_time"],
                "messages": {"data": list(reversed(said))[:25]},
            }
            for person, said in self.messages.items()
            if said and whose in ("", person)
        ]
        return sorted(found, key=lambda each: each["updated_time"], reverse=True)

    def _thing(self, thing: str) -> tuple[str, dict[str, Any]]:
        if thing == self.page_id:
            return "Page", {"id": thing, "name": self.page_name}
        kinds = {"Post": self.posts, "Comment": self.comments, "Photo": self.shown}
        for kind, things in kinds.items():
            if thing in things:
                return kind, things[thing]
        for said in self.messages.values():
            for each in said:
                if each["id"] == thing:
                    return "Message", each
        raise Refused(
            f"Unsupported get request. Object with ID '{thing}' does not exist, cannot be loaded "
            "due to missing permissions, or does not support this operation.",
            100,
            subcode=33,
            type="GraphMethodException",
        )

    async def _write(self, request: Request) -> Response:
        async with request.form() as form:
            files = {name: each for name, each in form.items() if isinstance(each, UploadFile)}
            fields = {name: str(each) for name, each in form.items() if name not in files}
            content = {name: await each.read() for name, each in files.items()}
        thing, _, edge = request.path_params["path"].partition("/")
        try:
            self._allowed(fields)
            with self.lock:
                if edge == "comments":
                    return JSONResponse(self._write_comment(thing, fields))
                if thing == self.page_id and edge == "feed":
                    return JSONResponse(self._write_post(fields))
                if thing == self.page_id and edge == "photos":
                    return JSONResponse(self._write_photo(fields, content))
                if thing == self.page_id and edge == "messages":
                    return JSONResponse(self._write_message(fields))
            raise Refused("Unsupported post request.", 100, subcode=33)
        except Refused as refused:
            return refused.response()

    async def _delete(self, request: Request) -> Response:
        async with request.form() as form:
            fields = {name: str(each) for name, each in form.items()}
        try:
            self._allowed(fields)
            _no_more(fields)
            with self.lock:
                _, found = self._thing(thing := request.path_params["thing"])
                if found["from"]["id"] != self.page_id:
                    raise Refused("(#200) Permissions error", 200, status=403)
                self.delete(thing)
            return JSONResponse({"success": True})
        except Refused as refused:
            return refused.response()

    def _write_comment(self, thing: str, fields: dict[str, str]) -> dict[str, str]:
        self._thing(thing)
        text, photo = fields.pop("message", ""), fields.pop("attachment_id", "")
        _no_more(fields)
        if not text and not photo:
            raise Refused("(#100) One of message or attachment is required", 100)
        content, alt = self.photos.pop(photo) if photo else (None, "")
        return {"id": self.comment(self.page_id, thing, text, content, alt)}

    def _write_post(self, fields: dict[str, str]) -> dict[str, str]:
        text = fields.pop("message", "")
        media = [json.loads(fields.pop(each)) for each in sorted(fields) if "attached_" in each]
        _no_more(fields)
        if self.posts and next(reversed(self.posts.values())).get("message") == text:
            raise Refused("Duplicate posts cannot be published consecutively.", 506)
        photos = [self.photos.pop(each["media_fbid"]) for each in media]
        content, alt = photos[0] if photos else (None, "")
        return {"id": self.write(self.page_id, text, content, alt)}

    def _write_photo(self, fields: dict[str, str], files: dict[str, bytes]) -> dict[str, str]:
        alt = fields.pop("alt_text_custom", "")
        if fields.pop("published") != "false" or fields.pop("temporary", "false") != "true":
            raise Refused("(#100) Invalid parameter", 100)
        _no_more(fields)
        photo = self._number()
        self.photos[photo] = (files["source"], alt)
        return {"id": photo}

    def _write_message(self, fields: dict[str, str]) -> dict[str, str]:
        recipient = json.loads(fields.pop("recipient"))
        message = json.loads(fields.pop("message"))
        kind, tag = fields.pop("messaging_type"), fields.pop("tag", "")
        _no_more(fields)
        if len(message["text"]) > 2000:
            raise Refused("(#100) Length of param message[text] must be at most 2000", 100)
        if about := recipient.get("comment_id") or recipient.get("post_id"):
            person = self._answered_privately(about)
        else:
            person = recipient["id"]
            self._in_time(person, kind, tag)
        mid = self._message(self.page_id, person, message["text"], metadata=message["metadata"])
        return {"recipient_id": person, "message_id": mid}

    def _answered_privately(self, about: str) -> str:
        _, found = self._thing(about)
        if about in self._privately_answered:
            raise Refused("(#10900) Activity already replied to", 10900)
        if self.clock.now() - _read(found["created_time"]) > timedelta(days=7):
            raise Refused("(#10903) This user cant reply to this activity", 10903)
        self._privately_answered.add(about)
        return str(found["from"]["id"])

    def _in_time(self, person: str, kind: str, tag: str) -> None:
        """The day, or the seven of a person's answer, since they last wrote."""
        theirs = [each for each in self.messages.get(person, ()) if each["from"]["id"] == person]
        if not theirs:
            raise Refused("(#100) No matching user found", 100, subcode=2018001)
        age = self.clock.now() - _read(theirs[-1]["created_time"])
        longest = timedelta(days=7 if (kind, tag) == ("MESSAGE_TAG", "HUMAN_AGENT") else 1)
        if age > longest:
            words = "(#10) This message is sent outside of allowed window."
            raise Refused(words, 10, subcode=2018278)

    # Inside

    def _post(self, author: str, post_id: str, text: str, picture: bytes | None, alt: str) -> str:
        with self.lock:
            image = {"data": [self._image(post_id, picture, alt)]} if picture else None
            made = {
                "id": post_id,
                "message": text,
                "created_time": self._time(),
                "updated_time": self._time(),
                "from": self._who(author),
                "permalink_url": f"https://www.facebook.com/{post_id}",
                **({"attachments": image} if image else {}),
            }
            self.posts[post_id] = made
            self._told(made, "status" if author == self.page_id else "post", "add")
        return post_id

    def _message(
        self,
        sender: str,
        recipient: str,
        text: str,
        *,
        picture: bytes | None = None,
        metadata: str = "",
    ) -> str:
        with self.lock:
            mid = f"m_{self._number()}"
            by_page = sender == self.page_id
            person = recipient if by_page else sender
            said: dict[str, Any] = {
                "id": mid,
                "message": text,
                "created_time": self._time(),
                "from": self._who(sender),
                "to": {"data": [self._who(recipient)]},
            }
            event: dict[str, Any] = {"mid": mid, "text": text}
            if picture:
                url = self.picture(f"{mid}.png", picture)
                image = {"mime_type": "image/png", "name": "x.png", "image_data": {"url": url}}
                said["attachments"] = {"data": [image]}
                event["attachments"] = [{"type": "image", "payload": {"url": url}}]
            if by_page:
                event |= {"is_echo": True, "app_id": self.app_id, "metadata": metadata}
            self.messages.setdefault(person, []).append(said)
            self._event(sender, recipient, message=event)
        return mid

    def _find(self, mid: str) -> tuple[str, dict[str, Any]]:
        return next(
            (person, each)
            for person, said in self.messages.items()
            for each in said
            if each["id"] == mid
        )

    def _told(self, thing: dict[str, Any], item: str, verb: str) -> None:
        root = thing.get("root", thing["id"])
        value: dict[str, Any] = {
            "item": item,
            "verb": verb,
            "post_id": root,
            "from": thing["from"],
            "created_time": int(_read(thing["created_time"]).timestamp()),
        }
        if item == "comment":
            parent = thing.get("parent", {}).get("id", root)
            value |= {"comment_id": thing["id"], "parent_id": parent}
        if verb != "remove":
            value["message"] = thing["message"]
        self._changed("feed", value)

    def _changed(self, name: str, value: dict[str, Any]) -> None:
        changes = [{"field": name, "value": value}]
        self._pending.append({"id": self.page_id, "time": self._seconds(), "changes": changes})

    def _event(self, sender: str, recipient: str, **what: Any) -> None:
        milliseconds = int(self.clock.now().timestamp() * 1000)
        event = {
            "sender": {"id": sender},
            "recipient": {"id": recipient},
            "timestamp": milliseconds,
            **what,
        }
        self._pending.append({"id": self.page_id, "time": milliseconds, "messaging": [event]})

    def _image(self, name: str, content: bytes | None, alt: str) -> dict[str, Any]:
        assert content is not None
        src = self.picture(f"{name}.png", content)
        photo = self._number()
        described = {"alt_text_custom": alt} if alt else {}
        self.shown[photo] = {"id": photo, "alt_text": "May be an image of a bin", **described}
        return {"type": "photo", "target": {"id": photo}, "media": {"image": {"src": src}}}

    def _who(self, person: str) -> dict[str, str]:
        return {"id": person, "name": self.names[person]}

    def _number(self) -> str:
        with self.lock:
            self._last += 7
            return str(self._last)

    def _seconds(self) -> int:
        return int(self.clock.now().timestamp())

    def _time(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000")


def _read(time: str) -> datetime:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S+0000").replace(tzinfo=UTC)


def _fields(text: str) -> dict[str, Any]:
    """`a,b{c},d.limit(3){e}` as a tree."""
    found, rest = _list_of(text)
    assert not rest, text
    return found


def _list_of(text: str) -> tuple[dict[str, Any], str]:
    found: dict[str, Any] = {}
    while text:
        name = _NAME.match(text)
        if name is None:
            raise Refused(f"(#100) Syntax error in fields: {text[:20]}", 100, subcode=2500)
        text = re.sub(r"^\.(limit|order|filter)\([a-z0-9_]+\)", "", text[name.end() :])
        inner: dict[str, Any] = {}
        if text.startswith("{"):
            inner, text = _list_of(text[1:])
            text = text.removeprefix("}")
        found[name[0]] = inner
        if not text.startswith(","):
            break
        text = text[1:]
    return found, text


def _existing(kind: str, wanted: Iterable[str]) -> None:
    for name in wanted:
        if name not in _NODES[kind]:
            words = f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
            raise Refused(words, 100)


def _no_more(given: dict[str, str]) -> None:
    if given:
        raise Refused(f"(#100) Invalid parameter: {', '.join(given)}", 100)
