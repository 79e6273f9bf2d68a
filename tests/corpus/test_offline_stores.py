"""Trackio, SwanLab, Guild, ClearML, Comet and Neptune: what their files say, whole and damaged."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, cast

import pytest

from runfolio.errors import LimitReached
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.contract import Budget
from runfolio.readers.cut_zip import CutZip
from runfolio.readers.folder import Folder
from runfolio.readers.parse import parse
from support import event_files
from support.inspected import CORPUS, claims_on, inspected_runs


def read(root: Path, reader: str) -> tuple[list[Recording], list[Problem]]:
    recordings: list[Recording] = []
    problems: list[Problem] = []
    for claim in claims_on(root):
        if claim.reader == reader:
            parsed = parse(root, claim, Budget())
            recordings += parsed.recordings
            problems += [*parsed.problems, *(p for r in parsed.recordings for p in r.problems)]
    return recordings, problems


def only(root: Path, reader: str) -> Recording:
    (recording,) = read(root, reader)[0]
    return recording


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(root: Path, reader: str) -> list[str]:
    return [p.code for p in read(root, reader)[1]]


# --- Trackio ------------------------------------------------------------------------------------------------------


def trackio(root: Path, *rows: str) -> Recording:
    with sqlite3.connect(root / "my proj.db") as store:
        store.executescript(
            "create table metrics(timestamp text, run_name text, step integer, metrics text);"
            "create table configs(run_name text, config text, created_at text);"
        )
        config = '{"lr": 0.1, "opt": {"m": 0.9}, "_Created": "2026-01-01T00:00:00", "_Username": "mira"}'
        store.execute("insert into configs values ('r', ?, '')", (config.encode(),))
        for step, row in enumerate(rows):
            store.execute("insert into metrics values ('2026-01-01T00:00:01', 'r', ?, ?)", (step, row.encode()))
    store.close()
    return only(root, "trackio")


def test_a_store_of_an_old_version_has_a_run_for_each_name(tmp_path: Path) -> None:
    run = trackio(tmp_path, '{"loss": "NaN", "n": {"a": 1.5}, "word": "x"}', '{"loss": "-Infinity"}', "cut {", "[1]")
    assert (run.id, run.experiment, run.facts["user"]) == ("r", "my proj", "mira")
    assert points(run, "loss") == [(0, "nan"), (1, "-inf")]
    assert points(run, "n.a") == [(0, "1.5")]
    assert {p.key: p.value for p in run.params} == {"lr": 0.1, "opt.m": 0.9}
    assert [p.code for p in run.problems] == ["bad-row"]


def test_a_run_that_was_resumed_began_with_its_first_log(tmp_path: Path) -> None:
    # Trackio 0.43.0 writes the config, and `_Created` in it, anew when a run is resumed.
    trackio(tmp_path, '{"loss": 1.0}')
    with sqlite3.connect(tmp_path / "my proj.db") as store:
        config = '{"_Created": "2026-01-01T00:05:00"}'
        store.execute("update configs set config = ?", (config.encode(),))
    store.close()
    assert only(tmp_path, "trackio").started_us == 1_767_225_601_000_000


# --- SwanLab ------------------------------------------------------------------------------------------------------


def swan(root: Path, data: bytes) -> Path:
    folder = root / "swanlog" / "run-20260101_000000-abc"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "config.yaml").write_text("lr: {desc: '', sort: 0, value: 0.1}\n")
    (folder / "run-abc.swanlab").write_bytes(data)
    return root


def swan_json(*records: dict[str, Any]) -> bytes:
    out = b":SWL\xd6\xe1\x01"
    for record in records:
        data = json.dumps(record).encode()
        out += struct.pack("<IHB", zlib.crc32(data, zlib.crc32(b"\x01")), len(data), 1) + data
    return out


def test_the_json_records_of_earlier_versions_are_read(tmp_path: Path) -> None:
    scalar = {"model_type": "Scalar", "data": {"key": "loss", "step": 3, "metric": {"data": "NaN"}}}
    footer = {"model_type": "Footer", "data": {"success": False, "create_time": "2026-01-01T00:00:05+00:00"}}
    run = only(swan(tmp_path, swan_json(scalar, {"model_type": "?", "data": 3}, footer)), "swanlab")
    assert points(run, "loss") == [(3, "nan")]
    assert (run.status, run.ended_us) == (RunStatus.FAILED, 1_767_225_605_000_000)
    assert {p.key: p.value for p in run.params} == {"lr": 0.1}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-log"),
        (b":SWL\xd6\xe1\x02", "empty-log"),
        (b":SWL\xd6\xe1\x02" + b"\x07\x00\x00\x00\x03\x00\x01abc" + b"\0" * 60, "damaged-log"),
    ],
)
def test_a_damaged_log_keeps_the_config(tmp_path: Path, data: bytes, code: str) -> None:
    run = only(swan(tmp_path, data), "swanlab")
    assert [p.code for p in run.problems] == [code]
    assert run.params


def test_a_cut_log_gives_what_came_before(tmp_path: Path) -> None:
    (whole,) = (CORPUS / "swanlab" / "runs").glob("swanlog/*7ubf1md7/*.swanlab")
    run = only(swan(tmp_path, whole.read_bytes()[:-200]), "swanlab")
    assert (run.name, run.status) == ("base", RunStatus.UNKNOWN)
    assert points(run, "train/loss")
    assert [p.code for p in run.problems] == ["cut-log"]


# --- Guild --------------------------------------------------------------------------------------------------------


def test_the_environment_of_a_guild_run_is_never_read(tmp_path: Path) -> None:
    source = CORPUS / "guild" / "runs" / ".guild" / "runs" / "43e7f5fabec847abaab4888180909639"
    run = tmp_path / "43e7f5fabec847abaab4888180909639"
    shutil.copytree(source, run)
    (run / ".guild" / "attrs" / "env").write_text("AWS_SECRET: kettle-of-fish\n")
    (run / ".guild" / "attrs" / "flags").write_text("lr: [0.1\n")
    recording = only(tmp_path, "guild")
    assert "kettle-of-fish" not in repr(recording)
    assert (recording.status, recording.status_raw) == (RunStatus.KILLED, "terminated")
    assert any(p.path.endswith("flags") for p in recording.problems)


def test_the_trash_of_guild_is_not_shown() -> None:
    assert len(inspected_runs(CORPUS / "guild" / "runs")) == 8


def test_the_trash_of_a_home_of_another_name_is_not_shown_either(tmp_path: Path) -> None:
    source = CORPUS / "guild" / "runs" / ".guild" / "runs"
    ids = sorted(p.name for p in source.iterdir())[:2]
    shutil.copytree(source / ids[0], tmp_path / "home" / "runs" / ids[0])
    shutil.copytree(source / ids[1], tmp_path / "home" / "trash" / "runs" / ids[1])
    assert [*inspected_runs(tmp_path)] == [f"home/runs/{ids[0]}"]


def test_the_value_of_a_guild_run_is_the_last_at_the_greatest_step(tmp_path: Path) -> None:
    # Guild 0.9.0 compares runs by 0.4 when a script prints these losses at these steps.
    run = tmp_path / "0123456789abcdef0123456789abcdef"
    (run / ".guild" / "attrs").mkdir(parents=True)
    (run / ".guild" / "opref").write_text("guildfile:. 0 '' train\n")
    logged = ((0, 1.0), (5, 0.5), (5, 0.4), (2, 0.001))
    events = [event_files.version(), *(event_files.scalar(*point) for point in logged)]
    event_files.write(run / ".guild", map(event_files.record, events))
    (metric,) = only(tmp_path, "guild").metrics
    assert metric.step.tolist() == [0, 5, 5, 2]
    assert metric.final == pytest.approx(0.4)
    assert metric.final_rule == "greatest step, the last written of it"


# --- ClearML ------------------------------------------------------------------------------------------------------


def test_a_session_and_its_zip_are_one_run_and_the_zip_alone_is_the_same(tmp_path: Path) -> None:
    (source,) = (CORPUS / "clearml" / "runs").glob("cache/offline/offline-a37654*")
    folder = tmp_path / "both" / source.name
    shutil.copytree(source, folder)
    shutil.make_archive(str(folder), "zip", folder)
    (tmp_path / "alone").mkdir()
    shutil.copy(f"{folder}.zip", tmp_path / "alone")
    from_folder = only(tmp_path / "both", "clearml")
    from_zip = only(tmp_path / "alone", "clearml")
    assert from_folder.identity == from_zip.identity
    assert points(from_folder, "loss/train") == points(from_zip, "loss/train")
    assert from_folder.params == from_zip.params


def test_a_cut_zip_is_told(tmp_path: Path) -> None:
    name = f"offline-{'0' * 32}.zip"
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("task.json", "{}")
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:40])
    assert codes(tmp_path, "clearml") == ["unreadable-zip"]


def test_cut_events_cost_the_last_line_only(tmp_path: Path) -> None:
    event = {"type": "training_stats_scalar", "metric": "m", "variant": "v", "iter": 1, "value": 0.5, "timestamp": 1}
    (tmp_path / "task.json").write_text('{"offline_folder": "x", "id": "offline-1"}')
    (tmp_path / "metrics.jsonl").write_text(json.dumps([event]) + "\n[{")
    assert points(only(tmp_path, "clearml"), "m/v") == [(1, "0.5")]
    assert codes(tmp_path, "clearml") == ["cut-line"]


# --- Comet --------------------------------------------------------------------------------------------------------


def comet(root: Path, messages: str) -> Recording:
    with zipfile.ZipFile(root / "abc.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("experiment.json", '{"offline_id": "abc", "start_time": 1700000000000}')
        archive.writestr("messages.json", messages)
    return only(root, "comet")


def message(kind: str, **payload: Any) -> str:
    return json.dumps({"type": kind, "payload": payload}) + "\n"


def test_messages_of_comet_add_up(tmp_path: Path) -> None:
    text = (
        message("metric_msg", metric={"metricName": "loss", "metricValue": "NaN", "step": 2}, context="train")
        + message("parameter_msg", param={"paramName": "argv", "paramValue": "x", "source": "cli"})
        + message("parameter_msg", param={"paramName": "lr", "paramValue": 0.1, "source": "manual"})
        + message("ws_msg", log_other={"key": "Name", "val": "old"})
        + '{"type": "metric_msg", "payl'
    )
    run = comet(tmp_path, text)
    assert points(run, "train_loss") == [(2, "nan")]
    assert ({p.key: p.value for p in run.params}, run.name) == ({"lr": 0.1}, "old")
    assert (run.status, [p.code for p in run.problems]) == (RunStatus.UNKNOWN, ["cut-line"])


def test_values_that_comet_keeps_as_text_are_numbers_where_they_spell_one(tmp_path: Path) -> None:
    # As Comet 3.58.8 wrote log_metric of True, "0.5", an infinity and "abc".
    said = {"bool": "True", "number": "0.5", "high": "Infinity", "low": "-Infinity", "word": "abc"}
    rows = "".join(
        message("metric_msg", metric={"metricName": name, "metricValue": value, "step": 1})
        for name, value in said.items()
    )
    run = comet(tmp_path, rows)
    assert {m.name: m.value.tolist() for m in run.metrics} == {
        "bool": [1.0],
        "number": [0.5],
        "high": [float("inf")],
        "low": [float("-inf")],
    }
    assert [(p.code, "word" in p.message) for p in run.problems] == [("odd-value", True)]


def test_an_empty_zip_is_a_run_that_was_killed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / f"{'a' * 32}.zip", "w"):
        pass
    assert codes(tmp_path, "comet") == ["empty-zip"]


def test_a_zip_that_was_cut_off_is_told_and_many_files_in_one_hide_nothing(tmp_path: Path) -> None:
    comet(tmp_path, message("metric_msg", metric={"metricName": "loss", "metricValue": 0.5, "step": 2}))
    with zipfile.ZipFile(tmp_path / "abc.zip", "a") as archive:
        for number in range(2_000):
            archive.writestr(f"{number:06}-of-the-assets-of-the-run", "")
    assert points(only(tmp_path, "comet"), "loss") == [(2, "0.5")]
    data = (tmp_path / "abc.zip").read_bytes()
    (tmp_path / "abc.zip").write_bytes(data[: len(data) // 2])
    assert codes(tmp_path, "comet") == ["cut-zip"]
    assert points(only(tmp_path, "comet"), "loss") == [(2, "0.5")]
    (tmp_path / "abc.zip").write_bytes(data[:60])
    assert codes(tmp_path, "comet") == ["unreadable-zip"], "of none of its files anything is left"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_of_a_zip_that_was_cut_all_messages_before_the_cut_are_read(tmp_path: Path, method: int) -> None:
    source = CORPUS / "comet" / "runs" / "04ebe297c80a4c79b1bf823a16bd892b.zip"
    (tmp_path / "whole").mkdir()
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(tmp_path / "whole" / source.name, "w", method) as copy:
        for name in archive.namelist():
            copy.writestr(name, archive.read(name))
    data = (tmp_path / "whole" / source.name).read_bytes()
    read_whole = only(tmp_path / "whole", "comet")
    whole = {metric.name: points(read_whole, metric.name) for metric in read_whole.metrics}
    counts = []
    for part in range(30, 100, 6):
        place = tmp_path / f"cut-{part}"
        place.mkdir()
        (place / source.name).write_bytes(data[: len(data) * part // 100])
        run = only(place, "comet")
        assert run.identity == "comet:04ebe297c80a4c79b1bf823a16bd892b", "of the file that was written before"
        for metric in run.metrics:
            assert points(run, metric.name) == whole[metric.name][: len(metric)]
        counts.append(sum(map(len, run.metrics)))
        assert "cut-zip" in [p.code for p in run.problems]
    assert counts == sorted(counts)
    assert len(set(counts)) > 2
    assert counts[-1] == sum(map(len, whole.values())) - 1, "the duration comes at the very end"


def test_a_cut_session_of_clearml_keeps_what_was_copied(tmp_path: Path) -> None:
    (source,) = (CORPUS / "clearml" / "runs").glob("cache/offline/offline-a37654*")
    name = f"{source.name}.zip"
    for place in ("whole", "cut"):
        (tmp_path / place).mkdir()
        with zipfile.ZipFile(tmp_path / place / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in ("task.json", "metrics.jsonl", "log.jsonl"):
                archive.write(source / file, file)
    with zipfile.ZipFile(tmp_path / "cut" / name) as archive:
        end = archive.getinfo("log.jsonl").header_offset
    (tmp_path / "cut" / name).write_bytes((tmp_path / "cut" / name).read_bytes()[: end + 50])
    cut, whole = only(tmp_path / "cut", "clearml"), only(tmp_path / "whole", "clearml")
    assert (cut.identity, cut.params) == (whole.identity, whole.params)
    assert points(cut, "loss/train") == points(whole, "loss/train")
    assert [(p.code, "log.jsonl does not go to its end" in p.message) for p in cut.problems] == [("cut-zip", True)]


def test_a_cut_zip_that_was_written_as_a_stream_is_read_to_its_first_file(tmp_path: Path) -> None:
    class Stream(io.RawIOBase):
        """Cannot go back, so that sizes stand behind the members."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += data
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(cast("IO[bytes]", stream), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "one " * 1_000)
        archive.writestr("b.txt", "two")
    (tmp_path / "s.zip").write_bytes(bytes(stream.data[:-30]))
    rest = CutZip.of(Folder(tmp_path), "s.zip")
    assert (list(rest.sizes), rest.cut) == (["a.txt"], "a.txt"), "whether it is whole is not known"
    assert rest.read("a.txt", 1 << 20) == b"one " * 1_000
    with pytest.raises(LimitReached):
        rest.read("a.txt", 3_999)


