"""Pickles and zips told without loading them: which classes and functions they name, and what lies inside.

A pickle is a program. It is listed, opcode by opcode, as `pickletools` does, and nothing of it is run; names outside of
a short list of plain containers and array makers are told as unsafe.
"""

from __future__ import annotations

import io
import json
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass, field

from runfolio.analysis.preview.reading import read_at
from runfolio.analysis.preview.weights import SHOWN_ROWS, BadHeader, npy_facts, npy_header, shape_text, types_text
from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.display import count, plain, size, storable
from runfolio.model.previews import Sheet
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import is_shallow
from runfolio.readers.pickle_data import Call, NotReadable, read_pickle
from runfolio.readers.zip_file import DAMAGE, Zip, opened_zip

_PICKLE_BYTES = 64 << 20
_MOST_OPCODES = 2_000_000
_MOST_NAMES = 2_000
_MEMBER = 16 << 20
_HEADER = 70_000

_PLAIN = frozenset(
    {
        "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.set",
        "builtins.frozenset",
        "builtins.bytearray", "builtins.complex", "builtins.dict", "builtins.list", "builtins.int", "builtins.float",
        "builtins.slice", "builtins.range", "datetime.datetime", "datetime.date", "datetime.timedelta",
        "decimal.Decimal", "pathlib.PosixPath", "pathlib.Path", "_codecs.encode", "copyreg._reconstructor",
        "numpy.ndarray", "numpy.dtype", "torch.device", "torch.Size", "torch.dtype", "torch.nn.parameter.Parameter",
    }
)  # fmt: skip
_PLAIN_STARTS = (
    "numpy.core.multiarray.", "numpy._core.multiarray.", "numpy.core.numeric.", "numpy._core.numeric.",
    "numpy.dtypes.", "torch._utils._rebuild_", "torch.FloatStorage", "torch.HalfStorage", "torch.BFloat16Storage",
    "torch.DoubleStorage", "torch.LongStorage", "torch.IntStorage", "torch.ShortStorage", "torch.CharStorage",
    "torch.ByteStorage", "torch.BoolStorage", "torch.storage.",
)  # fmt: skip
_DANGEROUS = (
    "os.", "posix.", "nt.", "subprocess.", "sys.", "builtins.eval", "builtins.exec", "builtins.getattr",
    "builtins.__import__", "builtins.open", "builtins.compile", "shutil.", "socket.", "runpy.", "importlib.",
    "pty.", "ctypes.", "webbrowser.", "pip.", "code.", "operator.", "types.", "urllib.", "requests.", "http.",
)  # fmt: skip
_CALLS = frozenset({"REDUCE", "BUILD", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ"})


@dataclass(slots=True)
class PickleFacts:
    """What the opcodes of a pickle say. `names` with how often each is named; `ends` whether it was read to its end."""

    protocol: int = 0
    opcodes: int = 0
    calls: int = 0
    names: dict[str, int] = field(default_factory=dict)
    ends: bool = False


def list_pickle(data: bytes) -> PickleFacts:
    """Goes through a pickle without running it. Never raises for what it holds."""
    facts = PickleFacts()
    texts: list[str] = []
    memo: dict[int, str] = {}
    try:
        for opcode, argument, _ in pickletools.genops(io.BytesIO(data)):
            facts.opcodes += 1
            if facts.opcodes > _MOST_OPCODES:
                break
            name = opcode.name
            if name == "PROTO":
                facts.protocol = int(str(argument))
            elif name in ("GLOBAL", "INST"):
                _named(facts, str(argument).replace(" ", "."))
            elif name == "STACK_GLOBAL":
                _named(facts, ".".join(texts[-2:]) if len(texts) >= 2 else "(not told)")
            elif "UNICODE" in name or name.endswith("STRING"):
                texts = [*texts[-3:], str(argument)]
            elif name in ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"):
                memo[len(memo) if name == "MEMOIZE" else int(str(argument))] = texts[-1] if texts else ""
            elif name in ("BINGET", "LONG_BINGET", "GET"):
                texts = [*texts[-3:], memo.get(int(str(argument)), "")]
            facts.calls += name in _CALLS
            facts.ends = name == "STOP"
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, UnicodeError, RecursionError):
        facts.ends = False  # what came before the damage counts
    return facts


def _named(facts: PickleFacts, name: str) -> None:
    if name in facts.names or len(facts.names) < _MOST_NAMES:
        facts.names[name] = facts.names.get(name, 0) + 1


def verdict_on(name: str) -> str:
    """ "plain", "unknown" or "unsafe": whether loading what a pickle names would be harmless."""
    if name in _PLAIN or name.startswith(_PLAIN_STARTS):
        return "plain"
    return "unsafe" if name.startswith(_DANGEROUS) else "unknown"


def pickle_rows(facts: PickleFacts) -> tuple[tuple[str, ...], ...]:
    """Names with what is to be thought of them, the worst first."""
    order = {"unsafe": 0, "unknown": 1, "plain": 2}
    rows = [(plain(storable(name), 200), verdict_on(name), count(times)) for name, times in facts.names.items()]
    return tuple(sorted(rows, key=lambda row: (order[row[1]], row[0])))


def pickle_warnings(facts: PickleFacts) -> tuple[str, ...]:
    """What loading it would mean."""
    unsafe = [name for name in facts.names if verdict_on(name) == "unsafe"]
    unknown = sum(verdict_on(name) == "unknown" for name in facts.names)
    if unsafe:
        some = ", ".join(plain(storable(name), 60) for name in unsafe[:4])
        return (f"Loading this file runs {some}: do not load it unless you know who made it.",)
    if unknown:
        return (f"Loading this file runs code of {unknown:,} classes or functions that it names.",)
    return ()


def pickled(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """A pickle by itself, or one of joblib."""
    data = read_at(handle, min(whole, _PICKLE_BYTES))
    facts = list_pickle(data)
    if not facts.opcodes or (not facts.names and not facts.ends and facts.protocol == 0):
        raise BadHeader("it is no pickle")
    rows = pickle_rows(facts)
    listed = [
        ("Protocol", str(facts.protocol)),
        ("Opcodes", count(facts.opcodes)),
        ("Calls", count(facts.calls)),
        ("Names", count(len(facts.names))),
    ]
    notes = () if facts.ends else ("It could not be listed to its end: compressed, cut off, or arrays follow inside",)
    header = ("Class or function it names", "Loading it is", "Times")
    return Sheet("Pickle, listed and not loaded", tuple(listed), header, rows, pickle_warnings(facts)), notes


# --- zips ---------------------------------------------------------------------------------------------------------


def zipped(folder: Folder, name: str) -> tuple[Sheet, tuple[str, ...]]:
    """A Keras or PyTorch model, arrays of NumPy, or any other zip. Raises FolderUnreadable."""
    with opened_zip(folder, name) as archive:
        names = archive.sizes
        try:
            if "metadata.json" in names and "config.json" in names:
                return _keras(archive)
            pickles = [member for member in names if member.endswith("data.pkl")]
            if pickles:
                return _torch(archive, pickles[0])
            if names and all(member.endswith(".npy") for member in names):
                return _arrays(archive)
        except (NotReadable, BadHeader, KeyError, TypeError, ValueError) as failure:
            sheet, notes = _members(archive)
            return sheet, (*notes, f"Shown as a zip: {plain(str(failure), 160)}")
        return _members(archive)


def _members(archive: Zip, title: str = "Zip archive") -> tuple[Sheet, tuple[str, ...]]:
    total = sum(archive.sizes.values())
    rows = tuple(
        (plain(storable(member), 300), size(length)) for member, length in [*archive.sizes.items()][:SHOWN_ROWS]
    )
    notes = (f"The first {len(rows):,} files are listed",) if len(archive.sizes) > len(rows) else ()
    facts = (("Files", count(len(archive.sizes))), ("Unpacked", size(min(total, 1 << 62))))
    return Sheet(title, facts, ("File", "Size"), rows), notes


def _keras(archive: Zip) -> tuple[Sheet, tuple[str, ...]]:
    sheet, notes = _members(archive, "Keras model")
    facts = []
    metadata = _json(archive, "metadata.json")
    if isinstance(metadata, dict):
        facts += [(plain(storable(str(k)), 60), plain(storable(str(v)), 200)) for k, v in [*metadata.items()][:20]]
    config = _json(archive, "config.json")
    layers: list[tuple[str, ...]] = []
    warnings: list[str] = []
    if isinstance(config, dict):
        facts.append(("Class", plain(storable(str(config.get("class_name"))), 100)))
        inner = config.get("config")
        for layer in inner.get("layers", []) if isinstance(inner, dict) else []:
            kept = layer.get("config") if isinstance(layer, dict) else None
            if isinstance(kept, dict) and len(layers) < SHOWN_ROWS:
                kind = str(layer.get("class_name"))
                shown = ", ".join(
                    f"{k} {kept[k]}" for k in ("units", "filters", "kernel_size", "activation") if kept.get(k)
                )
                layers.append(
                    (
                        plain(storable(str(kept.get("name"))), 100),
                        plain(storable(kind), 100),
                        plain(storable(shown), 160),
                    )
                )
                if kind == "Lambda":
                    warnings.append("A Lambda layer holds code that runs when the model is loaded.")
    facts += [("Layers", count(len(layers))), *sheet.facts]
    return Sheet("Keras model", tuple(facts), ("Layer", "Class", "Settings"), tuple(layers), tuple(warnings[:1])), notes


def _json(archive: Zip, member: str) -> object:
    text = archive.read(member, _MEMBER).decode("utf-8", "replace")
    return json.loads(text) if is_shallow(text, 60) else None


def _torch(archive: Zip, member: str) -> tuple[Sheet, tuple[str, ...]]:
    data = archive.read(member, _PICKLE_BYTES)
    listed = list_pickle(data)
    tensors: list[tuple[str, ...]] = []
    kinds: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    total = 0
    try:
        for path, kind, shape, elements in _tensors(read_pickle(data)):
            total += elements
            kinds[kind] = kinds.get(kind, 0) + elements
            if len(tensors) < SHOWN_ROWS:
                tensors.append((plain(storable(path), 300), kind, shape_text(shape), count(elements)))
    except NotReadable as failure:
        notes = (f"The tensors are not listed: {plain(str(failure), 120)}",)
    facts = [
        ("Tensors", count(len(tensors))),
        ("Parameters", count(total)),
        ("Types", types_text(kinds)),
        ("Files inside", count(len(archive.sizes))),
    ]
    facts += [(f"Names {plain(storable(n), 120)}", verdict_on(n)) for n in [*listed.names][:200]]
    warnings = pickle_warnings(listed)
    if tensors:
        header: tuple[str, ...] = ("Tensor", "Type", "Shape", "Elements")
        return Sheet("PyTorch file, listed and not loaded", tuple(facts), header, tuple(tensors), warnings), notes
    header = ("Class or function it names", "Loading it is", "Times")
    return Sheet("PyTorch file, listed and not loaded", tuple(facts), header, pickle_rows(listed), warnings), notes


def _tensors(value: object) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Path, type, shape and number of elements of the tensors in a saved object."""
    stack: list[tuple[str, object, int]] = [("", value, 0)]
    seen = 0
    while stack and seen < 200_000:
        path, here, depth = stack.pop()
        seen += 1
        if (
            isinstance(here, Call)
            and here.name.startswith("torch._utils._rebuild_tensor")
            and isinstance(here.args, tuple)
        ):
            storage, _, shape = here.args[0], here.args[1], here.args[2]
            parts = storage.args if isinstance(storage, Call) and isinstance(storage.args, tuple) else ()
            kind = (
                parts[1].name.rpartition(".")[2].removesuffix("Storage")
                if len(parts) > 1 and isinstance(parts[1], Call)
                else "?"
            )
            if isinstance(shape, tuple) and all(isinstance(edge, int) for edge in shape):
                elements = 1
                for edge in shape:
                    elements *= max(0, min(int(edge), 1 << 40))
                yield path or "tensor", kind.lower(), tuple(int(edge) for edge in shape), min(elements, 1 << 62)
            continue
        if depth > 24:
            continue
        pairs: list[tuple[object, object]] = []
        if isinstance(here, Call):
            pairs = [*here.items.items()]
            if isinstance(here.state, dict):
                pairs += [*here.state.items()]
            if here.name.startswith("torch._utils._rebuild_parameter") and isinstance(here.args, tuple):
                stack.append((path, here.args[0], depth + 1))
        elif isinstance(here, dict):
            pairs = [*here.items()]
        elif isinstance(here, list | tuple):
            pairs = [*enumerate(here)]
        stack += [(f"{path}.{key}" if path else str(key), below, depth + 1) for key, below in reversed(pairs)]


def _arrays(archive: Zip) -> tuple[Sheet, tuple[str, ...]]:
    rows, notes, objects = [], [], 0
    for member in [*archive.sizes][:SHOWN_ROWS]:
        title = plain(storable(member.removesuffix(".npy")), 200)
        try:
            data = archive.head(member, _HEADER)
            kind, shape, fortran, _ = npy_header(data)
        except (FolderUnreadable, LimitReached, BadHeader, ValueError, SyntaxError, TypeError, *DAMAGE) as failure:
            rows.append((title, "?", plain(str(failure), 120), size(archive.sizes[member])))
            continue
        objects += kind.hasobject
        known = dict(npy_facts(kind, shape, fortran=fortran))
        rows.append((title, known["Type"], known["Shape"], known["Size"]))
    if len(archive.sizes) > len(rows):
        notes.append(f"The first {len(rows):,} arrays are listed")
    warnings = ("Some arrays are pickled objects: loading them runs code of the file.",) if objects else ()
    facts = (("Arrays", count(len(archive.sizes))),)
    return Sheet("NumPy archive", facts, ("Array", "Type", "Shape", "Size"), tuple(rows), warnings), tuple(notes)
