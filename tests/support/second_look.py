"""A tree that was read once, as workers read it, and what a second look at it finds to be read again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim
from runfolio.readers.fingerprint import is_settled
from runfolio.readers.looks import Look
from runfolio.readers.parse import Parsed, parse, parse_all
from runfolio.readers.scanner import Memory, Unit, scan
from runfolio.readers.sights import Besides

Place = tuple[str, str]
"""A claimed folder and the reader that claimed it."""


def told(recordings: list[Recording], problems: list[Problem]) -> str:
    """All that was read, as text that is the same for the same."""
    lines = [repr(problem) for problem in problems]
    for recording in recordings:
        lines.append(repr(replace(recording, metrics=())))
        for m in recording.metrics:
            digest = [part.tobytes() for part in (m.step, m.value, m.wall_time_us)]
            lines.append(repr((m.name, m.has_step, m.final, m.final_rule, m.source, digest)))
    return "\n".join(lines)


class ReadOnce:
    """What an index keeps of a tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.looks: dict[str, Look] = {}
        claims: list[Claim] = []
        for found in scan(root, memory=Memory(keep=self._keep)):
            if isinstance(found, Unit):
                claims.append(found.claim)
        parts: defaultdict[Place, list[Parsed]] = defaultdict(list)
        for parsed in parse_all(root, claims, [120.0] * len(claims)):
            parts[parsed.claim.path, parsed.claim.reader].append(parsed)
        self.claims = {(claim.path, claim.reader): claim for claim in claims}
        self.last = {place: some[-1] for place, some in parts.items()}
        self.told = {
            place: told([r for p in some for r in p.recordings], [q for p in some for q in p.problems])
            for place, some in parts.items()
        }

    def _keep(self, look: Look) -> None:
        self.looks[look.path] = look

    def found_changed(self) -> set[Place]:
        """What an ordinary second look reads, or finds to be gone; it is not read here."""
        besides = Besides(self.root)
        by_path: defaultdict[str, list[Parsed]] = defaultdict(list)
        for parsed in self.last.values():
            by_path[parsed.claim.path].append(parsed)
        same: set[Place] = set()
        changed: set[Place] = set()

        def stands(path: str) -> bool:
            only = by_path.get(path, [])
            if len(only) != 1 or not is_settled(self.root, path, only[0].settled):
                return False
            if not besides.is_same(path, only[0].beside):
                return False
            same.add((path, only[0].claim.reader))
            return True

        def is_all_same(look: Look) -> bool:
            return all(besides.is_same(look.path, self.last[look.path, r].beside, elsewhere=True) for r in look.readers)

        def unchanged(look: Look) -> None:
            same.update((look.path, reader) for reader in look.readers)

        for found in scan(self.root, memory=Memory(stands, self.looks, is_all_same, unchanged, self._keep)):
            if isinstance(found, Unit):
                place = (found.claim.path, found.claim.reader)
                was = self.last.get(place)
                is_same = was is not None and was.fingerprint == found.fingerprint
                if is_same and was is not None and besides.is_same(place[0], was.beside):
                    same.add(place)
                else:
                    changed.add(place)
        return changed | (self.last.keys() - same)

    def read_again(self, place: Place) -> str:
        """What reading a claimed folder gives now."""
        parsed = parse(self.root, self.claims[place], Budget())
        return told([*parsed.recordings], [*parsed.problems])
