"""All states of a DVC repository's pipelines: those in Git's history, and the one that lies in the folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from runfolio.errors import FolderUnreadable
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget
from runfolio.readers.dvc_files import Cache, CommitFiles, FolderFiles, Source, WithCache
from runfolio.readers.dvc_pipeline import LOCK, PIPELINE, Pipeline, read_pipeline, read_single
from runfolio.readers.dvc_places import DVC, Place, TreeIndex, by_pipeline, files_here
from runfolio.readers.dvc_state import State, StateReader
from runfolio.readers.folder import Folder
from runfolio.readers.git_history import History, Tip, head_of, open_history, walk
from runfolio.readers.git_objects import Commit, GitObjects, ObjectMissing
from runfolio.readers.git_packs import ObjectDamaged

MOST_STATES = 5_000
"""States that are kept of one repository; older ones are left out, and a Problem says so."""

Key = tuple[str, str]
"""The folder of a pipeline and the digest of its state."""


@dataclass(slots=True)
class Kept:
    """A state and where it was met.

    commit    the first commit that has it; None for one that is in the folder only.
    commits   how many have it.
    tips      names that lead to it.
    is_here   whether it is what lies in the folder.
    """

    folder: str
    state: State
    pipeline: Pipeline
    commit: Commit | None = None
    commits: int = 0
    tips: list[Tip] = field(default_factory=list)
    is_here: bool = False


class Repository:
    """Gathers the states of one DVC repository; `walk` and `look_here` fill `kept`."""

    def __init__(self, folder: Folder, budget: Budget) -> None:
        self.folder = folder
        self.kept: dict[Key, Kept] = {}
        self.of_commit: dict[bytes, dict[str, Key]] = {}
        self.history = History()
        self._budget = budget
        self._deep = DVC in folder.folders
        self._reader = StateReader(folder.shown, budget)
        self._cache = Cache(_cache_folder(folder))
        self._by_tree: dict[bytes, dict[str, Key]] = {}

    @property
    def head(self) -> bytes | None:
        """The commit that is checked out."""
        return head_of(self.history)

    def walk(self, place: Place, objects: GitObjects) -> None:
        """Look at every commit. Raises FolderUnreadable, LimitReached; what was found until then is kept."""
        if place.git is None:
            return
        self.history = open_history(place.git, objects)
        index = TreeIndex(objects)
        try:
            for commit in walk(objects, self.history, self._budget, self.folder.shown):
                self._look_at(commit, place.prefix, objects, index)
                if len(self.kept) >= MOST_STATES:
                    self.history.bounded = True
                    break
        finally:
            for tip in self.history.tips:
                for key in self.of_commit.get(tip.commit, {}).values():
                    self.kept[key].tips.append(tip)

    def _look_at(self, commit: Commit, prefix: str, objects: GitObjects, index: TreeIndex) -> None:
        try:
            entry = objects.find(commit.tree, prefix)
        except (ObjectMissing, ObjectDamaged):
            return
        if entry is None or entry.kind != "tree":
            return
        tree = entry.name
        if tree not in self._by_tree:
            files = index.files(tree, deep=self._deep)
            self._by_tree[tree] = self._states(files, lambda: CommitFiles(objects, tree))
        keys = self._by_tree[tree]
        self.of_commit[bytes.fromhex(commit.id)] = keys
        for key in keys.values():
            kept = self.kept[key]
            # The walk goes back in time, so the last one seen is the first that had it.
            kept.commit, kept.commits = commit, kept.commits + 1

    def look_here(self) -> None:
        """Look at what lies in the folder. Raises LimitReached."""
        files = files_here(self.folder, deep=self._deep)
        for key in self._states(files, lambda: FolderFiles(self.folder)).values():
            self.kept[key].is_here = True

    def _states(self, files: Iterable[str], source: Callable[[], Source]) -> dict[str, Key]:
        """The states of each pipeline among the files, by its folder; those that say nothing are left out."""
        found: dict[str, Key] = {}
        for folder, singles in by_pipeline(files).items():
            self._budget.check(self.folder.shown)
            pipeline, problems = self._pipeline(folder, singles, WithCache(source(), (), self._cache, self._budget))
            here = WithCache(source(), pipeline.outs, self._cache, self._budget)
            state = self._reader.read(here, pipeline)
            if not state.metrics and not (pipeline.has_lock and (state.params or state.absent)):
                continue
            state.problems = (*problems, *state.problems)
            key = (folder, state.digest())
            self.kept.setdefault(key, Kept(folder, state, pipeline))
            found[folder] = key
        return found

    def _pipeline(self, folder: str, singles: Iterable[str], files: WithCache) -> tuple[Pipeline, tuple[Problem, ...]]:
        def path(name: str) -> str:
            return f"{folder}/{name}" if folder else name

        documents = [self._reader.document(files, path(name)) for name in (PIPELINE, LOCK)]
        pipeline = read_pipeline(folder, documents[0].mapping, documents[1].mapping)
        for single in singles:
            document = self._reader.document(files, single)
            documents.append(document)
            read_single(pipeline, single.rpartition("/")[0], document.mapping)
        return pipeline, tuple(p for d in documents for p in d.problems)


def _cache_folder(folder: Folder) -> Folder | None:
    try:
        return folder.sub(f"{DVC}/cache") if DVC in folder.folders and "cache" in folder.sub(DVC).folders else None
    except FolderUnreadable:
        return None
