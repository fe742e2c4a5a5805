"""The contact in hand: record, case, article, reply."""

from __future__ import annotations

from datetime import date, timedelta
from email.message import EmailMessage

from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.story import CENTRE_ADDRESS, REFERENCE, SUBJECT, Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import until

#: Typed as somebody in a hurry would.
_SEARCH = "mised bins"
_ARTICLE = "Missed bins: what we come back for, and when"
_FROM_ARTICLE = "within 2 working days"
_GREETING = "Dear {name}\n\nI am sorry that your recycling was left for the third time.\n\n"
_CLOSE = "\n\nYour reference is {reference}. We will write to you, not ring.\n\nSarah Whitlock"


def workspace(tour: Tour) -> None:
    """The customer's record and the suggested answers beside the conversation."""
    side = tour.hands.find(TabStrip, "Beside the contact")
    tour.hands.wait_until(
        lambda: any("Knowledge " in side.tabText(at) for at in range(side.count())),
        "suggested answers",
    )
    tour.hands.wait_for(tour.customer.email, "third time since September", part=tour.workspace)
    tour.picture("workspace")


def case(tour: Tour) -> None:
    """The case form, filled by keyboard and saved."""
    hands, pane = tour.hands, tour.workspace.case_pane
    hands.press("F4")
    hands.wait_for("Which bins were missed?", part=pane)
    day = date.today() - timedelta(days=3)  # noqa: DTZ011 - as the advisor types it
    hands.tab_to("Address of the bin")
    hands.type(tour.customer.home)
    hands.choose("Which bins were missed?", "Recycling (blue)")
    hands.tab_to("When should it have been emptied?")
    hands.type(f"{day:%d/%m/%Y}")
    hands.choose("Was it out by 6.30am?", "Yes")
    hands.choose("Was the whole street missed?", "Yes")
    hands.choose("Do you have an assisted collection?", "No")
    hands.tab_to("Anything else we should know?")
    hands.type("Third time since September. Answer in writing.")
    hands.press("Ctrl+S")
    tour.reference = until(
        lambda: next(iter(REFERENCE.findall(" ".join(Hands(pane).texts()))), ""),
        "the reference of the saved case",
        Hands(pane).said,
    )
    hands.wait_until(lambda: not Hands(pane).reads("Still needed"), "a case that can be handed off")
    tour.picture("case-saved")


def article(tour: Tour) -> None:
    """An answer found by typing, misspelt, and put into the reply."""
    hands = tour.hands
    hands.press("Ctrl+R")
    hands.type(_GREETING.format(name=tour.customer.name))
    hands.press("F2")
    hands.tab_to("Search knowledge")
    hands.type(_SEARCH)
    panel = tour.workspace.knowledge
    hands.wait_for(_ARTICLE, "Found", part=panel)
    hands.press("Down")
    hands.wait_for(_FROM_ARTICLE, "review due", part=panel)
    tour.picture("article-found")
    hands.press("Ctrl+I")
    tour.hands.wait_until(
        lambda: _FROM_ARTICLE in tour.workspace.compose.written().reply.text, "the article's words"
    )


def reply(tour: Tour) -> None:
    """The reply leaves through the gateway, and is received."""
    hands = tour.hands
    hands.press("Ctrl+End")
    hands.type(_CLOSE.format(reference=tour.reference))
    tour.reply = tour.workspace.compose.written().reply.text
    hands.press("Ctrl+Return")
    hands.wait_for("The reply goes out", "Undo", "going out", part=tour.workspace)
    tour.picture("reply-can-be-undone")
    received = until(
        tour.stage.mailbox.mails,
        f"a mail to {tour.customer.email}",
        tour.stage.mailbox.seen,
    )
    if len(received) != 1:
        raise StepFailed("exactly one mail", tour.stage.mailbox.seen())
    _must_be_the_reply(tour, received[0])
    tour.second(lambda: tour.stage.second.says("Your reference is", tour.reference), "the reply")
    hands.wait_for("sent", part=tour.workspace.conversation)
    tour.picture("reply-sent")


def _must_be_the_reply(tour: Tour, mail: EmailMessage) -> None:
    body = mail.get_body(("plain",))
    text = "" if body is None else "\n".join(str(body.get_content()).split())
    wanted = "\n".join(tour.reply.split())
    checks = {
        f"To with {tour.customer.email}": tour.customer.email in str(mail["To"]),
        f"From {CENTRE_ADDRESS}": CENTRE_ADDRESS in str(mail["From"]),
        f"In-Reply-To {tour.message_id}": str(mail["In-Reply-To"]) == tour.message_id,
        f"a subject with {tour.reference}": tour.reference in str(mail["Subject"]),
        f"a subject with “{SUBJECT}”": SUBJECT in str(mail["Subject"]),
        "the text that was written": wanted in text,
    }
    wrong = [what for what, right in checks.items() if not right]
    if wrong:
        raise StepFailed(f"a mail {' and '.join(wrong)}", f"{mail.items()}\n{text}")
