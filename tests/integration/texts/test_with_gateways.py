"""Real gateways send texts: one of two has the lane, and another takes it over when it dies."""

from __future__ import annotations

from contextlib import ExitStack

from crm_desktop.services import visits
from tests.centre import Centre
from tests.integration.gateway.processes import GatewayProcess, target_of
from tests.integration.texts.conftest import SECRETS, texting_of
from tests.servers import processes
from tests.servers.notify_stand_in import NotifyStandIn
from tests.visits_centre import arriving


def test_two_gateways_text_everybody_once(postgres_centre: Centre, notify: NotifyStandIn) -> None:
    texting = texting_of(postgres_centre, notify)
    anna = postgres_centre.as_person("anna")

    def comes(number: int) -> None:
        phone = f"07700 9005{number:02d}"
        visits.check_in(anna, arriving(texting.site, texting.service, phone=phone))

    with ExitStack() as stack:
        first, second = (GatewayProcess(target_of(postgres_centre), SECRETS) for _ in range(2))
        stack.callback(second.kill)
        stack.callback(first.kill)
        first.wait_ready()
        second.wait_ready()
        for number in range(4):
            comes(number)
        processes.wait_for(lambda: len(notify.said()) == 4, "four texts")
        first.kill()
        comes(4)
        processes.wait_for(lambda: len(notify.said()) == 5, "a text after one gateway died")

    assert len({phone for phone, _ in notify.said()}) == 5
