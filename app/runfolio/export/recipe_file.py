"""The recipe of a figure, read back from the file that was exported: what travels inside of it, or lies beside it."""

from __future__ import annotations

import html
import io
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

from runfolio.errors import UsageError
from runfolio.export.chart import recipe_beside
from runfolio.export.recipe import LONGEST, ChartRecipe

_LARGEST = 256 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
_META = re.compile(r'<meta name="runfolio-recipe" content="([^"]*)">')
_PDF_SUBJECT = re.compile(rb"/Subject\s*\(((?:[^\\()]|\\.)*)\)", re.DOTALL)
_PDF_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)


def read_recipe(path: Path) -> ChartRecipe:
    """The recipe in a JSON, PNG, SVG, PDF, HTML or Parquet file, or beside a CSV file.

    Raises UsageError when there is none, or the file cannot be read.
    """
    try:
        if path.suffix.lower() == ".csv":
            path = recipe_beside(path)
            return _read(path.read_text("utf-8"), path)
        if path.stat().st_size > _LARGEST:
            raise UsageError("The file is too large to be a figure", where=str(path))
        data = path.read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The recipe cannot be read: {error}", where=str(path)) from error
    text = _inside(data)
    if text is None:
        raise UsageError(
            "There is no recipe in this file",
            hint="Figures that Runfolio exported have one, unless another program has saved them since.",
            where=str(path),
        )
    return _read(text, path)


def _read(text: str, path: Path) -> ChartRecipe:
    try:
        return ChartRecipe.from_json(text)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, where=str(path)) from error


def _inside(data: bytes) -> str | None:
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(b"%PDF"):
        return _pdf(data)
    if data.startswith(b"PAR1"):
        return _parquet(data)
    head = data[:512].lstrip()
    if head.startswith(b"{"):
        return data.decode("utf-8", "replace")
    if b"<svg" in data[:4096]:
        return _svg(data)
    if head.lower().startswith(b"<!doctype html"):
        found = _META.search(data.decode("utf-8", "replace"))
        return html.unescape(found[1]) if found else None
    return None


def _png(data: bytes) -> str | None:
    """The text chunk "Description". Source: PNG specification, third edition, 11.3.3."""
    at = len(_PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        name, _, text = body.partition(b"\0")
        if name == b"Description" and kind == b"tEXt":
            return text.decode("latin-1")
        if name == b"Description" and kind == b"zTXt":
            # Matplotlib has Pillow write it, which packs long texts.
            try:
                return zlib.decompressobj().decompress(text[1:], LONGEST).decode("latin-1")
            except zlib.error:
                return None
        at += 12 + length
    return None


def _svg(data: bytes) -> str | None:
    try:
        found = ET.fromstring(data).find(f".//{_DESCRIPTION}")
    except ET.ParseError:
        return None
    return None if found is None else found.text


def _pdf(data: bytes) -> str | None:
    """The subject in the document's information. Source: ISO 32000-1, 7.3.4.2 and 14.3.3."""
    found = _PDF_SUBJECT.search(data)
    if found is None:
        return None
    escapes = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""}

    def plain(match: re.Match[bytes]) -> bytes:
        code: bytes = match[1]
        return bytes([int(code, 8) & 255]) if code.isdigit() else escapes.get(code, code)

    return _PDF_ESCAPE.sub(plain, found[1]).decode("latin-1")


def _parquet(data: bytes) -> str | None:
    import polars as pl

    from runfolio.export.point_files import RECIPE_KEY

    try:
        return pl.read_parquet_metadata(io.BytesIO(data)).get(RECIPE_KEY)
    except pl.exceptions.PolarsError:
        return None
