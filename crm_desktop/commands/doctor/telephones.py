"""Whether calls can come in, ring, and go out, as far as the PBX tells; nobody is called for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.things import Endpoint
from crm_desktop.channels.voice.trouble import AriAway, AriDenied, AriTrouble, AriUntrusted
from crm_desktop.commands.doctor.finding import Finding, ok, trouble, warning
from crm_desktop.commands.doctor.patience import ask_keyring
from crm_desktop.domain.errors import NoKeyring
from crm_desktop.domain.telephones import KnownPbx, Pbx, Telephones
from crm_desktop.workstation.secrets import open_secrets

#: ARI is as we use it from this release on.
OLDEST = 20
_NOTED, _TOO_FAR = 2.0, 60.0
#: What callers are told; Asterisk's own English sounds.
_SOUNDS = (
    "queue-youarenext", "queue-thereare", "queue-callswaiting", "queue-holdtime", "queue-minute",
    "queue-minutes", "queue-less-than", "queue-thankyou", "vm-tocallnum", "vm-leavemsg", "vm-intro",
    "vm-nobodyavail", "vm-msgsaved", "vm-saved", "vm-goodbye", "auth-thankyou", "goodbye",
    "all-circuits-busy-now", "please-try-call-later", "unidentified-no-callback", "digits/1",
    "beep",
)  # fmt: skip
_MUSIC = "res_musiconhold.so"
_HOW = "docs/TELEPHONY.md says how."


@dataclass(frozen=True, slots=True)
class Seen:
    """What the PBX says of itself; `ahead` is its clock's lead in seconds."""

    version: str
    applications: tuple[str, ...]
    named: str
    endpoints: tuple[Endpoint, ...]
    ahead: float
    sounds: frozenset[str]
    music: bool


def examine(known: Telephones, secrets_file: Path | None, *, asked: bool) -> Iterator[Finding]:
    """All that can be told; nothing where no telephones are set up, unless somebody `asked`."""
    pbx = known.pbx
    if pbx is None or not pbx.active:
        if asked:
            words = "No PBX is set up." if pbx is None else "The PBX is switched off."
            yield warning("pbx", words, "crm-desktop admin telephones pbx " + _next(pbx))
        return
    try:
        password = ask_keyring(lambda: open_secrets(secrets_file).get(pbx.secret_name))
    except NoKeyring as error:
        yield warning("pbx", str(error), "Without it nobody can ask the PBX from here.")
        return
    if password is None:
        yield warning("pbx", *_no_password(pbx))
        return
    found = _asked(pbx.pbx, password)
    if isinstance(found, Finding):
        yield found
        return
    yield from of_pbx(found, pbx)
    yield from of_lines(known)
    yield from of_phones(known, found.endpoints)
    yield of_outbound(pbx.pbx, found.endpoints)
    yield of_clock(found.ahead)
    yield from of_sounds(found, pbx.pbx)


def _next(pbx: KnownPbx | None) -> str:
    return "set" if pbx is None else "on"


def _no_password(pbx: KnownPbx) -> tuple[str, str]:
    said = f" The gateway last said: {pbx.words}" if pbx.words else ""
    return (
        f"This computer has no password for the PBX at {pbx.pbx.url}.{said}",
        "Ask on the gateway's computer; if this is it: crm-desktop admin telephones pbx set",
    )


def _asked(pbx: Pbx, password: str) -> Seen | Finding:
    """Ask everything, or say what stands in the way."""
    try:
        with Ari(pbx.url, pbx.user, password, timeout=5.0) as ari:
            return _look(ari, time.time)
    except AriAway as error:
        return trouble(
            "pbx",
            f"Nothing answers at {pbx.url}: {error}",
            "Start Asterisk; let http.conf say enabled = yes, bindaddr and bindport. Calls go by "
            "its own dialplan meanwhile.",
        )
    except AriDenied:
        return trouble(
            "pbx",
            f"The PBX at {pbx.url} does not take the password of {pbx.user}, or has no such user.",
            f"Make ari.conf's [{pbx.user}] and the keyring agree: "
            "crm-desktop admin telephones pbx set",
        )
    except AriUntrusted as error:
        return trouble(
            "pbx",
            f"{error}. Nothing was sent to {pbx.url}.",
            "Let its certificate be of the name in that address, and this computer trust who "
            f"signed it. {_HOW}",
        )
    except AriTrouble as error:
        return trouble(
            "pbx",
            f"What answers at {pbx.url} is no ARI that can be used: {error}",
            "Let ari.conf say enabled = yes, and its user read_only = no.",
        )


def _look(ari: Ari, clock: Callable[[], float]) -> Seen:
    version = ari.version()
    before = clock()
    epoch = ari.variable("EPOCH")
    here = (before + clock()) / 2
    return Seen(
        version,
        ari.applications(),
        ari.variable("CRM_APP"),
        ari.endpoints(),
        # Whole seconds, cut: half a one is nobody's fault.
        int(epoch) + 0.5 - here if epoch.isdigit() else 0.0,
        ari.sounds(),
        ari.module_runs(_MUSIC),
    )


