"""What files hold, told by decoders: the files are made by Pillow, wave, zipfile, pickle, NumPy, Polars, or by hand."""

from __future__ import annotations

import datetime as dt
import functools
import io
import json
import math
import pickle
import struct
import wave
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from runfolio.analysis.preview import rowindex, worker
from runfolio.analysis.preview.kinds import kind_of, step_in
from runfolio.errors import FolderUnreadable, LimitReached, UsageError
from runfolio.model.previews import (
    FOLD,
    Ask,
    FileKind,
    FilePlace,
    Picture,
    Preview,
    Sheet,
    Sound,
    TablePage,
    TextPage,
    TreePage,
)
from runfolio.model.text_search import Search
from support.event_files import event, field, new_histogram, old_histogram, record, scalar, varint, version, write


def place(path: Path) -> FilePlace:
    return FilePlace(str(path.parent), path.name)


def see(path: Path, ask: Ask | None = None) -> Preview:
    return worker.see(place(path), ask or Ask())


def sheet(path: Path) -> tuple[Sheet, tuple[str, ...]]:
    seen = see(path)
    assert isinstance(seen.content, Sheet)
    return seen.content, seen.notes


def facts(path: Path) -> dict[str, str]:
    return dict(sheet(path)[0].facts)


# --- kinds and steps ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.png", b"", FileKind.IMAGE),
        ("weights", b"GGUF\x03\0\0\0", FileKind.MODEL),
        ("picture.txt", b"\x89PNG\r\n\x1a\n", FileKind.IMAGE),
        ("page", b"<!DOCTYPE html><html>", FileKind.MARKUP),
        ("drawing.svg", b"<svg/>", FileKind.MARKUP),
        ("stdout", b"epoch 1\n", FileKind.TEXT),
        ("stdout", b"\0\1\2\3", FileKind.OTHER),
        ("events.out.tfevents.17.node", b"", FileKind.EVENTS),
        ("x.wav", b"RIFF\0\0\0\0WAVE", FileKind.AUDIO),
        ("x", b"RIFF\0\0\0\0WEBP", FileKind.IMAGE),
    ],
)
def test_kinds_come_from_name_and_first_bytes(name: str, head: bytes, kind: FileKind) -> None:
    assert kind_of(name, head) is kind


@pytest.mark.parametrize(
    ("path", "step", "series"),
    [
        ("media/images/img_12_58104a0ed8da7657c3a4.png", 12, "media/images/img.png"),
        ("images/a%step%7%timestamp%1764474%0a1b2c3d-0000-4000-8000-000000000000.png", 7, "images/a.png"),
        ("samples/epoch=003.png", 3, "samples/epoch=#.png"),
        ("fid/00042.png", 42, "fid/#.png"),
        ("confusion.txt", None, "confusion.txt"),
    ],
)
def test_the_step_of_a_file_comes_from_its_name(path: str, step: int | None, series: str) -> None:
    assert step_in(path) == (step, series)


# --- text ---------------------------------------------------------------------------------------------------------


def test_pages_of_a_text_meet_at_lines_and_leave_nothing_out(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    lines = [f"step {number} loss {1 / number:.6f} ünïcode" for number in range(1, 20_001)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found, at, starts = "", 0, []
    while at < path.stat().st_size:
        page = see(path, Ask(at=at)).content
        assert isinstance(page, TextPage)
        assert page.line == found.count("\n") + 1
        found += page.text
        starts.append(page.start)
        at = page.end
    assert found == path.read_text(encoding="utf-8")
    assert len(starts) > 3
    back = see(path, Ask(at=path.stat().st_size, backwards=True)).content
    assert isinstance(back, TextPage)
    assert back.end == back.size
    assert back.text.startswith("step ")
    assert back.text.endswith(lines[-1] + "\n")


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        ("größe\n".encode(), "UTF-8", "größe\n"),
        ("größe\n".encode("utf-16"), "UTF-16-LE", "größe\n"),
        ("größe\n".encode("utf-32"), "UTF-32-LE", "größe\n"),
        (b"\0\0\xfe\xff" + "größe\n".encode("utf-32-be"), "UTF-32-BE", "größe\n"),
        ("größe\n".encode("cp1252"), "Windows-1252", "größe\n"),
        (b"\xef\xbb\xbfone\r\ntwo\r\n", "UTF-8", "one\ntwo\n"),
    ],
)
def test_encodings_are_told(tmp_path: Path, data: bytes, encoding: str, text: str) -> None:
    (tmp_path / "notes.txt").write_bytes(data)
    page = see(tmp_path / "notes.txt").content
    assert isinstance(page, TextPage)
    assert (page.encoding, page.text) == (encoding, text)


