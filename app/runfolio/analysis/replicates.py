"""Which params may differ between runs that are repetitions of one configuration: seeds, and what only names a run.

What counts is the last part of a param's key, whatever the case and the joints: `trainer.random_seed`, `Random-Seed`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

_SEED_WORDS = "seed seeds rng randomstate randomseed rngseed manualseed globalseed seedeverything"
_RUN_WORDS = """
    runid runname runuuid runhash experimentid wandbrunid jobid taskid slurmjobid pid uuid
    outputdir outdir outputpath outputfolder logdir loggingdir logpath logfile savedir savepath saveto rundir workdir
    workingdir resultdir resultsdir resultpath checkpointdir checkpointpath ckptdir ckptpath defaultrootdir
    tensorboardlog tensorboarddir tblogdir tbdir wandbdir modeldir exportdir
    host hostname node nodename port masterport masteraddr initmethod disturl distributedport
    localrank rank gpuid gpuids cudavisibledevices timestamp starttime starttimestamp datetime
"""
_SEEDS = frozenset(_SEED_WORDS.split())
_OF_THE_RUN = frozenset(_RUN_WORDS.split())
_JOINTS = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[./]")


def is_seed(key: str) -> bool:
    """Whether a param is what a random generator starts from."""
    word = _last(key)
    return word in _SEEDS or word.endswith("seed")


def is_of_the_run(key: str) -> bool:
    """Whether a param names the run, its folder or the machine, and not what was trained."""
    return _last(key) in _OF_THE_RUN


def repeats(key: str) -> bool:
    """Whether repetitions of one configuration may differ in a param."""
    return is_seed(key) or is_of_the_run(key)


def ignored_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Those of `keys` in which repetitions may differ, seeds first, each in the order given."""
    found = [key for key in keys if repeats(key)]
    return tuple(sorted(found, key=lambda key: not is_seed(key)))


def rule_text(ignored: Sequence[str], *, experiment: bool, data: bool) -> str:
    """The rule in words: `same experiment, data and params (fractions to 12 digits), but for seed, output_dir`."""
    same = [*(["experiment"] if experiment else []), *(["data"] if data else []), "params (fractions to 12 digits)"]
    words = " and ".join([", ".join(same[:-1]), same[-1]] if len(same) > 1 else same)
    shown = ", ".join(ignored[:4]) + (f" and {len(ignored) - 4} more" if len(ignored) > 4 else "")
    return f"same {words}, but for {shown}" if ignored else f"same {words}"


def named_apart(columns: Iterable[Sequence[str]], fallback: Sequence[str], main: int = 0) -> list[str]:
    """A name for each group from the values by which groups differ: as few columns as tell them apart.

    columns    texts `key=value` or "" for each group, the column that says most first; no more are taken than needed.
    fallback   what a group is called where values do not tell it from another.
    main       how many of the first groups need only be told from each other: what matters more has the shorter name.
    """
    names = [""] * len(fallback)
    different = min(1, len(names))
    for column in columns if len(names) > 1 else ():
        more = [", ".join(part for part in pair if part) for pair in zip(names, column, strict=True)]
        # A column that tells no two groups apart would only make names longer.
        if len({*more}) > different:
            names, different = more, len({*more})
        if different == len(names):
            break
    seen, seen_first = Counter(names), Counter(names[:main])
    apart = []
    for place, (name, other) in enumerate(zip(names, fallback, strict=True)):
        alone = seen_first[name] == 1 if place < main else seen[name] == 1
        apart.append(name if name and alone else " · ".join(part for part in (name, other) if part))
    return _numbered(apart)


def short_titles(keys: Sequence[str]) -> list[str]:
    """The last parts of keys where they are enough to tell them apart, else the whole keys.

    >>> short_titles(["optim.lr", "model.name", "data.name"])
    ['lr', 'model.name', 'data.name']
    """
    last = [_PARTS.split(key)[-1] or key for key in keys]
    seen = Counter(last)
    return [short if seen[short] == 1 else key for short, key in zip(last, keys, strict=True)]


def _numbered(names: Collection[str]) -> list[str]:
    found: list[str] = []
    taken: dict[str, int] = {}
    for name in names:
        taken[name] = taken.get(name, 0) + 1
        found.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return found


def _last(key: str) -> str:
    return _JOINTS.sub("", _PARTS.split(key)[-1].lower())
