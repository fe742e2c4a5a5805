"""The real Bluesky of the tests, from outside; its private messages by a stand-in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crm_desktop.channels.social.bluesky import Bluesky as OurBluesky
from crm_desktop.channels.social.bluesky import BlueskySettings
from crm_desktop.domain.social import Network, Picture
from tests.integration.social.outside import Seen
from tests.servers.bluesky import Bluesky, Person

POSTS = "app.bsky.feed.post"


class BlueskyOutside:
    """See Outside."""

    network = Network.BLUESKY
    private_pictures = False
    edits = True
    deletes = True

    def __init__(self, network: Bluesky) -> None:
        self.server = network
        self.us: Person = network.person("council")
        self.resident: Person = network.person("resident")
        self.author_id = self.resident.did
        self.handle = self.resident.handle
        self.app_password = self.us.app_password()

    def open(self) -> OurBluesky:
        """See Outside."""
        return OurBluesky(
            BlueskySettings(
                self.server.service, self.us.handle, self.app_password, self.server.chat
            )
        )

    def mention(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        return self.post(self.mentioning(text) | self._embed(picture))

    def reply(self, to: str, text: str) -> str:
        """See Outside."""
        (view,) = self.resident.ask("app.bsky.feed.getPosts", uris=[to])["posts"]
        here = {"uri": view["uri"], "cid": view["cid"]}
        root = view["record"].get("reply", {}).get("root", here)
        return self.post({"text": text, "reply": {"root": root, "parent": here}})

    def whisper(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        assert picture is None
        convo = self._ask_chat("chat.bsky.convo.getConvoForMembers", members=[self.us.did])["convo"]
        said = self.resident.call(
            "chat.bsky.convo.sendMessage",
            {"convoId": convo["id"], "message": {"text": text}},
            **self._proxy(),
        )
        return f"chat:{convo['id']}/{said['id']}"

    def edit(self, post_id: str, text: str) -> None:
        """See Outside."""
        found = self.resident.ask(
            "com.atproto.repo.getRecord", None, repo=self.author_id, **self._name(post_id)
        )
        self.resident.call(
            "com.atproto.repo.putRecord",
            {
                "repo": self.author_id,
                **self._name(post_id),
                "record": found["value"] | self.mentioning(text),
            },
        )

    def delete(self, post_id: str) -> None:
        """See Outside."""
        self.resident.call(
            "com.atproto.repo.deleteRecord", {"repo": self.author_id, **self._name(post_id)}
        )

    def seen(self, post_id: str) -> Seen | None:
        """See Outside."""
        if post_id.startswith("chat:"):
            convo, _, number = post_id.removeprefix("chat:").rpartition("/")
            listed = self._ask_chat("chat.bsky.convo.getMessages", convoId=convo)["messages"]
            return next(
                (Seen(each["text"], public=False) for each in listed if each["id"] == number), None
            )
        posts = self.resident.ask("app.bsky.feed.getPosts", uris=[post_id])["posts"]
        if not posts:
            return None
        record = posts[0]["record"]
        images = record.get("embed", {}).get("images", [])
        parent = record.get("reply", {}).get("parent", {}).get("uri", "")
        return Seen(record["text"], parent, tuple(each["alt"] for each in images))

    def count(self, text: str) -> int:
        """See Outside."""
        feed = self.resident.ask("app.bsky.feed.getAuthorFeed", actor=self.us.did)["feed"]
        found = sum(text in each["post"]["record"]["text"] for each in feed)
        for convo in self._ask_chat("chat.bsky.convo.listConvos")["convos"]:
            listed = self._ask_chat("chat.bsky.convo.getMessages", convoId=convo["id"])["messages"]
            found += sum(
                text in each["text"] for each in listed if each["sender"]["did"] == self.us.did
            )
        return found

    def post(self, record: dict[str, Any], key: str = "") -> str:
        """The resident puts a record of their own making."""
        whole = {"$type": POSTS, "createdAt": datetime.now(UTC).isoformat()} | record
        body = {"repo": self.author_id, "collection": POSTS, "record": whole}
        made = self.resident.call(
            "com.atproto.repo.createRecord", body | ({"rkey": key} if key else {})
        )
        return str(made["uri"])

    def mentioning(self, text: str) -> dict[str, Any]:
        """What a record says that mentions us."""
        name = f"@{self.us.handle}"
        facet = {
            "index": {"byteStart": 0, "byteEnd": len(name)},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": self.us.did}],
        }
        return {"text": f"{name} {text}", "facets": [facet]}

    def _embed(self, picture: Picture | None) -> dict[str, Any]:
        if picture is None:
            return {}
        blob = self.resident.upload(picture.content, picture.content_type)
        return {
            "embed": {
                "$type": "app.bsky.embed.images",
                "images": [{"alt": picture.alt, "image": blob}],
            }
        }

    def _name(self, post_id: str) -> dict[str, str]:
        return {"collection": POSTS, "rkey": post_id.rpartition("/")[2]}

    def _proxy(self) -> dict[str, str]:
        return {"atproto-proxy": f"{self.server.chat}#bsky_chat"}

    def _ask_chat(self, method: str, **params: Any) -> Any:
        return self.resident.ask(method, self._proxy(), **params)
