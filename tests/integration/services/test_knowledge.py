"""Answers are found alike on both dialects: while typing, mistyped, with accents, and suggested."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.text import fold
from crm_desktop.services import contacts, knowledge
from crm_desktop.store.models import Article, ArticleUse, Contact, Service
from tests.centre import Centre

MISSED, MOVING = (
    "Missed bins: what we re-collect, and when",
    "Moving home: tell us for Council Tax",
)
SIAN = "Siân Llŷr's children's centre"


def _add(centre: Centre, title: str, body: str = "", keywords: tuple[str, ...] = ()) -> int:
    with centre.as_owner().write() as tx:
        article = Article(
            slug=fold(title),
            title=title,
            summary="",
            body=body,
            keywords=list(keywords),
            folded_title=fold(title),
            folded_body=fold(body),
        )
        tx.session.add(article)
        tx.session.flush()
        return article.id


def _titles(centre: Centre, text: str) -> list[str]:
    return [hit.title for hit in knowledge.search(centre.as_person("anna"), text)]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("missed bin", MISSED),
        ("BINS missed", MISSED),
        ("recycl", MISSED),
        ("recycli", MISSED),
        ("recyling", MISSED),
        ("recyli", MISSED),
        ("mised bin", MISSED),
        ("concil tax", MOVING),
        ("council tax mov", MOVING),
        ("cuoncil", MOVING),
        ("how do I tell you that I am moving", MOVING),
        ("sian", SIAN),
        ("Siân", SIAN),
        ("siân llyrs", SIAN),
        ("childrens", SIAN),
    ],
)
def test_search_forgives_how_people_type(centre: Centre, text: str, title: str) -> None:
    _add(centre, SIAN, "Opening times and how to find us.")

    assert _titles(centre, text)[0] == title


def test_a_title_weighs_more_than_a_keyword_and_that_more_than_a_body(centre: Centre) -> None:
    _add(centre, "Opening times", "Allotments, allotments and allotments. " * 20)
    _add(centre, "Land to grow on", "Apply here.", ("allotment",))
    _add(centre, "Allotments", "Sheds and much else. " * 100)

    assert _titles(centre, "allotment") == ["Allotments", "Land to grow on", "Opening times"]


def test_the_excerpt_marks_the_words_as_the_article_writes_them(centre: Centre) -> None:
    _add(centre, "Names", "A long story. " * 20 + "Ask for **Siân** at the *café*, or Sian. " * 3)

    (hit,) = knowledge.search(centre.as_person("anna"), "sian cafe")

    assert "Ask for \x02Siân\x03 at the \x02café\x03, or \x02Sian\x03." in hit.excerpt
    assert hit.excerpt.startswith("…")
    assert len(hit.excerpt) < 200


def test_words_that_no_article_has_together_are_searched_one_by_one(centre: Centre) -> None:
    assert set(_titles(centre, "recycling council address")) == {MISSED, MOVING}


def test_the_contact_s_service_is_preferred(centre: Centre) -> None:
    anna = centre.as_person("anna")
    with anna.read() as tx:
        ids = {row.code: row.id for row in tx.session.scalars(select(Service))}

    first = [
        knowledge.search(anna, "bin tax", service_id=ids[code])[0].title
        for code in ("missed_bin", "council_tax")
    ]

    assert first == [MISSED, MOVING]


def test_changed_and_removed_articles_are_found_by_their_new_words_only(centre: Centre) -> None:
    article_id = _add(centre, "Zoological gardens", "Penguins.")
    with centre.as_owner().write() as tx:
        article = tx.session.get_one(Article, article_id)
        article.title, article.folded_title = "Botanical gardens", "botanical gardens"

    changed = (_titles(centre, "botanical"), _titles(centre, "zoological"))
    with centre.as_owner().write() as tx:
        tx.session.delete(tx.session.get_one(Article, article_id))

    assert changed == (["Botanical gardens"], [])
    assert _titles(centre, "botanical gardens") == []
    assert _titles(centre, "penguin") == []


@pytest.mark.parametrize("text", ["", "   ", "%", "''", '"', "\x00", "zzzzzz", "\ud800"])
def test_what_says_nothing_finds_nothing(centre: Centre, text: str) -> None:
    assert _titles(centre, text) == []


def test_suggestions_come_from_the_contact_s_own_words(centre: Centre) -> None:
    anna = centre.as_person("anna")
    bins = centre.add_contact(subject="Blue bin", text="My recyling was not colected")
    tax = centre.add_contact(subject="Council tax", text="We are moving home on 3 May")

    assert knowledge.suggest(anna, bins)[0].title == MISSED
    assert knowledge.suggest(anna, tax)[0].title == MOVING


def test_suggestions_prefer_the_service_even_without_words(centre: Centre) -> None:
    contact_id = centre.add_contact(subject="Hello", text="See the attached file.")
    with centre.as_owner().write() as tx:
        service = tx.session.scalars(select(Service.id).where(Service.code == "council_tax")).one()
        tx.session.get_one(Contact, contact_id).service_id = service

    (hit,) = knowledge.suggest(centre.as_person("anna"), contact_id)

    assert (hit.title, hit.service_name) == (MOVING, "Council Tax change of address")


def test_another_queue_s_contact_suggests_nothing(centre: Centre) -> None:
    contact_id = centre.add_contact(queue="care")
    anna = centre.as_person("anna")
    article_id = knowledge.browse(anna)[0].id

    with pytest.raises(NotFound):
        knowledge.suggest(anna, contact_id)
    with pytest.raises(NotFound):
        knowledge.record_use(anna, article_id, contact_id, "text")


def test_read_and_browse_show_what_is_there(centre: Centre) -> None:
    anna = centre.as_person("anna")

    listed = knowledge.browse(anna)
    article = knowledge.read(anna, listed[0].id)

    assert [hit.title for hit in listed] == [MISSED, MOVING]
    assert (article.title, article.service_name) == (MISSED, "Missed bin collection")
    with pytest.raises(NotFound):
        knowledge.read(anna, 99_999)


def test_a_use_is_written_down_and_stands_in_the_timeline(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    contacts.take(anna, contact_id)
    article_id = knowledge.browse(anna)[0].id

    changes = knowledge.record_use(anna, article_id, contact_id, "link")

    assert changes.ids(Topic.CONTACT) == {contact_id}
    assert contacts.open_contact(anna, contact_id).timeline[-1].words == f"Article used: {MISSED}"
    with centre.as_owner().read() as tx:
        (use,) = tx.session.scalars(select(ArticleUse))
    assert (use.article_id, use.contact_id, use.how) == (article_id, contact_id, "link")
