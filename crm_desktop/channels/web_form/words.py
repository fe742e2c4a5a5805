"""Every sentence of the public pages that is not a form's own, in one place."""

from __future__ import annotations

from collections.abc import Mapping

#: Drawn and checked like any form, so that the contact questions behave as the others do.
CONTACT_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "x-order": ["name", "email", "phone", "way"],
    "properties": {
        "name": {"type": "string", "title": "Full name", "maxLength": 200},
        "email": {"type": "string", "format": "email", "title": "Email address"},
        "phone": {
            "type": "string",
            "format": "tel",
            "title": "Telephone number",
            "description": "For international numbers include the country code",
        },
        "way": {
            "type": "string",
            "title": "How should we contact you?",
            "x-widget": "radios",
            "oneOf": [
                {"const": "email", "title": "By email"},
                {"const": "phone", "title": "By telephone"},
                {"const": "none", "title": "You do not need to contact me"},
            ],
        },
    },
}

NAME_NEEDED = "Enter your full name"
EMAIL_NEEDED = "Enter your email address, so that we can email you"
PHONE_NEEDED = "Enter your telephone number, so that we can call you"
WAY_NEEDED = "Select how we should contact you"
WAY_NEEDED_OR_NONE = "Select how we should contact you, or that we do not need to"

FILE_EMPTY = "The selected file is empty"
FILE_KIND = "The selected file must be a JPG, PNG, HEIC, PDF, DOCX or TXT"
TRAP_FILLED = "Leave this box empty: it is there to catch automatic senders"


def file_too_large(megabytes: int) -> str:
    """One file is over the limit."""
    return f"The selected file must be smaller than {megabytes}MB"


def files_too_large(megabytes: int) -> str:
    """All files together are over the limit."""
    return f"The selected files must be smaller than {megabytes}MB together"


def too_many_files(most: int) -> str:
    """More files than the question takes."""
    if most == 1:
        return "You can only select one file"
    return f"You can only select up to {most} files at the same time"


#: What the templates say, by name.
WORDS: Mapping[str, str] = {
    "notice": "Important",
    "skip": "Skip to main content",
    "error": "Error",
    "problem": "There is a problem",
    "optional": "(optional)",
    "index_title": "Report it or ask for it online",
    "index_lead": "Choose what it is about. You do not need an account.",
    "index_empty": "There are no online forms at the moment.",
    "back": "Back to all forms",
    "back_label": "Back",
    "contact": "Your contact details",
    "contact_hint": "We only use these to deal with what you tell us.",
    "contact_free": "Leave them empty if you do not need us to contact you.",
    "about": "What it is about",
    "send": "Send",
    "before_send": "When you send this, you will get a reference number.",
    "trap": "Leave this box empty",
    "at_most": "You can enter up to % characters",
    "date_hint": "For example, 27 3 2026",
    "day": "Day",
    "month": "Month",
    "year": "Year",
    "select_none": "Select an answer",
    "pay": "Pay on the provider’s page (opens in a new tab), then enter the reference it gives you",
    "files_hint": "JPG, PNG, HEIC, PDF, DOCX or TXT, each smaller than 10MB.",
    "files_again": "Choose your files again: your browser does not keep them.",
    "done_title": "We have received it",
    "done_reference": "Your reference number",
    "done_next": "What happens next",
    "done_next_text": (
        "A person in our customer service team will read what you sent. Keep your reference "
        "number: with it we can find your case when you call or write to us."
    ),
    "done_contacted": "If you asked us to contact you, we will use the details that you gave.",
    "done_more": "Report or ask for something else",
    "missing_title": "Page not found",
    "missing_text": (
        "If you typed the web address, check it is correct. If you came from a confirmation "
        "page, it may be more than a day old: what you sent is still with us."
    ),
    "large_title": "Your files are too large",
    "large_text": (
        "Nothing was sent. Go back in your browser: your answers should still be there. Then "
        "choose smaller or fewer files. All files together must be smaller than 25MB."
    ),
    "slow_title": "Sending took too long",
    "slow_text": (
        "Nothing was sent. Go back in your browser and send it again, perhaps without files or "
        "on a better connection."
    ),
    "broken_title": "We could not read what was sent",
    "broken_text": (
        "Nothing was sent. Go back in your browser and send it again. If this keeps happening, "
        "please call us."
    ),
    "often_title": "Too many requests",
    "often_text": (
        "You, or somebody on the same network, sent a lot in a short time. Nothing of yours was "
        "lost: wait a few minutes, go back in your browser and send it again."
    ),
    "away_title": "Sorry, the service is not available at the moment",
    "away_text": (
        "Please try again in a few minutes. If you were sending a form, go back in your browser: "
        "your answers should still be there."
    ),
    "away_send": (
        "We could not save what you sent just now. Nothing was lost: your answers are still on "
        "this page. Wait a minute, then select Send again."
    ),
    "failed_title": "Sorry, there is a problem with the service",
    "failed_text": (
        "Try again later. If you were sending a form, go back in your browser: your answers "
        "should still be there."
    ),
    "failed_send": (
        "Something went wrong on our side, and what you sent was not saved. Your answers are "
        "still on this page. Select Send again; if this keeps happening, please call us."
    ),
    "stale_send": (
        "Your answers were not sent yet, because we could not be sure that they came from this "
        "page. They are still here: check them and select Send again. If this keeps happening, "
        "allow cookies for this website."
    ),
}
