"""From the sign-in screen to a contact in hand: mail and form arrive, Next takes one."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtWidgets import QApplication, QLineEdit

from crm_desktop.desktop.screens.queue.view import QueueList
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.tour import queue_keys
from crm_desktop.tour.centre import FIRST, SERVICE
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.outside import send_form, send_mail
from crm_desktop.tour.story import (
    CENTRE_ADDRESS,
    FIRST_NAME,
    NEIGHBOUR,
    SECOND_NAME,
    SERVICE_NAME,
    SUBJECT,
    Tour,
)
from crm_desktop.tour.waiting import until

_MAIL = """\
Good morning,

Our recycling bin at {home} was not emptied on Thursday. It was out the night before, handle to \
the road. This is the third time since September, and the whole row was left again.

I am hard of hearing, so please answer by email and not by telephone.

{name}
"""


def sign_in(tour: Tour) -> None:
    """The program asks who it is."""
    screen = tour.desk.show_sign_in(tour.stage.centre.url)
    hands = Hands(screen)
    password = tour.stage.centre.password
    if password:
        hands.wait_for("Password")
        name = hands.find(QLineEdit, "Name")
        hands.wait_until(lambda: QApplication.focusWidget() is name, "the keyboard in the name")
        hands.type(FIRST)
        hands.press("Tab")
        hands.type(password)
    else:
        people = screen.findChildren(RowList)[0]
        hands.wait_until(lambda: bool(people.rows()), "people to sign in as")
        for _ in people.rows():
            if str(people.currentIndex().data()).startswith(FIRST_NAME):
                break
            hands.press("Down")
    tour.picture("sign-in", hands)
    hands.press("Return")
    until(lambda: tour.desk.signed_in, "a main window", hands.said)


def queue(tour: Tour) -> None:
    """The whole queue, live, at two desktops."""
    tour.hands.wait_for("waiting", "WAITING · by next breach", part=tour.desk.window.queue)
    tour.hands.wait_for("Email, ", part=tour.desk.window.queue)
    tour.second(lambda: len(tour.stage.second.rows()) > 1, "a queue")
    tour.picture("queue")
    queue_keys.show_service(tour.hands, tour.desk.window.queue, SERVICE_NAME)
    tour.colleague("filter", SERVICE_NAME)


def mail(tour: Tour) -> None:
    """A customer's mail comes in by SMTP."""
    text = _MAIL.format(name=tour.customer.name, home=tour.customer.home)
    tour.message_id = send_mail(tour.stage.smtp_port, tour.customer, CENTRE_ADDRESS, SUBJECT, text)
    tour.hands.wait_for(f"Email from {tour.customer.name}, {SUBJECT}", part=_list(tour))
    tour.second(lambda: tour.stage.second.lists(SUBJECT), f"the mail “{SUBJECT}”")
    tour.picture("mail-arrives")


def form(tour: Tour) -> None:
    """A neighbour fills in the public form."""
    day = date.today() - timedelta(days=2)  # noqa: DTZ011 - the neighbour's own calendar
    reference = send_form(
        tour.stage.http_port,
        SERVICE,
        (
            ("address", NEIGHBOUR.home),
            ("bins", "recycling"),
            ("missed_on-day", str(day.day)),
            ("missed_on-month", str(day.month)),
            ("missed_on-year", str(day.year)),
            ("out_in_time", "yes"),
            ("whole_street", "yes"),
            ("assisted", "no"),
            ("notes", "The lorry turned round at the bridge."),
            ("contact-name", NEIGHBOUR.name),
            ("contact-email", NEIGHBOUR.email),
            ("contact-way", "email"),
        ),
    )
    tour.step.title += f" ({reference})"
    tour.hands.wait_for(f"Web form from {NEIGHBOUR.name}", part=_list(tour))
    tour.second(lambda: tour.stage.second.lists(NEIGHBOUR.name), "the form")
    tour.picture("form-arrives")


def take_next(tour: Tour) -> None:
    """Next takes the mail; the colleague who looks at it sees that at once."""
    tour.colleague("open", SUBJECT)
    tour.second(lambda: tour.stage.second.says("Take the contact (T) to answer it."), "the mail")
    queue_keys.show_channel(tour.hands, tour.desk.window.queue, "Email")
    tour.hands.wait_until(lambda: _list(tour).queue_model.rowCount() <= 4, "mails alone")
    tour.hands.press("F9")
    tour.hands.wait_for(tour.customer.name, SUBJECT, "Wrap up", part=tour.workspace)
    tour.second(lambda: not tour.stage.second.lists(SUBJECT), "the mail to be gone from the queue")
    tour.second(
        lambda: tour.stage.second.says(f"{FIRST_NAME} has this contact."), "whose contact it is"
    )
    tour.hands.wait_for(f"{SECOND_NAME} looking", part=tour.workspace)
    tour.picture("next")
    tour.picture_of_second("second-desktop-looks-on")


def _list(tour: Tour) -> QueueList:
    return tour.desk.window.queue.list
