"""A real server with Mastodon's API, from outside."""

from __future__ import annotations

from typing import Any

from crm_desktop.channels.social.mastodon import Mastodon, MastodonSettings
from crm_desktop.domain.social import Network, Picture
from tests.integration.social.outside import Seen
from tests.servers.snac import Snac


class MastodonOutside:
    """See Outside."""

    network = Network.MASTODON
    private_pictures = True
    edits = True
    # Snac keeps what was delivered to another of its own people.
    deletes = False

    def __init__(self, server: Snac) -> None:
        self.server = server
        self.us = server.person("council")
        self.resident = server.person("resident")
        self._said: list[str] = []
        self.handle = self.resident.handle
        self.author_id = str(self._person(self.resident.name)["id"])

    def open(self) -> Mastodon:
        """See Outside."""
        return Mastodon(MastodonSettings(self.server.url, self.us.handle, self.us.token))

    def mention(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        return self._say(f"@{self.us.name} {text}", picture, visibility="public")

    def reply(self, to: str, text: str) -> str:
        """See Outside."""
        return self._say(f"@{self.us.name} {text}", None, visibility="public", in_reply_to_id=to)

    def whisper(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        return self._say(f"@{self.us.name} {text}", picture, visibility="direct")

    def edit(self, post_id: str, text: str) -> None:
        """See Outside."""
        self.resident.call(
            "PUT", f"/v1/statuses/{post_id}", data={"status": f"@{self.us.name} {text}"}
        )

    def delete(self, post_id: str) -> None:
        """See Outside."""
        self.resident.call("DELETE", f"/v1/statuses/{post_id}")
        self._said.remove(post_id)

    def seen(self, post_id: str) -> Seen | None:
        """See Outside."""
        answer = self.resident.try_to("GET", f"/v1/statuses/{post_id}")
        if answer.status_code == 404:
            return None
        status = answer.json()
        return Seen(
            status["content"],
            status["in_reply_to_id"] or "",
            tuple(each["description"] for each in status["media_attachments"]),
            status["visibility"] in ("public", "unlisted"),
        )

    def count(self, text: str) -> int:
        """See Outside."""
        number = self._person(self.us.name)["id"]
        listed = self.us.call("GET", f"/v1/accounts/{number}/statuses", params={"limit": "40"})
        for each in self._said:
            # Private ones stand below what they answer alone.
            listed += self.us.call("GET", f"/v1/statuses/{each}/context")["descendants"]
        return len({each["id"] for each in listed if text in each["content"]})

    def _say(self, text: str, picture: Picture | None, **how: str) -> str:
        data: dict[str, Any] = {"status": text} | how
        if picture:
            media = self.resident.call(
                "POST",
                "/v2/media",
                files={"file": (picture.name, picture.content, picture.content_type)},
                data={"description": picture.alt},
            )
            data["media_ids[]"] = media["id"]
        number = str(self.resident.call("POST", "/v1/statuses", data=data)["id"])
        self._said.append(number)
        return number

    def _person(self, name: str) -> Any:
        return self.us.call("GET", "/v1/accounts/lookup", params={"acct": name})
