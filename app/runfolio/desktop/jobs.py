"""Work off the GUI thread: queries of which the latest wins, actions in order, long jobs with progress and cancel.

The workspace is used and closed by these threads alone, and opened by them unless it is being opened already. Every
result crosses to the GUI thread by one signal of one relay object; a result that is no longer wanted is dropped there.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject

from runfolio.desktop.relay import Relay
from runfolio.errors import Cancelled, RunfolioError

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace
    from runfolio.model.answers import Change, Progress

T = TypeVar("T")
Fail = Callable[[RunfolioError], None]

QUERY_THREADS = 2


class LongJob:
    """A long job as the window sees it. `title` is what the status bar says."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.cancelled = False
        self._token: CancelToken | None = None

    def cancel(self) -> None:
        """Ask it to stop; its `fail` hears nothing of it."""
        self.cancelled = True
        if self._token is not None:
            self._token.cancel()

    def begin(self, token: CancelToken) -> None:
        """Its thread starts to work. Raises Cancelled when it was cancelled while it waited."""
        self._token = token
        # Looked at after the token is in place, so that a cancel in between is not lost.
        if self.cancelled:
            raise Cancelled


class Jobs(QObject):
    """The threads of a window.

    open_workspace   called on a job thread; may raise a RunfolioError.
    on_error         hears of expected errors whose job has no `fail` of its own.
    early            a workspace that is being opened already; the first `open` takes what comes of it.
    """

    def __init__(
        self,
        open_workspace: Callable[[], Workspace],
        on_error: Fail,
        parent: QObject | None = None,
        *,
        early: Future[Workspace] | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_workspace = open_workspace
        self._on_error = on_error
        self._relay = Relay()
        self._queries = ThreadPoolExecutor(QUERY_THREADS, thread_name_prefix="query")
        self._actions = ThreadPoolExecutor(1, thread_name_prefix="action")
        self._longs = ThreadPoolExecutor(4, thread_name_prefix="long")
        self._early = early
        self._opened: Future[Workspace] | None = None
        self._generations: dict[str, int] = {}
        self._running: set[LongJob] = set()
        self._waiting = 0
        self._listener: Callable[[Change], None] | None = None
        self._closed = False

    # --- the workspace -----------------------------------------------------------------------------------------

    def open(self, then: Callable[[], None], fail: Fail, changed: Callable[[Change], None]) -> None:
        """Open the workspace, again after a failure; `changed` hears every commit from then on."""

        early, self._early = self._early, None

        def opening() -> Workspace:
            workspace = self._open_workspace() if early is None else early.result()
            workspace.subscribe(lambda change: self._relay.post(lambda: self._tell(change)))
            return workspace

        if self._closed:
            return
        self._listener = changed
        self._opened = self._actions.submit(opening)
        self._watch(self._opened, lambda _workspace: then(), fail)

    def _tell(self, change: Change) -> None:
        if self._listener is not None and not self._closed:
            self._listener(change)

    # --- three kinds of jobs -----------------------------------------------------------------------------------

    def query(
        self, slot: str, call: Callable[[Workspace], T], then: Callable[[T], None], fail: Fail | None = None
    ) -> None:
        """Ask something; a later query of the same `slot` makes this one's answer unwanted."""
        if self._closed:
            return
        generation = self._generations.get(slot, 0) + 1
        self._generations[slot] = generation

        def wanted() -> bool:
            return self._generations[slot] == generation and not self._closed

        opened = self._opened

        def asking() -> T:
            if opened is None or not wanted() or opened.exception() is not None:
                raise Cancelled
            return call(opened.result())

        def arrived(answer: T) -> None:
            if wanted():
                then(answer)

        def failed(error: RunfolioError) -> None:
            if wanted():
                (fail or self._on_error)(error)

        self._watch(self._queries.submit(asking), arrived, failed)

    def forget(self, slot: str) -> None:
        """The answer that `slot` waits for is no longer wanted."""
        self._generations[slot] = self._generations.get(slot, 0) + 1

    def action(
        self, call: Callable[[Workspace], T], then: Callable[[T], None] | None = None, fail: Fail | None = None
    ) -> None:
        """Do something, in the order asked; all that was asked is done before the window ends, nothing afterwards."""
        if self._closed:
            return
        opened = self._opened

        def acting() -> T:
            if opened is None:
                raise RuntimeError("An action was asked before the workspace was opened")
            return call(opened.result())

        self._watch(self._actions.submit(acting), then, fail)

    def background(
        self, call: Callable[[], T], then: Callable[[T], None] | None = None, fail: Fail | None = None
    ) -> None:
        """Work without the workspace, such as writing the session; in order with the actions."""
        if self._closed:
            return
        self._watch(self._actions.submit(call), then, fail)

    def long(
        self,
        title: str,
        call: Callable[[Workspace, CancelToken, Callable[[Progress], None]], T],
        then: Callable[[T], None] | None = None,
        fail: Fail | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        ended: Callable[[], None] | None = None,
    ) -> LongJob:
        """Start a job that may take minutes. `ended` hears its end, after `then` or `fail`.

        Once the window is closed nothing is started: the job is a cancelled one, of which nothing is heard.
        """
        opened = self._opened
        job = LongJob(title)
        if self._closed:
            job.cancel()
            return job
        latest: deque[Progress] = deque(maxlen=1)
        turn = threading.Lock()

        def show_latest() -> None:
            with turn:
                step = latest.popleft()
            if on_progress is not None and job in self._running:
                on_progress(step)

        def progress(step: Progress) -> None:
            # Steps that come faster than the window paints replace each other. Under the lock, so that a step put
            # in while the window takes the one before out is announced as well.
            with turn:
                waiting = bool(latest)
                latest.append(step)
            if not waiting:
                self._relay.post(show_latest)

        def working() -> T:
            if opened is None:
                raise RuntimeError("A long job was asked before the workspace was opened")
            workspace = opened.result()
            # Imported on this thread: the façade is too heavy for the GUI thread's first second.
            from runfolio.api import CancelToken

            token = CancelToken()
            job.begin(token)
            return call(workspace, token, progress)

        def finished() -> None:
            self._running.discard(job)
            if ended is not None:
                ended()

        self._running.add(job)
        self._watch(self._longs.submit(working), then, fail, finished)
        return job

    def standing(
        self,
        title: str,
        call: Callable[[Workspace, CancelToken, Callable[[T], None]], None],
        told: Callable[[T], None],
        fail: Fail | None = None,
    ) -> LongJob:
        """Start a job that goes on until it is cancelled. What it tells arrives at `told`; nobody waits for its end."""
        opened = self._opened
        job = LongJob(title)
        if self._closed:
            job.cancel()
            return job

        def tell(news: T) -> None:
            self._relay.post(lambda: None if job.cancelled or self._closed else told(news))

        def working() -> None:
            if opened is None:
                raise RuntimeError("A standing job was asked before the workspace was opened")
            workspace = opened.result()
            from runfolio.api import CancelToken

            token = CancelToken()
            job.begin(token)
            call(workspace, token, tell)

        def ended(done: Future[None]) -> None:
            self._waiting += 1
            self._relay.post(lambda: self._arrive(done, None, fail, lambda: self._running.discard(job)))

        self._running.add(job)
        self._longs.submit(working).add_done_callback(ended)
        return job

    # --- results -----------------------------------------------------------------------------------------------

    def _watch(
        self,
        future: Future[T],
        then: Callable[[T], None] | None,
        fail: Fail | None,
        ended: Callable[[], None] | None = None,
    ) -> None:
        self._waiting += 1
        future.add_done_callback(lambda done: self._relay.post(lambda: self._arrive(done, then, fail, ended)))

    def _arrive(
        self,
        done: Future[T],
        then: Callable[[T], None] | None,
        fail: Fail | None,
        ended: Callable[[], None] | None,
    ) -> None:
        self._waiting -= 1
        try:
            error = done.exception()
            if error is None:
                if then is not None:
                    then(done.result())
            elif isinstance(error, RunfolioError):
                if not isinstance(error, Cancelled):
                    (fail or self._on_error)(error)
            else:
                # A bug: the last-resort dialog shows it with its traceback.
                raise error
        finally:
            if ended is not None:
                ended()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and no result is on its way; for tests that wait."""
        return self._waiting == 0

    def shutdown(self) -> None:
        """End all threads: queries are dropped, long jobs cancelled, actions carried out, the workspace closed."""
        if self._closed:
            return
        self._closed = True
        for job in self._running:
            job.cancel()
        opened = self._opened or self._early
        if opened is not None and opened.done() and not opened.exception():
            # A thread of its own: those of the jobs may all be waiting for what this ends.
            threading.Thread(target=opened.result().end, name="end").start()
        self._queries.shutdown(wait=True, cancel_futures=False)
        self._longs.shutdown(wait=True)
        if opened is not None:
            self._watch(
                self._actions.submit(lambda: None if opened.exception() else opened.result().close()), None, None
            )
        self._actions.shutdown(wait=True)
        self._relay.drain()
