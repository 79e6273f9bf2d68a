"""The user's layouts as TOML files in one folder: read, listed, written and taken away."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from runfolio import locate
from runfolio.errors import FolderUnreadable, NotFound, UsageError
from runfolio.model.display import storable
from runfolio.model.layout import Layout, SavedLayout, check_layout, layout_of, tree_of

LARGEST_FILE = 1 << 16
MOST_LAYOUTS = 200
# tomllib takes quadratic time for the dots of one key: 2,000 cost it 0.15 s.
_MOST_DOTS = 2_000
_MOST_BRACKETS = 2_000
_SUFFIX = ".toml"
_HEAD = "A layout for Runfolio: how runs of one kind lie on disk."


def parse_layout(data: bytes, where: str) -> Layout:
    """The layout that a TOML file says. Raises UsageError with the file, the key and what is allowed."""
    if len(data) > LARGEST_FILE:
        raise UsageError(f"The file has {len(data):,} bytes; a layout has at most {LARGEST_FILE:,}", where=where)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8."
        raise UsageError(f"Not UTF-8 at byte {error.start:,}", hint=hint, where=where) from error
    if text.count(".") > _MOST_DOTS or text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise UsageError("The file holds more than any layout needs", where=where)
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits are a plain ValueError
        message = "It is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"This is not TOML: {storable(message)}", where=where) from error
    return layout_of(tree, where)


def read_layout(path: Path) -> Layout:
    """The layout in any file. Raises NotFound when it cannot be opened, UsageError when it makes no sense."""
    try:
        if not path.is_file():
            message = "This is a folder, not a file" if path.is_dir() else "There is no such file"
            raise NotFound(message, where=str(path))
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise NotFound(f"The file cannot be read: {error.strerror or error}", where=str(path)) from error
    return parse_layout(data, str(path))


def layout_text(layout: Layout, before: str = "") -> str:
    """The TOML file of a layout. `before`: the file as it was, whose comments and order stay."""
    # tomlkit keeps comments and order; it is only needed here.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    tree = tree_of(layout)
    try:
        document = tomlkit.parse(before) if before else tomlkit.document()
    except TOMLKitError:  # it is stricter than the parser that read the file
        document = tomlkit.document()
    if not document:
        document.add(tomlkit.comment(_HEAD))
    if not _put(document, tree):
        document = tomlkit.document()
        document.add(tomlkit.comment(_HEAD))
        _put(document, tree)
    return tomlkit.dumps(document)


def _put(table: object, tree: Mapping[str, object]) -> bool:
    """Make a tomlkit table say what the tree says, and nothing else; False where it cannot be changed.

    Dotted keys with others between them (`runs.path`, `files.params`, `runs.incomplete`) are such a table.
    """
    import tomlkit.container
    import tomlkit.items

    if not isinstance(table, tomlkit.container.Container | tomlkit.items.Table | tomlkit.items.InlineTable):
        return False
    for key in [k for k in table if k not in tree]:
        table.remove(key)
    for key, value in tree.items():
        there = table.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            if not _put(there, value):
                return False
        elif there != value:
            table[key] = value
    return True


def saved_layouts(folder: Path | None = None) -> tuple[SavedLayout, ...]:
    """The files in the user's folder of layouts, by name; those that cannot be used with the reason.

    Of two files with a layout of one name the second is not used.
    """
    folder = folder or locate.layouts_folder()
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() == _SUFFIX)
    except FileNotFoundError:
        return ()
    except OSError as error:
        trouble = FolderUnreadable(f"The layouts cannot be read: {error.strerror or error}", where=str(folder))
        return (SavedLayout(str(folder), None, trouble),)
    found: list[SavedLayout] = []
    names: dict[str, str] = {}
    for path in files:
        shown = storable(str(path))
        if len(found) >= MOST_LAYOUTS:
            message = f"More than {MOST_LAYOUTS} layouts: this one and those after it are not used"
            found.append(SavedLayout(shown, None, UsageError(message, where=shown)))
            break
        try:
            layout = read_layout(path)
        except (NotFound, UsageError) as trouble:
            found.append(SavedLayout(shown, None, trouble))
            continue
        other = names.setdefault(layout.name.casefold(), shown)
        if other == shown:
            found.append(SavedLayout(shown, layout))
        else:
            message = f"The layout {layout.name!r} is in {other} already"
            found.append(SavedLayout(shown, None, UsageError(message, hint="Take one of the files away.", where=shown)))
    return tuple(found)


def saved_layout(name: str, folder: Path | None = None) -> tuple[Path, Layout]:
    """File and layout of that name, capitals or not. Raises NotFound."""
    usable = [saved for saved in saved_layouts(folder) if saved.layout is not None]
    for saved in usable:
        if saved.layout is not None and saved.layout.name.casefold() == name.casefold():
            return Path(saved.file), saved.layout
    names = ", ".join(saved.layout.name for saved in usable if saved.layout is not None)
    hint = f"There are: {names}." if names else "There are none yet. `runfolio layout add FILE` adds one."
    raise NotFound(f"There is no layout {name!r}", hint=hint)


def save_layout(layout: Layout, folder: Path | None = None) -> Path:
    """Write a layout into the user's folder, in place of the one of that name. Raises UsageError, FolderUnreadable."""
    folder = folder or locate.layouts_folder()
    check_layout(layout)
    before = ""
    try:
        path, _ = saved_layout(layout.name, folder)
        before = path.read_text("utf-8-sig")
    except NotFound:
        path = _free_path(folder, layout.name)
    except (OSError, UnicodeDecodeError) as error:
        raise FolderUnreadable(f"The layout could not be saved: {error}", where=str(folder)) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(layout_text(layout, before), encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        raise FolderUnreadable(f"The layout could not be saved: {error.strerror or error}", where=str(path)) from error
    return path


def _free_path(folder: Path, name: str) -> Path:
    """A file that is not there yet: one that is holds something that could not be used, and may be somebody's work."""
    names = (f"{name}{_SUFFIX}", *(f"{name} {number}{_SUFFIX}" for number in range(2, MOST_LAYOUTS)))
    return next(path for each in names if not (path := folder / each).exists())


def remove_layout(name: str, folder: Path | None = None) -> Path:
    """Take the layout of that name out of the user's folder; the file that was taken away. Raises NotFound."""
    path, _ = saved_layout(name, folder)
    try:
        path.unlink()
    except OSError as error:
        message = f"The layout could not be removed: {error.strerror or error}"
        raise FolderUnreadable(message, where=str(path)) from error
    return path
