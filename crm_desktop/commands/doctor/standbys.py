"""Whether what is accepted would survive the loss of the server, and how its servers stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crm_desktop.commands.doctor.finding import Finding, ok, trouble, warning
from crm_desktop.services.diagnosis import Follower, Promise, Server
from crm_desktop.workstation.crash_log import mask

_HOW = "docs/OPERATIONS.md says how."
_WAITED_FOR = frozenset({"sync", "quorum"})


def of_promise(kept: Promise) -> Iterator[Finding]:
    """What could be lost of what was accepted: by a power cut, and with the whole server."""
    if not kept.disk:
        yield warning(
            "disk",
            "The server does not wait for its disk: a power cut may lose or ruin everything.",
            "Set fsync = on in postgresql.conf and restart it.",
        )
    if kept.commit == "off":
        yield warning(
            "commit",
            "The server says that it has something up to 0.6 seconds before its disk has: a power "
            "cut loses what was accepted in that time.",
            "Set synchronous_commit = on, for the server, the database and every login.",
        )
    waits = kept.commit in ("on", "remote_apply", "remote_write")
    yield _of_followers(kept.names if waits else "", kept.followers)


def _of_followers(names: str, followers: Sequence[Follower]) -> Finding:
    seen = all(each.state for each in followers)
    if not names:
        return _of_no_promise(followers, seen=seen)
    waited_for = [each for each in followers if each.state in _WAITED_FOR] if seen else followers
    if not waited_for:
        return trouble(
            "standby",
            f"Every change waits for a standby ({names}), and none is connected: nothing can be "
            "accepted until one is back.",
            f"Start a standby and look at its log. {_HOW}",
        )
    if not seen:
        return ok(
            "standby",
            f"What is accepted is on a standby too ({names}); {len(followers)} are connected. "
            "Which of them are waited for this login may not see.",
        )
    if len(waited_for) == 1:
        return warning(
            "standby",
            f"What is accepted is on {waited_for[0].name} too, but that is the only standby now: "
            "without it nothing could be accepted.",
            f"Bring a second one back. {_HOW}",
        )
    shown = ", ".join(each.name for each in waited_for)
    return ok("standby", f"What is accepted is on a standby too: nothing is lost ({shown}).")


def _of_no_promise(followers: Sequence[Follower], *, seen: bool) -> Finding:
    to_do = f"Let changes wait for one of two standbys (synchronous_standby_names). {_HOW}"
    if not followers:
        return warning(
            "standby",
            "There is no standby: if the server's disk is lost, so is everything accepted since "
            "the last backup.",
            to_do,
        )
    if not seen:
        window = "How much that is this login may not see; one with pg_monitor may."
    else:
        least = min(followers, key=lambda each: each.bytes_behind)
        window = (
            f"Now that would be {least.bytes_behind / 1000:,.0f} kB, about "
            f"{least.seconds_behind:.1f} seconds of it; at busy times it is more."
        )
    return warning(
        "standby",
        f"{len(followers)} standbys follow, but nothing waits for them: if the server is lost, so "
        f"is what was accepted last. {window}",
        to_do,
    )


def of_servers(servers: Sequence[Server]) -> Iterator[Finding]:
    """How several servers of one address stand to each other; nothing to say of one alone."""
    if not servers:
        return
    kinds = {
        kind: [each for each in servers if each.kind == kind]
        for kind in ("primary", "standby", "away")
    }
    standing_by = ", ".join(each.name for each in kinds["standby"])
    primaries = sorted(kinds["primary"], key=lambda each: each.timeline)
    if len(primaries) > 1:
        *old, newest = primaries
        shown = ", ".join(each.name for each in old)
        yield trouble(
            "servers",
            f"{len(primaries)} servers hold themselves for the primary. {newest.name} is the one "
            f"that was promoted last; {shown} came back without knowing it.",
            f"Switch {shown} off now, then make it a standby of {newest.name}. {_HOW}",
        )
    elif not primaries:
        yield trouble(
            "servers",
            f"No server is the primary; standing by: {standing_by or 'none'}.",
            f"If the primary is lost, promote the standby that has received most. {_HOW}",
        )
    else:
        yield ok(
            "servers",
            f"{primaries[0].name} is the primary; standing by: {standing_by or 'none'}.",
        )
    for each in kinds["away"]:
        yield warning(
            "servers",
            f"{each.name} does not answer: {mask(each.reason)}",
            "Start it, or take it out of the address.",
        )
