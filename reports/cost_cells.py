"""What stands in the cells of the tables of costs: one place decides what may be shown, and how."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from reports.costs import BUILT_IN, FRAMEWORKS, Line, digits, percent, reason, size_of
from reports.targets import MET, MISSED, NO_RESULT, NOISY, status, target_of
from shared.timings import NAN, Timing, noisy, spread

NO_TARGET = "no target"
WORST_LAST = (NO_TARGET, MET, NOISY, MISSED, NO_RESULT)
TITLES = (  # of the cells: what stands above them together, and above each
    *((name, title) for name in FRAMEWORKS for title in ("ours", "built-in", "ratio", "limit")),
    *(("TF / torch", title) for title in ("ours", "built-in")),
)


class Cell(NamedTuple):
    """A text, a remark on it in small letters, the number to sort by, and how it looks."""

    text: str = "-"
    remark: str = ""
    value: float = NAN
    look: str = ""  # a status, or "" for plain

    @property
    def whole(self) -> str:
        """The text with its remark.

        >>> Cell("12.3 µs", "4%").whole, Cell("0.98").whole
        ('12.3 µs (4%)', '0.98')
        """
        return f"{self.text} ({self.remark})" if self.remark else self.text


def cells(line: Line) -> list[Cell]:
    """The cells of a line, in the order of `TITLES`."""
    found = []
    for framework in FRAMEWORKS:
        own, built_in = (line.parties.get(framework + whose) for whose in ("", BUILT_IN))
        found += [cost(own), cost(built_in), to_builtin(own), limit(own or built_in)]
    tensorflow, _ = FRAMEWORKS
    return [*found, *(to_torch(line.parties.get(tensorflow + whose)) for whose in ("", BUILT_IN))]


def cost(row: Timing | None) -> Cell:
    """The median with its spread, or why there is none."""
    if row is None:
        return Cell()
    if reason(row):
        return Cell(reason(row), look=NO_RESULT)
    if math.isnan(row.median):
        return Cell()
    apart = percent(spread(row.median, row.low, row.high))
    return Cell(size_of(row.median, row.unit), apart, row.median)


def to_builtin(row: Timing | None) -> Cell:
    """Ours / built-in, with how it stands to its target."""
    if row is None or math.isnan(row.to_builtin):
        return Cell()
    found = _ratio(row.to_builtin, row.to_builtin_low, row.to_builtin_high)
    target = target_of(row)
    if target is None:
        return found
    judged = status(row, target)
    if judged == MISSED and found.text == digits(target.reach):  # a miss never reads as met
        found = found._replace(text=f">{found.text}")
    return found._replace(look=judged)


def to_torch(row: Timing | None) -> Cell:
    """TensorFlow / torch."""
    if row is None or math.isnan(row.to_torch):
        return Cell()
    return _ratio(row.to_torch, row.to_torch_low, row.to_torch_high)


def _ratio(median, low, high):
    if noisy(median, low, high):
        return Cell(digits(median), NOISY, median, NOISY)
    return Cell(digits(median), "", median)


def limit(row: Timing | None) -> Cell:
    """The share of a cost that the machine's limit alone would be."""
    if row is None or math.isnan(row.limit_cost / row.median):
        return Cell()
    share = row.limit_cost / row.median
    return Cell(percent(share), row.limit, share)


def standing(lines: Iterable[Line]) -> str:
    """The worst status of some lines: "no result" wherever a number was taken away."""
    rows = [row for line in lines for row in line.parties.values()]
    return max(map(_standing, rows), key=WORST_LAST.index, default=NO_TARGET)


def _standing(row):
    if reason(row):
        return NO_RESULT
    target = target_of(row)
    return status(row, target) if target else NO_TARGET
