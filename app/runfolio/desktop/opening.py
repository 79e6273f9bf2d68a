"""Opening the workspace on a thread of its own, from before the window is even imported.

Much of it is work of the database, for which another core need not wait until Python has a turn.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from runfolio.desktop.single_instance import is_alone
from runfolio.settings import Settings

if TYPE_CHECKING:
    from runfolio.api import Workspace

Opening: TypeAlias = "Future[Workspace]"


def open_workspace(settings: Settings) -> Workspace:
    """The user's own workspace. Opens files and imports the façade with DuckDB: not for the GUI thread."""
    from runfolio.api import Workspace

    preferred = settings.text("library.preferred_sources").replace(",", " ").split()
    return Workspace.open(actor=settings.text("ledger.actor") or None, preferred=preferred)


def begin(settings: Settings) -> Opening:
    """Start to open it. The thread ends when that is done."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="opening")
    opening = executor.submit(open_workspace, settings)
    executor.shutdown(wait=False)
    return opening


def begin_early(settings: Settings) -> Opening | None:
    """The same before there is an application; None where another window may have the library open."""
    return begin(settings) if is_alone() else None


def give_up(opening: Opening) -> None:
    """Close what is being opened: no window comes."""
    opening.add_done_callback(lambda done: None if done.exception() else done.result().close())