def test_pages_of_utf_32_meet_at_lines_and_are_searched(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    text = "".join(f"step {number} größe 😀\n" for number in range(5_000))
    path.write_bytes(text.encode("utf-32"))
    found, at = "", 0
    while at < path.stat().st_size:
        page = see(path, Ask(at=at)).content
        assert isinstance(page, TextPage)
        assert page.line == found.count("\n") + 1
        found, at = found + page.text, page.end
    assert found == text
    (match,) = worker.find_text(FilePlace(str(tmp_path), "train.txt"), Search("step 4321 gr"), 10.0).found
    assert (match.line, match.column) == (4322, 0)


def test_numbers_of_json_that_are_none_are_spelt_as_in_json(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"a": NaN, "b": -Infinity, "c": [1, NaN], "d": 1e-3}')
    (tmp_path / "m.yaml").write_text("a: .nan\nb: 1.5\n")
    for name, texts in (("m.json", ["NaN", "-Infinity", "[1, NaN]", "1e-3"]), ("m.yaml", [".nan", "1.5"])):
        tree = see(tmp_path / name).content
        assert isinstance(tree, TreePage)
        assert [node.text for node in tree.nodes] == texts


def test_long_lines_are_folded_and_control_characters_only_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("first\n" + "x" * 1_250 + "\n\x1b[31mred\u202e\n", encoding="utf-8")
    page = see(path).content
    assert isinstance(page, TextPage)
    lines = page.text.split("\n")
    assert [len(line) for line in lines[:4]] == [5, FOLD, FOLD, 250]
    assert page.folds == (2, 3)
    assert lines[4] == "␛[31mred\ufffd"
    assert page.block_of(2, 0) == (4, 0)
    assert page.block_of(1, 1_100) == (3, 100)
    # Of a large script a fifth as many characters stand in a line.
    path.write_text("損失\n" + "学習率" * 70 + "\nend\n", encoding="utf-8")
    page = see(path).content
    assert isinstance(page, TextPage)
    assert [len(line) for line in page.text.split("\n")] == [2, 100, 100, 10, 3, 0]
    assert page.folds == (2, 3)
    assert page.block_of(1, 205) == (3, 5)
    assert page.block_of(2, 0) == (4, 0)


def test_a_text_is_found_with_its_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    lines = ["ok"] * 10_000
    lines[17] = "ünï: Loss is NaN here"
    lines[9_990] = "loss is nan"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = worker.find_text(place(path), Search("loss is nan"), 10).found
    assert [(match.line, match.column, match.length) for match in found] == [(18, 5, 11), (9_991, 0, 11)]
    data = path.read_bytes()
    assert data[found[0].line_start :].startswith("ünï".encode())
    assert data[found[1].line_start :].startswith(b"loss is nan\n")
    assert [m.line for m in worker.find_text(place(path), Search("loss is nan", case=True), 10).found] == [9_991]
    assert [m.line for m in worker.find_text(place(path), Search(r"^loss.*n$", regex=True, case=True), 10).found] == [
        9_991
    ]
    assert len(worker.find_text(place(path), Search("loss.", regex=False), 10).found) == 0


def test_a_bad_expression_says_where(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    with pytest.raises(UsageError, match="at character 1"):
        worker.find_text(place(tmp_path / "a.log"), Search("(x", regex=True), 5)


# --- tables -------------------------------------------------------------------------------------------------------


def table(path: Path, at: int = 0) -> TablePage:
    page = see(path, Ask(at=at)).content
    assert isinstance(page, TablePage)
    return page


def test_every_page_of_a_csv_is_what_polars_reads(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    rows = 12_345
    frame = pl.DataFrame(
        {"id": range(rows), "text": [f'line "{n}",\nsecond' if n % 7 == 0 else f"t{n}" for n in range(rows)]}
    )
    frame.write_csv(path)
    assert table(path).total == rows
    for first in (0, 999, 6_000, 12_300):
        page = table(path, first)
        expected = frame.slice(first, 500).with_columns(pl.col("id").cast(pl.String)).rows()
        assert page.columns == ("id", "text")
        assert [(a, (b or "").replace("⏎", "\n")) for a, b in page.rows] == expected


def test_a_large_csv_is_scanned_only_as_far_as_it_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    line = b"1234567890,abcdefghij,0.125\n"
    path.write_bytes(b"a,b,c\n" + line * 1_000_000)
    page = table(path)
    assert page.total is None
    assert page.about == pytest.approx(1_000_000, rel=0.01)
    last = table(path, 999_999)
    assert last.rows == (("1234567890", "abcdefghij", "0.125"),)
    assert last.total == 1_000_000


def test_a_quote_that_nobody_closes_costs_no_rows_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b\n" + '1,"open\n' + "2,x\n" * 2_000_000)
    index = rowindex.row_index(*worker.open_place(place(path)), quotes=True)
    with worker.open_place(place(path))[0].open("odd.csv") as handle:
        index.reach(handle, 1 << 62)
    assert index.total is not None
    assert index.total == 2_000_002


def test_parquet_pages(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame = pl.DataFrame({"n": range(5_000), "f": [n / 8 for n in range(5_000)], "l": [[n] for n in range(5_000)]})
    frame.write_parquet(path, row_group_size=1_000)
    seen = see(path, Ask(at=4_990))
    page = seen.content
    assert isinstance(page, TablePage)
    assert (page.columns, page.types, page.total) == (("n", "f", "l"), ("Int64", "Float64", "List(Int64)"), 5_000)
    assert page.rows[0] == ("4990", "623.75", "[4990]")
    assert len(page.rows) == 10
    assert not seen.notes


def test_durations_of_parquet_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"took": [dt.timedelta(seconds=61, milliseconds=500), None, dt.timedelta(days=-9)]}).write_parquet(
        path
    )
    page = see(path).content
    assert isinstance(page, TablePage)
    assert page.rows == (("1m 1s 500ms",), (None,), ("-9d",))


def test_lists_and_structures_of_parquet_are_texts_as_far_as_they_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "nested.parquet"
    day = dt.date(2026, 1, 2)
    deep: list[object] = functools.reduce(lambda below, _: [below], range(40), [1])
    rows = {
        "long": [[*range(100_000)], [], None],
        "text": [["a", "ünï\n", 'q"'], ["x" * 400_000], [None]],
        "box": [
            {"x": 0.5, "tags": ["a"], "at": day, "ok": True}, {"x": math.nan, "tags": [], "at": None, "ok": None}, None,
        ],
        "arr": pl.Series([[1, 2], [3, 4], [5, 6]], dtype=pl.Array(pl.Int8, 2)),
        "raw": [b"ab", b"", None],
        "deep": [deep, None, None],
    }  # fmt: skip
    pl.DataFrame(rows).write_parquet(path)
    seen = see(path)
    page = seen.content
    assert isinstance(page, TablePage)
    assert page.columns == ("long", "text", "box", "arr")
    assert page.rows[0][1:] == (
        '["a", "ünï\\n", "q\\""]', '{"x": 0.5, "tags": ["a"], "at": "2026-01-02", "ok": true}', "[1, 2]",
    )  # fmt: skip
    assert page.rows[1][2] == '{"x": NaN, "tags": [], "at": null, "ok": null}'
    assert page.rows[2] == (None, "[null]", None, "[5, 6]")
    start = json.dumps([*range(1_000)])
    assert page.rows[0][0] == f"{start[:300]}…", "elided, and the file is as it is"
    assert seen.notes == ("Columns of 2 binary types, or nested more than 32 deep, are not shown",)
    # One row alone has all of it, up to a limit that is said by the mark at its end.
    whole = see(path, Ask(FileKind.TABLE, at=0, whole=True)).content
    assert isinstance(whole, TablePage)
    assert len(whole.rows) == 1
    assert whole.rows[0][0] == json.dumps([*range(100_000)])[:200_000] + "…"
    cut = see(path, Ask(FileKind.TABLE, at=1, whole=True)).content
    assert isinstance(cut, TablePage)
    assert cut.rows[0][1] == '["' + "x" * 199_998 + "…"


def test_the_whole_of_a_long_cell_is_read_of_any_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3," + "y" * 5_000 + "\n")
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n' + json.dumps({"b": "z" * 5_000, "c": [1]}) + "\n")
    for name, row, column, text in (("x.csv", 1, "b", "y" * 5_000), ("x.jsonl", 1, "b", "z" * 5_000)):
        page = table(tmp_path / name)
        at = page.columns.index(column)
        assert page.rows[row][at] == text[:300] + "…"
        whole = see(tmp_path / name, Ask(FileKind.TABLE, at=row, whole=True)).content
        assert isinstance(whole, TablePage)
        assert whole.cell_of_one(at, column) == text
        assert whole.cell_of_one(at, "other") is None


def test_json_lines_are_a_table(tmp_path: Path) -> None:
    path = tmp_path / "eval.jsonl"
    path.write_text('{"a": 1, "b": "x"}\n{"b": "y", "c": [1, 2]}\nnot json\n')
    page = table(path)
    assert page.columns == ("a", "b", "c")
    assert page.rows[:2] == (("1", "x", None), (None, "y", "[1, 2]"))
    assert page.rows[2][0] == "not json"
    assert page.total == 3


# --- trees --------------------------------------------------------------------------------------------------------


def test_a_tree_is_told_node_by_node(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "model:\n  width: 64\n  lr: 1e-3\nlist: [1, 2]\nitems:\n" + "".join(f"- {n}\n" for n in range(1_200))
    )
    top = see(path).content
    assert isinstance(top, TreePage)
    assert [(node.key, node.kind, node.children) for node in top.nodes] == [
        ("model", "map", 2),
        ("list", "list", 2),
        ("items", "list", 1_200),
    ]
    below = see(path, Ask(inside=("model",))).content
    assert isinstance(below, TreePage)
    assert [(node.key, node.text) for node in below.nodes] == [("width", "64"), ("lr", "1e-3")]
    more = see(path, Ask(inside=("items",), at=1_000)).content
    assert isinstance(more, TreePage)
    assert (more.total, more.nodes[0].key, more.nodes[-1].text, len(more.nodes)) == (1_200, 1_000, "1199", 200)


def test_a_document_of_a_million_brackets_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 1_000_000)
    seen = see(path)
    assert isinstance(seen.content, TreePage)
    assert seen.notes


# --- images -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "ICO", "TGA"])
def test_images_are_decoded_to_their_pixels(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form.lower()}"
    sizes = {"sizes": [(40, 30)]} if form == "ICO" else {}
    Image.new("RGB", (40, 30), (200, 40, 90)).save(path, form, **sizes)
    shown = see(path).content
    assert isinstance(shown, Picture)
    assert (shown.width, shown.height, shown.shown_width, shown.shown_height) == (40, 30, 40, 30)
    assert len(shown.rgba) == 40 * 30 * 4
    assert np.abs(np.frombuffer(shown.rgba[:3], dtype=np.uint8).astype(int) - [200, 40, 90]).max() <= 8


def test_an_image_of_a_kind_that_is_not_shown_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "x.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(FolderUnreadable, match=r"images of its kind \(\.heic\) are not shown"):
        see(tmp_path / "x.heic")
    # Nothing but its name says that a text is a TGA image.
    (tmp_path / "x.tga").write_bytes(b"these are notes, and no pixels")
    with pytest.raises(FolderUnreadable, match="Not an image"):
        see(tmp_path / "x.tga")


def test_an_icon_with_an_image_of_gigabytes_inside_is_not_decoded(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (8, 8)).save(out, "PNG")
    inner = bytearray(out.getvalue())
    inner[16:24] = struct.pack(">II", 60_000, 60_000)
    inner[29:33] = struct.pack(">I", zlib.crc32(inner[12:29]))
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22)
    (tmp_path / "x.ico").write_bytes(struct.pack("<HHH", 0, 1, 1) + entry + inner)
    with pytest.raises((LimitReached, FolderUnreadable), match="pixels"):
        see(tmp_path / "x.ico")


