"""A stand-in for X API v2 and X's deliveries, built from X's published documents.

Not yet tried against the real service. The documents: API reference (Posts, Direct Messages,
Media), "Fields", "Expansions", "Pagination", "Edit Posts", "Rate limits", "Response codes and
errors", "Creating a signature", "Webhooks: quickstart", "Account Activity API".
"""

import base64
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import httpx
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.stand_in import StandIn

_EPOCH = 1_288_834_974_657
_LINK = re.compile(r"https?://\S+")
_TWEET_FIELDS = (
    "attachments author_id conversation_id created_at edit_controls edit_history_tweet_ids "
    "entities id in_reply_to_user_id lang note_tweet public_metrics referenced_tweets text"
)
_DM_FIELDS = (
    "attachments created_at dm_conversation_id entities event_type id participant_ids "
    "referenced_tweets sender_id text"
)
_ALWAYS = {"id", "text", "edit_history_tweet_ids"}
#: Per user in a quarter of an hour.
_LIMITS = {
    "GET mentions": 300,
    "GET tweets of": 900,
    "GET tweets": 5000,
    "GET messages": 15,
    "GET message": 15,
    "GET conversation": 15,
    "POST tweets": 100,
    "DELETE tweets": 50,
    "POST message": 15,
    "POST upload": 500,
    "POST metadata": 500,
}


class Refused(Exception):
    """An error as X answers it."""

    def __init__(self, status: int, title: str, detail: str, kind: str = "about:blank") -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"title": title, "detail": detail, "type": kind, "status": status}


