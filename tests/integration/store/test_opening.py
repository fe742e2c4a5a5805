"""Opening a contact shows what the policies and guarded functions show, to everybody alike.

For speed it says itself who sees what; here it is held against those who say it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.centre import Centre
from tests.integration.store.attacking import (
    ADMIN,
    BY_HAND,
    DESK,
    LEADER,
    Connection,
    Ids,
)

EVERYBODY = ("anna", "ben", "cora", "rose", DESK, LEADER, ADMIN, BY_HAND)
#: What `app.opened` shows of a contact, read part by part with the caller's own rights.
_PARTS = """
SELECT json_build_object(
'looking', (SELECT json_agg(s.name ORDER BY s.name) FROM looking l JOIN staff s ON s.id = l.staff_id
            WHERE l.contact_id = c.id AND l.staff_id <> app.me()),
'messages', (SELECT json_agg(m.id ORDER BY m.at, m.id) FROM app.open_contact(c.id) m),
'files', (SELECT json_agg(f.id ORDER BY f.id)
          FROM app.attachments(ARRAY(SELECT id FROM app.open_contact(c.id))) f),
'customer', (SELECT json_build_array(p.id,
    (SELECT count(*) FROM cases y
     WHERE y.customer_id = p.id AND y.state NOT IN ('resolved', 'closed')),
    (SELECT count(*) FROM contact y WHERE y.customer_id = p.id))
    FROM customer p WHERE p.id = c.customer_id),
'identifiers', CASE WHEN c.customer_id IS NOT NULL THEN
    (SELECT json_agg(i.value ORDER BY i.id) FROM app.open_customer(c.customer_id) i) END,
'addresses', (SELECT json_agg(a.lines ORDER BY a.id) FROM address a
              WHERE a.customer_id = c.customer_id),
'adjustments', (SELECT json_agg(a.words ORDER BY a.id) FROM adjustment a
                WHERE a.customer_id = c.customer_id),
'markers', (SELECT json_agg(a.words ORDER BY a.id) FROM safety_marker a
            WHERE a.customer_id = c.customer_id),
'history', (SELECT json_agg(json_build_array(h.kind, h.id, h.service_name, h.title, h.who,
    h.readable) ORDER BY h.at DESC, h.kind DESC) FROM app.history(c.customer_id, 20) h),
'cases', (SELECT json_agg(k.id ORDER BY x.linked_at DESC, k.id DESC)
          FROM case_contact x JOIN cases k ON k.id = x.case_id WHERE x.contact_id = c.id),
'events', (SELECT json_agg(json_build_array(e.kind, e.actor, e.data)) FROM app.events(c.id) e)
) FROM contact c WHERE c.id = %(id)s
"""
#: What is shown in a list and before a reply, and the same by policies.
_ANSWERING = """
SELECT app.listed(%(id)s) IS NOT NULL, it ->> 'contact' IS NOT NULL, it ->> 'said' IS NOT NULL,
       (SELECT array_agg((each ->> 0)::bigint)
        FROM json_array_elements(coalesce(nullif(it ->> 'references', ''), '[]')::json) each),
       c.id IS NOT NULL, c.id IS NOT NULL, coalesce(c.owner_id = app.me(), false),
       (SELECT array_agg(k.id ORDER BY k.id) FROM case_contact x JOIN cases k ON k.id = x.case_id
        WHERE x.contact_id = c.id)
