"""The one check: format, lint, types, import contracts and, unless told otherwise, the tests.

    python packaging/check.py            everything
    python packaging/check.py --no-tests what takes seconds

Developers and continuous integration run this very file, in an environment with the extras `test` and `check`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
    ("lint", ("-m", "ruff", "check", "--quiet", ".")),
    ("types", ("-m", "mypy")),
    ("imports", ("-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())")),
)
TESTS = ("tests", ("-m", "pytest", "-q", "-n", "3", "--dist", "loadfile", "--benchmark-disable"))


def main() -> int:
    """Run the steps in order, all of them even when one fails; 1 when any did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--no-tests", action="store_true")
    args = parser.parse_args()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "app"), "QT_QPA_PLATFORM": "offscreen"}
    failed: list[str] = []
    for name, command in [*STEPS, *([] if args.no_tests else [TESTS])]:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False).returncode
        print(
            f"== {name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.1f} s", flush=True
        )
        if code:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
