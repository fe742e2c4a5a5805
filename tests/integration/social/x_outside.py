"""The stand-in for X, from outside."""

from __future__ import annotations

from crm_desktop.channels.social.x import OAuthKeys, XAccount, XSettings
from crm_desktop.domain.social import Network, Picture
from tests.integration.social.outside import Seen
from tests.servers.stand_in import Stage
from tests.servers.x_stand_in import XStandIn


class XOutside:
    """See Outside."""

    network = Network.X
    #: They have no description there.
    private_pictures = False
    edits = True

    def __init__(self, stage: Stage) -> None:
        self.server = XStandIn()
        stage.put_on(self.server)
        self.author_id = self.server.person("Alice Smith")
        self.handle = self.server.users[self.author_id]["username"]

    def open(self) -> XAccount:
        """See Outside."""
        server = self.server
        keys = OAuthKeys(
            server.consumer_key, server.consumer_secret, server.access_token, server.token_secret
        )
        return XAccount(XSettings(server.user_id, server.handle, keys, server.address, timeout=60))

    def mention(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        content, alt = (picture.content, picture.alt) if picture else (None, "")
        said = f"@{self.server.handle} {text}"
        return self.server.write(self.author_id, said, picture=content, alt=alt)

    def reply(self, to: str, text: str) -> str:
        """See Outside."""
        return self.server.write(self.author_id, text, to=to)

    def whisper(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        assert picture is None
        return f"dm:{self.server.message(self.author_id, text)}"

    def edit(self, post_id: str, text: str) -> None:
        """See Outside."""
        self.server.edit(post_id, f"@{self.server.handle} {text}")

    def delete(self, post_id: str) -> None:
        """See Outside."""
        self.server.delete(post_id)

    def seen(self, post_id: str) -> Seen | None:
        """See Outside."""
        if tweet := self.server.tweets.get(post_id):
            keys = tweet.get("attachments", {}).get("media_keys", ())
            alts = tuple(self.server.media[each]["alt_text"] for each in keys)
            return Seen(tweet["text"], tweet["to"] or "", alts)
        return next(
            (
                Seen(each["text"], public=False)
                for each in self.server.messages
                if f"dm:{each['id']}" == post_id
            ),
            None,
        )

    def count(self, text: str) -> int:
        """See Outside."""
        us = self.server.user_id
        public = [each for each in self.server.tweets.values() if each["author_id"] == us]
        private = [each for each in self.server.messages if each["sender_id"] == us]
        return sum(text in each["text"] for each in (*public, *private))