def test_a_large_image_is_shown_smaller_and_says_so(tmp_path: Path) -> None:
    Image.new("L", (3_000, 1_500), 77).save(tmp_path / "x.png")
    seen = see(tmp_path / "x.png", Ask(edge=300))
    assert isinstance(seen.content, Picture)
    assert (seen.content.shown_width, seen.content.shown_height) == (300, 150)
    assert "300 × 150 of 3,000 × 1,500" in seen.notes[0]


def test_frames_numbers_and_cut_files_are_told(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), (50 * n, 0, 0)) for n in range(5)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert "first of 5 frames" in see(tmp_path / "a.gif").notes[0]
    Image.fromarray(np.linspace(-2, 6, 64, dtype=np.float32).reshape(8, 8)).save(tmp_path / "f.tiff")
    numbers = see(tmp_path / "f.tiff")
    assert "from -2 to 6" in numbers.notes[0]
    assert isinstance(numbers.content, Picture)
    assert (numbers.content.rgba[0], numbers.content.rgba[-4]) == (0, 255)
    Image.effect_noise((300, 300), 50).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    assert "cut off" in see(tmp_path / "cut.png").notes[0]


def test_an_image_that_declares_gigabytes_is_not_decoded(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (8, 8)).save(out, "PNG")
    data = bytearray(out.getvalue())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    import zlib

    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(LimitReached, match="60,000 × 60,000"):
        see(tmp_path / "bomb.png")


