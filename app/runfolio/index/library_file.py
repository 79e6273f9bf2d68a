"""The list of folders that the user added, kept beside the decisions: the index, which also has it, may be deleted."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

_log = logging.getLogger("runfolio.index")


def read_library(file: Path) -> tuple[Path, ...]:
    """The folders in the order they were added; none when there is no such file, or nothing can be made of it."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError) as failure:
        _log.warning("%s cannot be read, so the library is empty: %s", file, failure)
        return ()
    folders = kept.get("folders") if isinstance(kept, dict) else None
    return tuple(Path(f) for f in folders if isinstance(f, str)) if isinstance(folders, list) else ()


def write_library(file: Path, folders: Sequence[str]) -> None:
    """Keep the list. Raises OSError when it cannot be written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps({"folders": [*folders]}, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(file)
