# Shared by run.sh and test.sh: finds Python, adds missing system libraries, keeps the virtual environment.
# Sourced, not run. Nothing outside the checkout is changed but the Debian packages that are named when installed.

say() { printf 'runfolio: %s\n' "$*" >&2; }

# What Qt needs to draw at all, and to open a window under X.
QT_PACKAGES="libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0"
X_PACKAGES="libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-image0 libxcb-render-util0 libxcb-randr0 libxcb-xinerama0"

find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    say "Python 3.11 or newer is needed and was not found (Debian 12 and newer: apt-get install python3)."
    return 1
}

# Installs the Debian packages given, those that are missing. Without apt, or without the right to use it, it says
# which are missing and goes on: the libraries may have come another way.
need_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=""
    for package in "$@"; do
        # Some packages were renamed when time_t grew (libglib2.0-0t64); either name will do.
        dpkg-query -W -f '${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing the system packages$missing"
        apt_log=$(mktemp)
        # shellcheck disable=SC2086 # the list is meant to be split
        if { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing; } >"$apt_log" 2>&1; then
            rm -f "$apt_log"
            return 0
        fi
        tail -n 5 "$apt_log" >&2
        rm -f "$apt_log"
    fi
    say "these system packages are missing and could not be installed:$missing"
    say "if something does not start, install them:  apt-get install$missing"
}

# Makes or renews the virtual environment $VENV with the extras given ("" or "[test,check]").
need_environment() {
    extras=$1
    python=$(find_python) || exit 2
    stamp="$VENV/runfolio-setup"
    wanted="$("$python" -c 'import sys; print(sys.version)' | tr '\n' ' ') $extras $(cksum <pyproject.toml)"
    if [ -x "$VENV/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return 0
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        minor=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        need_packages "$minor"
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            say "Python's venv module is missing; install $minor and start again."
            exit 2
        fi
    fi
    say "setting up $VENV (the first time this downloads the libraries that pyproject.toml names)"
    "$python" -m venv --clear "$VENV" || exit 2
    if ! "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".$extras"; then
        say "the libraries could not be installed; see the message above. Nothing outside $VENV was changed."
        exit 2
    fi
    printf '%s' "$wanted" >"$stamp"
}
