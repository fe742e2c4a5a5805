"""The formulas of DOMAIN's table, its checked example, and what each figure says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_desktop.domain.figures import (
    Figure,
    Promise,
    Share,
    Sums,
    Variant,
    added,
    definition,
    half_hour,
    service_level,
    share,
    span,
)

#: A = 1000, B = 60, A≤20 = 860, B≤20 = 20, B≤5 = 10
EXAMPLE = Sums(
    answered=1000, answered_within=860, abandoned=60, abandoned_within=20, abandoned_short=10
)


@pytest.mark.parametrize(
    ("variant", "per_cent"),
    [
        (Variant.DEFAULT, "82.69"),
        (Variant.ANSWERED, "86.00"),
        (Variant.OFFERED, "81.13"),
        (Variant.BOTH_WITHIN, "83.02"),
        (Variant.SHORT_GOOD, "82.08"),
        (Variant.NET, "81.90"),
    ],
)
def test_every_variant_gives_the_checked_example(variant: Variant, per_cent: str) -> None:
    level = service_level(EXAMPLE, variant).value

    assert level is not None
    assert f"{100 * level:.2f}" == per_cent


def test_every_other_figure_is_its_quotient() -> None:
    sums = Sums(
        answered=8, abandoned=3, abandoned_short=1, other_exits=1, wait_seconds=80, handled=5,
        handle_seconds=600, completed=10, first_point=8, avoidable=2, followed=20, repeated=3,
    )  # fmt: skip

    assert sums.offered == 12
    assert {figure: share(figure, sums).value for figure in (
        Figure.ANSWER_SPEED, Figure.ANSWERED, Figure.ABANDONED, Figure.ABANDONED_NET,
        Figure.HANDLE_TIME, Figure.FIRST_POINT, Figure.FIRST_CONTACT, Figure.AVOIDABLE,
    )} == {
        Figure.ANSWER_SPEED: 10, Figure.ANSWERED: 8 / 12, Figure.ABANDONED: 3 / 12,
        Figure.ABANDONED_NET: 2 / 12, Figure.HANDLE_TIME: 120, Figure.FIRST_POINT: 0.8,
        Figure.FIRST_CONTACT: 17 / 20, Figure.AVOIDABLE: 0.2,
    }  # fmt: skip


def test_of_nothing_there_is_no_figure() -> None:
    assert service_level(Sums()).value is None
    assert share(Figure.ANSWER_SPEED, Sums()).value is None


def test_sums_of_half_hours_and_shares_of_queues_are_added() -> None:
    assert added([EXAMPLE, EXAMPLE]).answered == 2000
    assert (Share(1, 2) + Share(3, 4)).value == 4 / 6


def test_half_hours_begin_on_the_hour_and_the_half() -> None:
    assert half_hour(datetime(2026, 3, 2, 9, 59, 59, 9, UTC)) == datetime(
        2026, 3, 2, 9, 30, tzinfo=UTC
    )
    assert half_hour(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) == datetime(
        2026, 3, 2, 9, 30, tzinfo=UTC
    )


def test_a_service_level_says_its_targets_and_its_variant() -> None:
    call = Promise(20, in_opening_hours=False, goal=80, short_seconds=5, variant=Variant.SHORT_GOOD)
    mail = Promise(36_000)

    assert definition(Figure.SERVICE_LEVEL, [call, call]) == (
        "Answered within 20 s or given up within 5 s, of all answered and all who gave up. "
        "The goal is 80%."
    )
    assert definition(Figure.SERVICE_LEVEL, [mail]) == (
        "Answered within 10 h, of all answered and of those who gave up after 10 h, counted in "
        "opening hours. The goal is 80%."
    )
    both = definition(Figure.SERVICE_LEVEL, [Promise(20), mail])
    assert both.endswith("Targets of queues and channels: 20 s, 10 h.")
    mixed = definition(Figure.SERVICE_LEVEL, [call, mail])
    assert "20 s" in mixed
    assert "10 h" in mixed


@pytest.mark.parametrize("figure", list(Figure))
def test_every_figure_has_a_definition_in_words(figure: Figure) -> None:
    assert len(definition(figure).split()) >= 6


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "20 s"), (90, "1 min 30 s"), (36_000, "10 h"), (0, "0 s")]
)
def test_a_target_is_said_as_people_say_it(seconds: int, said: str) -> None:
    assert span(seconds) == said
