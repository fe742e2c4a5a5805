"""The server's roles as the boundary needs them: what our groups and people are, and no more.

Roles belong to the whole server, so no scratch database can be their measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, text

Wrong = tuple[str, tuple[str, ...]]

_STAFF = ("crm_advisor", "crm_desk", "crm_team_leader", "crm_admin")
_GROUPS = ("crm_staff", *_STAFF, "crm_gateway", "crm_report", "crm_keeper")
_GATEWAY = "gateway"
#: Attribute and column; only crm_keeper has one, CREATEROLE.
_POWERS = {
    "SUPERUSER": "rolsuper",
    "CREATEROLE": "rolcreaterole",
    "CREATEDB": "rolcreatedb",
    "REPLICATION": "rolreplication",
    "BYPASSRLS": "rolbypassrls",
}
#: (group, member): who inherits what, among our own.
_NESTED = frozenset(
    {("crm_staff", each) for each in _STAFF}
    | {(each, "crm_keeper") for each in _STAFF}
    | {("pg_signal_backend", "crm_keeper")}
)

_ROLES = text("SELECT * FROM pg_catalog.pg_roles")
_MEMBERS = text(
    "SELECT r.rolname AS of, m.rolname AS member FROM pg_catalog.pg_auth_members a"
    " JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member"
)
_PEOPLE = text("SELECT login, role, active FROM public.staff ORDER BY login")


def wrong(connection: Connection) -> Iterator[Wrong]:
    """What is not as it should be, in words, with the SQL that mends it; none: a person decides."""
    roles = {row["rolname"]: row for row in connection.execute(_ROLES).mappings()}
    members = {(row.of, row.member) for row in connection.execute(_MEMBERS)}
    people = {row.login: row for row in connection.execute(_PEOPLE)}
    yield from _groups(roles, members)
    ours = {member for of, member in members if of in _GROUPS} - set(_GROUPS)
    for login in sorted(ours | set(people) & set(roles)):
        yield from _powers(login, roles[login])
        belongs = {of for of, member in members if member == login} - {"crm_keeper"}
        if person := people.get(login):
            yield from _person(person, belongs, can_sign_in=roles[login]["rolcanlogin"])
            continue
        mine = "crm_gateway" if login == _GATEWAY else "crm_report"
        for group in sorted(belongs - {mine}):
            yield f"login {login} belongs to {group}, and should not", ()
    for login in sorted(set(people) - set(roles)):
        if people[login].active:
            yield f"{login} has no login on this server: `crm-desktop admin staff reset`", ()


def _person(person: Row[Any], belongs: set[str], *, can_sign_in: bool) -> Iterator[Wrong]:
    wanted = {f"crm_{person.role}"} if person.active else set()
    for group in sorted(belongs - wanted):
        yield f"login {person.login} belongs to {group}, and should not", ()
    for group in sorted(wanted - belongs):
        yield f"login {person.login} does not belong to {group}", ()
    if can_sign_in and not person.active:
        yield f"login {person.login} can sign in, but is disabled", ()
    if person.active and not can_sign_in:
        yield f"login {person.login} cannot sign in, but is not disabled", ()


def _groups(roles: Mapping[str, RowMapping], members: set[tuple[str, str]]) -> Iterator[Wrong]:
    for name in _GROUPS:
        if name not in roles:
            power = "CREATEROLE" if name == "crm_keeper" else ""
            yield f"role {name} is missing", (f"CREATE ROLE {name} NOLOGIN {power}".rstrip(),)
            continue
        yield from _powers(name, roles[name])
        if roles[name]["rolcanlogin"]:
            yield f"role {name} can sign in", (f"ALTER ROLE {name} NOLOGIN",)
        if name == "crm_keeper" and not roles[name]["rolcreaterole"]:
            yield "role crm_keeper cannot make logins", ("ALTER ROLE crm_keeper CREATEROLE",)
    for of, member in sorted(_NESTED - members):
        option = " WITH ADMIN OPTION" if of in _STAFF else ""
        yield f"role {member} does not belong to {of}", (f"GRANT {of} TO {member}{option}",)
    for of, member in sorted(members - _NESTED):
        if member in _GROUPS:
            yield (
                f"role {member} belongs to {of}, and should not",
                (f'REVOKE "{of}" FROM {member}',),
            )
        elif of == "crm_keeper":
            yield (
                f"login {member} belongs to {of}, and nobody should",
                (f'REVOKE {of} FROM "{member.replace(chr(34), chr(34) * 2)}"',),
            )


def _powers(name: str, role: RowMapping) -> Iterator[Wrong]:
    for power, column in _POWERS.items():
        if role[column] and (name, power) != ("crm_keeper", "CREATEROLE"):
            mends = (f"ALTER ROLE {name} NO{power}",) if name in _GROUPS else ()
            yield f"{'role' if mends else 'login'} {name} has {power}", mends
