"""The errors that cross a layer; everything else that is raised is a bug.

RunfolioError                what happened, what to do, where
├── Expected                 the world is like that: shown plainly, without a traceback
│   ├── FolderUnreadable     a folder or file that cannot be opened, listed or understood
│   ├── FilterSyntax         a filter that cannot be parsed or names nothing known, with a position
│   ├── NotFound             no run, metric, dataset or model of that name, or more than one
│   ├── IndexLocked          another process holds the index
│   ├── IndexStale           the index was written by another version: rebuild it
│   ├── LedgerDamaged        the chain of decisions is broken: it opens read-only
│   ├── GateNotMet           a promotion whose gates do not pass
│   ├── LimitReached         input past a documented limit (bytes, depth, nodes, time)
│   ├── TooFewValues         a statistic asked of fewer values than it needs
│   └── UsageError           a request that makes no sense as it stands
└── Cancelled                the user stopped it: silent
"""

from __future__ import annotations


class RunfolioError(Exception):
    """Base of all errors that are meant to be told to somebody.

    message   what happened, one sentence, in the user's words.
    hint      what to do about it; empty when there is nothing to do.
    where     file, folder, command or place in it; empty when it has no place.
    """

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel between worker processes; keyword-only arguments need help to survive pickling.
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))

    def __str__(self) -> str:
        """Message, place and hint on one line each, as logs and the command line show them."""
        lines = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


def _rebuild(kind: type[RunfolioError], args: tuple[object, ...], state: dict[str, object]) -> RunfolioError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class Expected(RunfolioError):
    """Something that happens in a sound program: told plainly, without a traceback."""


class FolderUnreadable(Expected):
    """A folder or file that cannot be opened, listed or understood."""


class FilterSyntax(Expected):
    """A filter that does not parse or names something unknown.

    position   0-based offset into the text at which it went wrong.
    length     how many characters the offending part has, at least 1.
    """

    def __init__(self, message: str, *, position: int, length: int = 1, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.position = position
        self.length = max(1, length)


class NotFound(Expected):
    """No such run, metric, dataset or model, or more than one that fits."""


class RunGone(NotFound):
    """Runs that were asked for by their keys are not in the index, or not any more."""

    def __init__(self, *keys: str) -> None:
        more = f" and {len(keys) - 1:,} more" if len(keys) > 1 else ""
        super().__init__(f"The run {keys[0]!r}{more} is not in the index", hint="Add its folder again.")
        self.keys = keys


class IndexLocked(Expected):
    """Another process holds the index; `pid` names it where the system tells."""

    def __init__(self, message: str, *, pid: int | None = None, hint: str = "", where: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.pid = pid


class IndexStale(Expected):
    """The index was written by another schema or engine version and must be rebuilt."""


class LedgerDamaged(Expected):
    """The chain of decisions does not verify; `good_events` of them do."""

    def __init__(self, message: str, *, good_events: int, hint: str = "", where: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.good_events = good_events


class GateNotMet(Expected):
    """A promotion whose gates do not pass."""


class LimitReached(Expected):
    """Input past a documented limit."""


class TooFewValues(Expected):
    """A statistic asked of fewer values than it needs."""


class UsageError(Expected):
    """A request that makes no sense as it stands."""


class Cancelled(RunfolioError):
    """The user stopped it."""

    def __init__(self, message: str = "Cancelled") -> None:
        super().__init__(message)
