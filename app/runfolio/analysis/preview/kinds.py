"""What a file is shown as, by its name, and by its first bytes where these say otherwise."""

from __future__ import annotations

import re

from runfolio.model.previews import FileKind

NOT_SHOWN = frozenset(("avif", "heic", "heif", "jp2", "j2k", "jxl", "psd", "xcf", "exr", "hdr", "icns", "dds"))
"""Suffixes of images of kinds that are not decoded."""

_BY_SUFFIX = {
    FileKind.IMAGE: "png jpg jpeg jpe gif webp bmp dib tif tiff ico ppm pgm pbm pnm pfm tga",
    FileKind.MARKDOWN: "md markdown",
    FileKind.MARKUP: "html htm xhtml svg xml",
    FileKind.TREE: "json yaml yml toml ipynb",
    FileKind.TABLE: "csv tsv parquet pq jsonl ndjson",
    FileKind.AUDIO: "wav wave flac mp3 ogg oga opus",
    FileKind.MODEL: "safetensors gguf onnx pt pth ckpt bin keras h5 hdf5 hdf tflite pkl pickle joblib npy npz zip dill",
    FileKind.TEXT: "txt log out err py ipy sh bash cfg ini conf env rst tex r jl c h cpp hpp cu java js ts sql diff "
    "patch lock properties gitignore dockerfile requirements",
}
SUFFIXES = {suffix: kind for kind, words in _BY_SUFFIX.items() for suffix in words.split()}
SUFFIXES |= dict.fromkeys(NOT_SHOWN, FileKind.IMAGE)

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", FileKind.IMAGE),
    (b"\xff\xd8\xff", FileKind.IMAGE),
    (b"GIF87a", FileKind.IMAGE),
    (b"GIF89a", FileKind.IMAGE),
    (b"II*\x00", FileKind.IMAGE),
    (b"MM\x00*", FileKind.IMAGE),
    (b"PAR1", FileKind.TABLE),
    (b"GGUF", FileKind.MODEL),
    (b"\x93NUMPY", FileKind.MODEL),
    (b"\x89HDF\r\n\x1a\n", FileKind.MODEL),
    (b"PK\x03\x04", FileKind.MODEL),
    (b"fLaC", FileKind.AUDIO),
    (b"OggS", FileKind.AUDIO),
)
_EVENTS = re.compile(r"\.tfevents\.|^events\.out\.")
_STEP_WORD = re.compile(r"(?:step|epoch|iter|iteration|e|s)[=_\-% ]*(\d{1,12})", re.IGNORECASE)
_MLFLOW_STEP = re.compile(r"%step%(\d{1,12})%timestamp%\d+%[0-9a-f-]+(_compressed)?")
_WANDB = re.compile(r"_(\d{1,12})_[0-9a-f]{20}(?=\.)")
_LAST_NUMBER = re.compile(r"(\d{1,12})(?!.*\d)")


def kind_of_name(name: str) -> FileKind:
    """By its name alone; OTHER where that says nothing."""
    low = name.lower()
    if _EVENTS.search(low):
        return FileKind.EVENTS
    suffix = low.rpartition(".")[2] if "." in low else low
    return SUFFIXES.get(suffix, FileKind.OTHER)


def kind_of(name: str, head: bytes) -> FileKind:
    """By the first bytes where they are telling, else by the name; text when it looks like it."""
    named = kind_of_name(name)
    if named in (FileKind.EVENTS, FileKind.MARKUP):
        return named
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE"):
        return FileKind.IMAGE if head[8:12] == b"WEBP" else FileKind.AUDIO
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if named is not FileKind.OTHER:
        return named
    if head.lstrip()[:1] == b"<" and head.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<svg", b"<?xml")):
        return FileKind.MARKUP
    return FileKind.TEXT if looks_like_text(head) else FileKind.OTHER


def looks_like_text(head: bytes) -> bool:
    """Whether bytes have no zeros and few control characters, or a byte-order mark of UTF-16 or UTF-32."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return True
    odd = sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in head)
    return b"\0" not in head and odd * 50 <= len(head)


def step_in(path: str) -> tuple[int | None, str]:
    """The step that a file's name tells, and its path with that left out.

    `images/a%step%10%timestamp%...` of MLflow and `media/images/a_10_<20 hex digits>.png` of W&B are known; else a
    number after a word such as `epoch`, or the last number of the name.
    """
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    for pattern, text in ((_MLFLOW_STEP, name), (_WANDB, name)):
        found = pattern.search(text)
        if found:
            return int(found[1]), folder + slash + text[: found.start()] + text[found.end() :]
    found = _STEP_WORD.search(stem) or _LAST_NUMBER.search(stem)
    if found is None:
        return None, path
    return int(found[1]), f"{folder}{slash}{stem[: found.start(1)]}#{stem[found.end(1) :]}{dot}{suffix}"
