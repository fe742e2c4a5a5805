"""A gateway whose database may be read and not written: mail is put off, and all is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from crm_desktop.store.models import Contact
from tests.centre import Centre
from tests.e2e.bad_days.program import StartGateway, deliver
from tests.e2e.bad_days.test_hostile_forms import FILLED
from tests.integration.gateway.looking import citizens_mail, rows
from tests.integration.web_form.visitor import open_form, send
from tests.servers import processes

#: Root writes what nobody may write, unless it gives that up.
WITHOUT_PRIVILEGE = (
    "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all",
)  # fmt: skip


def test_mail_and_forms_are_put_off_until_it_may_be_written_again(
    centre: Centre, start_gateway: StartGateway
) -> None:
    prefix = WITHOUT_PRIVILEGE if os.geteuid() == 0 else ()
    with _read_only(centre):
        gateway = start_gateway(centre, prefix=prefix).wait_ready()
        with httpx.Client(base_url=gateway.web, timeout=60) as client:
            ticket = open_form(client, "missed_bin")
            refused = send(client, ticket, FILLED, code="missed_bin")
            health = client.get("/healthz")

        assert deliver(gateway, citizens_mail()) == 451
        assert refused.status_code == 503
        assert "margaret@example.org" in refused.text
        assert (health.status_code, health.json()) == (503, {"status": "database_read_only"})
        assert rows(centre.as_owner(), Contact) == 0
    if centre.path is not None:
        # A file is opened for writing or not once and for all.
        gateway.kill()
        gateway = start_gateway(centre).wait_ready()

    processes.wait_for(lambda: deliver(gateway, citizens_mail()) == 250, "the acceptance")
    assert rows(centre.as_owner(), Contact) == 1


@contextmanager
def _read_only(centre: Centre) -> Iterator[None]:
    if centre.path is not None:
        centre.path.chmod(0o444)
        yield
        centre.path.chmod(0o644)
        return
    assert centre.cluster is not None
    with centre.cluster.connect() as server:
        name = centre.database
        server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
        yield
        server.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            " AND pid <> pg_backend_pid()",
            [name],
        )
