"""What became of each folder: imported, partial or skipped, and why."""

from __future__ import annotations

from collections import defaultdict
from typing import cast

from runfolio.index.database import Database
from runfolio.model.problem import Problem, Severity
from runfolio.model.reports import FolderReport, Verdict

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_VERDICTS = (Verdict.SKIPPED, Verdict.PARTIAL, Verdict.IMPORTED)


def reports(database: Database) -> tuple[FolderReport, ...]:
    """A report for each claimed folder and each place that the walk met a problem at; the worst first."""
    with database.snapshot():
        folders = database.rows(
            """select s.path, u.path, u.reader, u.source, count(c.id), coalesce(sum(n.points), 0)::bigint
               from units u
               join sources s on s.id = u.source
               left join recordings c on c.source = u.source and c.unit = u.path and c.reader = u.reader
               left join (
                   select recording, sum(n) as points from series
                   where id not in (select id from made_series) group by recording) n on n.recording = c.id
               group by s.path, u.path, u.reader, u.source"""
        )
        told = database.rows(
            """select p.source, coalesce(c.unit, p.unit), coalesce(c.reader, p.reader), s.path, p.severity, p.code,
                      p.path, p.message, p.hint, p.at_byte
               from problems p join sources s on s.id = p.source left join recordings c on c.id = p.recording
               order by p.path, p.code, p.message"""
        )
    problems: dict[tuple[object, object, object], list[Problem]] = defaultdict(list)
    walk: list[FolderReport] = []
    for source, unit, reader, source_path, severity, code, path, message, hint, at in told:
        problem = Problem(
            Severity(str(severity)), str(code), str(path), str(message), str(hint), cast("int | None", at)
        )
        if unit is None:
            lost = problem.severity is Severity.ERROR
            verdict = Verdict.SKIPPED if lost else Verdict.PARTIAL
            walk.append(FolderReport(str(source_path), problem.path, "", verdict, 0, 0, (problem,)))
        else:
            problems[source, unit, reader].append(problem)
    found = [
        _report(str(root), str(path), str(reader), cast(int, count), cast(int, points), problems[source, path, reader])
        for root, path, reader, source, count, points in folders
    ]
    found += walk
    return tuple(sorted(found, key=lambda r: (_VERDICTS.index(r.verdict), r.source_path, r.path, r.reader)))


def _report(root: str, path: str, reader: str, count: int, points: int, problems: list[Problem]) -> FolderReport:
    ordered = tuple(sorted(problems, key=lambda p: _ORDER[p.severity]))
    lossy = bool(ordered) and ordered[0].severity is not Severity.INFO
    verdict = Verdict.SKIPPED if not count else Verdict.PARTIAL if lossy else Verdict.IMPORTED
    return FolderReport(root, path, reader, verdict, count, points, ordered)
