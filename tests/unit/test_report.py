"""The report: one file with everything in it, and nothing in it that acts."""

from __future__ import annotations

import base64
import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runfolio.analysis.diff import diff_runs
from runfolio.export.recipe import recipe_for
from runfolio.export.report import ReportContent, report_html, write_report
from runfolio.model.datasets import DatasetRef
from runfolio.model.metrics import series
from runfolio.model.problem import Problem, Severity
from runfolio.model.promotion import LedgerEntry
from runfolio.model.run_detail import RunDetail
from support.run_details import run

NOON = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC
LOSS = [0.5, 0.25]
AMBER = run(
    "amber-heron",
    {"lr": "1e-3", "depth": 18},
    {"val/loss": [0.5, 0.4]},
    [DatasetRef("cifar10", "9f2c", "train", rows=50_000)],
)
BRISK = run(
    "brisk-otter",
    {"lr": "3e-3", "depth": 18},
    {"val/loss": [0.5, 0.2]},
    [DatasetRef("cifar10", "b771", "train", rows=52_000)],
)
DECISION = LedgerEntry(
    7, NOON, "mira", "stage", "beans version 2", "beans 2 moved to production", "better on 5 seeds", "ab" * 32, {}
)


def content(*runs: RunDetail, decisions: tuple[LedgerEntry, ...] = ()) -> ReportContent:
    recipe = recipe_for(runs)
    points = {p.metric: {r.key: series(p.metric, [0, 1], LOSS) for r in runs} for p in recipe.panels} if recipe else {}
    return ReportContent("Two runs", runs, diff_runs(runs), recipe, points, decisions, NOON)


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, tables as rows of cells, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "source", "br"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data

    def rows(self) -> list[list[str]]:
        return [[" ".join(cell.split()) for cell in row] for table in self.tables for row in table]


def test_the_report_shows_runs_differences_data_sets_and_reasons() -> None:
    page = Page(report_html(content(AMBER, BRISK)))
    assert page.open == []
    rows = page.rows()
    assert [
        "amber-heron",
        "finished",
        "2026-01-01 12:00",
        "10 min",
        "beans",
        "none",
        "–",
        "mlflow_file",
        "mlruns/1/amber-heron",
    ] in rows
    assert ["lr", "1e-3", "3e-3"] in rows
    assert ["val/loss lowest", "0.4", "0.2 −0.2 (−50.0 %) ▲"] in rows
    assert ["brisk-otter", "cifar10", "train", "b771", "52 000"] in [
        [c.replace("\u2009", " ") for c in r] for r in rows
    ]
    assert "train · cifar10 changed: 9f2c → b771" in page.text
    assert "Params: 1 alike in all runs" in page.text


def test_decisions_and_problems_stand_in_it() -> None:
    problem = Problem(
        Severity.WARNING, "cut-record", "events.out", "record 10 of 20 fails its checksum", "Copy it again."
    )
    page = Page(
        report_html(
            content(
                replace(AMBER, problems=(problem,)), BRISK, decisions=(DECISION, replace(DECISION, number=8, undone=9))
            )
        )
    )
    rows = page.rows()
    assert ["7", "2026-01-01 12:00", "mira", "beans 2 moved to production", "better on 5 seeds", "abababababab"] in rows
    assert "beans 2 moved to production (taken back by 9)" in [r[3] for r in rows if r[0] == "8"]
    assert ["amber-heron", "warning", "events.out", "record 10 of 20 fails its checksum Copy it again."] in rows


def test_charts_are_images_inside_of_the_file_one_for_dark_pages() -> None:
    page = Page(report_html(content(AMBER, BRISK)))
    images = [a.get("src") or a.get("srcset") or "" for tag, a in page.elements if tag in ("img", "source")]
    assert len(images) == 2
    for image in images:
        head, _, data = image.partition(",")
        assert head == "data:image/svg+xml;base64"
        assert ET.fromstring(base64.b64decode(data)).tag.endswith("svg")
    assert images[0] != images[1]


def test_one_run_has_no_differences_and_a_run_without_metrics_no_charts() -> None:
    page = Page(report_html(content(run("alone", {"lr": 1}))))
    assert "Differences" not in page.text
    assert "Charts" not in page.text
    assert "1 run ·" in " ".join(page.text.split())


def test_equal_runs_say_that_nothing_differs() -> None:
    assert ["Nothing differs."] in Page(report_html(content(AMBER, replace(AMBER, name="copy")))).rows()


HOSTILE = "<script>alert(1)</script><img src=//x.example/p onerror=a()>{{ 7*7 }}\x1b[2J\u202e\ud800\"'--></style>"


def test_nothing_that_a_run_says_acts_on_the_page() -> None:
    nasty = run(
        HOSTILE,
        {HOSTILE: HOSTILE},
        {HOSTILE: [1.0, math.nan]},
        [DatasetRef(HOSTILE, HOSTILE, HOSTILE)],
        {HOSTILE: HOSTILE},
    )
    nasty = replace(
        nasty, experiment=HOSTILE, path=HOSTILE, problems=(Problem(Severity.ERROR, "x", HOSTILE, HOSTILE, HOSTILE),)
    )
    decision = replace(DECISION, actor=HOSTILE, summary=HOSTILE, reason=HOSTILE)
    html = report_html(replace(content(nasty, AMBER, decisions=(decision,)), title=HOSTILE))
    page = Page(html)
    assert page.open == []
    own = (
        "html head meta title style body header h1 p span section strong ul li h2 h3 div table thead tbody tr th td "
        "picture source img details summary footer code"
    )
    assert {tag for tag, _ in page.elements} <= {*own.split()}
    assert not [k for _, attributes in page.elements for k in attributes if k.startswith("on")]
    assert "49" not in page.text.split("Keys of the runs")[1]
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_the_page_forbids_itself_requests_and_scripts() -> None:
    page = Page(report_html(content(AMBER, BRISK)))
    policies = [a.get("content") for tag, a in page.elements if tag == "meta" and a.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    addresses = [
        v for _, a in page.elements for k, v in a.items() if k in ("src", "srcset", "href", "action", "data") and v
    ]
    assert all(v.startswith("data:") for v in addresses)
    assert "url(" not in report_html(content(run("alone")))


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    assert write_report(first, content(AMBER, BRISK)) == first
    write_report(second, content(AMBER, BRISK))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("count", [3, 12])
def test_many_runs_have_a_column_each(count: int) -> None:
    page = Page(report_html(content(*(run(f"run-{i}", {"lr": i}) for i in range(count)))))
    assert ["lr", *map(str, range(count))] in page.rows()
