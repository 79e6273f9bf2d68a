"""Instants as integer microseconds since 1970-01-01 UTC, the one form that is stored."""

from __future__ import annotations

import datetime as dt

NO_TIME = -(2**63)
"""Stands for "no wall time" in an int64 array."""

# Years 1 to 9999, what datetime can show; anything outside is a broken clock, not an instant.
FIRST_S, LAST_S = -62_135_596_800, 253_402_300_799
_EARLIEST_US = FIRST_S * 1_000_000
_LATEST_US = LAST_S * 1_000_000 + 999_999


def from_seconds(seconds: float) -> int | None:
    """Microseconds of a Unix time in seconds; None for NaN, infinities and years outside 1 to 9999."""
    if not -1e12 < seconds < 1e12:
        return None
    return checked(round(seconds * 1_000_000))


def from_millis(millis: int) -> int | None:
    """Microseconds of a Unix time in milliseconds; None for years outside 1 to 9999."""
    return checked(millis * 1_000)


def checked(time_us: int) -> int | None:
    """The same instant, or None when no calendar can show it."""
    return time_us if _EARLIEST_US <= time_us <= _LATEST_US else None


def from_iso(text: str) -> int | None:
    """Microseconds of an ISO 8601 text; a text without a zone is taken as UTC. None when it is not one."""
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    delta = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    # A zone can lead past the first and last day that a calendar shows.
    return checked((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds)


def to_iso(time_us: int | None) -> str | None:
    """ISO 8601 in UTC, rounded to milliseconds, with `Z`, as `runfolio inspect` prints it.

    None stays None, and so does an instant outside of years 1 to 9999.
    """
    if time_us is None or checked(time_us) is None:
        return None
    rounded = min((time_us + 500) // 1000 * 1000, _LATEST_US)
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=rounded)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
