"""What is seen of a run's files: which there are, and what each of them holds, as far as it was looked at.

All texts here come from foreign folders; whoever shows them shows them as plain text. Nothing here holds a file open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FOLD = 500
"""Characters of the longest line that is shown as one."""


class FileKind(StrEnum):
    """What a file is shown as."""

    TEXT = "text"
    MARKDOWN = "markdown"
    MARKUP = "markup"  # HTML, SVG, XML: shown as text, never rendered
    TREE = "tree"  # JSON, YAML, TOML
    TABLE = "table"  # CSV, TSV, JSON lines, Parquet
    IMAGE = "image"
    AUDIO = "audio"
    MODEL = "model"  # weights, graphs, pickles, archives: told from their headers
    EVENTS = "events"  # TensorBoard event files
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file below a library folder. `path` is relative to `root`; bytes that are not UTF-8 are surrogate escapes."""

    root: str
    path: str

    def __reduce__(self) -> tuple[type[FilePlace], tuple[object, ...]]:
        # What a data class has for this asks for its fields each time, and lists have a hundred thousand.
        return FilePlace, (self.root, self.path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class RunFile:
    """A file of a run.

    shown        its path relative to the folder of the recording it lies in, as valid text.
    place        where it is; None for one that the run recorded and that is not there.
    recorded     whether the run recorded it as an artifact.
    step         the step that its name tells (`img_12_ab3f.png`), None where it tells none.
    series       its path without the step, so that files of several steps have the same.
    """

    shown: str
    place: FilePlace | None
    size_bytes: int | None
    modified_us: int | None
    kind: FileKind
    recorded: bool = False
    step: int | None = None
    series: str = ""

    def __reduce__(self) -> tuple[type[RunFile], tuple[object, ...]]:
        return RunFile, (
            self.shown,
            self.place,
            self.size_bytes,
            self.modified_us,
            self.kind,
            self.recorded,
            self.step,
            self.series,
        )


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of a run, by path. `notes` say what was left out and why."""

    files: tuple[RunFile, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be seen of a file.

    as_kind   how to take it; None: by its name and first bytes.
    at        TEXT: the byte to begin at; TABLE: the row to begin at, from 0; TREE: the first child.
    inside    TREE: keys and positions from the outside in of the node whose children are wanted.
    edge      IMAGE: the longest edge, in pixels.
    backwards TEXT: the page that ends at `at` instead of the one that begins there.
    whole     TABLE: the row at `at` alone, with far more characters of its cells than a page has.
    """

    as_kind: FileKind | None = None
    at: int = 0
    inside: tuple[str | int, ...] = ()
    edge: int = 2048
    backwards: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class TextPage:
    """A part of a text.

    text         control characters made visible, one for one; lines longer than `fold` characters are folded.
    start, end   its bytes in the file of `size` bytes; it begins and ends at a line where lines are not endless.
    line         number of its first line, from 1, where that is known.
    folds        numbers, from 0, of those lines of `text` that go on with the one before.
    """

    text: str
    encoding: str
    start: int
    end: int
    size: int
    line: int | None = None
    folds: tuple[int, ...] = ()
    fold: int = FOLD

    def block_of(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in `text`, both from 0, of the character `column` of the line `line` of this page."""
        block = line
        for fold in self.folds:
            if fold > block:
                break
            block += 1
        return block + column // self.fold, column % self.fold


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document: `key` as written (a position in a list), `text` for leaves, `children` of branches."""

    key: str | int
    text: str
    kind: str
    children: int = 0


@dataclass(frozen=True, slots=True)
class TreePage:
    """Children of a node, from the `first` on; `total` of them there are."""

    inside: tuple[str | int, ...]
    first: int
    total: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """Rows of a table as texts; `None` where there is no value.

    types   of the columns, "" where the file says none.
    first   number of the first row, from 0.
    total   rows of the file; None while it is not known, then `about` is a guess by its size.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    first: int
    rows: tuple[tuple[str | None, ...], ...]
    total: int | None
    about: int | None = None
    more_columns: int = 0

    def cell_of_one(self, column: int, name: str) -> str | None:
        """Of a row that was asked for alone the cell at that column, or under its name where columns are others."""
        if not self.rows:
            return None
        if column >= len(self.columns) or self.columns[column] != name:
            # The columns of JSON lines are those of the lines at hand.
            if name not in self.columns:
                return None
            column = self.columns.index(name)
        return self.rows[0][column]


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded image: `rgba` has 4 bytes for each of `shown_width` x `shown_height` pixels, row by row.

    width, height   of the image in the file.
    """

    width: int
    height: int
    format: str
    mode: str
    frames: int
    shown_width: int
    shown_height: int
    rgba: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """Facts of a sound, and its lowest and highest sample (-1 to 1) in each part of equal length.

    why_silent   why its samples cannot be played; "" where they can.
    """

    facts: tuple[tuple[str, str], ...]
    peaks: tuple[tuple[float, float], ...] = ()
    why_silent: str = ""


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """A part of a sound to be played: `data` has 16 bit samples, little-endian, of one or two channels in turn.

    rate     frames a second.
    frames   of the whole sound; the piece begins at `first`.
    """

    rate: int
    channels: int
    frames: int
    first: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """Facts and a list, read from a header.

    warnings   what would be unsafe about loading the file.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    warnings: tuple[str, ...] = ()


Content = TextPage | TreePage | TablePage | Picture | Sound | Sheet


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file holds. `notes` say what was cut or is doubtful."""

    kind: FileKind
    size: int
    content: Content
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges at a step: bucket i reaches from `edges[i]` to `edges[i + 1]`."""

    step: int
    wall_us: int
    edges: tuple[float, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BoardTag:
    """A tag of event files that is no scalar: its plugin ("histograms", "images", "text", "audio") and its events."""

    tag: str
    plugin: str
    count: int


@dataclass(frozen=True, slots=True)
class Histograms:
    """A histogram tag over time. `left_out` steps of `total` are not among them."""

    tag: str
    steps: tuple[Histogram, ...]
    total: int

    @property
    def left_out(self) -> int:
        """How many steps are not shown."""
        return self.total - len(self.steps)


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of two texts beside each other. `change` is "same", "left", "right" or "both"."""

    left: str | None
    right: str | None
    left_number: int | None
    right_number: int | None
    change: str


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two texts line by line. `cut` when only the beginnings were compared."""

    lines: tuple[DiffLine, ...]
    added: int
    removed: int
    changed: int
    cut: bool = False
