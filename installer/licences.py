"""The licences of everything that goes along in the package, as Debian's copyright file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
_LICENCE = re.compile(r"(^|/)(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*$", re.IGNORECASE)
#: What lies in resources/, and Python itself, whose text is in its own folder.
_VENDORED = (
    ("Inter, a typeface", "SIL Open Font License 1.1", "resources/fonts/LICENSE.txt"),
    ("Lucide, icons", "ISC", "resources/icons/LICENSE.txt"),
    ("GOV.UK Frontend", "MIT", "resources/web/govuk/LICENSE.txt"),
)
_HEAD = """\
This is CRM Desktop, packed with everything that it runs on except the libraries of the system.

PySide6 and Qt are used under the GNU Lesser General Public License, version 3; psycopg and
tnefparse under the same. They lie as separate files below /opt/crm-desktop/_internal and may be
replaced there by others of the same interface. Their sources are at code.qt.io and with the
projects named below. On Debian systems the text of that licence is in
/usr/share/common-licenses/LGPL-3. Python is under the Python Software Foundation's licence;
OpenSSL, SQLite, libpq, MIT Kerberos, OpenLDAP, Cyrus SASL and ICU, which Python, psycopg and Qt
bring along, are under the Apache License 2.0, in the public domain, and under the PostgreSQL, MIT,
OpenLDAP, BSD and Unicode licences.
"""


def copyright_file() -> str:
    """The whole text: our licence, then one part for each thing that goes along."""
    parts = [_HEAD, _part("CRM Desktop", "MIT", [(ROOT / "LICENSE").read_text("utf-8")])]
    parts += [
        _part(name, licence, [(ROOT / path).read_text("utf-8")])
        for name, licence, path in _VENDORED
    ]
    parts += [_of_distribution(each) for each in bundled()]
    return "\n".join(parts)


def bundled() -> list[Distribution]:
    """The program's libraries and theirs, as installed here, by name."""
    found: dict[str, Distribution] = {}
    _collect("crm-desktop", (), found)
    own = found.pop("crm-desktop")
    assert own.version
    return [found[name] for name in sorted(found)]


def _collect(name: str, extras: tuple[str, ...], found: dict[str, Distribution]) -> None:
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found and not extras:
        return
    try:
        one = distribution(name)
    except PackageNotFoundError:
        return  # wanted on another system than this
    found[key] = one
    for line in one.requires or ():
        wanted = Requirement(line)
        chosen = [{"extra": each} for each in (*extras, "")]
        if wanted.marker is None or any(wanted.marker.evaluate(each) for each in chosen):
            _collect(wanted.name, tuple(wanted.extras), found)


def _of_distribution(one: Distribution) -> str:
    facts = one.metadata
    licence = facts.get("License-Expression") or _classified(one) or facts.get("License") or ""
    title = f"{facts['Name']} {one.version}"
    return _part(title, licence.splitlines()[0] if licence else "see below", list(_texts(one)))


def _classified(one: Distribution) -> str:
    found = one.metadata.get_all("Classifier") or []
    return ", ".join(each.split(" :: ")[-1] for each in found if each.startswith("License ::"))


def _texts(one: Distribution) -> Iterator[str]:
    for file in one.files or ():
        if _LICENCE.search(str(file)) and ".dist-info" in str(file):
            yield Path(str(file.locate())).read_text("utf-8", errors="replace")


def _part(title: str, licence: str, texts: list[str]) -> str:
    return "\n".join([f"{'=' * 80}\n{title}\nLicence: {licence}\n", *texts])
