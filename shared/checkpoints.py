"""Where a training run is kept after each epoch, whichever half it runs in, to be taken up again.

A checkpoint is a folder. It is replaced whole or not at all: the new one is complete, and on disk,
before the old one is moved out of the way. Beside the folder `name` stand, for that moment,
`.name~new` and `.name~old`; where a killed run left no `name`, the new one was complete.

The record, run.json, says which run it is and which epochs are done; the other files are those of
the half that writes them. Its numbers come back bit for bit, NaN and infinity as Python writes
them.
"""

import contextlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shared.runs import Epoch

RECORD = "run.json"


def described(x, y, validation, **more: Any) -> dict[str, str]:
    """A run in words, as far as its result depends on it: its data, and more by name, or data too.

    >>> described(np.ones((3, 2)), np.ones(3), None, seed=0, loss=max)
    {'x': 'float64 (3, 2), checksum 1466da09', 'y': 'float64 (3,), checksum 78ac6fa1',
    'validation': 'none', 'seed': '0', 'loss': 'max'}
    """
    held_out = " and ".join(map(_data, validation)) if validation else "none"
    words = {name: _words(value) for name, value in more.items()}
    return {"x": _data(x), "y": _data(y), "validation": held_out, **words}


def _data(values):
    if values is None:
        return "none"
    values = np.asarray(values)
    return f"{values.dtype} {values.shape}, checksum {zlib.crc32(values.tobytes()):08x}"


def _words(value):
    """A function by its name, an object by its class, data, and all else as it is written."""
    if isinstance(value, np.ndarray):
        return _data(value)
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return type(value).__name__ if type(value).__repr__ is object.__repr__ else str(value)


def write_record(folder: Path, run: Mapping[str, str], epochs: Sequence[NamedTuple]) -> None:
    """Write run.json: which run it is, and its epochs so far."""
    record = {"run": run, "epochs": [epoch._asdict() for epoch in epochs]}
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def read_record(
    folder: Path, run: Mapping[str, str], most: int, kind: type = Epoch
) -> list[NamedTuple]:
    """The epochs, each of this kind, of the checkpoint in a folder; none if there is none yet.

    Raises ValueError where the folder holds other files, another run than `run`, or more than
    `most` epochs: neither is overwritten.
    """
    recover(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    if not (folder / RECORD).is_file():
        raise ValueError(f"{folder} holds no checkpoint but something else: name another folder")
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    check_same(folder, record["run"], run)
    if len(record["epochs"]) > most:
        raise ValueError(
            f"the checkpoint in {folder} holds {len(record['epochs'])} epochs, more than the {most}"
            f" asked for: ask for as many, or name another folder"
        )
    return [kind(**epoch) for epoch in record["epochs"]]


def check_same(folder: Path, there: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Raise ValueError, saying what differs, unless the run kept there is the run here.

    >>> check_same(Path("kept"), {"seed": "0"}, {"seed": "1"})
    Traceback (most recent call last):
    ValueError: the checkpoint in kept is of another run: seed is 0 there and 1 here;
    name another folder, or delete this one to start anew
    """
    names = dict.fromkeys([*there, *here])
    pairs = {name: (there.get(name, "not given"), here.get(name, "not given")) for name in names}
    differing = [f"{n} is {one} there and {other} here" for n, (one, other) in pairs.items()
                 if one != other]  # fmt: skip
    if differing:
        raise ValueError(
            f"the checkpoint in {folder} is of another run: {'; '.join(differing)}; "
            f"name another folder, or delete this one to start anew"
        )


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder to write in, which takes the place of `folder` when the block is done.

    On any exception the folder stays as it was. One writer at a time.

    >>> import tempfile
    >>> kept = Path(tempfile.mkdtemp()) / "kept"
    >>> for text in ("one", "two"):
    ...     with replacing(kept) as new:
    ...         _ = (new / "a.txt").write_text(text)
    >>> (kept / "a.txt").read_text(), [path.name for path in kept.parent.iterdir()]
    ('two', ['kept'])
    """
    old, new = _beside(folder)
    recover(folder)
    new.mkdir(parents=True)
    try:
        yield new
        for path in (*new.rglob("*"), new):
            _to_disk(path)
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
        _to_disk(folder.parent)
    finally:
        recover(folder)


def recover(folder: Path) -> None:
    """Finish a replacement that was cut short behind the new folder's completion; else undo it."""
    old, new = _beside(folder)
    # the old one makes way only for a new one that is complete
    if old.exists() and new.exists() and not folder.exists():
        os.replace(new, folder)
    for rest in (new, old):
        if rest.exists():
            shutil.rmtree(rest)


def _beside(folder):
    return folder.with_name(f".{folder.name}~old"), folder.with_name(f".{folder.name}~new")


def _to_disk(path):
    """Have the system write out what it still holds in memory of a file or folder."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
