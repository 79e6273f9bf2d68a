"""DVC repositories: the pipelines as they lie in the folder, and each state of them that Git's history keeps.

A recording is a state of a pipeline's params and metrics: the first commit that has it stands for it, whatever branch,
tag or experiment leads there. Git is not run and its settings are not read: `git_objects` reads what lies in `.git`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.dvc_pipeline import LOCK, PIPELINE
from runfolio.readers.dvc_places import DVC, Place, has_stages, is_file_of_dvc, named_files, owner_above, place_of
from runfolio.readers.dvc_recordings import recordings_of
from runfolio.readers.dvc_states import Repository
from runfolio.readers.folder import Folder
from runfolio.readers.git_history import MOST_COMMITS
from runfolio.readers.git_objects import GitObjects, hash_size_of

_WATCHED = ("HEAD", "packed-refs", "refs", "shallow")
_PARAMS = "params.yaml"


class Dvc:
    """A DVC repository, or a pipeline's folder without one."""

    name: ClassVar[str] = "dvc"
    title: ClassVar[str] = "DVC"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with `.dvc`; or one with stages, or a history of its `dvc.yaml`, that is a part of no such."""
        own = DVC in folder.folders
        if not own:
            if not ({PIPELINE, LOCK} & {*folder.files}) - taken or owner_above(folder):
                return None
            if LOCK not in folder.files and not has_stages(folder) and place_of(folder).git is None:
                return None
        named = named_files(folder)
        files = {n for n in folder.files if is_file_of_dvc(n) or n in named or n == _PARAMS} - taken
        place = place_of(folder)
        watch = {folder.join(path) for path in named if "/" in path}
        if place.git is not None:
            watch |= {place.git.join(name) for name in _WATCHED}
        prune = frozenset({DVC} & {*folder.folders})
        reason = "a repository of DVC" if own else "a pipeline of DVC"
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, frozenset(files), prune, watch=frozenset(watch))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """A recording for each state, the oldest first, and for what lies in the folder where no commit has it."""
        repository = Repository(folder, budget)
        place = place_of(folder)
        yield from self._history(repository, place, folder, budget)
        try:
            repository.look_here()
        except LimitReached as failure:
            # What was found until then is shown.
            yield problem_from(failure, "history-bounded", folder.shown)
        count = 0
        for recording in recordings_of(repository):
            count += 1
            yield recording
        if not count:
            message = "DVC keeps data here, but no params, metrics or results of a pipeline were found"
            yield info("no-dvc-results", folder.shown, message)

    def _history(self, repository: Repository, place: Place, folder: Folder, budget: Budget) -> Iterator[Problem]:
        if place.elsewhere is not None:
            message = "The history of this work tree or submodule lies in another folder, which is not followed"
            yield info("git-elsewhere", place.elsewhere, message, "Open a full clone to see the runs in its history.")
        if place.git is None:
            return
        where = place.git.shown
        try:
            yield from _kind_problems(place.git)
            objects = GitObjects(place.git, hash_size_of(place.git))
            repository.walk(place, objects)
        except FolderUnreadable as failure:
            yield problem_from(failure, "git-unreadable", where)
            return
        except LimitReached as failure:
            yield problem_from(failure, "history-bounded", where)
        if repository.history.bounded:
            message = f"Of the history the latest {MOST_COMMITS:,} commits were looked at; older runs are not shown"
            yield info("history-bounded", where, message)
        if repository.history.ends:
            message = "A shallow clone: its history ends early, and what came before is not shown"
            yield info("shallow-clone", where, message, "`git fetch --unshallow` in the original brings all of it.")
        yield from _damage(objects, where)


def _kind_problems(git: Folder) -> Iterator[Problem]:
    if "reftable" in git.folders:
        message = "The names of branches are kept in a reftable, which is not read: the history is not shown"
        yield warning("git-reftable", git.shown, message, "`git refs migrate --ref-format=files` makes it readable.")
    info_folder = git.sub("objects/info")
    if "objects" in git.folders and "info" in git.sub("objects").folders and "alternates" in info_folder.files:
        message = "Objects of this repository lie in another one, which is not followed"
        hint = "`git repack -a -d` in the original brings them all here."
        yield info("git-alternates", info_folder.where("alternates"), message, hint)


def _damage(objects: GitObjects, where: str) -> Iterator[Problem]:
    hint = "Check whether the repository was copied completely; `git fsck` tells more."
    for name in objects.odd:
        yield warning("git-bad-pack", f"{where}/objects/pack/{name}", "The index of a pack cannot be read", hint)
    if objects.damaged:
        name, reason = min(objects.damaged.items())
        count = len(objects.damaged)
        message = f"{count:,} objects of the history cannot be read, {name[:12]} among them: {reason}"
        yield warning("git-object-damaged", where, message, hint)
    if objects.missing:
        name, count = min(objects.missing), len(objects.missing)
        message = f"{count:,} objects of the history are not here, {name[:12]} among them"
        yield warning("git-object-missing", where, message, hint)