# --- sounds -------------------------------------------------------------------------------------------------------


def test_a_wave_file_is_told_and_outlined(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    rate = 8_000
    samples = (np.sin(np.arange(rate) / 10) * 16_384).astype("<i2")
    samples[: rate // 2] //= 2
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat(samples, 2).tobytes())
    shown = see(path).content
    assert isinstance(shown, Sound)
    assert dict(shown.facts)["Duration"] == "1 s"
    assert dict(shown.facts)["Channels"] == "2 (stereo)"
    low, high = np.array(shown.peaks).T
    assert len(low) == 4_096
    assert high[2_048:].max() == pytest.approx(0.5, abs=0.01)
    assert low[:2_000].min() == pytest.approx(-0.25, abs=0.01)
    assert not shown.why_silent


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_what_is_played_of_a_wave_file_is_what_was_written(tmp_path: Path, width: int) -> None:
    path = tmp_path / "x.wav"
    top = 1 << (8 * width - 1)
    whole = [0, 1, -1, top // 2, -top // 2, top - 1, -top, 3]
    bits = [n + (128 if width == 1 else 0) for n in whole]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(width)
        out.setframerate(22_050)
        out.writeframes(b"".join(n.to_bytes(width, "little", signed=width > 1) for n in bits))
    pieces = [worker.hear(place(path), first, 3) for first in (0, 3, 6)]
    assert [(one.rate, one.channels, one.frames, one.first) for one in pieces[:2]] == [
        (22_050, 2, 4, 0),
        (22_050, 2, 4, 3),
    ]
    assert pieces[2].data == b""
    heard = np.frombuffer(pieces[0].data + pieces[1].data, dtype="<i2")
    # The upper 16 bits of each sample, rounded to the nearest and held in range.
    expected = [max(-32_768, min(32_767, round(n * 32_768 / top))) for n in whole]
    assert np.abs(heard.astype(int) - expected).max() <= (0 if width <= 2 else 1)
    shown = see(path).content
    assert isinstance(shown, Sound)
    assert min(low for low, _ in shown.peaks) == -1.0, "one sample is seen"


def test_floats_are_played_many_channels_mixed_and_others_are_refused_in_words(tmp_path: Path) -> None:
    def written(name: str, code: int, bits: int, channels: int, data: bytes) -> Path:
        block = channels * bits // 8
        form = struct.pack("<HHIIHH", code, channels, 8_000, 8_000 * block, block, bits)
        body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
        (tmp_path / name).write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
        return tmp_path / name

    floats = np.array([0.5, 0.25, -0.75, np.nan, 2.0, 0.0], dtype="<f4")
    mixed = worker.hear(place(written("f.wav", 3, 32, 3, floats.tobytes())), 0, 10)
    assert mixed.channels == 1
    assert np.frombuffer(mixed.data, dtype="<i2").tolist() == [0, 10922]
    alaw = written("a.wav", 6, 8, 1, bytes(8))
    shown = see(alaw).content
    assert isinstance(shown, Sound)
    assert "A-law" in shown.why_silent
    with pytest.raises(FolderUnreadable, match="A-law"):
        worker.hear(place(alaw), 0, 4)


def test_a_flac_header_is_read(tmp_path: Path) -> None:
    packed = 44_100 << 44 | 1 << 41 | 15 << 36 | 88_200
    head = b"fLaC" + b"\x80\0\0\x22" + b"\x10\0\x10\0" + b"\0" * 6 + packed.to_bytes(8, "big") + b"\0" * 16
    (tmp_path / "x.flac").write_bytes(head)
    shown = see(tmp_path / "x.flac").content
    assert isinstance(shown, Sound)
    assert dict(shown.facts) == {
        "Format": "FLAC",
        "Duration": "2 s",
        "Sample rate": "44\u2009100 Hz",
        "Channels": "2 (stereo)",
        "Samples": "16 bit",
    }
    assert shown.why_silent.startswith("FLAC is compressed")


# --- models -------------------------------------------------------------------------------------------------------


def write_safetensors(path: Path, header: dict[str, object], data: bytes) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_safetensors(tmp_path: Path) -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "F16", "shape": [3], "data_offsets": [24, 30]},
    }
    path = tmp_path / "m.safetensors"
    write_safetensors(path, header, bytes(30))
    found, notes = sheet(path)
    assert dict(found.facts)["Parameters"] == "9"
    assert dict(found.facts)["Types"] == "F32 67 %, F16 33 %"
    assert found.rows == (("w", "F32", "2 × 3", "24 B"), ("b", "F16", "3", "6 B"))
    assert not notes
    write_safetensors(path, header, bytes(20))
    assert "2 tensors do not fit" in sheet(path)[1][0]
    write_safetensors(path, {"w": {"dtype": "F32", "shape": [-2, 3], "data_offsets": [0, 24]}}, bytes(24))
    found, notes = sheet(path)
    assert (dict(found.facts)["Parameters"], notes[0].partition(" fit")[0]) == ("0", "1 tensor does not")
    write_safetensors(path, {"w": "no mapping"}, b"")
    with pytest.raises(FolderUnreadable, match="it makes no sense"):
        see(path)
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(FolderUnreadable, match="the file has 10"):
        see(path)


