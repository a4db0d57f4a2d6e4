"""`make report-diff A=old.csv B=new.csv`: which ratios changed between two performance reports.

A ratio has changed where the quartiles of its rounds in A and in B do not overlap, and is shown
where it changed by more than a tie. Costs themselves are not compared, since they change with the
machine. What the reports were measured with comes first: between two machines ratios differ that no
code has changed.
"""

import argparse
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from reports.cost_remarks import Remark, called, grouped
from reports.costs import TO_BUILTIN, TO_TORCH, digits, identity, reason
from reports.pages import plural
from reports.terminal import RULE, say
from shared.evidence import ABSENT
from shared.timings import Timing

RATIOS = {"ours / built-in": TO_BUILTIN, "TF / torch": TO_TORCH}
MACHINE = ("processor", "cores", "system", "devices", "versions")  # that the ratios hang on
TYPES = {field.name: field.type for field in fields(Timing)}
TIE = 0.05  # share of a ratio by which two runs of the same code may differ


@dataclass(frozen=True)
class Report:
    """The rows of a report by what they are of, and what they were measured with."""

    rows: dict[tuple, Timing]
    machine: dict[str, str]


@dataclass(frozen=True)
class Change:
    """A ratio whose quartiles do not overlap between two reports."""

    ratio: str
    row: Timing
    before: float
    after: float


def read(path: str | Path) -> Report:
    """A report from its performance.csv.

    Raises ValueError when the file is not one.
    """
    frame = pd.read_csv(path, keep_default_na=False, na_values=["nan"], dtype=TYPES)
    missing = [name for name in (*TYPES, *MACHINE) if name not in frame]
    if missing or frame.empty:
        lacks = f"it has no column {missing[0]!r}" if missing else "it has no rows"
        raise ValueError(f"{path} is no performance.csv of `make report`: {lacks}")
    rows = [Timing(**record) for record in frame[list(TYPES)].to_dict("records")]
    timed = {identity(row): row for row in rows if row.verdict != ABSENT}
    return Report(timed, {name: str(frame[name].iloc[0]) for name in MACHINE})


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What the two were not measured alike with, a sentence each.

    >>> differences({"versions": "keras 3.1, torch 2.1"}, {"versions": "keras 3.1, torch 2.2"})
    ['Other versions: torch 2.1 in A, torch 2.2 in B.']
    """
    return [
        f"Other {name}: {_beyond(before[name], after[name])} in A, "
        f"{_beyond(after[name], before[name])} in B."
        for name in before
        if before[name] != after[name]
    ]


def _beyond(words: str, others: str) -> str:
    """The parts of one list in words that the other has not."""
    parts = [part for part in words.split(", ") if part not in others.split(", ")]
    return ", ".join(parts) or words


def changes(before: Report, after: Report) -> list[Change]:
    """The ratios that changed by more than noise explains, the largest change first."""
    found = [
        Change(name, row, getattr(earlier, columns[0]), getattr(row, columns[0]))
        for key, row in after.rows.items()
        if (earlier := before.rows.get(key))
        for name, columns in RATIOS.items()
        if apart(earlier, row, columns)
    ]
    return sorted(found, key=lambda c: -abs(math.log(c.after / c.before)))


def apart(one: Timing, other: Timing, columns: Sequence[str]) -> bool:
    """Whether the quartiles of a ratio do not overlap; one without quartiles is not apart."""
    (_, low, high), (_, other_low, other_high) = (
        [getattr(row, name) for name in columns] for row in (one, other)
    )
    return high < other_low or other_high < low


def standings(before: Report, after: Report) -> list[Remark]:
    """The rows that are a result in one report alone, and why not in the other."""
    there = {k: (before.rows[k], row) for k, row in after.rows.items() if k in before.rows}
    said = {k: [reason(row) or "a result" for row in pair] for k, pair in there.items()}
    changed = [after.rows[key] for key, (old, new) in said.items() if old != new]
    return grouped(changed, lambda row: "{} in A, {} in B".format(*said[identity(row)]))


def only_in(one: Report, other: Report) -> list[Remark]:
    """The rows of the first report that the second has not."""
    rows = [row for key, row in one.rows.items() if key not in other.rows]
    return grouped(rows, lambda row: "")


def print_diff(before: Report, after: Report, console: Console | None = None) -> None:
    """Print what differs: the machines, rows that came, went or became results, and ratios."""
    console = console or Console(highlight=False)
    for sentence in differences(before.machine, after.machine):
        say(console, sentence, "yellow")
    for name, remarks in (("A", only_in(before, after)), ("B", only_in(after, before))):
        for remark in remarks:
            say(console, f"\nOnly in {name}, {plural(remark.rows, 'row')} of {remark}.")
    for remark in standings(before, after):
        say(console, f"\n{remark}.", "yellow")
    found = changes(before, after)
    shown = [one for one in found if abs(one.after / one.before - 1) > TIE]
    if shown:
        console.print("", change_table(shown))
    both = sum(key in before.rows for key in after.rows)
    say(
        console,
        f"\n{plural(len(shown), 'ratio')} changed, and {len(found) - len(shown):,} by {TIE:.0%} or "
        f"less, in {plural(both, 'common row')}.",
    )


def change_table(found: Iterable[Change]) -> Table:
    """A line for each change, in at most 80 columns."""
    table = Table(box=RULE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("ratio", no_wrap=True)
    for title in ("A", "B", "change"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("of")
    for one in found:
        style = "yellow" if one.after > one.before else "green"
        moved = f"{one.after / one.before - 1:+.0%}".replace("-", "−")
        cells = digits(one.before), digits(one.after), moved, called(one.row)
        table.add_row(one.ratio, *cells, style=style)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="reports.performance_diff", description=__doc__)
    parser.add_argument("before", metavar="A", type=Path, help="the earlier performance.csv")
    parser.add_argument("after", metavar="B", type=Path, help="the later one")
    options = parser.parse_args(arguments)
    try:
        reports = read(options.before), read(options.after)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print_diff(*reports)
    return 0


if __name__ == "__main__":
    sys.exit(main())
