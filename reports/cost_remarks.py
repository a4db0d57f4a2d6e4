"""What is said of rows beside their numbers: which are no results, which are absent, and notes."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reports.costs import MODES, place, reason
from reports.frame import listed
from shared.evidence import ABSENT
from shared.timings import Timing

MANY = 20  # concepts that are named


class Remark(NamedTuple):
    """Rows of which the same is to be said."""

    what: str
    where: str
    rows: int
    verdict: str
    why: str

    def __str__(self) -> str:
        said = f"{self.what} ({self.where})"
        return f"{said}: {self.why}" if self.why else said


def faulty(rows: Iterable[Timing]) -> list[Remark]:
    """Whose numbers were taken away, and why, in full."""
    return grouped(filter(reason, rows), lambda row: row.complaint or "does not compute the same")


def notes(rows: Iterable[Timing]) -> list[Remark]:
    """What measuring and parity noted of rows that were timed."""
    timed = (row for row in rows if row.note and row.verdict != ABSENT)
    return grouped(timed, lambda row: row.note)


def absences(rows: Iterable[Timing]) -> list[Remark]:
    """What could not be measured here, though the device is there."""
    return grouped((r for r in rows if r.verdict == ABSENT and r.concept), lambda row: row.note)


def not_there(rows: Iterable[Timing]) -> dict[str, str]:
    """A line on the devices that could not be measured on, for those of the environment."""
    missing = [row for row in rows if row.verdict == ABSENT and not row.concept]
    return {"Not measured": "; ".join(f"{r.device}: {r.note}" for r in missing)} if missing else {}


def called(row: Timing) -> str:
    """A row in words.

    >>> called(Timing("activations", "tanh", "forward", "large", "", 9, "TensorFlow", "graph",
    ...               "float32", "cpu", threads=2))
    'tanh, forward, large, TensorFlow tf.function, 2 threads'
    """
    words = row.concept, row.work, row.size, f"{row.party} {MODES[row.mode]}", place(row)
    return ", ".join(dict.fromkeys(filter(None, words)))


def grouped(rows: Iterable[Timing], said: Callable[[Timing], str]) -> list[Remark]:
    """The rows by party, verdict and what is said of them."""
    found: dict[tuple, list[Timing]] = {}
    for row in rows:
        found.setdefault((row.party, row.verdict, said(row)), []).append(row)
    return [
        Remark(f"{party}: {listed((r.concept for r in group), MANY)}", _where(group), len(group),
               verdict, why)
        for (party, verdict, why), group in found.items()
    ]  # fmt: skip


def _where(rows: Sequence[Timing]) -> str:
    columns = zip(*((r.work, r.size, MODES[r.mode], place(r)) for r in rows), strict=True)
    return "; ".join(filter(None, (listed(filter(None, column)) for column in columns)))