def test_gguf(tmp_path: Path) -> None:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 3)
    head += text("general.name") + struct.pack("<I", 8) + text("tiny")
    head += text("llama.context_length") + struct.pack("<II", 4, 2_048)
    head += text("tokens") + struct.pack("<IIQ", 9, 8, 10) + b"".join(text(f"t{n}") for n in range(10))
    head += text("blk.0.w") + struct.pack("<IQQIQ", 2, 32, 64, 2, 0)
    (tmp_path / "m.gguf").write_bytes(head)
    found, notes = sheet(tmp_path / "m.gguf")
    known = dict(found.facts)
    assert known["general.name"] == "tiny"
    assert known["llama.context_length"] == "2048"
    assert known["tokens"].endswith("(10 items)")
    assert found.rows == (("blk.0.w", "Q4_0", "32 × 64", "2\u2009048"),)
    assert not notes
    (tmp_path / "m.gguf").write_bytes(head[:60])
    assert "ends early" in sheet(tmp_path / "m.gguf")[1][0]
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60))
    assert "ends early" in sheet(tmp_path / "m.gguf")[1][0]


def test_numpy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(12, dtype=np.float32).reshape(3, 4) / 4)
    found, _ = sheet(tmp_path / "a.npy")
    assert dict(found.facts)["Shape"] == "3 × 4"
    assert found.rows[1] == ("1", "1", "1.25", "1.5", "1.75")
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "pickled objects" in sheet(tmp_path / "o.npy")[0].warnings[0]
    np.savez(tmp_path / "z.npz", first=np.zeros((5, 5)), second=np.ones(3, dtype=np.int64))
    found, _ = sheet(tmp_path / "z.npz")
    assert found.title == "NumPy archive"
    assert found.rows == (("first", "float64", "5 × 5", "200 B"), ("second", "int64", "3", "24 B"))


