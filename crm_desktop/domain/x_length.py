"""How long a post is as X counts, by the third configuration of its published twitter-text.

Letters of most alphabets count one, others and every emoji two, however many code points it has,
and every address of the web 23, also one that is written without https://.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ADDRESS_LENGTH: Final = 23
_HEAVY: Final = 2
_EMOJI_LENGTH: Final = 2
#: First and last code points of what counts one.
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LONGEST_LABEL: Final = 63

_EMOJI: Final = (
    r"(?![\u00a9\u00ae](?!\ufe0f))(?:\p{Extended_Pictographic}(?!\ufe0e)|\p{Regional_Indicator}{2})"
    r"|[0-9#*]\ufe0f?\u20e3"
)
#: What an address begins with may not stand in a word, a name, or another address.
_ADDRESS: Final = re.compile(
    r"(?<![\w@#$./＠＃-])(?P<scheme>https?://)?"
    r"(?P<host>[^\W_](?:[\w-]*\w)?(?:\.[^\W_](?:[\w-]*\w)?)*\.(?P<top>[^\W\d_]{2,24}|xn--[a-z0-9-]+))"
    r"(?![\w@])(?::\d+)?"
    r"(?P<path>/[^\s<>\"“”'‘’()\[\]{}|]*)?(?:\?[^\s<>\"“”()\[\]{}|]*)?",
    re.IGNORECASE,
)
_AFTER_ADDRESS: Final = ".,:;!?…\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e"

#: Ends of names that X knows without https://. There are hundreds more, hardly ever met.
_GENERIC: Final = (
    "academy agency app art bank bike biz blog cafe care cat center charity church city clinic "
    "cloud club coach coffee college com community company coop cymru dental design dev digital "
    "direct directory earth edu education email energy events express farm film finance fit fm "
    "foundation fun fund fyi garden global gov green group guide health help homes hospital house "
    "info ink institute int international jobs kitchen land law legal life link live local london "
    "ltd market media mil mobi museum name net network news ngo one online org page partners "
    "party photos pictures pizza place plus post press pro properties pub rent report rocks run "
    "sale school science scot services shop site social software solutions space sport store "
    "studio support systems taxi team tech tel tips today tools top tours town toys trade "
    "training travel university uno vet video voting wales watch web website wiki win work works "
    "world wtf xyz zone"
)
_COUNTRIES: Final = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo bq br "
    "bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz "
    "ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw "
    "gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky "
    "kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw "
    "mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa "
    "re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg "
    "th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm "
    "zw"
)
#: A name of two parts that ends with a country is an address only with these.
_ALONE: Final = frozenset({"co", "tv"})


def weighted(text: str) -> int:
    """How long `text` is on X."""
    text = unicodedata.normalize("NFC", text)
    total, at = 0, 0
    for start, end in _addresses(text):
        total += _plain(text[at:start]) + _ADDRESS_LENGTH
        at = end
    return total + _plain(text[at:])


def _plain(text: str) -> int:
    """The same without addresses."""
    if text.isascii():
        return len(text)
    import regex

    emoji = regex.compile(_EMOJI)
    return sum(
        _EMOJI_LENGTH if emoji.match(seen) else sum(map(_weight, seen))
        for seen in regex.findall(r"\X", text)
    )


def _weight(character: str) -> int:
    point = ord(character)
    return 1 if any(first <= point <= last for first, last in _LIGHT) else _HEAVY


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses begin and end."""
    for found in _ADDRESS.finditer(text):
        host, top = found["host"], found["top"].lower()
        if any(_too_long(label) for label in host.split(".")):
            continue
        if not found["scheme"] and not _known(host, top, found["path"] or ""):
            continue
        yield found.start(), found.start() + len(found[0].rstrip(_AFTER_ADDRESS))


def _too_long(label: str) -> bool:
    if label.isascii():
        return len(label) > _LONGEST_LABEL
    return len(label.encode("punycode", "replace")) + len("xn--") > _LONGEST_LABEL


def _known(host: str, top: str, path: str) -> bool:
    """Whether X takes a name for an address that has no https:// before it."""
    if not host.isascii():
        return False
    if top in _COUNTRIES.split():
        return host.count(".") > 1 or top in _ALONE or bool(path)
    return top in _GENERIC.split()
