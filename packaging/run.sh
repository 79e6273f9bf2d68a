#!/bin/sh
# Sets up what is missing and opens Runfolio on the folders given, or on the sample runs.
# usage: sh packaging/run.sh [PATH...]
#
# Everything goes into .venv inside the checkout, but for system packages, which are named when installed.
# Where there is no screen, the same is done without a window: see `runfolio summary`.
set -eu
# Paths are meant as seen from where the user stands; the set-up runs in the checkout.
stand=$(pwd)
cd "$(dirname "$0")/.."
checkout=$(pwd)
VENV=${RUNFOLIO_VENV:-.venv}
. packaging/common.sh

screen=no
if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" = Darwin ]; then
    screen=yes
fi
if [ $screen = yes ] && [ ! -f "$VENV/runfolio-libraries" ]; then
    # shellcheck disable=SC2086
    need_packages $QT_PACKAGES $X_PACKAGES
fi
need_environment ""
[ $screen = no ] || : >"$VENV/runfolio-libraries"

case $VENV in /*) ;; *) VENV=$checkout/$VENV ;; esac
[ $# -gt 0 ] || set -- "$checkout/resources/samples/runs"
cd "$stand"
if [ $screen = yes ]; then
    exec "$VENV/bin/runfolio" "$@"
fi
say "there is no screen here, so this is the summary without a window"
"$VENV/bin/runfolio" summary --out "$checkout/runfolio-output" "$@"
say "for the window, start it where there is a screen (DISPLAY or WAYLAND_DISPLAY set), for example with ssh -X,"
say "or on a virtual one: apt-get install xvfb && xvfb-run sh packaging/run.sh"
