"""One round of the import benchmark, in a process of its own: imports a tree and prints what it took as JSON.

    python tests/bench/import_round.py TREE FOLDER_FOR_THE_INDEX

`raw` walks the tree, opens every file and reads every byte; `stat` is a walk with a stat of every file. Both are done
before the import and after it, so that a machine that others use as well is seen to be so; the quicker one counts.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

# The worker processes run the lines above `main` as well: what is heavy is imported where it is needed.


def raw(root: Path) -> int:
    """Bytes in the tree, each of them read."""
    total = 0
    stack = [str(root)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    handle = os.open(entry.path, os.O_RDONLY)
                    while block := os.read(handle, 1 << 20):
                        total += len(block)
                    os.close(handle)
    return total


def walk(root: Path) -> int:
    """Bytes in the tree by the word of stat."""
    total = 0
    stack = [str(root)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one call in this process alone."""
    started, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - started, time.process_time() - used


def quicker(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The lower of two figures each."""
    return min(one[0], other[0]), min(one[1], other[1])


def below(process: int) -> list[int]:
    """The processes that a process has started, and those that they have: workers are forked from a server."""
    parents = {}
    for process_folder in Path("/proc").glob("[0-9]*"):
        number = int(process_folder.name)
        try:
            parents[number] = int(stat_fields(number)[1])
        except OSError:
            continue  # it has ended meanwhile
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def stat_fields(process: int) -> list[str]:
    """What /proc says of a process, from its state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def cpu_s() -> float:
    """CPU seconds of this process, of all below it, and of those of them that have ended."""
    own = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ticks = sum(sum(map(int, stat_fields(process)[11:15])) for process in below(os.getpid()))
    return own + ticks / os.sysconf("SC_CLK_TCK")


def peak_bytes(process: int) -> int:
    """The most memory that a process has had in use."""
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def main(tree: str, place: str) -> None:
    """Measures one import, and a second look at the same tree."""
    root, index, ledger = Path(tree), Path(place) / "index.duckdb", Path(place) / "ledger"
    raw(root)
    read, looked = seconds(lambda: raw(root)), seconds(lambda: walk(root))

    from runfolio.api import Workspace

    peaks: list[int] = []

    def whole() -> None:
        with Workspace.open(index, ledger) as workspace:
            workspace.index([root])
            peaks.extend(map(peak_bytes, below(os.getpid())))

    used = cpu_s()
    import_s, own_cpu_s = seconds(whole)
    used = cpu_s() - used
    bytes_read = raw(root)
    read, looked = quicker(read, seconds(lambda: raw(root))), quicker(looked, seconds(lambda: walk(root)))
    size = index.stat().st_size
    with Workspace.open(index, ledger) as workspace:
        again_s, again_cpu_s = seconds(lambda: workspace.index([root]))
        runs = len(workspace.run_keys())
    sys.stdout.write(
        json.dumps(
            {
                "runs": runs,
                "tree_bytes": bytes_read,
                "raw_s": read[0],
                "raw_cpu_s": read[1],
                "stat_s": looked[0],
                "stat_cpu_s": looked[1],
                "import_s": import_s,
                "cpu_s": used,
                "own_cpu_s": own_cpu_s,
                "index_bytes": size,
                "again_s": again_s,
                "again_cpu_s": again_cpu_s,
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "worker_peak_bytes": max(peaks),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
