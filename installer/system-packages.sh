#!/bin/sh
# Installs the system packages that a target needs, where it may; otherwise names them and goes on.
# usage: system-packages.sh qt|package|test|PACKAGE...
#
# "one|two" means: either will do, the first that this release knows is installed.
# "one?" means: where this release has it; the tests get it otherwise.
set -eu

qt_packages="libegl1 libgl1 libfontconfig1 libdbus-1-3 libglib2.0-0t64|libglib2.0-0
libxkbcommon0 libxkbcommon-x11-0 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0
libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-render0 libxcb-shape0 libxcb-shm0
libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libwayland-client0 libwayland-cursor0 libwayland-egl1
libgssapi-krb5-2 libpulse0 libxext6 libxrandr2 libcups2t64|libcups2 libspeechd2 fonts-noto-core"

package_packages="$qt_packages binutils"

test_packages="$package_packages postgresql dovecot-imapd dovecot-lmtpd
chromium|google-chrome-stable|chromium-browser xvfb openbox dbus at-spi2-core
python3-pyatspi gir1.2-atspi-2.0 gnome-keyring fonts-dejavu-core mmdebstrap
krb5-kdc krb5-admin-server krb5-user faketime sip-tester asterisk?"

# The parts of these packages that would keep running on somebody's own computer.
services="postgresql dovecot krb5-kdc krb5-admin-server asterisk"

say() { printf '%s\n' "$*" >&2; }

other_systems() {
    say "Without apt this script installs nothing. If something is missing, look for:"
    say "  Fedora: mesa-libEGL mesa-libGL fontconfig dbus-libs libxkbcommon-x11 xcb-util-cursor"
    say "          xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil cups-libs"
    say "          speech-dispatcher-libs google-noto-sans-fonts"
    say "  Arch:   libglvnd fontconfig libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image"
    say "          xcb-util-keysyms xcb-util-renderutil libcups speech-dispatcher noto-fonts"
    [ "$1" != package ] || say "  and binutils"
    [ "$1" = test ] || return 0
    say "  and for the tests, Fedora: postgresql-server dovecot chromium xorg-x11-server-Xvfb openbox"
    say "          at-spi2-core python3-pyatspi gnome-keyring krb5-server krb5-workstation libfaketime sipp asterisk dpkg binutils; Arch: postgresql dovecot chromium"
    say "          xorg-server-xvfb openbox at-spi2-core python-atspi gnome-keyring krb5 libfaketime sipp asterisk dpkg binutils"
}

# Prints those of its arguments that are not installed, under any name that provides them.
missing_of() {
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' |
        sed -n 's/^installed //p' | tr ',' '\n' | sed 's/^ *//; s/[ :(].*//' | sort -u)
    for wanted in "$@"; do
        pattern="^($(printf '%s' "${wanted%\?}" | sed 's/[.+]/\\&/g'))\$"
        printf '%s\n' "$installed" | grep -Eq "$pattern" || printf '%s\n' "$wanted"
    done
}

# Prints how to run a command as the administrator; fails where that may not be done.
administrator() {
    if [ "$(id -u)" = 0 ]; then
        echo env
    elif sudo -n true 2>/dev/null; then
        echo "sudo -n env"
    elif [ -t 0 ] && [ -t 2 ] && command -v sudo >/dev/null; then
        echo "sudo env"
    else
        return 1
    fi
}

# Prints the first of "one|two" that apt can install, or the first of all; of "one?" only the former.
choose() {
    for name in $(printf '%s' "${1%\?}" | tr '|' ' '); do
        if apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [0-9]'; then
            printf '%s\n' "$name"
            return
        fi
    done
    case $1 in
        *\?) ;;
        *) printf '%s\n' "${1%%|*}" ;;
    esac
}

[ $# -gt 0 ] || { say "usage: $0 qt|package|test|PACKAGE..."; exit 2; }
[ "$(uname -s)" = Linux ] || exit 0
command -v dpkg-query >/dev/null || { other_systems "$1"; exit 0; }

case $1 in
    qt) set -- $qt_packages ;;
    package) set -- $package_packages ;;
    test) set -- $test_packages ;;
esac
set -- $(missing_of "$@")
# What this release does not have is not looked for every time.
[ -n "$(for each in "$@"; do choose "$each"; done)" ] || exit 0

if ! as_admin=$(administrator); then
    set -- $(for each in "$@"; do choose "$each"; done)
    say "Not installed, and this account may not install them: $*"
    say "Ask an administrator for: apt-get install $*"
    exit 0
fi

say "Installing system packages (a few minutes): $*"
quiet="DEBIAN_FRONTEND=noninteractive"
$as_admin $quiet apt-get -qq update >&2 || say "The list of packages could not be renewed; going on."
set -- $(for each in "$@"; do choose "$each"; done)
$as_admin $quiet apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y \
    --no-install-recommends "$@" >/dev/null ||
    say "These could not all be installed: $*"

# Tests start servers of their own; a server that nobody asked for should not run here.
if [ -d /run/systemd/system ]; then
    for service in $services; do
        case " $* " in
            *" $service"*) $as_admin systemctl disable --now "$service" >&2 || true ;;
        esac
    done
fi
