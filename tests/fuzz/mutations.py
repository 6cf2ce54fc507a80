"""What may be wrong with a file: bytes, trees of JSON, and entries of archives, changed at random.

Every function takes a source of random numbers of Hypothesis, which repeats and simplifies what
failed.
"""

from __future__ import annotations

import copy
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_DEEP = "a text that stands for deep nesting"
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"), "", "a",
    "\0", "\ud800", "\u202egpj.exe", "../../outside", "/etc/passwd", "C:\\x", "<script>",
    "x" * 5000, [], {}, [[]], {"": {}}, [None], [0] * 300, _DEEP,
)  # fmt: skip
NAMES = (
    "../outside",
    "/outside",
    "..\\outside",
    "a/../../outside",
    "\0",
    "a" * 300,
    "con",
    "a:b/c.png",
)


def odd(random: Random) -> Any:
    """Return a value that nothing expects."""
    return copy.deepcopy(random.choice(ODD))


def changed_bytes(random: Random, source: bytes) -> bytes:
    """Flip, overwrite, cut, double, drop or insert bytes, once to three times."""
    data = bytearray(source)
    for _ in range(random.randint(1, 3)):
        if not data:
            break
        at = random.randrange(len(data))
        size = min(len(data) - at, random.choice((1, 2, 4, 8, 64, 1000)))
        what = random.randrange(8)
        if what == 0:
            data[at] ^= 1 << random.randrange(8)
        elif what == 1:
            data[at : at + size] = random.choice((b"\0", b"\xff", b"\x7f", b"[")) * size
        elif what == 2:
            del data[at:]
        elif what == 3:
            data += data[: 1 << 20]
        elif what == 4:
            del data[at : at + size]
        elif what == 5:
            data[at:at] = random.randbytes(size)
        elif what == 6:
            data[at : at + 4] = struct.pack("<I", random.choice((0, 2**31 - 1, 2**32 - 1)))
        else:
            data[at : at + 8] = struct.pack("<Q", random.choice((1, 2**40, 2**63 - 1)))
    return bytes(data)


def changed_tree(random: Random, tree: Any) -> Any:
    """Replace, remove, add or repeat a value anywhere in a JSON tree, once or twice."""
    tree = copy.deepcopy(tree)
    for _ in range(random.randint(1, 2)):
        places = _places(tree)
        if not places:
            return odd(random)
        outer, key = random.choice(places)
        what = random.randrange(5)
        if what <= 1:
            outer[key] = odd(random)
        elif what == 2:
            del outer[key]
        elif isinstance(outer, dict):
            outer[random.choice(("", "extra", "\ud800", key))] = odd(random)
        else:
            outer.extend(outer[:50] * random.choice((1, 40)))
    return tree


def written(random: Random, tree: Any) -> bytes:
    """Write a tree as JSON, with what JSON itself has not."""
    depth = random.choice((40, 900, 100_000))
    text = json.dumps(tree, ensure_ascii=random.random() < 0.7)
    return text.replace(f'"{_DEEP}"', "[" * depth + "]" * depth).encode("utf-8", "surrogatepass")


def changed_json(random: Random, source: bytes) -> bytes:
    """Change a file of JSON as a tree, or, now and then, as bytes."""
    if random.random() < 0.25:
        return changed_bytes(random, source)
    return written(random, changed_tree(random, json.loads(source)))


def changed_header(random: Random, source: bytes) -> bytes:
    """Change the header of a safetensors file as a tree, also JSON inside its texts."""
    if random.random() < 0.3:
        return changed_bytes(random, source)
    length = struct.unpack_from("<Q", source)[0]
    header = json.loads(source[8 : 8 + length])
    metadata = header.get("__metadata__", {})
    if metadata and random.random() < 0.6:
        key = random.choice(sorted(metadata))
        try:
            metadata[key] = written(random, changed_tree(random, json.loads(metadata[key])))
            metadata[key] = metadata[key].decode("utf-8", "replace")
        except ValueError:
            metadata[key] = random.choice([one for one in ODD if isinstance(one, str)])
    else:
        header = changed_tree(random, header)
    text = written(random, header)
    return struct.pack("<Q", len(text)) + text + source[8 + length :]


def changed_zip(
    random: Random, source: bytes, inside: Sequence[Callable[[Random, bytes], bytes]]
) -> bytes:
    """Change names, methods, sizes or the content of entries of a ZIP, or its bytes."""
    if random.random() < 0.3:
        return changed_bytes(random, source)
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        entries = [(one.filename, archive.read(one)) for one in archive.infolist()]
    at = random.randrange(len(entries))
    name, content = entries[at]
    what = random.randrange(6)
    if what == 0:
        suffix = name[name.rfind(".") :] if "." in name else ""
        entries[at] = (random.choice(NAMES) + suffix, content)
    elif what == 1:
        entries.insert(random.randrange(len(entries)), entries[at])
    elif what == 2:
        del entries[at]
    elif what <= 4:
        entries[at] = (name, random.choice(inside)(random, content))
    packed = _packed(random, entries)
    return _lied(random, packed) if random.random() < 0.3 else packed


def _packed(random: Random, entries: Sequence[tuple[str, bytes]]) -> bytes:
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, 14))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.filename = name  # as it is, also with a null character
            info.compress_type = method
            with _quiet():
                archive.writestr(info, content)
    return file.getvalue()


def _quiet() -> Any:
    import warnings

    caught = warnings.catch_warnings()
    warnings.simplefilter("ignore")  # two entries of one name
    return caught


def _lied(random: Random, packed: bytes) -> bytes:
    """Change a size, flag or method of an entry in the directory."""
    data, at = bytearray(packed), packed.rfind(b"PK\x01\x02")
    place, kind = random.choice(((8, "<H"), (10, "<H"), (20, "<I"), (24, "<I"), (42, "<I")))
    struct.pack_into(kind, data, at + place, random.choice((0, 1, 9, 99, 2**16 - 1)))
    return bytes(data)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (list or object, index or key) of a tree, of long lists the first few."""
    found: list[tuple[Any, Any]] = []
    if not isinstance(tree, (dict, list)):
        return found
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree[:6]):
        found += [(tree, key), *_places(value)]
    return found
