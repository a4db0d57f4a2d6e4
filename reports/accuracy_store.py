"""What `make accuracy` has measured so far, on disk, so that a killed run goes on where it was.

A job's rows are written in one transaction (SQLite), so they are there whole or not at all. The
store remembers what it was measured with, and is closed to a run with anything else.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from reports import environment

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("shared", "tf_impl", "torch_impl", "parity_tests/accuracy")


class OtherMeasurementsError(Exception):
    """The store was filled by another version of something; the message says of what."""


class Store:
    """Rows by the key of their job.

    Args:
        path: of the file, made if need be.
        made_with: what all that is in it was, and will be, measured with.

    Raises:
        OtherMeasurementsError: if what is in it was measured with anything else.

    >>> with Store(":memory:", {"torch": "2.13"}) as store:
    ...     store.keep("a job", [{"worst": 0.5}], seconds=1.0)
    ...     store.rows(["a job"]), store.done
    ([{'worst': 0.5}], {'a job'})
    """

    def __init__(self, path: str | Path, made_with: Mapping[str, str]):
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path)
        with self._file:
            self._file.execute("create table if not exists made_with (what primary key, value)")
            self._file.execute("create table if not exists jobs (key primary key, rows, seconds)")
            self._hold_to(dict(made_with), path)

    def _hold_to(self, made_with, path):
        found = dict(self._file.execute("select what, value from made_with"))
        if not found:
            self._file.executemany("insert into made_with values (?, ?)", made_with.items())
            return
        names = [name for name in {**found, **made_with} if found.get(name) != made_with.get(name)]
        if names:
            changes = "; ".join(f"{n}: {found.get(n)}, now {made_with.get(n)}" for n in names)
            raise OtherMeasurementsError(
                f"{path} holds measurements made with something else ({changes}). "
                f"`make accuracy FRESH=1` drops them and starts anew."
            )

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def done(self) -> set[str]:
        """The keys of the jobs whose rows are here."""
        return {key for (key,) in self._file.execute("select key from jobs")}

    def keep(self, key: str, rows: Iterable[Mapping], seconds: float) -> None:
        """Write the rows of one job, and how long it took."""
        with self._file:
            written = json.dumps(list(rows))  # a float is written so that it comes back the same
            self._file.execute("insert into jobs values (?, ?, ?)", (key, written, seconds))

    def rows(self, keys: Iterable[str]) -> list[dict]:
        """The rows of these jobs, job after job."""
        found = dict(self._file.execute("select key, rows from jobs"))
        return [row for key in keys for row in json.loads(found[key])]

    def seconds(self, keys: Iterable[str]) -> float:
        """How long these jobs took in all, one after the other."""
        found = dict(self._file.execute("select key, seconds from jobs"))
        return sum(found[key] for key in keys)


def made_with(kernels: str) -> dict[str, str]:
    """What decides the numbers that are measured: versions, processor, kernels, sources."""
    return {
        **environment.versions(),
        "processor": environment.processor(),
        "kernels": kernels,
        "sources": sources(),
    }


def sources(root: Path = ROOT) -> str:
    """A digest of the formulas, of their reference, and of what measures them."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in SOURCES for path in (root / folder).rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]
