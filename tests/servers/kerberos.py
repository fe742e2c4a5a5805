"""A real Kerberos realm of the tests' own: its KDC on loopback, its files in one directory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.servers import processes
from tests.servers.ports import free_port

REALM = "CRM.TEST"
_PACKAGES = "krb5-kdc krb5-admin-server krb5-user"


class Kerberos:
    """Start it, add principals, get tickets; `environment` leads programs to the realm."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True)
        port = free_port()
        (directory / "krb5.conf").write_text(
            f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_realm = false\n"
            " dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n rdns = false\n"
            f" udp_preference_limit = 1\n[realms]\n {REALM} = {{\n"
            f"  kdc = 127.0.0.1:{port}\n }}\n"
        )
        (directory / "kdc.conf").write_text(
            f'[kdcdefaults]\n kdc_listen = ""\n kdc_tcp_listen = 127.0.0.1:{port}\n'
            f"[realms]\n {REALM} = {{\n  database_name = {directory}/principals\n"
            f"  key_stash_file = {directory}/stash\n  acl_file = {directory}/acl\n }}\n"
            f"[logging]\n kdc = FILE:{directory}/kdc.log\n"
        )
        self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master-key-of-the-tests")
        self._process = processes.start(
            [processes.find_program("krb5kdc", "krb5-kdc"), "-n", "-r", REALM],
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        log = directory / "kdc.log"
        processes.wait_for(
            lambda: log.exists() and "commencing operation" in log.read_text(), "the KDC"
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads a program to this realm and to its tickets."""
        return {
            "KRB5_CONFIG": f"{self._directory}/krb5.conf",
            "KRB5_KDC_PROFILE": f"{self._directory}/kdc.conf",
            "KRB5CCNAME": f"FILE:{self._directory}/tickets",
        }

    def add(self, principal: str, password: str) -> None:
        """Somebody who may get tickets."""
        self._run("kadmin.local", "-q", f"addprinc -pw {password} {principal}")

    def keytab(self, principal: str) -> Path:
        """The key file of a service."""
        file = self._directory / f"{principal.replace('/', '-')}.keytab"
        self._run("kadmin.local", "-q", f"addprinc -randkey {principal}")
        self._run("kadmin.local", "-q", f"ktadd -k {file} {principal}")
        return file

    def sign_in(self, principal: str, password: str) -> None:
        """Get a ticket, as signing in to the computer does."""
        self._run("kinit", principal, words=f"{password}\n")

    def sign_out(self) -> None:
        """Have no ticket."""
        self._run("kdestroy")

    def stop(self) -> None:
        """End the KDC."""
        processes.stop(self._process)

    def _run(self, program: str, *arguments: str, words: str = "") -> None:
        finished = subprocess.run(
            [processes.find_program(program, _PACKAGES), *arguments],
            env=os.environ | self.environment,
            input=words,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, f"{program}: {finished.stdout}{finished.stderr}"
