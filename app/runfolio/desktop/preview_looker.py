"""Asks the workers for what files hold; the latest question wins, and the one before is ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from runfolio.desktop.context import Context
from runfolio.desktop.jobs import LongJob
from runfolio.errors import RunfolioError

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

T = TypeVar("T")


class Looker:
    """One question at a time. Decoding may take seconds, so it does not hold up the queries of other views."""

    def __init__(self, context: Context, title: str) -> None:
        self._context = context
        self._title = title
        self._job: LongJob | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._job is not None

    def forget(self) -> None:
        """End what is asked; no answer is wanted any more."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def ask(
        self,
        call: Callable[[Workspace, CancelToken], T],
        then: Callable[[T], None],
        fail: Callable[[RunfolioError], None],
    ) -> None:
        """Ask something else instead."""
        self.forget()
        made: list[LongJob] = []

        def is_wanted() -> bool:
            return bool(made) and self._job is made[0] and not made[0].cancelled

        def arrived(answer: T) -> None:
            if is_wanted():
                self._job = None
                then(answer)

        def failed(error: RunfolioError) -> None:
            if is_wanted():
                self._job = None
                fail(error)

        job = self._context.jobs.long(
            self._title, lambda workspace, token, _progress: call(workspace, token), arrived, failed
        )
        made.append(job)
        self._job = job
