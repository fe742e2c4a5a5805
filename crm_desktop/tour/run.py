"""The tour from its first step to its last; the only part that `crm-desktop tour` calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from crm_desktop.tour import (
    answering,
    arriving,
    booking,
    calling,
    chatting,
    closing,
    counter,
    kiosks,
    leading,
    posting,
    safety,
)
from crm_desktop.tour.desk import TourDesk, application
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.report import Report, Step
from crm_desktop.tour.services import SERVICES, Players, Stage, running
from crm_desktop.tour.story import Tour
from crm_desktop.tour.trouble import NoStage, StepFailed

_STEPS: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("Sign-in", arriving.sign_in),
    ("The queue, live at two desktops", arriving.queue),
    ("A mail arrives by SMTP", arriving.mail),
    ("A web form arrives by HTTP", arriving.form),
    ("Next (F9) takes the mail", arriving.take_next),
    ("The workspace: customer and suggestions", answering.workspace),
    ("The case form is filled and saved", answering.case),
    ("An article is found and inserted", answering.article),
    ("The reply goes out and is received", answering.reply),
    ("The case is handed off", closing.hand_off),
    ("The back office's status comes back", closing.status),
    ("Dark theme, small window", closing.looks),
    ("The contact is wrapped up", closing.wrap_up),
    ("A team leader sees a queue in trouble", leading.team),
    ("Its contacts are given, and taken back", leading.reassign),
    ("The wallboard", leading.wallboard),
    ("A huddle is read at two desktops", leading.huddle),
)
#: Where there is a PBX.
_CALLS: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("A caller rings, and is on the screen before the answer", calling.ring),
    ("The call is answered, held and gone back to", calling.talk),
    ("A colleague is asked while the caller waits", calling.consult),
    ("The call is wrapped up", calling.wrap_up),
    ("A call is cut off: it is to be called back first", calling.cut_off),
)
#: Where there is a browser.
_CHATS: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("A visitor begins a chat on the council's page", chatting.begin),
    ("The chat is taken, and each sees the other write", chatting.talk),
    ("A photo comes, and a canned reply goes", chatting.photo),
    ("A second chat waits, and is gone to by a key", chatting.second),
    ("The visitor leaves, and is answered by email", chatting.by_email),
    ("A chat is a case in one key, and ended", chatting.case),
)
#: Where there is a social network.
_POSTS: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("A resident asks in public on a social network", posting.ask),
    ("It is answered in public, by a key of its own", posting.answer),
    ("A private message is answered in private", posting.whisper),
    ("A notice for the public is on the network and the web forms", posting.notice),
)
#: At the shop's desk, after whatever of these there is.
_DESK: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("The desk of a one-stop-shop", counter.open_desk),
    ("Check-in by keyboard: by name, without, and a quick question", counter.check_in),
    ("The public screen beside the desk", counter.public_screen),
    ("Called, called again, and here", counter.call),
    ("The visit is a contact, and a case", counter.serve),
    ("An appointment is booked from the contact", booking.book),
    ("The calendar, and who has an appointment arrives", booking.calendar),
    ("A silent alarm is seen on another desktop", safety.alarm),
    ("An incident, and a safety marker is proposed", safety.incident),
    ("The privacy key", safety.private),
    ("The visit is wrapped up and counted", counter.wrap_up),
)
#: Where there is a browser.
_KIOSK: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("A ticket is taken at a kiosk", kiosks.ticket),
    ("It is called on the public screen's page", kiosks.page),
)
TITLES = tuple(title for title, _ in _STEPS)
DESK_TITLES = tuple(title for title, _ in _DESK)
KIOSK_TITLES = tuple(title for title, _ in _KIOSK)
CALL_TITLES = tuple(title for title, _ in _CALLS)
CHAT_TITLES = tuple(title for title, _ in _CHATS)
POST_TITLES = tuple(title for title, _ in _POSTS)


def run_tour(out: Path, url: str, without: str, players: Players) -> int:
    """Drive the program through its main job; 0 when every step happened, else 1.

    Pictures go into `out`. `url` is an empty PostgreSQL database's, signing in as its owner;
    empty means an SQLite file that is thrown away. `without` names a service to leave out.
    """
    if without and without not in SERVICES:
        sys.stderr.write(f"There is no service {without}: {', '.join(SERVICES)}.\n")
        return 2
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]-*.png"):
        old.unlink()
    _choose_platform()
    application()
    report = Report(out)
    try:
        with running(url, without, players) as stage:
            _take(stage, report)
            lacks = stage.lacks
    except NoStage as trouble:
        sys.stderr.write(f"The tour could not begin. {trouble}\n")
        return 1
    except StepFailed:
        return 1
    report.print()
    for chapter, why in lacks.items():
        if why:
            sys.stdout.write(f"{chapter} were left out: {why.strip()}\n")
    return 0


def _take(stage: Stage, report: Report) -> None:
    tour = Tour(stage, TourDesk(), report.out, Step(0, ""))
    try:
        more = (
            *(_CALLS if stage.telephones else ()),
            *(_CHATS if stage.visitors else ()),
            *(_POSTS if stage.residents else ()),
            *_DESK,
            *(_KIOSK if stage.visitors else ()),
        )
        for title, happen in (*_STEPS, *more):
            with report.step(title) as tour.step:
                _do(tour, happen)
    finally:
        for desk in (tour.counter, tour.leader, tour.desk):
            if desk is not None:
                desk.stop()


def _do(tour: Tour, happen: Callable[[Tour], None]) -> None:
    try:
        happen(tour)
        tour.check()
    except StepFailed:
        if tour.desk.signed_in:
            tour.picture("failed")
        for name, desk in (("leader", tour.leader), ("counter", tour.counter)):
            if desk is not None and desk.signed_in:
                tour.picture(f"failed-{name}", Hands(desk.window))
        raise


def _choose_platform() -> None:
    """Without a display on Linux, draw into memory."""
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
