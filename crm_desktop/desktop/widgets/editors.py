"""Which editor asks which kind of question."""

from __future__ import annotations

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.form_editors import (
    BUTTONS,
    AreaEditor,
    ButtonsEditor,
    Editor,
    FilesEditor,
    LineEditor,
    ListEditor,
)
from crm_desktop.desktop.widgets.payment_editor import PaymentEditor
from crm_desktop.domain.forms import Field, FieldKind

_Made = type[LineEditor | AreaEditor | ListEditor | FilesEditor | PaymentEditor]


def make_editor(look: Look, field: Field) -> Editor:
    """The editor that fits a question."""
    if field.kind in BUTTONS:
        return ButtonsEditor(look, field)
    kinds: dict[
        FieldKind, type[LineEditor | AreaEditor | ListEditor | FilesEditor | PaymentEditor]
    ] = {
        FieldKind.TEXTAREA: AreaEditor,
        FieldKind.SELECT: ListEditor,
        FieldKind.FILE: FilesEditor,
        FieldKind.PAYMENT: PaymentEditor,
    }
    return kinds.get(field.kind, LineEditor)(look, field)
