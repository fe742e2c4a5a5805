"""From what a browser sent to one clean message, or to what the sender must mend."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from crm_desktop.channels.web.body import Sent, SentFile
from crm_desktop.channels.web.limits import MEGABYTE
from crm_desktop.channels.web_form import words
from crm_desktop.channels.web_form.port import Limits, PublicForm
from crm_desktop.domain.file_kinds import safe_name, sniff
from crm_desktop.domain.forms import Cleaned, Field, FieldKind, Form
from crm_desktop.domain.messages import Address, InboundAttachment, InboundMessage
from crm_desktop.domain.states import Channel

CONTACT = Form.from_schema(words.CONTACT_SCHEMA)

#: Contact questions stand beside the form's own names, which hold no hyphen.
CONTACT_PREFIX = "contact-"
TICKET_NAME = "form-ticket"
TRAP_NAME = "form-website"


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent, cleaned; `errors` by the name of the input, in the page's order."""

    contact: Cleaned
    answers: Cleaned
    attachments: tuple[InboundAttachment, ...]
    errors: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """The same for the same content."""
        parts = [self.contact.answers, self.answers.answers]
        digest = sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "replace"))
        for attachment in self.attachments:
            digest.update(sha256(attachment.content).digest())
        return digest.hexdigest()


def read_submission(
    sent: Sent, form: Form, limits: Limits, *, contact_required: bool
) -> Submission:
    """Clean everything that was sent; nothing in the result is larger than the limits."""
    contact_raw = {
        name.removeprefix(CONTACT_PREFIX): texts
        for name, texts in sent.texts.items()
        if name.startswith(CONTACT_PREFIX)
    }
    contact = CONTACT.clean(contact_raw)
    contact_errors = _contact_errors(contact, contact_required)
    attachments, kept_names, file_errors = _files(sent.files, form, limits)
    answers = form.clean({**sent.texts, **kept_names})
    errors = {**answers.errors, **file_errors}
    errors = {field.name: errors[field.name] for field in form.fields if field.name in errors}
    if sent.first(TRAP_NAME):
        errors[TRAP_NAME] = words.TRAP_FILLED
    errors |= {CONTACT_PREFIX + name: text for name, text in contact_errors.items()}
    return Submission(contact, answers, attachments, errors)


def to_message(
    submission: Submission, form: Form, public: PublicForm, external_id: str
) -> InboundMessage:
    """The message for intake; its text reads like the form, answer by answer."""
    contact = submission.contact.answers
    lines = form.summary(submission.answers.answers)
    lines += [line for line in CONTACT.summary(contact) if line[0] == _way_question()]
    text = "\n\n".join(f"{question}\n{answer}" for question, answer in lines)
    return InboundMessage(
        channel=Channel.WEB_FORM,
        external_id=external_id,
        sender=Address(str(contact.get("name", "")), str(contact.get("email", "")).lower()),
        subject=public.title,
        text=text,
        reply_text=text,
        attachments=submission.attachments,
        phone=str(contact.get("phone", "")),
        service_code=public.service_code,
        form_version=public.version,
        answers=dict(submission.answers.answers),
    )


def contact_form(*, required: bool) -> Form:
    """The contact questions as they are drawn; "no need to contact me" only where it may be."""
    if not required:
        return CONTACT
    fields = tuple(
        _without_none(field) if field.name == "way" else field for field in CONTACT.fields
    )
    return Form(CONTACT.title, fields)


def _way_question() -> str:
    way = CONTACT.field("way")
    return way.question if way else ""


def _without_none(field: Field) -> Field:
    return replace(field, choices=tuple(one for one in field.choices if one.value != "none"))


def _contact_errors(contact: Cleaned, required: bool) -> dict[str, str]:
    """What is missing to do what was asked: an email address to be emailed, and so on."""
    answers, errors = contact.answers, dict(contact.errors)
    way = answers.get("way")
    if way is None or (required and way == "none"):
        errors.setdefault("way", words.WAY_NEEDED if required else words.WAY_NEEDED_OR_NONE)
    if "name" not in answers and way in ("email", "phone"):
        errors.setdefault("name", words.NAME_NEEDED)
    if "email" not in answers and way == "email":
        errors.setdefault("email", words.EMAIL_NEEDED)
    if "phone" not in answers and way == "phone":
        errors.setdefault("phone", words.PHONE_NEEDED)
    return {field.name: errors[field.name] for field in CONTACT.fields if field.name in errors}


_Files = tuple[tuple[InboundAttachment, ...], dict[str, list[str]], dict[str, str]]


def _files(sent: Sequence[SentFile], form: Form, limits: Limits) -> _Files:
    """Attachments, their names by question, and errors; files to no question are dropped."""
    by_field: dict[str, list[SentFile]] = {}
    for file in sent:
        by_field.setdefault(file.field, []).append(file)
    attachments: list[InboundAttachment] = []
    names: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    for field in form.fields:
        if field.kind is not FieldKind.FILE:
            continue
        files = by_field.get(field.name, [])
        names[field.name] = []
        if trouble := _trouble(files, field, limits):
            errors[field.name] = trouble
            # The question was answered, if badly: "choose a file" would be the wrong words.
            names[field.name] = ["unusable"]
            continue
        for file in files:
            kind = sniff(file.content)
            name = safe_name(file.name, kind, len(attachments) + 1)
            attachments.append(InboundAttachment(name, kind, file.content))
            names[field.name].append(name)
    if sum(len(one.content) for one in attachments) > limits.files_bytes and names:
        errors[next(iter(names))] = words.files_too_large(limits.files_bytes // MEGABYTE)
    return tuple(attachments), names, errors


def _trouble(files: Sequence[SentFile], field: Field, limits: Limits) -> str:
    if len(files) > field.max_files:
        return words.too_many_files(field.max_files)
    for file in files:
        if file.size > limits.file_bytes:
            return words.file_too_large(limits.file_bytes // MEGABYTE)
        if not file.content:
            return words.FILE_EMPTY
        if not sniff(file.content):
            return words.FILE_KIND
    return ""


def contact_is_required(schema: Mapping[str, object]) -> bool:
    """Whether the form says (`x-contact`: "required") that we must be able to answer."""
    return schema.get("x-contact") == "required"
