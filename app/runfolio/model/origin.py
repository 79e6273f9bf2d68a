"""Where a shown value comes from: the file, the place in it, and the reader that read it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runfolio.model.display import count
from runfolio.model.secrets import MASK


@dataclass(frozen=True, slots=True)
class Point:
    """One stored point of a series.

    step           None where the format has no step of its own.
    wall_time_us   microseconds UTC; None where the point has no time.
    index          its place in the series, from 0, in written order.
    repeat         how many points before it in its recording's series have the same step and value.
    ordinal        its place in its recording's own series, which is another one in a resumed run; None: not known.
    """

    step: int | None
    value: float
    wall_time_us: int | None
    index: int
    repeat: int = 0
    ordinal: int | None = None

    def has(self, number: float) -> bool:
        """Whether `number` is this point's value; NaN is NaN."""
        return number == self.value or (math.isnan(number) and math.isnan(self.value))

    def has_float32(self, number: float) -> bool:
        """The same for a value that went through a file of float32."""
        return self.has(number) or math.isclose(number, self.value, rel_tol=1.2e-7)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in files.

    name    of the metric, or the last part of the param's path.
    path    of the param from the outside in; () for anything else.
    text    of a param, tag or fact as it is shown.
    point   of a metric; None for everything else.
    step    column or key that the reader takes the step from; "" where it counts rows, None for the usual names.
    run     the tracker's id of the recording, for files that hold many; "" where it is not known.
    """

    name: str
    path: tuple[str, ...] = ()
    text: str = ""
    point: Point | None = None
    step: str | None = None
    run: str = ""

    def means(self, text: str) -> bool:
        """Whether a param's text is the wanted one; of one that is shown masked nothing but its key is known."""
        return text == self.text or MASK in self.text


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file.

    file      relative to the folder in the library.
    line      1-based; `column` the 1-based character in it where the value begins; `record` the 1-based number of a
              record in a binary log or of a row in a table; None where there is no such thing.
    offset    of the first byte, from 0; None where the place is told by line.
    inside    what of a packed file line, record and offset are in: a member of an archive, or "what is unpacked of it".
    part      column, key path or table row that holds it; "" where line or record say it all.
    excerpt   what stands there, cut; "" for what is not text.
    """

    file: str
    line: int | None = None
    record: int | None = None
    offset: int | None = None
    part: str = ""
    excerpt: str = ""
    column: int | None = None
    inside: str = ""

    @property
    def words(self) -> str:
        """The place inside the file, for people: "line 17, column val/acc"."""
        parts: list[str] = []
        if self.line is not None:
            parts.append(f"line {count(self.line)}")
        if self.column is not None:
            parts.append(f"character {count(self.column)}")
        if self.record is not None:
            parts.append(f"record {count(self.record)}")
        if self.offset is not None:
            parts.append(f"byte {count(self.offset)}")
        if self.inside:
            parts[-1:] = [f"{parts[-1]} of {self.inside}" if parts else self.inside]
        if self.part:
            parts.append(self.part)
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value that is shown comes from.

    title         what is shown, in words: "val/acc, last".
    shown         the value as text, with all of its digits.
    rule          why this value stands for the field ("greatest step, then time, then value").
    point         the stored point, where the value is one of a series.
    reader        the reader's title; `format` its name.
    recording     path of the recording, relative to `source_path`, the folder in the library.
    place         None when the file no longer holds the value, or its format keeps no place; `note` says why.
    others        what the run's other recordings say of the same: (recording path, format, text).
    """

    title: str
    shown: str
    rule: str
    point: Point | None
    reader: str
    format: str
    source_path: str
    recording: str
    place: Place | None
    note: str = ""
    others: tuple[tuple[str, str, str], ...] = ()

    @property
    def file(self) -> str:
        """Absolute path of the file, or of the recording where no file is known."""
        inside = self.place.file if self.place is not None else self.recording
        return f"{self.source_path}/{inside}".rstrip("/")

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Title and text of each row that a person is shown."""
        rows = [("Value", self.shown)]
        if self.rule:
            rows.append(("Chosen by", self.rule))
        if self.point is not None:
            step = "" if self.point.step is None else f"step {self.point.step}, "
            rows.append(("Point", f"{step}number {count(self.point.index + 1)} in written order"))
        rows += [("Read by", f"{self.reader} reader ({self.format})"), ("File", self.file)]
        if self.place is not None and self.place.words:
            rows.append(("Place", self.place.words))
        if self.place is not None and self.place.excerpt:
            rows.append(("There stands", self.place.excerpt))
        if self.note:
            rows.append(("Note", self.note))
        rows += [(f"In {format} too", f"{text} ({path or '.'})") for path, format, text in self.others]
        return tuple(rows)
