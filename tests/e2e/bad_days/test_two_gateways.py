"""Two gateways of one centre, and two centres that answer each other."""

from __future__ import annotations

import shutil
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crm_desktop.store.database import Target
from crm_desktop.store.models import ChannelAccount, Contact, Message, OutboxItem, Setting
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram, StartGateway, deliver
from tests.integration.gateway.conftest import use_relay
from tests.integration.gateway.looking import citizens_mail, watching
from tests.integration.services.arrivals import account_id, change
from tests.servers.processes import wait_for
from tests.servers.smtp_sink import SmtpSink


def test_the_second_stands_by_and_takes_over_when_the_first_is_killed(
    centre: Centre, start_gateway: StartGateway
) -> None:
    with SmtpSink() as sink, watching(centre) as watch:
        use_relay(centre, sink.port)
        _acknowledge(centre, "contact@crm.test")
        first = start_gateway(centre).wait_ready()
        ports = {"http": int(first.ports["http"] or 0), "smtp": first.smtp}
        second = start_gateway(centre, ports=ports).wait_ready()

        assert second.ports == {"http": None, "smtp": None}
        assert f"Port {first.smtp} for mail is taken, by another gateway" in second.words()
        assert f"Port {ports['http']} for forms is taken, by another gateway" in second.words()
        assert deliver(first, _from("one@example.org", "To the first")) == 250
        watch.row(OutboxItem, state="done")

        first.kill()

        _until_accepted(first, _from("two@example.org", "To the second"))
        sink.wait_for_mail(2)
        for message in _all(centre, Message, direction="outbound"):
            watch.row(OutboxItem, message_id=message.id, state="done")

    subjects = [contact.subject for contact in _all(centre, Contact)]
    assert subjects == ["To the first", "To the second"]
    assert sorted(each.recipients for each in sink.taken) == [
        ("one@example.org",),
        ("two@example.org",),
    ]
    with centre.as_owner().read() as tx:
        statuses = tx.session.execute(
            select(ChannelAccount.status, ChannelAccount.status_words).where(
                ChannelAccount.kind.in_(["smtp_listener", "web_form"])
            )
        ).all()
    assert set(map(tuple, statuses)) == {("ok", "")}
    assert second.words().count("is taken") == 2


def test_two_centres_that_acknowledge_everything_do_not_answer_each_other(
    sqlite_centre: Centre, tmp_path: Path, start_gateway: StartGateway
) -> None:
    ours, theirs = sqlite_centre, _another(sqlite_centre, tmp_path / "theirs.db")
    _move(ours, "a.test")
    _move(theirs, "b.test")
    here = start_gateway(ours, settings={"SMTP_DOMAINS": "a.test"}).wait_ready()
    there = start_gateway(theirs, settings={"SMTP_DOMAINS": "b.test"}).wait_ready()
    use_relay(ours, there.smtp)
    use_relay(theirs, here.smtp)
    for centre, domain in ((ours, "a.test"), (theirs, "b.test")):
        _acknowledge(centre, f"contact@{domain}")
        change(
            centre,
            ChannelAccount,
            account_id(centre, "smtp"),
            settings=_relay(centre) | {"address": f"contact@{domain}"},
        )

    assert deliver(here, _from("contact@b.test", "From their centre"), "contact@a.test") == 250
    assert deliver(here, _from("contact@b.test", "And for others"), "who@b.test") == 550

    with watching(ours) as watch:
        watch.row(OutboxItem, state="done")
    with watching(theirs) as watch:
        watch.contact()
    for centre, outbound in ((ours, 1), (theirs, 0)):
        with centre.as_owner().read() as tx:
            assert tx.session.query(Contact).count() == 1
            assert tx.session.query(Message).filter_by(direction="outbound").count() == outbound
            assert tx.session.query(OutboxItem).filter_by(state="pending").count() == 0
    theirs.close()


def _all(centre: Centre, model: type[Any], **wanted: Any) -> list[Any]:
    with centre.as_owner().read() as tx:
        return list(tx.session.scalars(select(model).filter_by(**wanted).order_by(model.id)))


def _from(sender: str, subject: str) -> bytes:
    mail = citizens_mail(subject)
    mail.replace_header("From", f"Somebody <{sender}>")
    return mail.as_bytes(policy=SMTP)


def _acknowledge(centre: Centre, address: str) -> None:
    settings = {"address": address, "acknowledge": True}
    change(centre, ChannelAccount, account_id(centre), settings=settings)


def _relay(centre: Centre) -> dict[str, object]:
    with centre.as_owner().read() as tx:
        return dict(
            tx.session.scalars(
                select(ChannelAccount.settings).where(ChannelAccount.kind == "smtp")
            ).one()
        )


def _another(centre: Centre, path: Path) -> Centre:
    assert centre.path is not None
    shutil.copyfile(centre.path, path)
    return Centre(Target(f"sqlite:///{path}"), path=path)


def _move(centre: Centre, domain: str) -> None:
    with centre.as_owner().write() as tx:
        known = tx.session.scalars(select(Setting).where(Setting.key == "centre")).one()
        known.value = {**known.value, "mail_domain": domain}


def _until_accepted(gateway: GatewayProgram, mail: bytes) -> None:
    """Try again as a mail server does, until somebody answers at the port."""

    def accepted() -> bool:
        try:
            return deliver(gateway, mail) == 250
        except OSError:
            return False

    wait_for(accepted, "the second gateway's turn")
