#!/bin/sh
# Makes the virtual environment of this copy with the newest Python that will do.
# usage: make-venv.sh DIRECTORY   (PYTHON=… in the environment chooses another interpreter)
set -eu

here=$(dirname "$0")
versions="3.14 3.13 3.12 3.11"
candidates=${PYTHON:-"$(printf 'python%s ' $versions)python3"}

say() { printf '%s\n' "$*" >&2; }

# Prints the first interpreter that is new enough and runs the given statement.
find_python() {
    for each in $candidates; do
        if "$each" -c "import sys; assert sys.version_info >= (3, 11); $1" 2>/dev/null; then
            printf '%s\n' "$each"
            return 0
        fi
    done
    return 1
}

if ! python=$(find_python "import venv, ensurepip"); then
    if bare=$(find_python "pass"); then
        version=$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        sh "$here/system-packages.sh" "python$version-venv|python3-venv"
    else
        # Releases whose own Python is older often carry a newer one beside it.
        sh "$here/system-packages.sh" "$(printf 'python%s-venv|' $versions | sed 's/|$//')"
    fi
    if ! python=$(find_python "import venv, ensurepip"); then
        say "CRM Desktop needs Python 3.11 or later with its venv module."
        say "Install it (Debian, Ubuntu: python3-venv), or name one: make PYTHON=/path/to/python3"
        exit 1
    fi
fi

say "Making $1 with $("$python" --version)"
"$python" -m venv "$1"
