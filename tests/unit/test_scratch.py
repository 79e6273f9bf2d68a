"""What processes leave among the temporary files: nothing when they end, and what killed ones left goes next time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio import scratch
from runfolio.analysis.working import in_a_worker
from runfolio.errors import Cancelled

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a thing of POSIX")

HOLDS = """
import sys
from pathlib import Path
from runfolio.readers.parse import Parsed
from runfolio.readers.pool import Limits, ParsePool

pool = ParsePool(list[Parsed], Limits(workers=1))
pool.call(len, "a worker runs")
(pool.parts_folder / "part").write_bytes(b"x" * 1000)
print("ready", flush=True)
sys.stdin.read()
pool.stop()
"""


def start(temporary: Path) -> subprocess.Popen[str]:
    """A process that has begun to use its folder, and does until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def end(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate("", timeout=30)
    assert (process.returncode, errors) == (0, "")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Not below pytest's own, whose names are longer than the path of a socket may be."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def test_nothing_is_left_when_a_process_ends(temporary: Path) -> None:
    process = start(temporary)
    (own,) = temporary.iterdir()
    assert own.name.startswith("runfolio-")
    end(process)
    assert [*temporary.iterdir()] == []


def test_what_a_killed_process_left_goes_with_the_next_and_nothing_else_does(temporary: Path, tmp_path: Path) -> None:
    alive = start(temporary)
    (living,) = temporary.iterdir()
    killed = start(temporary)
    (dead,) = (p for p in temporary.iterdir() if p != living)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    assert (dead / "in-use.lock").is_file()
    assert [*dead.glob("parts-*/part")]
    # What others have there: without our lock, by a link to a folder that looks left, and a file.
    (temporary / "runfolio-notes").mkdir()
    (temporary / "runfolio-notes" / "thesis.txt").write_text("mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "in-use.lock").touch()
    (temporary / "runfolio-link").symlink_to(elsewhere)
    (temporary / "runfolio-file").touch()
    (temporary / "runfolio-odd").mkdir()
    (temporary / "runfolio-odd" / "in-use.lock").symlink_to(elsewhere / "in-use.lock")
    # A link inside of what is removed leads to nothing that is.
    (dead / "link").symlink_to(elsewhere)
    following = start(temporary)
    left = {p.name for p in temporary.iterdir()}
    end(following)
    end(alive)
    assert dead.name not in left
    assert living.name in left
    kept = {"runfolio-notes", "runfolio-link", "runfolio-file", "runfolio-odd"}
    assert {p.name for p in temporary.iterdir()} == kept
    assert (elsewhere / "in-use.lock").exists()
    assert (temporary / "runfolio-notes" / "thesis.txt").read_text() == "mine"


def test_a_folder_that_was_tidied_away_is_made_again(temporary: Path) -> None:
    call = "import shutil; from runfolio import scratch as s; a = s.folder(); shutil.rmtree(a); b = s.folder()"
    check = "assert a != b and b.is_dir(); t = s.fresh('x-'); assert t.name.startswith(str(b)); t.cleanup()"
    subprocess.run(
        [sys.executable, "-c", f"{call}; {check}"], env=os.environ | {"TMPDIR": str(temporary)}, check=True, timeout=60
    )
    assert [*temporary.iterdir()] == []


def put_and_wait(place: str) -> None:
    """Half of a large file on the disk, and no end."""
    with scratch.fresh("table-") as folder:
        (Path(folder) / "half").write_bytes(b"x" * 1000)
        Path(place).write_text(folder)
        time.sleep(60)


def test_what_an_ended_calculation_had_on_the_disk_goes_with_it(tmp_path: Path) -> None:
    told = tmp_path / "told"

    class Stop:
        """Asked to stop once the file is there."""

        @property
        def cancelled(self) -> bool:
            return told.exists() and told.read_text() != ""

    with pytest.raises(Cancelled):
        in_a_worker(put_and_wait, str(told), "Waiting", Stop(), 60.0)
    assert not Path(told.read_text()).exists()