class _Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("touch harmed",)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_is_listed_and_never_loaded(tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"m": _Harmful(), "o": OrderedDict()}, protocol))
    found, _ = sheet(tmp_path / "m.pkl")
    assert found.rows[0][:2] == ("posix.system", "unsafe")
    assert ("collections.OrderedDict", "plain") in [row[:2] for row in found.rows]
    assert "do not load it" in found.warnings[0]
    assert not (tmp_path / "harmed").exists()


def test_a_zip_of_pytorch_is_told_by_its_pickle(tmp_path: Path) -> None:
    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    # What torch.save writes for {"w": a tensor of 2 x 3}, opcode by opcode.
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x06tQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"K\0(K\x02K\x03t(K\x03K\x01t\x89ccollections\nOrderedDict\n)RtR"
    )
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as out:
        out.writestr("m/data.pkl", b"\x80\x02}" + text("w") + tensor + b"s.")
        out.writestr("m/data/0", bytes(24))
    found, notes = sheet(tmp_path / "m.pt")
    assert notes == ()
    assert found.rows == (("w", "float", "2 × 3", "6"),)
    assert found.warnings == ()


def test_a_keras_zip_lists_its_layers_and_warns_of_code(tmp_path: Path) -> None:
    config = {
        "class_name": "Sequential",
        "config": {
            "layers": [
                {"class_name": "Dense", "config": {"name": "d", "units": 8}},
                {"class_name": "Lambda", "config": {"name": "l"}},
            ]
        },
    }
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as out:
        out.writestr("metadata.json", json.dumps({"keras_version": "3.4.0"}))
        out.writestr("config.json", json.dumps(config))
        out.writestr("model.weights.h5", b"")
    found, _ = sheet(tmp_path / "m.keras")
    assert dict(found.facts)["keras_version"] == "3.4.0"
    assert found.rows[0] == ("d", "Dense", "units 8")
    assert "Lambda" in found.warnings[0]