class XStandIn(StandIn):
    """X with one account of ours and people who write to it."""

    user_id = "2244994945"
    handle = "NorthmereCC"
    consumer_key = "xvz1evFS4wEEPTGEFPHBog"
    consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
    access_token = "2244994945-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
    token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"

    def __init__(self) -> None:
        super().__init__()
        self.tweets: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.users = {self.user_id: {"id": self.user_id, "username": self.handle, "name": "Us"}}
        self.media: dict[str, dict[str, Any]] = {}
        self.left = dict(_LIMITS)
        self.page = 100
        self._nonces: set[str] = set()
        self._pending: list[dict[str, Any]] = []
        self._sequence = itertools.count()
        self._last = 0

    # What people do

    def person(self, name: str) -> str:
        """Somebody with an account; their id."""
        user_id = str(3_000_000_000 + next(self._sequence))
        handle = name.replace(" ", "")[:15]
        self.users[user_id] = {"id": user_id, "username": handle, "name": name}
        return user_id

    def write(
        self,
        author: str,
        text: str,
        to: str | None = None,
        picture: bytes | None = None,
        alt: str = "",
    ) -> str:
        """A post; an answer has the name of whom it answers before it, as X writes it."""
        with self.lock:
            if to is not None:
                above = self.users[self.tweets[to]["author_id"]]
                if not text.startswith("@"):
                    text = f"@{above['username']} {text}"
            media = [self._photo(picture, alt)] if picture else []
            return self._write(author, text, to, media)

    def message(self, person: str, text: str, picture: bytes | None = None) -> str:
        """A direct message to us."""
        with self.lock:
            media = [self._photo(picture, "", private=True)] if picture else []
            return self._message(person, self._conversation(person), text, media)

    def edit(self, tweet_id: str, text: str) -> str:
        """A new version of a post, which has an id of its own."""
        with self.lock:
            old = self.tweets[tweet_id]
            new_id = self._id()
            history = [*old["edit_history_tweet_ids"], new_id]
            self.tweets[new_id] = {
                **old,
                "id": new_id,
                "created_at": self._time(),
                **self._shortened(text, []),
            }
            for each in history:
                self.tweets[each]["edit_history_tweet_ids"] = history
            self._told(self.tweets[new_id])
            return new_id

    def delete(self, tweet_id: str) -> None:
        """Take a post back; that takes every version of it."""
        with self.lock:
            for each in self.tweets[tweet_id]["edit_history_tweet_ids"]:
                gone = self.tweets.pop(each)
                status = {"id": each, "user_id": gone["author_id"]}
                event = {"status": status, "timestamp_ms": str(self._milliseconds())}
                self._pending.append({"tweet_delete_events": [event]})

    def delete_message(self, event_id: str) -> None:
        """Take a direct message back."""
        self.messages = [each for each in self.messages if each["id"] != event_id]

    # Deliveries

    def deliveries(self) -> list[tuple[dict[str, str], bytes]]:
        """What is to be delivered, each as headers and bytes; it counts as delivered."""
        with self.lock:
            pending, self._pending = self._pending, []
        return [self.signed({"for_user_id": self.user_id, **each}) for each in pending]

    def signed(self, payload: object) -> tuple[dict[str, str], bytes]:
        """A delivery as X makes it."""
        body = json.dumps(payload, ensure_ascii=False).encode()
        return {
            "Content-Type": "application/json",
            "x-twitter-webhooks-signature": self._signature(body),
        }, body

    def verify(self, address: str) -> bool:
        """The challenge-response check of a web address."""
        token = f"9b4507b3-{next(self._sequence)}"
        answer = httpx.get(address, params={"crc_token": token})
        wanted = {"response_token": self._signature(token.encode())}
        return answer.status_code == 200 and answer.json() == wanted

    def _signature(self, message: bytes) -> str:
        digest = hmac.new(self.consumer_secret.encode(), message, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(digest).decode()}"

    # The API

    def routes(self) -> Sequence[Route]:
        def get(path: str, limit: str, handler: Callable[..., dict[str, Any]]) -> Route:
            return self._route("GET", path, limit, handler)

        def post(path: str, limit: str, handler: Callable[..., dict[str, Any]]) -> Route:
            return self._route("POST", path, limit, handler)

        private = Route("/1.1/ton/data/dm/{dm}/{media}/{name}", self.served(self._private_picture))
        return [
            private,
            get("/2/users/{user}/mentions", "mentions", self._mentions),
            get("/2/users/{user}/tweets", "tweets of", self._timeline),
            get("/2/tweets", "tweets", self._lookup),
            get("/2/dm_events", "messages", self._dm_events),
            get("/2/dm_events/{event}", "message", self._dm_event),
            get("/2/dm_conversations/with/{who}/dm_events", "conversation", self._dm_events),
            get("/2/dm_conversations/{conversation}/dm_events", "conversation", self._dm_events),
            post("/2/tweets", "tweets", self._post),
            self._route("DELETE", "/2/tweets/{tweet}", "tweets", self._delete),
            post("/2/dm_conversations/with/{who}/messages", "message", self._post_message),
            post("/2/dm_conversations/{conversation}/messages", "message", self._post_message),
            post("/2/media/upload", "upload", self._upload),
            post("/2/media/metadata", "metadata", self._metadata),
        ]

    async def _private_picture(self, request: Request) -> Response:
        try:
            self._allowed(request, {})
        except Refused as refused:
            return JSONResponse(refused.body, refused.status)
        kind, content = self.pictures[request.path_params["name"]]
        return Response(content, media_type=kind)

    def _route(
        self, method: str, path: str, limit: str, handler: Callable[..., dict[str, Any]]
    ) -> Route:
        name = f"{method} {limit}"

        async def serve(request: Request) -> Response:
            given: dict[str, Any] = dict(parse_qsl(request.url.query, keep_blank_values=True))
            try:
                self._allowed(request, given)
                self.left[name] -= 1
                if self.left[name] < 0:
                    self.left[name] = 0
                    body = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
                    return self._limited(name, JSONResponse(body, 429))
                if method == "POST":
                    given = await _body(request)
                with self.lock:
                    answer = handler(given, **request.path_params)
                created = path == "/2/tweets" or path.endswith("/messages")
                status = 201 if method == "POST" and created else 200
                return self._limited(name, JSONResponse(answer, status))
            except Refused as refused:
                return self._limited(name, JSONResponse(refused.body, refused.status))

        return Route(path, self.served(serve), methods=[method])

    def _limited(self, name: str, response: Response) -> Response:
        reset = int(self.clock.now().timestamp()) + 600
        response.headers["x-rate-limit-limit"] = str(_LIMITS[name])
        response.headers["x-rate-limit-remaining"] = str(self.left[name])
        response.headers["x-rate-limit-reset"] = str(reset)
        return response

    def _allowed(self, request: Request, query: dict[str, str]) -> None:
        """The signature, worked out as "Creating a signature" says."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        said = {
            unquote(name): unquote(value) for name, value in re.findall(r'([\w%]+)="([^"]*)"', rest)
        }
        signature = said.pop("oauth_signature", "")
        pairs = sorted(
            (quote(k, safe="~"), quote(v, safe="~")) for k, v in {**query, **said}.items()
        )
        parameters = "&".join(f"{name}={value}" for name, value in pairs)
        address = f"{self.address}{request.url.path}"
        base = f"{request.method}&{quote(address, safe='~')}&{quote(parameters, safe='~')}"
        key = f"{self.consumer_secret}&{self.token_secret}".encode()
        wanted = base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()
        age = abs(self.clock.now().timestamp() - int(said.get("oauth_timestamp") or 0))
        fine = (
            scheme == "OAuth"
            and said.get("oauth_consumer_key") == self.consumer_key
            and said.get("oauth_token") == self.access_token
            and said.get("oauth_signature_method") == "HMAC-SHA1"
            and said.get("oauth_nonce", "") not in {"", *self._nonces}
            and age < 300
            and hmac.compare_digest(signature, wanted)
        )
        if not fine:
            raise Refused(401, "Unauthorized", "Unauthorized")
        self._nonces.add(said["oauth_nonce"])

    def _mentions(self, query: dict[str, str], user: str) -> dict[str, Any]:
        name = f"@{self.handle}".lower()
        listed = [
            each
            for each in self._newest()
            if name in each["text"].lower() and each["author_id"] != self.user_id
        ]
        return self._tweet_page(query, user, listed)

    def _timeline(self, query: dict[str, str], user: str) -> dict[str, Any]:
        listed = [each for each in self._newest() if each["author_id"] == self.user_id]
        return self._tweet_page(query, user, listed)

    def _newest(self) -> list[dict[str, Any]]:
        """Every post in its newest version, newest first."""
        fits = [
            each
            for each in self.tweets.values()
            if each["edit_history_tweet_ids"][-1] == each["id"]
        ]
        return sorted(fits, key=lambda each: -int(each["id"]))

    def _tweet_page(
        self, query: dict[str, str], user: str, listed: list[dict[str, Any]]
    ) -> dict[str, Any]:
        if user != self.user_id:
            raise Refused(404, "Not Found Error", f"Could not find user with id: [{user}].")
        since = int(query.pop("since_id", "0"))
        listed = [each for each in listed if int(each["id"]) > since]
        return self._page_of(query, listed, least=5, tweets=True)

    def _lookup(self, query: dict[str, str]) -> dict[str, Any]:
        ids = query.pop("ids").split(",")
        if len(ids) > 100:
            raise _invalid("ids", "size must be between 1 and 100")
        found = [self.tweets[each] for each in ids if each in self.tweets]
        answer = self._shown(query, found, tweets=True)
        missing = [each for each in ids if each not in self.tweets]
        if missing:
            answer["errors"] = [_not_found("tweet", each) for each in missing]
        if not found:
            answer.pop("data")
        return answer

    def _dm_events(
        self, query: dict[str, str], conversation: str = "", who: str = ""
    ) -> dict[str, Any]:
        kinds = query.pop("event_types", "MessageCreate")
        if kinds != "MessageCreate":
            raise _invalid("event_types", kinds)
        wanted = conversation or (self._conversation(who) if who else "")
        listed = [
            each for each in reversed(self.messages) if wanted in ("", each["dm_conversation_id"])
        ]
        return self._page_of(query, listed, least=1, tweets=False)

    def _dm_event(self, query: dict[str, str], event: str) -> dict[str, Any]:
        found = [each for each in self.messages if each["id"] == event]
        if not found:
            return {"errors": [_not_found("dm_event", event)]}
        answer = self._shown(query, found, tweets=False)
        return {**answer, "data": answer["data"][0]}

    def _page_of(
        self, query: dict[str, str], listed: list[dict[str, Any]], *, least: int, tweets: bool
    ) -> dict[str, Any]:
        most = int(query.pop("max_results", "10"))
        if not least <= most <= 100:
            raise _invalid("max_results", f"must be between {least} and 100")
        start = int(query.pop("pagination_token", "t0")[1:])
        most = min(most, self.page)
        part = listed[start : start + most]
        answer = self._shown(query, part, tweets=tweets)
        meta: dict[str, Any] = {"result_count": len(part)}
        if part and tweets:
            meta |= {"newest_id": part[0]["id"], "oldest_id": part[-1]["id"]}
        if start + most < len(listed):
            meta["next_token"] = f"t{start + most}"
        if not part:
            answer.pop("data")
        return {**answer, "meta": meta}

    def _shown(
        self, query: dict[str, str], things: list[dict[str, Any]], *, tweets: bool
    ) -> dict[str, Any]:
        """The fields that were asked for, and what was to be included."""
        known = _TWEET_FIELDS if tweets else _DM_FIELDS
        asked = query.pop("tweet.fields" if tweets else "dm_event.fields", "").split(",")
        users = query.pop("user.fields", "").split(",")
        media = query.pop("media.fields", "").split(",")
        expansions = query.pop("expansions", "").split(",")
        if query:
            raise _invalid(next(iter(query)), "is not one of the parameters")
        if unknown := set(asked) - set(known.split()) - {""}:
            raise _invalid("fields", str(unknown))
        fields = _ALWAYS | set(asked) | (set() if tweets else {"event_type"})
        included: dict[str, Any] = {}
        who = "author_id" if tweets else "sender_id"
        if who in expansions:
            people = dict.fromkeys(each[who] for each in things)
            names = {"id", "name", "username", *users}
            included["users"] = [_only(self.users[each], names) for each in people]
        if "attachments.media_keys" in expansions:
            keys = [
                key for each in things for key in each.get("attachments", {}).get("media_keys", ())
            ]
            names = {"media_key", "type", *media}
            included["media"] = [_only(self.media[each], names) for each in keys]
        answer: dict[str, Any] = {"data": [_only(each, fields) for each in things]}
        return {**answer, "includes": included} if any(included.values()) else answer

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        text, to = body.pop("text"), body.pop("reply", {}).get("in_reply_to_tweet_id")
        media = [f"3_{each}" for each in body.pop("media", {}).get("media_ids", ())]
        if body:
            raise _invalid(next(iter(body)), "is not defined in the schema")
        if len(text) > 280 and "http" not in text:
            raise Refused(403, "Forbidden", "Your Tweet text is too long.")
        if to is not None and to not in self.tweets:
            words = "You attempted to reply to a Tweet that is deleted or not visible to you."
            raise Refused(403, "Forbidden", words)
        for each in self._newest()[:50]:
            same = each["author_id"] == self.user_id and each["said"] == text
            if same and each.get("to") == to:
                words = "You are not allowed to create a Tweet with duplicate content."
                raise Refused(403, "Forbidden", words)
        said = text
        if to is not None:
            text = f"@{self.users[self.tweets[to]['author_id']]['username']} {text}"
        tweet_id = self._write(self.user_id, text, to, media)
        self.tweets[tweet_id]["said"] = said
        return {"data": {"id": tweet_id, "text": self.tweets[tweet_id]["text"]}}

    def _delete(self, _query: dict[str, str], tweet: str) -> dict[str, Any]:
        found = self.tweets.get(tweet)
        if found is None:
            raise Refused(404, "Not Found Error", f"Could not find tweet with id: [{tweet}].")
        if found["author_id"] != self.user_id:
            raise Refused(403, "Forbidden", "You are not authorized to delete this Tweet.")
        self.delete(tweet)
        return {"data": {"deleted": True}}

    def _post_message(
        self, body: dict[str, Any], conversation: str = "", who: str = ""
    ) -> dict[str, Any]:
        text = body.pop("text")
        media = [f"3_{each['media_id']}" for each in body.pop("attachments", ())]
        if body or len(media) > 1:
            raise _invalid("body", "is not defined in the schema")
        if who and who not in self.users:
            raise Refused(403, "Forbidden", "You do not have permission to DM this user.")
        conversation = conversation or self._conversation(who)
        event = self._message(self.user_id, conversation, text, media)
        return {"data": {"dm_conversation_id": conversation, "dm_event_id": event}}

    def _upload(self, body: dict[str, Any]) -> dict[str, Any]:
        content = body.pop("media")
        if body.pop("media_category") not in ("tweet_image", "dm_image"):
            raise _invalid("media_category", "is not one of the categories")
        body.pop("media_type", None)
        if body or not isinstance(content, bytes) or len(content) > 5 * 1024 * 1024:
            raise _invalid("media", "cannot be used")
        key = self._photo(content, "")
        media = {"id": key[2:], "media_key": key, "expires_after_secs": 86400}
        return {"data": {**media, "size": len(content)}}

    def _metadata(self, body: dict[str, Any]) -> dict[str, Any]:
        alt = body["metadata"]["alt_text"]["text"]
        if len(alt) > 1000:
            raise _invalid("metadata.alt_text.text", "must be at most 1000")
        self.media[f"3_{body['id']}"]["alt_text"] = alt
        return {"data": {"id": body["id"], "associated_metadata": body["metadata"]}}

    # Inside

    def _write(self, author: str, text: str, to: str | None, media: list[str]) -> str:
        tweet_id = self._id()
        made: dict[str, Any] = {
            "id": tweet_id,
            "author_id": author,
            "created_at": self._time(),
            "conversation_id": self.tweets[to]["conversation_id"] if to else tweet_id,
            "edit_history_tweet_ids": [tweet_id],
            "said": text,
            "to": to,
            **self._shortened(text, media),
        }
        if to is not None:
            first = self.tweets[to]["edit_history_tweet_ids"][0]
            made["referenced_tweets"] = [{"type": "replied_to", "id": to or first}]
        if media:
            made["attachments"] = {"media_keys": media}
        self.tweets[tweet_id] = made
        self._told(made)
        return tweet_id

    def _shortened(self, text: str, media: list[str]) -> dict[str, Any]:
        """Text and entities: addresses shortened, three characters escaped, pictures as links."""
        urls: list[dict[str, Any]] = []

        def short(found: re.Match[str]) -> str:
            link = f"https://t.co/{next(self._sequence):010d}"
            urls.append({"url": link, "expanded_url": found[0], "display_url": found[0][8:30]})
            return link

        text = _LINK.sub(short, text)
        for key in media:
            link = f"https://t.co/{next(self._sequence):010d}"
            urls.append({"url": link, "expanded_url": "https://x.com/photo/1", "media_key": key})
            text += f" {link}"
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        shown: dict[str, Any] = {"text": text, "entities": {"urls": urls}}
        if len(text) > 280:
            shown["note_tweet"] = {"text": text, "entities": {"urls": urls}}
            shown["text"] = text[:270] + "…"
        return shown

    def _message(self, sender: str, conversation: str, text: str, media: list[str]) -> str:
        event_id = self._id()
        made: dict[str, Any] = {
            "id": event_id,
            "event_type": "MessageCreate",
            "sender_id": sender,
            "dm_conversation_id": conversation,
            "created_at": self._time(),
            **self._shortened(text, media),
        }
        if media:
            made["attachments"] = {"media_keys": media}
        self.messages.append(made)
        person = next(each for each in conversation.split("-") if each != self.user_id)
        created = {
            "target": {"recipient_id": person if sender == self.user_id else self.user_id},
            "sender_id": sender,
            "message_data": {"text": made["text"], "entities": made["entities"]},
        }
        event = {
            "type": "message_create",
            "id": event_id,
            "created_timestamp": str(self._milliseconds()),
            "message_create": created,
        }
        users = {
            each: {**self.users[each], "screen_name": self.users[each]["username"]}
            for each in (sender, person)
        }
        self._pending.append({"direct_message_events": [event], "users": users})
        return event_id

    def _told(self, tweet: dict[str, Any]) -> None:
        """A post in the older form, which deliveries have."""
        author = self.users[tweet["author_id"]]
        user = {"id_str": author["id"], "screen_name": author["username"], "name": author["name"]}
        history = tweet["edit_history_tweet_ids"]
        whole = tweet.get("note_tweet")
        old = {
            "id": int(tweet["id"]),
            "id_str": tweet["id"],
            "created_at": self.clock.now().strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "text": tweet["text"],
            "user": user,
            "in_reply_to_status_id_str": tweet.get("to"),
            "entities": tweet["entities"],
            "edit_history": {"initial_tweet_id": history[0], "edit_tweet_ids": history},
            **({"extended_tweet": {**whole, "full_text": whole["text"]}} if whole else {}),
        }
        self._pending.append({"tweet_create_events": [old], "user_has_blocked": "false"})

    def _photo(self, content: bytes | None, alt: str, *, private: bool = False) -> str:
        assert content is not None
        key = f"3_{self._id()}"
        url = self.picture(f"{key}.png", content)
        if private:
            url = f"{self.address}/1.1/ton/data/dm/{self._id()}/{self._id()}/{key}.png"
        self.media[key] = {"media_key": key, "type": "photo", "url": url, "alt_text": alt}
        return key

    def _conversation(self, person: str) -> str:
        return "-".join(sorted((person, self.user_id), key=int))

    def _id(self) -> str:
        with self.lock:
            self._last = max(self._last + 1, (self._milliseconds() - _EPOCH) << 22)
            return str(self._last)

    def _milliseconds(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    def _time(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def _body(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        given: dict[str, Any] = json.loads(await request.body())
        return given
    async with request.form() as form:
        return {
            name: await each.read() if isinstance(each, UploadFile) else str(each)
            for name, each in form.items()
        }


def _only(thing: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name in names and value is not None}


def _invalid(name: str, words: str) -> Refused:
    kind = "https://api.x.com/2/problems/invalid-request"
    return Refused(400, "Invalid Request", f"The parameter [{name}] {words}.", kind)


def _not_found(kind: str, resource_id: str) -> dict[str, str]:
    return {
        "resource_id": resource_id,
        "resource_type": kind,
        "title": "Not Found Error",
        "detail": f"Could not find {kind} with id: [{resource_id}].",
        "type": "https://api.x.com/2/problems/resource-not-found",
    }
