"""Which of a form's questions are asked before a chat, and what came back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crm_desktop.domain.forms import Field, FieldKind, Form

#: Without an administrator's choice no more than so many are asked.
MOST_QUESTIONS = 5
_NOT_IN_A_CHAT = {FieldKind.FILE, FieldKind.PAYMENT}


def asked(schema: Mapping[str, object], chosen: Collection[str]) -> dict[str, object]:
    """The schema with the chosen questions alone; without a choice, with what it requires.

    Only the public's, and none that needs a file or a payment. A question that depends on an answer
    that is not asked is not asked either. Raises InvalidInput.
    """
    fields = Form.from_schema(schema).public().fields
    kept: dict[str, Field] = {}
    for field in fields:
        wanted = field.name in chosen if chosen else field.required and field.show_if is None
        reachable = field.show_if is None or field.show_if.field in kept
        if wanted and reachable and field.kind not in _NOT_IN_A_CHAT:
            kept[field.name] = field
    names = list(kept)[: None if chosen else MOST_QUESTIONS]
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    return {
        "type": "object",
        "x-order": names,
        "required": [name for name in names if kept[name].required],
        "properties": {name: known[name] for name in names},
    }
