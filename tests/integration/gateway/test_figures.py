"""A running gateway keeps the figures as contacts come and are taken."""

from __future__ import annotations

from collections.abc import Callable

from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import contacts, figures
from crm_desktop.store.database import Database
from tests.centre import Centre
from tests.integration.gateway.looking import citizens_mail, deliver, watching


def test_a_mail_is_in_the_figures_when_it_came_and_when_it_was_taken(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    gateway, rose = start_gateway(), centre.as_person("rose")
    assert gateway.smtp_port is not None

    def have(**wanted: int) -> Callable[[Database], CentreFigures | None]:
        def ask(_db: Database) -> CentreFigures | None:
            found = figures.today(rose)
            is_so = all(getattr(found.sums(), name) == value for name, value in wanted.items())
            return found if is_so else None

        return ask

    with watching(centre) as watch:
        deliver(gateway.smtp_port, citizens_mail("Missed bin in Ash Grove"))
        contact = watch.contact(subject="Missed bin in Ash Grove")
        assert watch.until(have(arrivals=1, answered=0)).level().value is None
        contacts.take(centre.as_person("anna"), contact.id)
        found = watch.until(have(arrivals=1, answered=1))

    assert found.level().value == 1
