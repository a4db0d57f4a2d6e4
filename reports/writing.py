"""Replace the files of a report together: all of them, or none.

Beside each target `name` stand, for a moment, `.name~old` (what it held; empty where there was
no file) and `.name~new` (what it will hold). While any `~new` is left the change is not made;
the replacement of the last one makes it. So whatever a killed run leaves behind tells which
of the two reports is whole, and `recover` puts that one back.
"""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

OLD, NEW = "~old", "~new"


def replace_whole(folder: str | Path, contents: Mapping[str, str | bytes]) -> None:
    """Write `contents`, by file name, into `folder`, whole or not at all.

    Text is written in UTF-8 with its line ends as they are, bytes as they are. The folder is made
    if need be; its other files are left alone. All files get the same time of modification. One
    writer at a time. On any exception the previous files are put back and the exception goes on to
    the caller; what a killed run left is set right by the next call.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> replace_whole(folder, {"a.md": "one", "b.png": b"\\x89PNG"})
    >>> sorted(path.name for path in folder.iterdir())
    ['a.md', 'b.png']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    recover(folder)
    stamp = time.time_ns()
    try:
        # The copies are complete before the first `~new` appears, so a torn copy is never used.
        for name in contents:
            _keep(folder / name, folder / f".{name}{OLD}")
        for name, content in contents.items():
            _write(folder / f".{name}{NEW}", content, stamp)
        for name in contents:
            os.replace(folder / f".{name}{NEW}", folder / name)
    finally:
        recover(folder)


def recover(folder: str | Path) -> None:
    """Undo a replacement that was cut short in `folder`, or tidy up after one that was not."""
    unfinished = sorted(Path(folder).glob(f".*{NEW}"))
    for old in sorted(Path(folder).glob(f".*{OLD}")):
        if unfinished:
            _put_back(old, old.with_name(old.name.removeprefix(".").removesuffix(OLD)))
        old.unlink(missing_ok=True)
    for new in unfinished:
        new.unlink()


def _keep(target: Path, old: Path) -> None:
    if target.exists():
        shutil.copy2(target, old)
    else:
        old.touch()


def _put_back(old: Path, target: Path) -> None:
    if old.stat().st_size == 0:
        target.unlink(missing_ok=True)
    elif not target.exists() or old.read_bytes() != target.read_bytes():
        os.replace(old, target)


def _write(path: Path, content: str | bytes, stamp: int) -> None:
    with path.open("wb") as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    os.utime(path, ns=(stamp, stamp))