def test_onnx(tmp_path: Path) -> None:
    node = field(4, b"Relu")
    init = b"\x08\x02\x08\x03\x10\x01" + field(8, b"w") + field(9, bytes(24))
    graph = field(1, node) * 3 + field(2, b"g") + field(5, init) + field(11, field(1, b"x")) + field(12, field(1, b"y"))
    model = b"\x08\x09" + field(2, b"pytorch") + field(8, b"\x10\x11") + field(7, graph)
    (tmp_path / "m.onnx").write_bytes(model)
    found, _ = sheet(tmp_path / "m.onnx")
    known = dict(found.facts)
    assert (known["Producer"], known["Operator sets"], known["Inputs"]) == ("pytorch", "ai.onnx 17", "x")
    assert (known["Operators"], known["  Relu"], known["Parameters"]) == ("3", "3", "6")
    assert found.rows == (("w", "float32", "2 × 3", "6"),)
    (tmp_path / "m.onnx").write_bytes(b"\x3a" + varint(1 << 50))
    with pytest.raises(FolderUnreadable, match="header cannot be read"):
        see(tmp_path / "m.onnx")


def test_hdf5_and_tflite_headers(tmp_path: Path) -> None:
    block = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    block += struct.pack("<QQQQ", 0, (1 << 64) - 1, 4_096, (1 << 64) - 1) + b"keras_version"
    (tmp_path / "m.h5").write_bytes(block)
    found, notes = sheet(tmp_path / "m.h5")
    assert dict(found.facts)["Keras"] == "keras_version"
    assert "says 4,096 bytes" in notes[0]
    vtable = struct.pack("<HHH", 6, 8, 4)
    model = struct.pack("<I", 16) + b"TFL3" + vtable + b"\0\0" + struct.pack("<iI", 8, 3)
    (tmp_path / "m.tflite").write_bytes(model)
    assert facts(tmp_path / "m.tflite")["Schema version"] == "3"
    (tmp_path / "m.tflite").write_bytes(b"\xff\xff\xff\x7fTFL3" + bytes(16))
    with pytest.raises(FolderUnreadable):
        see(tmp_path / "m.tflite")


# --- event files --------------------------------------------------------------------------------------------------


def test_histograms_over_time(tmp_path: Path) -> None:
    records = [version(), scalar(0, 1.0)]
    for step in range(5):
        records.append(event(step, old_histogram("w", [-1, 0, 1, 1e308], [0, 3, step, 2], -0.5, 4.0)))
        records.append(event(step, new_histogram("b", [[0, 1, 5], [1, 2, step]])))
    path = write(tmp_path, map(record, records))
    tags = worker.see_tags([place(path)])
    assert [(tag.tag, tag.plugin, tag.count) for tag in tags] == [("w", "histograms", 5), ("b", "histograms", 5)]
    old = worker.see_histograms([place(path)], "w")
    assert (old.total, old.left_out, [one.step for one in old.steps]) == (5, 0, [0, 1, 2, 3, 4])
    assert old.steps[3].edges == (-0.5, 0, 1, 4.0)
    assert old.steps[3].counts == (3, 3, 2)
    new = worker.see_histograms([place(path)], "b")
    assert (new.steps[4].edges, new.steps[4].counts) == ((0, 1, 2), (5, 4))


def test_steps_of_a_run_that_was_begun_again_count_once(tmp_path: Path) -> None:
    first = [event(step, new_histogram("b", [[0, 1, 1]]), wall=1.7e9 + step) for step in (0, 1, 2)]
    again = [event(step, new_histogram("b", [[0, 1, 9]]), wall=1.7e9 + 60 + step) for step in (1, 2, 3)]
    odd = event(4, new_histogram("b", [[5, 1, 3], [9, 2, 4]]))
    later, earlier = (
        write(tmp_path / name, map(record, [version(), *events]))
        for name, events in (("later", [*again, odd]), ("earlier", first))
    )
    found = worker.see_histograms([place(later)], "b")
    assert [(one.step, one.counts) for one in found.steps] == [(1, (9,)), (2, (9,)), (3, (9,))]
    both = tmp_path / "both"
    both.mkdir()
    names = []
    for name, path in (("events.out.tfevents.2.a", later), ("events.out.tfevents.1.b", earlier)):
        (both / name).write_bytes(path.read_bytes())
        names.append(both / name)
    found = worker.see_histograms([place(name) for name in names], "b")
    assert [(one.step, one.counts) for one in found.steps] == [(0, (1,)), (1, (9,)), (2, (9,)), (3, (9,))]


