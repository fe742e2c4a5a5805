"""Drawing the public pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from crm_desktop.channels.web_form.port import PublicForm, WebFormSettings
from crm_desktop.channels.web_form.submission import (
    CONTACT_PREFIX,
    TICKET_NAME,
    TRAP_NAME,
    contact_form,
    contact_is_required,
)
from crm_desktop.channels.web_form.words import WORDS
from crm_desktop.domain.forms import Field, Form

#: The autocomplete tokens of questions about the person (WCAG 1.3.5).
_AUTOCOMPLETE = {
    "contact-name": "name",
    "contact-email": "email",
    "contact-phone": "tel",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a form page shows beside its questions: what was typed, what is wrong, a notice.

    `notices` are the centre's own, for everybody.
    """

    values: Mapping[str, list[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    had_files: bool = False
    ticket: str = ""
    notices: Sequence[str] = ()


class Pages:
    """The pages as text; knows no requests."""

    def __init__(self, settings: WebFormSettings) -> None:
        self._env = Environment(
            loader=FileSystemLoader(settings.resources / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals.update(
            w=WORDS,
            council=settings.council,
            home=settings.home,
            ticket_name=TICKET_NAME,
            trap_name=TRAP_NAME,
            autocomplete=_AUTOCOMPLETE,
        )

    def index(
        self, services: Sequence[tuple[str, str, str]], notices: Sequence[str] = ()
    ) -> Response:
        """The list of forms, below what everybody should know."""
        return self._page("index.html", 200, services=services, notices=notices)

    def form(self, public: PublicForm, form: Form, drawn: Drawn, status: int = 200) -> Response:
        """A form, empty or with what was typed and what is wrong."""
        needed = contact_is_required(public.schema)
        contact = contact_form(required=needed)
        questions = [(field.name, field) for field in form.fields]
        contacts = [(CONTACT_PREFIX + field.name, field) for field in contact.fields]
        return self._page(
            "form.html",
            status,
            public=public,
            questions=questions,
            contacts=contacts,
            contact_free=not needed,
            conditions={field.name: _condition(field, form) for field in form.fields},
            anchors={name: _anchor(name, field) for name, field in [*questions, *contacts]},
            drawn=drawn,
            notices=drawn.notices,
        )

    def done(self, title: str, reference: str) -> Response:
        """The confirmation."""
        return self._page("done.html", 200, title=title, reference=reference)

    def message(self, name: str, status: int) -> Response:
        """A plain page of `WORDS` (`<name>_title`, `<name>_text`)."""
        page = self._page("message.html", status, name=name)
        if status in (429, 503):
            page.headers["Retry-After"] = "60"
        return page

    def _page(self, template: str, status: int, **context: object) -> Response:
        return HTMLResponse(self._env.get_template(template).render(**context), status)


def _anchor(name: str, field: Field) -> str:
    """The id of the input that an error links to: of a group its first one."""
    if field.kind.value == "date":
        return f"{name}-day"
    return f"{name}-1" if field.kind.value in ("radios", "checkboxes", "yes_no") else name


def _condition(field: Field, form: Form) -> Mapping[str, str] | None:
    """How the page's script and a reader without it learn when a question is asked."""
    if field.show_if is None or (other := form.field(field.show_if.field)) is None:
        return None
    wanted = field.show_if.equals
    return {
        "field": other.name,
        "values": "\n".join(_sent(one) for one in wanted),
        "words": f"Only if you answered {' or '.join(f'“{other.words_of(w)}”' for w in wanted)} "
        f"to “{other.question}”",
    }


def _sent(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
