"""Measured costs as a report shows them: which numbers are results, side by side, in which units.

Every table and figure of the performance report is made of what `results` leaves: a number that
failed its check of parity, or that a self-check complained of, is gone before it could be shown.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.evidence import ABSENT, FAIL, VERDICTS
from shared.timings import NAN, Timing

FAMILIES = ("activations", "losses", "layers", "optimizers", "training", "start")
FRAMEWORKS = ("TensorFlow", "torch")
BUILT_IN = " built-in"
PARTIES = tuple(f"{name}{whose}" for name in FRAMEWORKS for whose in ("", BUILT_IN))
MODES = {"eager": "eager", "graph": "tf.function", "compiled": "compiled"}
WORKS = ("forward", "forward+backward", "step")
SIZES = ("", "tiny", "medium", "large")
SECONDS, BYTES = ("n", "µ", "m", ""), ("", "k", "M", "G")
COST = ("median", "low", "high")
TO_BUILTIN, TO_TORCH = (
    (name, f"{name}_low", f"{name}_high") for name in ("to_builtin", "to_torch")
)


def results(rows: Iterable[Timing]) -> list[Timing]:
    """The rows, without each number that is no result, nor any ratio that it is a part of."""
    rows = list(rows)
    faulty = {identity(row) for row in rows if reason(row)}
    return [_without(row, faulty) for row in rows]


def reason(row: Timing) -> str:
    """Why a row's number is no result, in a few words; empty where it is one.

    >>> tanh = Timing("activations", "tanh", "forward", "tiny", "(8, 96)", 768, "torch", "eager",
    ...               "float32", "cpu", 1)
    >>> reason(replace(tanh, verdict="fail")), reason(replace(tanh, complaint="work dropped: all"))
    ('fails parity', 'work dropped')
    """
    if row.verdict == FAIL:
        return "fails parity"
    return row.complaint.partition(":")[0]


def identity(row: Timing, party: str = "") -> tuple:
    """What a row is of, or the same for another party."""
    where = row.family, row.concept, row.work, row.size, row.shape
    return *where, row.mode, row.dtype, row.device, row.threads, party or row.party


def _without(row, faulty):
    framework = row.party.removesuffix(BUILT_IN)
    if identity(row) in faulty:
        gone = (*COST, *TO_BUILTIN, *TO_TORCH, "limit_cost")
    else:
        gone = ()
        if identity(row, framework + BUILT_IN) in faulty:
            gone += TO_BUILTIN
        if identity(row, row.party.replace(*FRAMEWORKS)) in faulty:
            gone += TO_TORCH
    return replace(row, **dict.fromkeys(gone, NAN))


@dataclass(frozen=True)
class Line:
    """What all parties pay for the same work in the same mode, those that were timed."""

    concept: str
    work: str
    size: str
    shape: str
    mode: str
    place: str  # "" for one thread of the processor, in float32
    parties: dict[str, Timing]

    @property
    def verdict(self) -> str:
        """The worst verdict of parity among the parties."""
        verdicts = [row.verdict for row in self.parties.values() if row.verdict]
        return max(verdicts, key=VERDICTS.index, default="")

    @property
    def labels(self) -> tuple[str, str]:
        """Its mode with its place, and its work with its size."""
        mode = ", ".join(filter(None, (MODES[self.mode], self.place)))
        return mode, ", ".join(filter(None, (self.work, self.size)))

    @property
    def rank(self) -> tuple[int, int]:
        """Less work first, then smaller sizes."""
        return WORKS.index(self.work) if self.work in WORKS else 0, SIZES.index(self.size)


def lines(rows: Iterable[Timing]) -> list[Line]:
    """The lines that timed rows make, ordered by place, and as they came by concept and mode."""
    found: dict[tuple, Line] = {}
    for row in rows:
        if row.verdict != ABSENT:
            head = row.concept, row.work, row.size, row.shape, row.mode, place(row)
            found.setdefault((row.family, *head), Line(*head, {})).parties[row.party] = row
    concepts = list(dict.fromkeys(line.concept for line in found.values()))

    def order(line):
        return line.place, concepts.index(line.concept), list(MODES).index(line.mode), line.rank

    return sorted(found.values(), key=order)


def place(row: Timing) -> str:
    """Where a row was timed, if not in float32 on one thread of the processor.

    >>> row = Timing(*"abcde", 1, "torch", "eager", "float32", "gpu:0", threads=2)
    >>> place(row), place(replace(row, device="cpu", threads=1))
    ('gpu:0, 2 threads', '')
    """
    usual = {row.device: "cpu", f"{row.threads} threads": "1 threads", row.dtype: "float32"}
    return ", ".join(here for here, ordinary in usual.items() if here != ordinary)


def groups(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of one concept in one mode together: first the most work there is, then the rest.

    What stands first stands for the others where there is room for one line alone.
    """
    found: dict[tuple, list[Line]] = {}
    for line in lines:
        found.setdefault((line.concept, line.mode, line.place), []).append(line)
    return [[group[-1], *group[:-1]] for group in found.values()]


def size_of(value: float, unit: str = "s") -> str:
    """A cost to three digits, in the unit that suits it; "-" where there is none.

    >>> [size_of(value) for value in (12.34e-9, 9.999e-6, 0.1234, 61.5)]
    ['12.3 ns', '10.0 µs', '123 ms', '61.5 s']
    >>> size_of(612.4e6, "B"), size_of(math.nan)
    ('612 MB', '-')
    """
    if math.isnan(value):
        return "-"
    scaled, prefixes = (value * 1e9, SECONDS) if unit == "s" else (value, BYTES)
    for prefix in prefixes[:-1]:
        if scaled < 999.5:
            return f"{digits(scaled)} {prefix}{unit}"
        scaled /= 1000
    return f"{digits(scaled)} {prefixes[-1]}{unit}"


def digits(value: float) -> str:
    """A number to three digits, or to two behind the point; "-" where there is none.

    >>> [digits(value) for value in (0.004, 0.98, 9.996, 99.96, 1234.5, math.nan)]
    ['<0.01', '0.98', '10.0', '100', '1,234', '-']
    """
    if math.isnan(value):
        return "-"
    if 0 < value < 0.005:
        return "<0.01"
    places = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:,.{places}f}"


def percent(share: float) -> str:
    """A share in hundredths; "-" where there is none.

    >>> [percent(share) for share in (0.004, 0.83, 1.204, math.nan)]
    ['<1%', '83%', '120%', '-']
    """
    if math.isnan(share):
        return "-"
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"