FROM (SELECT app.answering(%(id)s) AS it) a LEFT JOIN contact c ON c.id = %(id)s
"""

#: What of each entry of a part is compared.
_TAKEN: dict[str, Callable[[list[Any]], object]] = {
    "messages": lambda each: each[1],
    "files": lambda each: each[1],
    "identifiers": lambda each: each[2],
    "addresses": lambda each: each[0],
    "adjustments": lambda each: each[0],
    "markers": lambda each: each[1],
    "history": lambda each: [*each[:2], *each[4:6], *each[7:]],
    "cases": lambda each: each[0],
    "events": lambda each: each[1:],
}


@pytest.fixture(scope="module")
def arranged(attacked: tuple[Centre, Ids]) -> Centre:
    """The centre with somebody who was switched off by hand, and things of customers."""
    centre, ids = attacked
    with _owner(centre) as owner:
        owner.execute("UPDATE staff SET active = false WHERE login = %s", [BY_HAND])
        owner.execute(
            "INSERT INTO address (customer_id, lines, postcode) SELECT id, name, '' FROM customer"
        )
        owner.execute("INSERT INTO adjustment (customer_id, words) SELECT id, name FROM customer")
        # A contact that came into an open queue about what only others may know of, and one that
        # somebody holds who does not belong to its queue.
        owner.execute(
            "UPDATE contact SET customer_id = %(customer)s, service_id = %(concern)s,"
            " thread_id = %(care)s WHERE id = %(own)s",
            ids,
        )
        owner.execute("UPDATE cases SET customer_id = %(customer)s", ids)
        # What only its queue keeps from others, what only its service does, and somebody who
        # belongs to neither.
        owner.execute("UPDATE contact SET service_id = NULL WHERE id = %(care)s", ids)
        owner.execute("UPDATE cases SET service_id = %(council_tax)s WHERE id = %(care_case)s", ids)
        owner.execute(
            "UPDATE cases SET queue_id = %(general_queue)s, service_id = %(concern)s"
            " WHERE id NOT IN (%(care_case)s, %(own_case)s)",
            ids,
        )
        owner.execute(
            "UPDATE contact SET queue_id = q.id, customer_id = %(customer)s FROM queue q"
            " WHERE contact.id = %(ben)s AND q.code = 'waste'",
            ids,
        )
        owner.execute(
            "DELETE FROM membership m USING staff s WHERE s.id = m.staff_id AND s.login = %s"
            " AND m.queue_id = %s",
            [DESK, ids["general_queue"]],
        )
        owner.execute(
            "UPDATE contact SET customer_id = %(customer)s, owner_id = %(cora_id)s,"
            " state = 'active' WHERE id = %(waiting)s",
            ids,
        )
        owner.execute(
            "INSERT INTO looking (staff_id, contact_id) SELECT %(leader_id)s, id FROM contact", ids
        )
    return centre


@pytest.mark.parametrize("login", EVERYBODY)
def test_opening_shows_what_policies_and_guarded_functions_show(
    arranged: Centre, connected: Callable[[str], Connection], login: str
) -> None:
    me = connected(login)
    for contact_id in _contacts(arranged):
        with me.transaction(force_rollback=True):
            expected = me.execute(_PARTS, {"id": contact_id}).fetchone()
            if expected is None:
                with pytest.raises(psycopg.Error, match="no such contact"), me.transaction():
                    me.execute("SELECT app.opened(%s, 20)", [contact_id])
                continue
            found = me.execute("SELECT * FROM app.opened(%s, 20)", [contact_id]).fetchone()
            assert found is not None
            assert _same_parts(found[0]) == expected[0]
            cases: Any = expected[0]
            assert sorted(found[2] or []) == sorted(cases["cases"] or [])  # type: ignore[call-overload]


def test_before_a_reply_and_in_a_list_each_sees_what_the_policies_show(
    arranged: Centre, connected: Callable[[str], Connection]
) -> None:
    for login in EVERYBODY:
        me = connected(login)
        for contact_id in _contacts(arranged):
            with me.transaction(force_rollback=True):
                shown = me.execute(_ANSWERING, {"id": contact_id}).fetchone()
                assert shown is not None
                assert shown[:4] == shown[4:], (login, contact_id)


def test_what_is_compared_differs_between_people(
    arranged: Centre, connected: Callable[[str], Connection]
) -> None:
    """Or the test above would compare nothing with nothing."""
    readable = {
        login: [
            contact_id
            for contact_id in _contacts(arranged)
            if connected(login).execute(_PARTS, {"id": contact_id}).fetchone()
        ]
        for login in EVERYBODY
    }

    assert readable[BY_HAND] == []
    assert 0 < len(readable["cora"]) < len(readable["anna"]) < len(readable["rose"])


@pytest.mark.parametrize("login", EVERYBODY)
def test_who_asks_is_what_each_policy_asks(arranged: Centre, login: str) -> None:
    with _owner(arranged) as owner, owner.transaction(force_rollback=True):
        owner.execute(
            "CREATE FUNCTION app.asked() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER"
            " SET search_path = public, pg_temp AS $$ SELECT to_jsonb(a) FROM app.asking() a $$"
        )
        owner.execute(f'SET LOCAL SESSION AUTHORIZATION "{login}"')
        asked, *separately = owner.execute(
            "SELECT app.asked(), app.me(), app.leads(), app.my_queues(), app.known_queues(),"
            " app.closed_services()"
        ).fetchone() or [None]

    if login == BY_HAND:
        assert asked is None
        assert separately[0] is None
        return
    assert isinstance(asked, dict)
    assert [
        asked["me"],
        asked["leads"],
        *(sorted(asked[each]) for each in ("mine", "known", "closed")),
    ] == [*separately[:2], *(sorted(each) for each in separately[2:])]  # type: ignore[call-overload]


def test_no_contact_is_opened_without_a_trace_and_none_at_all_leaves_none(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> None:
    centre, ids = attacked

    def traces() -> int:
        with _owner(centre) as owner:
            (count,) = owner.execute("SELECT count(*) FROM read_audit").fetchone() or (0,)
        assert isinstance(count, int)
        return count

    cora = connected("cora")
    before = traces()
    nothing = cora.execute("SELECT app.workspace(NULL, 20)").fetchone()
    assert traces() == before
    assert nothing is not None
    empty: Any = nothing[0]
    opened = empty.pop("opened")
    assert opened.pop("detail") == [None, None, None, None]
    assert set(empty.values()) | set(opened.values()) == {None}

    cora.execute("SELECT app.workspace(%s, 20)", [ids["care"]])
    assert traces() == before + 2


def _owner(centre: Centre) -> Connection:
    assert centre.cluster is not None
    return centre.cluster.connect(centre.database)


def _contacts(centre: Centre) -> list[object]:
    with _owner(centre) as owner:
        return [row[0] for row in owner.execute("SELECT id FROM contact ORDER BY id")]


def _same_parts(content: Any) -> dict[str, Any]:
    """Of what was opened, the values that `_PARTS` has."""
    customer = content["customer"]
    return {
        part: content[part] and [take(each) for each in content[part]]
        for part, take in _TAKEN.items()
    } | {
        "looking": content["looking"],
        "customer": customer and [customer[0], *customer[5:]],
    }
