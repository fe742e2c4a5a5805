"""A bare root of this computer's own release, into which apt installs the package.

What the package needs and does not name is missing there, as it is on somebody's new computer.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers import processes

_COMPONENTS = {"main", "universe"}
_AWAY = re.compile("(Failed to fetch|Unable to fetch|Could not resolve|Could not connect).*")
_ENOUGH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_QUIET = {**_ENOUGH, "DEBIAN_FRONTEND": "noninteractive"}


class MirrorAway(RuntimeError):
    """The archive that this computer's apt uses cannot be reached now."""


def obstacle() -> str:
    """Why this computer cannot have a bare root, or nothing."""
    if os.geteuid() != 0:
        return "only root may make one"
    if shutil.which("apt-get") is None:
        return "this system has no apt"
    return ""


def make(root: Path, package: Path) -> None:
    """A minimal system in `root` with `package` and whatever apt resolves for it.

    Nothing is mounted there and nothing outside it is changed. Raises MirrorAway.
    """
    _bootstrap(root)
    # Paths below the root mean the same inside and outside, so that both may use one environment.
    inside = root / root.relative_to("/")
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.symlink_to("/")
    # The root is thrown away: nothing in it need survive a power cut.
    (root / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")
    copy = root / "var" / "tmp" / package.name
    shutil.copyfile(package, copy)
    in_root = ("chroot", str(root), "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    # Without what is only recommended: the program must start without it.
    for verb in (
        ("update",),
        ("install", "-y", "--no-install-recommends", f"/var/tmp/{copy.name}"),
    ):
        _run([*in_root, *verb], _QUIET)
    copy.unlink()
    _run(["chroot", str(root), "apt-get", "clean"], _QUIET)


def missing_libraries(root: Path, folder: str) -> dict[str, set[str]]:
    """The libraries below `folder` that name others which `root` has not; by what is missing."""
    found: dict[str, set[str]] = {}
    below = root / folder.lstrip("/")
    libraries = [f"/{each.relative_to(root)}" for each in below.rglob("*.so*") if each.is_file()]
    # The program begins by looking in its own folder first, so that its libraries find theirs.
    env = {**_ENOUGH, "LD_LIBRARY_PATH": f"{folder}/_internal"}
    said = _run(["chroot", str(root), "ldd", *libraries], env, fine=(0, 1))
    user = ""
    for line in said.splitlines():
        if line.endswith(":") and not line.startswith("\t"):
            user = line[:-1]
        elif line.endswith("=> not found"):
            found.setdefault(line.split()[0], set()).add(user)
    return found


def _bootstrap(root: Path) -> None:
    tool = processes.find_program("mmdebstrap", "mmdebstrap")
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    options = [f"--aptopt={each}" for each in _host_options()]
    command = [tool, "--mode=root", "--variant=apt", *options]
    try:
        _run([*command, release, str(root), *_archives(release)], {**os.environ, **_QUIET})
    except RuntimeError as trouble:
        if away := _AWAY.search(str(trouble)):
            raise MirrorAway(away[0]) from trouble
        raise


def _archives(release: str) -> list[str]:
    """This release's own archives, from whatever mirror this computer's apt has them."""
    wanted = {release, f"{release}-updates", f"{release}-security"}
    form = "$(RELEASE) $(COMPONENT) $(REPO_URI)"
    listed = _run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"], {**os.environ}
    )
    parts = [line.split() for line in listed.splitlines()]
    return [
        f"deb {uri} {suite} {component}"
        for suite, component, uri in parts
        if suite in wanted and component in _COMPONENTS
    ]


def _host_options() -> list[str]:
    """How this computer's apt reaches its mirror, and how much it trusts dates there."""
    dumped = _run(["apt-config", "dump", "Acquire"], {**os.environ}).splitlines()
    return [
        line for line in dumped if re.match(r"Acquire::(https?(::[^: ]+)?::Proxy|Check-\S+) ", line)
    ]


def _run(command: Sequence[str], env: dict[str, str], fine: tuple[int, ...] = (0,)) -> str:
    """Run to its end; its output, or RuntimeError with what it said."""
    proxies = {name: os.environ[name] for name in os.environ if name.lower().endswith("_proxy")}
    finished = subprocess.run(
        command,
        env=proxies | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode not in fine:
        raise RuntimeError(f"{' '.join(command[:4])} …:\n{finished.stdout}\n{finished.stderr}")
    return finished.stdout
