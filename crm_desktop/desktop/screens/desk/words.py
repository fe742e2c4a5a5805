"""What desk staff read of visits: needs, waits, states."""

from __future__ import annotations

from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.errors import Conflict, CrmError
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import TARGET_SECONDS, Need, PlaceKind, VisitRow, need_words

#: The letter that chooses each together with Alt, in the order of the form.
NEED_KEYS = {
    Need.HEARING_LOOP: "H",
    Need.PRIVATE_ROOM: "R",
    Need.INTERPRETER: "I",
    Need.STEP_FREE: "S",
    Need.SITTING: "D",
}
#: How a quick question ends, and a visit that nobody can wrap up while the database is away.
ANSWERS = (
    ("Resolved", Resolution.RESOLVED),
    ("Signposted in the council", Resolution.SIGNPOSTED_COUNCIL),
    ("Signposted outside", Resolution.SIGNPOSTED_OUTSIDE),
)
PLACE_KINDS = {
    PlaceKind.DESK: "Desk",
    PlaceKind.INTERVIEW: "Interview room",
    PlaceKind.FAMILY: "Family room",
    PlaceKind.SECURE: "Secure room",
    PlaceKind.PARTNER: "Partner’s desk",
}
#: Over so much of what anybody should wait it is said in amber.
_SOON = 0.75


def minutes(seconds: float) -> str:
    """ "14 min"; less than one is said as such."""
    whole = int(seconds // 60)
    return f"{whole} min" if whole else "under 1 min"


def expected(seconds: float) -> str:
    """ "about 14 min", as it is told to who waits."""
    return f"about {minutes(seconds)}" if seconds >= 60 else "less than a minute"


def wait_pill(row: VisitRow, now: datetime) -> tuple[str, Tone]:
    """How long somebody has waited, or where they are."""
    elsewhere = {
        ContactState.CALLED: (f"called, {row.place_name}", Tone.ACCENT),
        ContactState.ACTIVE: (f"at {row.place_name}", Tone.OK),
        ContactState.HELD: (f"at {row.place_name}", Tone.OK),
        ContactState.PARKED: (
            f"at {row.place_name}" if not row.staff_name and row.place_name else "waits apart",
            Tone.NEUTRAL,
        ),
        ContactState.WRAP_UP: ("being wrapped up", Tone.NEUTRAL),
    }
    if row.state in elsewhere:
        return elsewhere[row.state]
    if row.arrived_at is None:
        return "not yet arrived", Tone.NEUTRAL
    waited = max(0.0, (now - row.arrived_at).total_seconds())
    if waited <= _SOON * TARGET_SECONDS:
        return minutes(waited), Tone.OK
    late = waited > TARGET_SECONDS
    said = f"{int(waited // 60)} of {TARGET_SECONDS // 60} min"
    return said, Tone.DANGER if late else Tone.WARNING


#: What the database's rules say, in words for the counter.
_REFUSED = {
    "This is no mobile number that can be texted. Correct it, or leave it empty.": (
        "That mobile number cannot be texted.",
        "Correct it, or leave it empty.",
    ),
    "call them again first": ("They must be called again first.", "Shift+F9 calls them."),
    "no number is left today": ("No number is left for today.", "Use another service’s letter."),
    "that number is given already": ("That number is given already.", ""),
    "the visitor is at another site": ("The visitor is at another site.", ""),
    "they call for themselves": (
        "The partner’s own people are signed in there.",
        "They call their visitors themselves.",
    ),
    "desk staff of the site call for partners": (
        "Only who works at a desk of this site calls for partners.",
        "Choose which desk this is.",
    ),
    "that was too long ago": ("That was more than ten minutes ago.", "Check them in again."),
    "say why, in up to 200 letters": ("A reason is needed.", "Say why in a few words."),
    "no such service at that site": (
        "That service is not offered here any more.",
        "Choose another service.",
    ),
    "no such customer": ("Their record is gone.", "Enter them as a walk-in."),
    "that appointment is not awaited": (
        "That appointment is not awaited any more.",
        "Check them in as a walk-in.",
    ),
    "this cannot be checked in": (
        "They came more than a week ago, or what was written is too long.",
        "Log the visit by hand, and throw this away.",
    ),
    "known from before": (
        "They came before the database went away.",
        "Another desk may have called them. Call those who were checked in here.",
    ),
    "perhaps in the line already": (
        "They may be in the line of all desks already.",
        "Call them when the database is back.",
    ),
    "sent on while away": (
        "Nobody is sent on while the database is away.",
        "Tell the visitor where to go; send them on when it is back.",
    ),
    "apart while away": (
        "Nobody waits apart while the database is away.",
        "They can stay at the desk, or wait in the line (Alt+B).",
    ),
    "rooms while away": (
        "Rooms and partners’ desks wait for the database.",
        "Who is where may be another by now: agree it with your colleagues.",
    ),
    "another site while away": (
        "This computer knows this site alone while the database is away.",
        "Choose the other when it is back.",
    ),
    "nothing is known of this site": (
        "This computer does not know what can be asked here.",
        "Log the visit by hand, or wait for the database.",
    ),
    "you are not at that desk": ("This computer is at no desk.", "Choose which desk this is."),
}
_IS_THERE, _IS_YOURS, _IS_AT = " is there", " is with you", " is at "
_KEPT, _IS = " is kept free", "the visit is "


def refused(trouble: CrmError) -> tuple[str, str]:
    """What happened and what to do, in words for the counter."""
    rule = str(trouble)
    if rule in _REFUSED:
        return _REFUSED[rule]
    if isinstance(trouble, Conflict) and (said := _conflict(rule)) is not None:
        return said
    told = words_for(trouble)
    return told.happened, told.rest()


def _conflict(rule: str) -> tuple[str, str] | None:
    """What the rules say with a ticket or a place in it."""
    who = rule.split(" is ", maxsplit=1)[0]
    said = (
        (_IS_THERE, f"{who} is at this desk.", "Finish, or send them on or back, before the next."),
        (
            _IS_YOURS,
            f"You still have {who} at your desk.",
            "Finish, or send them on or back, first.",
        ),
        (_KEPT, f"{rule}.", "Let it go first, under “Who is where” (Alt+P)."),
    )
    for ending, happened, to_do in said:
        if rule.endswith(ending):
            return happened, to_do
    if _IS_AT in rule:
        return f"{rule}.", "It can be used when they have gone."
    if rule.startswith(_IS):
        return "That has been done already.", "The line shows where they are now."
    return None


def about(row: VisitRow) -> str:
    """ "Housing · hearing loop · has brought the deeds"."""
    booked = f"booked {words.clock_time(row.booked_at)}" if row.booked_at else ""
    waits = row.state is ContactState.QUEUED and row.place_name
    where = f"for {row.place_name}" if waits else ""
    needs = [need_words(each).lower() for each in row.needs]
    parked = [row.service_name, where, booked, *needs, row.note]
    return " · ".join(part for part in parked if part)
