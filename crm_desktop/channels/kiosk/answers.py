"""What a visitor has answered so far: it travels with the pages, and nothing is kept here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from crm_desktop.channels.web.body import Sent
from crm_desktop.domain.visits import Need


class Step(StrEnum):
    """The questions, one a page."""

    ABOUT = "about"
    BOOKING = "booking"
    NEEDS = "needs"
    LANGUAGE = "language"
    PHONE = "phone"


#: The languages of a page.
LANGUAGES = ("en", "cy")
#: Interpreters' languages, as ISO 639 has them, in their own words; "" where the page has words.
INTERPRETERS = {
    "bfi": "",
    "ar": "العربية",
    "bn": "বাংলা",
    "zh": "中文",
    "fa": "فارسی",
    "ku": "Kurdî",
    "pl": "Polski",
    "pt": "Português",
    "pa": "ਪੰਜਾਬੀ",
    "ro": "Română",
    "so": "Soomaali",
    "es": "Español",
    "ti": "ትግርኛ",
    "uk": "Українська",
    "ur": "اردو",
    "und": "",
}
_LONGEST_REFERENCE = 20


@dataclass(frozen=True, slots=True)
class Answers:
    """`reference` is "" for whoever has no appointment; `spoken` is the interpreter's language."""

    language: str = "en"
    token: str = ""
    service_id: int | None = None
    reference: str = ""
    needs: tuple[Need, ...] = ()
    spoken: str = ""
    phone: str = ""

    @property
    def visit_language(self) -> str:
        """What the visit is in."""
        return self.spoken if self.spoken and self.spoken != "und" else self.language

    @property
    def switched(self) -> Answers:
        """The same on the page in the other language."""
        return replace(self, language="cy" if self.language == "en" else "en")

    def steps(self, *, texts: bool) -> tuple[Step, ...]:
        """The questions that this visitor is asked, in their order."""
        more: list[Step] = []
        if Need.INTERPRETER in self.needs:
            more.append(Step.LANGUAGE)
        if texts:
            more.append(Step.PHONE)
        return (Step.ABOUT, Step.BOOKING, Step.NEEDS, *more)

    def before(self, step: Step, *, texts: bool) -> Step:
        """The question before this one."""
        steps = self.steps(texts=texts)
        return steps[max(steps.index(step) - 1, 0)] if step in steps else Step.ABOUT

    def after(self, step: Step, *, texts: bool) -> Step | None:
        """The question after this one, None when it was the last."""
        steps = self.steps(texts=texts)
        following = steps[steps.index(step) + 1 :] if step in steps else steps
        return following[0] if following else None


def language_of(text: str) -> str:
    """One of the pages' languages."""
    return text if text in LANGUAGES else LANGUAGES[0]


def read(sent: Sent) -> tuple[Step, Answers]:
    """The page that was sent and all answers so far; what makes no sense is left out."""
    step = sent.first("step")
    service = sent.first("service")
    spoken = sent.first("spoken")
    return (
        Step(step) if step in set(Step) else Step.ABOUT,
        Answers(
            language=language_of(sent.first("lang")),
            token=sent.first("token")[:300],
            service_id=int(service) if re.fullmatch(r"[0-9]{1,9}", service) else None,
            reference=sent.first("reference").strip()[:_LONGEST_REFERENCE],
            needs=_needs(sent.texts.get("need", ())),
            spoken=spoken if spoken in INTERPRETERS else "",
            phone=sent.first("phone").strip()[:40],
        ),
    )


def without(answers: Answers, step: Step) -> Answers:
    """The answers after "none" was chosen at this question."""
    if step is Step.BOOKING:
        return replace(answers, reference="")
    if step is Step.PHONE:
        return replace(answers, phone="")
    return answers


def _needs(said: Sequence[str]) -> tuple[Need, ...]:
    return tuple(each for each in Need if each.value in said)
