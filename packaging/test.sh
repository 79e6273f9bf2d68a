#!/bin/sh
# Sets up what the tests need and runs the whole suite, without a screen and without a network.
# usage: sh packaging/test.sh [pytest arguments...]
set -eu
cd "$(dirname "$0")/.."
VENV=${RUNFOLIO_VENV:-.venv-test}
. packaging/common.sh

# shellcheck disable=SC2086
need_packages $QT_PACKAGES
need_environment "[test,check]"
export QT_QPA_PLATFORM=offscreen
# The suite decides about colours and folders by itself, whatever the shell says.
unset RUNFOLIO_HOME NO_COLOR DISPLAY WAYLAND_DISPLAY 2>/dev/null || :
if [ $# -gt 0 ]; then
    exec "$VENV/bin/python" -m pytest "$@"
fi
exec "$VENV/bin/python" -m pytest -q -n 3 --dist loadfile --benchmark-disable
