"""Images, decoded to pixels no larger than they are shown.

The size that a file declares is looked at before anything is decoded: a few kilobytes can declare gigabytes.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
from typing import IO

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from runfolio.analysis.preview.kinds import NOT_SHOWN
from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.display import plain
from runfolio.model.previews import Picture
from runfolio.readers.folder import Folder

MOST_PIXELS = 120_000_000
"""An image of so many pixels takes 480 MB while it is decoded."""
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "PPM")
_BY_NAME = {"tga": ("TGA",)}
"""Nothing at the beginning of these says what they are, so only their names do."""
_ICON = b"\0\0\1\0"
_LARGEST_EDGE = 4096
_REDUCED = 8
"""A JPEG is decoded at an eighth of its size at least."""


def picture(folder: Folder, name: str, edge: int) -> tuple[Picture, tuple[str, ...]]:
    """The image with its longest edge at most `edge` pixels, and what is to be told of it.

    Raises FolderUnreadable for what is no image or damaged from its start, LimitReached for one that is too large.
    """
    with folder.open(name) as handle, os.fdopen(os.dup(handle), "rb") as file:
        return _from_file(file, edge, folder.where(name), name.lower().rpartition(".")[2])


def decoded(data: bytes, edge: int, where: str) -> tuple[Picture, tuple[str, ...]]:
    """The same of an image in memory."""
    return _from_file(io.BytesIO(data), edge, where)


def _from_file(file: IO[bytes], edge: int, where: str, suffix: str = "") -> tuple[Picture, tuple[str, ...]]:
    # Pillow's own guard against bombs only warns up to twice its limit; ours is told before anything is decoded.
    # An icon is decoded as it is opened, and an image within has a header of its own, of any size: there Pillow guards.
    is_icon = file.read(len(_ICON)) == _ICON
    file.seek(0)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2 if is_icon else None
    formats = ("ICO",) if is_icon else _BY_NAME.get(suffix, _FORMATS)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decoded(Image.open(file, formats=formats), max(1, min(edge, _LARGEST_EDGE)), where)
        except Image.DecompressionBombError as bomb:
            message = f"An image within the icon declares more than {MOST_PIXELS:,} pixels"
            raise LimitReached(message, where=where) from bomb
        except (
            OSError,
            ValueError,
            SyntaxError,
            TypeError,
            LookupError,
            ArithmeticError,
            RuntimeError,
            EOFError,
            struct.error,
        ) as failure:
            # Pillow names the open file, which says nothing to anybody.
            unknown = isinstance(failure, UnidentifiedImageError)
            if unknown and suffix in NOT_SHOWN:
                raise FolderUnreadable(
                    f"This is an image, and images of its kind (.{suffix}) are not shown",
                    hint="Open it with another program, or save it as PNG.",
                    where=where,
                ) from failure
            reason = "its beginning is that of no known kind of image" if unknown else plain(str(failure), 160)
            reason = reason or type(failure).__name__
            raise FolderUnreadable(
                f"Not an image that can be shown: {reason}",
                hint="Check whether the file was copied completely.",
                where=where,
            ) from failure


def _decoded(image: Image.Image, edge: int, where: str) -> tuple[Picture, tuple[str, ...]]:
    width, height = image.size
    kind, mode = image.format or "", image.mode
    reduces = kind == "JPEG" and max(width, height) > edge
    if width * height > MOST_PIXELS * (_REDUCED**2 if reduces else 1):
        raise LimitReached(
            f"The image declares {width:,} × {height:,} pixels; at most {MOST_PIXELS:,} are decoded",
            hint="Look at a smaller copy of it.",
            where=where,
        )
    frames = int(getattr(image, "n_frames", 1)) if kind in ("GIF", "WEBP", "TIFF", "PNG") else 1
    notes: list[str] = []
    if frames > 1:
        notes.append(f"The first of {frames:,} frames is shown")
    if kind == "JPEG":
        image.draft("RGB", (min(width, edge), min(height, edge)))
        if image.size[0] * image.size[1] > MOST_PIXELS:
            raise LimitReached(f"The image has {width:,} × {height:,} pixels", where=where)
    try:
        image.load()
    except OSError as cut:
        if "truncated" not in str(cut):
            raise
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        image.load()
        notes.append("The file is cut off: what there is of it is shown")
    if image.mode in ("I", "F", "I;16", "I;16B", "I;16L"):
        image, note = _stretched(image)
        notes.append(note)
    image.thumbnail((edge, edge))
    image = ImageOps.exif_transpose(image)
    shown = image.convert("RGBA")
    if (shown.width, shown.height) != (width, height) and max(width, height) > edge:
        notes.append(f"Shown at {shown.width:,} × {shown.height:,} of {width:,} × {height:,} pixels")
    return Picture(width, height, kind, mode, frames, shown.width, shown.height, shown.tobytes()), tuple(notes)


def _stretched(image: Image.Image) -> tuple[Image.Image, str]:
    """An image of numbers as grey, its lowest finite value black and its highest white."""
    values = np.asarray(image, dtype=np.float64)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    span = high - low or 1.0
    grey = np.nan_to_num(np.clip((values - low) / span, 0, 1)) * 255
    return Image.fromarray(grey.astype(np.uint8)), f"Values from {low:g} to {high:g} are shown from black to white"
