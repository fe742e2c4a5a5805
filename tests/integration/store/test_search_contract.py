"""Search finds alike on both dialects, as far back as there is time, and nothing of others."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import insert, select

from crm_desktop.domain.text import indexed_words
from crm_desktop.store.models import Contact
from tests.centre import Centre


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sma", "doe"), ["Sam Doe"]),
        (("doe", "sam"), ["Sam Doe"]),
        (("margret",), ["Margaret O'Brien"]),
        (("margarte", "obr"), []),
        (("margarte", "o", "brein"), ["Margaret O'Brien"]),
        (("margaret", "nobody"), []),
        (("sam", "4"), []),
    ],
)
def test_misspelt_names_are_found_by_what_was_meant(
    centre: Centre, words: tuple[str, ...], found: list[str]
) -> None:
    centre.add_contact(customer="sam.doe@example.org")
    centre.add_contact(customer="margaret.o'brien@example.org")

    with centre.as_person("anna").read() as tx:
        assert [hit.title for hit in tx.guard.search_meant(words, 10)] == found


def test_search_looks_back_until_there_is_enough_or_time_is_up(centre: Centre) -> None:
    ids = _many_contacts(centre, 3_000)
    with centre.as_person("anna").read() as tx:
        first = tx.guard.search_contacts(("bin",), 5)
        every = tx.guard.search_contacts(("unicorn",), 5, patience_ms=60_000)
        late = tx.guard.search_contacts(("bi", "unicorn"), 5, patience_ms=60_000)
        short = tx.guard.search_contacts(("z",), 5, patience_ms=0)
        none = tx.guard.search_contacts(("bin", "zzz"), 5)

    assert [hit.id for hit in first.hits] == ids[:-6:-1]
    assert first.partial
    assert ([hit.id for hit in every.hits], every.partial) == ([ids[0]], False)
    assert (late.hits, late.partial) == ((), False)
    assert (short.hits, short.partial) == ((), True)
    assert (none.hits, none.partial) == ((), False)


def _many_contacts(centre: Centre, count: int) -> list[int]:
    """Contacts that say "bin" and many words with z; the oldest one says "unicorn"."""
    queue_id = centre.queue_id("general")
    with centre.as_owner().write() as tx:
        rows = [
            {
                "channel": "email",
                "state": "completed",
                "queue_id": queue_id,
                "who": "Somebody",
                "folded": "unicorn" if not n else f"bin a{n} {'z' + str(n) if n < 70 else ''}",
            }
            for n in range(count)
        ]
        return sorted(tx.session.scalars(insert(Contact).returning(Contact.id), rows))


def test_search_shows_what_the_policy_shows(centre: Centre) -> None:
    rng = Random(11)
    words = ["bin", "bins", "binary", "road", "roads", "rain", "rat", "rye"]
    words += ["o'neil", "and/or", "x29"]
    for _ in range(80):
        said = " ".join(rng.sample(words, rng.randint(1, 4)))
        queue = rng.choice(("general", "waste", "care"))
        centre.add_contact(queue=queue, who="", subject="", text=said)
    whole = indexed_words(" ".join(words))
    asked: list[tuple[str, ...]] = [(word,) for word in (*whole, "bi", "r")]
    asked += [(word, last) for word in whole for last in ("r", "bi", "o", "x29")]
    for login in ("anna", "cora", "rose"):
        with centre.as_person(login).read() as tx:
            seen = tx.session.execute(select(Contact.id, Contact.folded, Contact.queue_id)).all()
            assert tx.actor is not None
            mine = {
                row.id: indexed_words(row.folded) for row in seen if row.queue_id in tx.actor.queues
            }
            for wanted in asked:
                found = tx.guard.search_contacts(wanted, 100, patience_ms=60_000)
                assert [hit.id for hit in found.hits] == sorted(
                    (id_ for id_, words in mine.items() if _holds(words, wanted)), reverse=True
                )
                assert not found.partial


def _holds(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    *whole, last = wanted
    return set(whole) <= set(words) and any(word.startswith(last) for word in words)
