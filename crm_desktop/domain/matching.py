"""What a contact is about, guessed from the customer's own words; an advisor has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from crm_desktop.domain.text import tokens

#: Below this sum of weights nothing is proposed: a wrong queue costs more than none.
THRESHOLD = 2.0
#: Only the beginning is read: what a mail is about stands there.
_READ_CHARACTERS = 6_000
_LONGEST_PHRASE = 4

_STOP_WORDS = frozenset(
    tokens(
        """
        a about above after again against all almost also although always am an and another any
        anyone anything are around as ask asked asking at away back be because been before being
        below between both but by call came can cannot cant come could day days dear did didnt do
        does doesnt doing done dont down due during each email enough even ever every few find first
        for from further get getting give go going gone good got had has have havent having he hello
        help her here hers hi him his hope how however i id if ill im in into is isnt it its ive
        just keep kind kindly know last later let like long look lot made make many may me mean
        message might more most mr mrs ms much must my myself name need needs never new next no nor
        not nothing now of off on once one only or other our out over own per please possible put
        re really reason received reference regards regarding reply right said same say see seem
        send sent several shall she should since sincerely so some someone something soon still such
        sure take tell than thank thanks that thats the their them then there these they thing
        things think this those though time to today told tomorrow too tried try two under until up
        upon us use using very via want wanted was wasnt way we week weeks well went were what when
        where which while who whom why will wish with within without wont wonder wondering would
        wouldnt write writing wrote year years yes yesterday yet you your yours faithfully
        sir madam team phone iphone android kindest best wishes morning afternoon evening
        monday tuesday wednesday thursday friday saturday sunday
        january february march april june july august september october november december
        """
    )
)

#: Words that name what councils do: worth more than others as a search for an answer.
_COUNCIL_WORDS = frozenset(
    tokens(
        """
        abandoned adult allotment allowance antisocial appeal appointment arrears asbestos assisted
        badge bailiff band banding bedroom benefit bill bin blocked blue boiler bond brown bulky
        bungalow bus business carer caravan cctv cemetery charge charity child children clinical
        collection commercial compost complaint concession concessionary council councillor court
        crossing damp damage debit deposit disabled discount dispute dog drain drainage drugs
        election elderly electoral empty enforcement eviction exemption flat flood flooding fly
        flytipping food foul fraud furniture garden glass graffiti grass grit gritting gulley gully
        hazard heating hedge highway homeless homelessness household housing hygiene illegal
        instalment ladder lamp landlord lane larger leak lamppost leisure library licence licensing
        light lighting litter meals medical missed mould needles neighbour noise noisy nuisance
        occupational parking pass pavement payment pension permit pest planning playground pollution
        pothole premises property rats rebate recycling reduction refund register registration
        rent repair replacement resident residential road rubbish safeguarding sack school sharps
        sheltered single skip smoke social solar spillage sticker storm street student subsidence
        summons support taxi tax tenancy tenant therapist therapy tip tipping tree universal vermin
        vehicle verge visitor vote voting vulnerable warrant warden waste water wheelie wheelchair
        """
    )
)
_COUNCIL_WEIGHT = 3.0
_SHORTEST_TERM = 3


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """A service and what people write about it: words or short phrases, each with its weight."""

    service_id: int
    keywords: tuple[tuple[str, float], ...]


def propose(
    services: Sequence[ServiceWords], text: str, threshold: float = THRESHOLD
) -> int | None:
    """The id of the service whose keywords weigh most in the text.

    None below the threshold, and when two services weigh the same.
    """
    said = _phrases(text[:_READ_CHARACTERS])
    best, best_score, tied = None, 0.0, False
    for service in services:
        score = sum(weight for stems, weight in _weights(service.keywords) if stems in said)
        if score > best_score:
            best, best_score, tied = service.service_id, score, False
        elif score == best_score:
            tied = True
    return None if tied or best_score < threshold else best


def key_terms(text: str, limit: int = 12) -> tuple[str, ...]:
    """The words most worth searching the knowledge articles for, best first, folded."""
    weights: dict[str, float] = {}
    shown: dict[str, str] = {}
    for word in tokens(text[:_READ_CHARACTERS]):
        if len(word) < _SHORTEST_TERM or word in _STOP_WORDS or word.isdigit():
            continue
        stem = stem_of(word)
        shown.setdefault(stem, word)
        weights[stem] = weights.get(stem, 0.0) + (
            _COUNCIL_WEIGHT if stem in _council_stems() else 1.0
        )
    ranked = sorted(weights, key=lambda stem: -weights[stem])
    return tuple(shown[stem] for stem in ranked[:limit])


def is_filler(word: str) -> bool:
    """Whether a folded word says nothing about the matter: "the", "please", "monday"."""
    return word in _STOP_WORDS


def _phrases(text: str) -> set[tuple[str, ...]]:
    """Every run of one to four stems in the text."""
    stems = tuple(stem_of(word) for word in tokens(text))
    return {
        stems[start : start + length]
        for length in range(1, _LONGEST_PHRASE + 1)
        for start in range(len(stems) - length + 1)
    }


@lru_cache(maxsize=512)
def _weights(keywords: tuple[tuple[str, float], ...]) -> tuple[tuple[tuple[str, ...], float], ...]:
    """Keywords by their stems; those that only differ in their endings count once."""
    weights: dict[tuple[str, ...], float] = {}
    for phrase, weight in keywords:
        stems = tuple(stem_of(word) for word in tokens(phrase))
        weights[stems] = max(weight, weights.get(stems, weight))
    return tuple(weights.items())


@lru_cache(maxsize=1)
def _council_stems() -> frozenset[str]:
    return frozenset(stem_of(word) for word in _COUNCIL_WORDS)


@lru_cache(maxsize=8192)
def stem_of(word: str) -> str:
    """A word without the endings that say how it is used: bins, collected, tipping."""
    for ending, put in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and not word.endswith("ss"):
            return _undoubled(stem + put).removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word


def _undoubled(stem: str) -> str:
    """`tipp` from tipping is `tip`; `miss` and `bill` stay."""
    doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "aeiousl"
    return stem[:-1] if doubled else stem