def of_pbx(seen: Seen, pbx: KnownPbx) -> Iterator[Finding]:
    """Its version, whether a gateway is connected, and whether calls are sent to it."""
    release = seen.version.partition(".")[0]
    if release.isdigit() and int(release) < OLDEST:
        words = f"The PBX is Asterisk {seen.version}, older than what this program is made for."
        yield warning("pbx", words, f"Use Asterisk {OLDEST} or newer.")
    else:
        yield ok("pbx", f"Asterisk {seen.version} answers at {pbx.pbx.url} and takes the password.")
    app = pbx.pbx.app
    if app in seen.applications:
        yield ok("pbx gateway", f"A gateway is connected to it as the application {app}.")
    else:
        yield trouble(
            "pbx gateway",
            f"No gateway is connected to it as the application {app}: it rules calls by itself.",
            "Start one: crm-desktop gateway. If one runs, look at its log.",
        )
    if seen.named == app:
        yield ok("dialplan", f"The dialplan sends calls to the application {app}.")
    elif seen.named:
        yield trouble(
            "dialplan",
            f"The dialplan sends calls to the application {seen.named}, the gateway is {app}.",
            "Write one name into extensions.conf (CRM_APP) and into the PBX's settings.",
        )
    else:
        yield warning(
            "dialplan",
            "Whether the dialplan sends calls to us cannot be told: it has no CRM_APP.",
            f"Put resources/asterisk/extensions.conf there, or let yours say Stasis({app},in,"
            f"NUMBER,DIGIT) and CRM_APP = {app}. {_HOW}",
        )


def of_lines(known: Telephones) -> Iterator[Finding]:
    """Whether any number is answered."""
    lines = [each.line for each in known.lines if each.line.active]
    if lines:
        yield ok("lines", f"{len(lines)} in use: {', '.join(each.number for each in lines)}.")
    else:
        yield warning(
            "lines",
            "No number is set up: every call waits in the general queue, without menu or service.",
            "crm-desktop admin telephones line add 01632960100 'Main line' --queue CODE",
        )


def of_phones(known: Telephones, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    """Whether the telephones of staff are known to the PBX and are switched on."""
    pattern = known.pbx.pbx.advisor if known.pbx else ""
    have = [each for each in known.phones if each.active and each.extension]
    if not have:
        yield trouble(
            "telephones",
            "Nobody has a telephone: a call would be offered to no one.",
            "crm-desktop admin telephones extension set LOGIN 101",
        )
        return
    states = {f"{each.technology}/{each.name}".lower(): each.state for each in endpoints}
    technologies = {each.technology.lower() for each in endpoints}
    if pattern.partition("/")[0].lower() not in technologies:
        yield ok("telephones", f"{len(have)} people have one; {pattern} cannot be asked for.")
        return
    asked = {
        f"{each.extension} ({each.name})": states.get(
            pattern.replace("{extension}", each.extension or "").lower()
        )
        for each in have
    }
    unknown = [name for name, state in asked.items() if state is None]
    off = [name for name, state in asked.items() if state == "offline"]
    if unknown:
        yield trouble(
            "telephones",
            f"The PBX has no telephone {', '.join(unknown)}.",
            "Add them to pjsip.conf, or correct the extensions.",
        )
    if off:
        yield warning(
            "telephones",
            f"Not registered with the PBX now: {', '.join(off)}.",
            "Switch them on, and look at their name and password. Nothing is offered to who "
            "cannot be rung.",
        )
    if not (unknown or off):
        yield ok("telephones", f"All {len(asked)} telephones of staff are registered.")


def of_outbound(pbx: Pbx, endpoints: Sequence[Endpoint]) -> Finding:
    """Whether calls can go out."""
    technology, _, rest = pbx.outbound.partition("/")
    trunk = rest.rpartition("@")[2] if "/" not in rest else rest.partition("/")[0]
    of_kind = {
        each.name.lower(): each.state
        for each in endpoints
        if each.technology.lower() == technology.lower()
    }
    if "{number}" in trunk or not of_kind:
        return ok("calls out", f"They go to {pbx.outbound}, which cannot be asked for.")
    state = of_kind.get(trunk.lower())
    if state is None:
        return trouble(
            "calls out",
            f"The PBX has no endpoint {technology}/{trunk}, to which calls out go.",
            "Name the trunk as pjsip.conf does: crm-desktop admin telephones pbx set --outbound …",
        )
    if state == "offline":
        return warning(
            "calls out",
            f"The PBX does not reach {technology}/{trunk} now: nobody can call out.",
            "Ask the provider, or look at the trunk in pjsip.conf.",
        )
    return ok("calls out", f"They go to {technology}/{trunk}, which is there.")


def of_clock(ahead: float) -> Finding:
    """Whether the PBX's clock and this computer's agree: recordings are found by their time."""
    if abs(ahead) <= _NOTED:
        return ok("pbx clock", "The PBX's clock and this computer's agree.")
    side = "behind" if ahead > 0 else "ahead of"
    words = f"This computer's clock is {abs(ahead):.0f} seconds {side} the PBX's."
    to_do = "Let both computers take their time from the same time server."
    return (trouble if abs(ahead) > _TOO_FAR else warning)("pbx clock", words, to_do)


def of_sounds(seen: Seen, pbx: Pbx) -> Iterator[Finding]:
    """Whether who waits can be told and played something, and that a call is recorded."""
    notice = pbx.recording_notice.removeprefix("sound:")
    missing = [each for each in _SOUNDS if each not in seen.sounds]
    if notice not in seen.sounds:
        yield trouble(
            "recording",
            f"The PBX lacks the sound {notice}, which says that a call is recorded: without it "
            "nothing is recorded.",
            "Put it there, or name another: crm-desktop admin telephones pbx set --notice sound:…",
        )
    if missing:
        yield warning(
            "sounds",
            f"The PBX lacks sounds: {', '.join(missing)}. Callers are not told what these say.",
            "Install Asterisk's English core sounds (on Debian: asterisk-core-sounds-en).",
        )
    if not seen.music:
        yield warning(
            "sounds",
            "The PBX has no music on hold: who waits hears nothing.",
            f"Put musiconhold.conf and some music there. {_HOW}",
        )
    if seen.music and not missing:
        yield ok("sounds", "Announcements and music on hold are there.")