def test_thousands_of_steps_are_spread_evenly(tmp_path: Path) -> None:
    path = write(tmp_path, (record(event(n, new_histogram("b", [[0, 1, n]]))) for n in range(2_000)))
    found = worker.see_histograms([place(path)], "b")
    steps = [one.step for one in found.steps]
    assert found.total == 2_000
    assert found.left_out == 2_000 - len(steps)
    assert 200 <= len(steps) <= 401
    assert len(set(np.diff(steps).tolist())) == 1


def test_images_of_event_files(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (6, 4), (1, 2, 3)).save(out, "PNG")
    old = field(1, field(1, b"pic") + field(4, b"\x08\x04\x10\x06\x18\x03" + field(4, out.getvalue())))
    path = write(tmp_path, [record(version()), record(event(7, old))])
    assert worker.see_image_steps([place(path)]) == {"pic": (7,)}
    shown, none = worker.see_board_images([place(path)], "pic", [7, 8], 100)
    assert isinstance(shown, Picture)
    assert (shown.width, shown.height, shown.rgba[:4]) == (6, 4, b"\x01\x02\x03\xff")
    assert none == "There is no image at this step"


# --- beside each other --------------------------------------------------------------------------------------------


def test_two_texts_beside_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\nb: 2\nc: 3\n")
    (tmp_path / "b.yaml").write_text("a: 1\nb: 4\nc: 3\nd: 5\n")
    found = worker.see_side_by_side(place(tmp_path / "a.yaml"), place(tmp_path / "b.yaml"))
    assert [(line.left, line.right, line.change) for line in found.lines] == [
        ("a: 1", "a: 1", "same"),
        ("b: 2", "b: 4", "both"),
        ("c: 3", "c: 3", "same"),
        (None, "d: 5", "right"),
    ]
    assert (found.added, found.removed, found.changed, found.cut) == (1, 0, 1, False)


# --- secrets ------------------------------------------------------------------------------------------------------


def test_secrets_are_masked_in_every_kind_of_preview(tmp_path: Path) -> None:
    secret, token = "hunter22-not-a-word", "hf_" + "a1B2" * 9
    (tmp_path / "c.yaml").write_text(f"db:\n  password: {secret}\n  user: mira\nurl: https://x:{secret}@host/y\n")
    armour = ("-----BEGIN RSA PRIVATE KEY-----", f"MIIE{secret}", "-----END RSA PRIVATE KEY-----")
    env = (f"WANDB_API_KEY={secret}", "EPOCHS=3", *armour, "last", "")
    (tmp_path / "e.env").write_text("\n".join(env))
    (tmp_path / "t.csv").write_text(f"name,api_key\nmira,{secret}\n{token},x\n")
    header: dict[str, object] = {"__metadata__": {"token": secret, "format": "pt"}}
    write_safetensors(tmp_path / "m.safetensors", header, b"")
    (tmp_path / "c2.yaml").write_text(f"db:\n  password: other-{secret}\n")
    seen = [
        see(tmp_path / "c.yaml", Ask(inside=("db",))),
        see(tmp_path / "c.yaml"),
        see(tmp_path / "c.yaml", Ask(FileKind.TEXT)),
        see(tmp_path / "e.env"),
        see(tmp_path / "t.csv"),
        see(tmp_path / "m.safetensors"),
    ]
    for preview in seen:
        assert secret not in repr(preview)
        assert token not in repr(preview)
        assert any("masked" in note for note in preview.notes)
    text = seen[3].content
    assert isinstance(text, TextPage)
    lines = text.text.split("\n")
    assert lines == ["WANDB_API_KEY=[masked]", "EPOCHS=3", "[masked]", "[masked]", "[masked]", "last", ""]
    found = worker.find_text(place(tmp_path / "c.yaml"), Search("password"), 5)
    assert len(found.found) == 1
    assert secret not in repr(found)
    assert secret not in repr(worker.see_side_by_side(place(tmp_path / "c.yaml"), place(tmp_path / "c2.yaml")))
    sound = see(tmp_path / "c2.yaml", Ask(inside=()))
    assert not sound.notes, "nothing is masked on this page"
