"""Drawing the pages of kiosks and public screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from crm_desktop.channels.kiosk.answers import INTERPRETERS, Answers, Step
from crm_desktop.channels.kiosk.port import KioskSettings
from crm_desktop.channels.kiosk.words import WORDS, wait_on_ticket, wait_on_tile
from crm_desktop.channels.web.assets import read_assets
from crm_desktop.domain.appointment_words import long_day
from crm_desktop.domain.kiosks import KioskSite, KioskTicket
from crm_desktop.domain.visits import Need, SiteService

_LONDON = ZoneInfo("Europe/London")
_ASSETS = {
    "govuk-frontend.min.css": ("govuk/govuk-frontend.min.css", "text/css"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
    "kiosk.css": ("kiosk/kiosk.css", "text/css"),
    "kiosk.js": ("kiosk/kiosk.js", "text/javascript"),
    "screen.css": ("kiosk/screen.css", "text/css"),
    "screen.js": ("kiosk/screen.js", "text/javascript"),
}


class Pages:
    """The pages as text; knows no requests."""

    def __init__(self, settings: KioskSettings) -> None:
        self._env = Environment(
            loader=FileSystemLoader(settings.resources / "kiosk"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals.update(council=settings.council, Step=Step)
        self.assets = read_assets(settings.resources, _ASSETS, settings.colour)

    def about(
        self, site: KioskSite, answers: Answers, services: Sequence[SiteService], error: str = ""
    ) -> Response:
        """The first page: what can be done here."""
        tiles = [
            (
                each.service_id,
                each.letter,
                _named(each.name, each.name_cy, answers.language),
                wait_on_tile(answers.language, each.wait_seconds),
            )
            for each in services
        ]
        return self._question(site, Step.ABOUT, answers, error, services=tiles)

    def question(self, site: KioskSite, step: Step, answers: Answers, error: str = "") -> Response:
        """Any other question, with what was answered and what is wrong."""
        return self._question(
            site, step, answers, error, all_needs=tuple(Need), interpreters=INTERPRETERS
        )

    def ticket(self, site: KioskSite, it: KioskTicket, language: str) -> Response:
        """The number, and what happens now."""
        words = WORDS[language]
        people = {0: words["before_none"], 1: words["before_one"]}
        booked = it.booked_at.astimezone(_LONDON).strftime("%H:%M") if it.booked_at else ""
        return self._page(
            "ticket.html",
            200,
            site,
            language,
            ticket=str(it.ticket),
            service=_named(it.service, it.service_cy, language),
            booked=words["booked"].format(time=booked) if booked else "",
            before=people.get(it.before) or words["before"].format(n=it.before),
            wait=wait_on_ticket(language, it.wait_seconds),
        )

    def closed(self, site: KioskSite, language: str, status: int = 200) -> Response:
        """Nobody is there now; when it opens, in both languages."""
        return self._page(
            "closed.html",
            status,
            site,
            language,
            opens=_opens(language, site.opens_at),
            opens_other=_opens("cy" if language == "en" else "en", site.opens_at),
        )

    def screen(self, site: KioskSite) -> Response:
        """The public screen, in both languages at once."""
        return self._page("screen.html", 200, site, "en", cy=WORDS["cy"], place_cy=site.name_cy)

    def message(
        self,
        name: str,
        status: int,
        *,
        site: KioskSite | None = None,
        language: str = "en",
        retry: tuple[Step, Answers] | None = None,
    ) -> Response:
        """A plain page of `WORDS` (`<name>_title`, `<name>_text`); `retry` sends the same again."""
        step, answers = retry or (None, None)
        page = self._page(
            "message.html", status, site, language, name=name, step=step, answers=answers
        )
        if status in (429, 503):
            page.headers["Retry-After"] = "60"
        return page

    def _question(
        self, site: KioskSite, step: Step, answers: Answers, error: str, **more: object
    ) -> Response:
        language = answers.language
        return self._page(
            f"{step.value}.html",
            422 if error else 200,
            site,
            language,
            step=step,
            answers=answers,
            error=WORDS[language][error] if error else "",
            **more,
        )

    def _page(
        self, template: str, status: int, site: KioskSite | None, language: str, **more: object
    ) -> Response:
        context: Mapping[str, object] = {
            "w": WORDS[language],
            "other": WORDS["cy" if language == "en" else "en"],
            "language": language,
            "home": f"/kiosk/{site.key}" if site else "",
            "place": _named(site.name, site.name_cy, language) if site else "",
            **more,
        }
        return HTMLResponse(self._env.get_template(template).render(**context), status)


def _opens(language: str, at: datetime | None) -> str:
    words = WORDS[language]
    if at is None:
        return words["closed_unknown"]
    clock, day = at.astimezone(_LONDON).strftime("%H:%M"), long_day(language, at)
    # Welsh days begin small within a sentence.
    day = f"{day[0].lower()}{day[1:]}" if language == "cy" else day
    return words["closed_until"].format(day=day, time=clock)


def _named(english: str, welsh: str, language: str) -> str:
    return welsh if language == "cy" and welsh else english