def test_other_zips_are_not_taken(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("../../experiment.json", "{}")
    assert claims_on(tmp_path) == []


def test_a_zip_that_is_a_bomb_is_stopped_at_its_limit(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "abc.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("experiment.json", b" " * 40_000_000)
        archive.writestr("messages.json", "")
    assert "unreadable-file" in codes(tmp_path, "comet")


# --- Neptune ------------------------------------------------------------------------------------------------------


def test_operations_of_neptune_add_up_over_the_files_of_the_queue(tmp_path: Path) -> None:
    folder = tmp_path / ".neptune" / "offline" / "run__00000000-0000-4000-8000-000000000000"
    folder.mkdir(parents=True)

    def operation(**fields: Any) -> str:
        return json.dumps({"obj": fields, "version": 1}) + "\n"

    first = operation(type="AssignFloat", path=["parameters", "lr"], value=0.1) + operation(
        type="LogFloats", path=["m", "a b"], values=[{"value": 1, "step": 5, "ts": 1.7e9}, {"value": "x"}]
    )
    second = operation(type="LogFloats", path=["m", "a b"], values=[{"value": 2, "step": 5}]) + operation(
        type="AssignBool", path=["sys", "failed"], value=True
    )
    (folder / "data-1.log").write_text(first)
    (folder / "data-10.log").write_text(second + '{"obj"')
    run = only(tmp_path, "neptune")
    assert points(run, "m/a b") == [(5, "1.0"), (5, "2.0")]
    assert ({p.key: p.value for p in run.params}, run.status) == ({"lr": 0.1}, RunStatus.FAILED)
    assert [p.code for p in run.problems] == ["cut-line"]


def test_what_was_deleted_from_a_run_of_neptune_is_gone(tmp_path: Path) -> None:
    # As Neptune 1.14.0 queues `del run[...]`, and what is logged under the same name afterwards.
    def log(path: str, value: float, step: float) -> dict[str, Any]:
        return {"type": "LogFloats", "path": path.split("/"), "values": [{"value": value, "step": step, "ts": 1.8e9}]}

    operations: list[dict[str, Any]] = [
        {"type": "AssignInt", "path": ["parameters", "gone"], "value": 1},
        {"type": "AssignInt", "path": ["parameters", "kept"], "value": 2},
        {"type": "AssignInt", "path": ["ns", "b"], "value": 3},
        {"type": "AddStrings", "path": ["sys", "tags"], "values": ["old"]},
        *(log(name, 1.0, 0) for name in ("gone", "again", "cleared", "kept")),
        *({"type": "DeleteAttribute", "path": p} for p in (["parameters", "gone"], ["ns", "b"], ["gone"], ["again"])),
        {"type": "ClearFloatLog", "path": ["cleared"]},
        {"type": "ClearStringSet", "path": ["sys", "tags"]},
        log("again", 2.0, 0.5),
        {"type": "AddStrings", "path": ["sys", "tags"], "values": ["new"]},
    ]
    folder = tmp_path / ".neptune" / "offline" / "run__01234567-89ab-cdef-0123-456789abcdef"
    folder.mkdir(parents=True)
    lines = (json.dumps({"obj": o, "version": n, "at": 1.8e9}) for n, o in enumerate(operations, 1))
    (folder / "data-1.log").write_text("\n".join(lines) + "\n")
    run = only(tmp_path, "neptune")
    assert [p.key for p in run.params] == ["kept"]
    assert {m.name: m.value.tolist() for m in run.metrics} == {"kept": [1.0], "again": [2.0]}
    assert [*run.tags] == ["new"]
    assert "ns/b" not in str(run.extra)
    assert [(p.code, "again" in p.message) for p in run.problems] == [("fractional-step", True)]


def test_configuration_objects_of_clearml_are_kept(tmp_path: Path) -> None:
    # As ClearML 2.1.12 writes connect_configuration({"model": {"layers": [1, 2]}}, name="cfg").
    cfg = {"cfg": {"name": "cfg", "type": "dictionary", "value": "model {\n  layers = [1, 2]\n}"}}
    task = {"configuration": cfg, "id": "offline-0123", "offline_folder": "/x", "name": "t"}
    (tmp_path / "task.json").write_text(json.dumps(task))
    assert only(tmp_path, "clearml").extra["configuration"] == {"cfg": "model {\n  layers = [1, 2]\n}"}
