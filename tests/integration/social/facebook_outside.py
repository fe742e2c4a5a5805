"""The stand-in for Facebook, from outside."""

from __future__ import annotations

from crm_desktop.channels.social.facebook import FacebookPage, FacebookSettings
from crm_desktop.domain.social import Network, Picture
from tests.integration.social.outside import Seen
from tests.servers.facebook_stand_in import VERSION, FacebookStandIn
from tests.servers.stand_in import Stage


class FacebookOutside:
    """See Outside."""

    network = Network.FACEBOOK
    private_pictures = False
    edits = True

    def __init__(self, stage: Stage) -> None:
        self.server = FacebookStandIn()
        stage.put_on(self.server)
        self.author_id = self.handle = self.server.person("Alice Smith")

    def open(self) -> FacebookPage:
        """See Outside."""
        server = self.server
        graph = f"{server.address}/{VERSION}"
        return FacebookPage(
            FacebookSettings(server.page_id, server.token, server.app_secret, graph, timeout=60)
        )

    def mention(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        content, alt = (picture.content, picture.alt) if picture else (None, "")
        return self.server.write(self.author_id, text, content, alt)

    def reply(self, to: str, text: str) -> str:
        """See Outside."""
        return self.server.comment(self.author_id, to, text)

    def whisper(self, text: str, picture: Picture | None = None) -> str:
        """See Outside."""
        assert picture is None
        return self.server.message(self.author_id, text)

    def edit(self, post_id: str, text: str) -> None:
        """See Outside."""
        self.server.edit(post_id, text)

    def delete(self, post_id: str) -> None:
        """See Outside."""
        self.server.delete(post_id)

    def seen(self, post_id: str) -> Seen | None:
        """See Outside."""
        if post := self.server.posts.get(post_id):
            return Seen(post["message"])
        if comment := self.server.comments.get(post_id):
            parent = comment.get("parent", {}).get("id", comment["root"])
            shown = [comment["attachment"]] if "attachment" in comment else []
            alts = tuple(
                self.server.shown[each["target"]["id"]]["alt_text_custom"] for each in shown
            )
            return Seen(comment["message"], parent, alts)
        said = self.server.messages.get(self.author_id, ())
        return next(
            (Seen(each["message"], public=False) for each in said if each["id"] == post_id), None
        )

    def count(self, text: str) -> int:
        """See Outside."""
        said = [each for listed in self.server.messages.values() for each in listed]
        everything = (*self.server.posts.values(), *self.server.comments.values(), *said)
        ours = (each for each in everything if each["from"]["id"] == self.server.page_id)
        return sum(text in each["message"] for each in ours)
