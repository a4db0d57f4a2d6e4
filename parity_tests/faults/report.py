"""Prints what became of the faults."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from parity_tests.faults.equivalents import Equivalent, stale
from parity_tests.faults.judging import SURVIVED, Outcome

_SECONDS_BETWEEN_LINES = 15


@dataclass(frozen=True)
class Report:
    """The outcomes, held against the list of faults that change no result.

    Attributes:
        outcomes: what became of every fault.
        equivalents: the entries that concern the files that were run.
    """

    outcomes: Sequence[Outcome]
    equivalents: Sequence[Equivalent] = ()

    @property
    def survivors(self) -> list[Outcome]:
        """Faults that no check saw and that the list does not name."""
        return [o for o in self.outcomes if self._column(o) == "survivors"]

    @property
    def unjudged(self) -> list[Outcome]:
        """Faults of which nothing is known, because each of them ended its process."""
        return [o for o in self.outcomes if self._column(o) == "unjudged"]

    @property
    def stale(self) -> list[str]:
        """Entries of the list that no longer hold, each with the reason."""
        return stale(self.equivalents, self.outcomes)

    @property
    def passed(self) -> bool:
        """Whether every fault is caught, or rightly listed as changing no result."""
        return not (self.survivors or self.unjudged or self.stale)

    def print(self, console: Console) -> None:
        """Prints the faults that were missed, one by one, and then the table."""
        for title, outcomes in (("Survived", self.survivors), ("Not judged", self.unjudged)):
            for outcome in outcomes:
                _print_fault(console, title, outcome)
        for complaint in self.stale:
            console.print(f"Stale equivalent: {complaint}", markup=False, highlight=False)
        console.print(self.table())

    def table(self) -> Table:
        """One row for each file and one for all, at most 80 columns wide."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("file", overflow="fold", ratio=1)
        for name in ("planted", "caught", "equivalent", "survivors", "share"):
            table.add_column(name, justify="right", no_wrap=True)
        for path in dict.fromkeys(o.path for o in self.outcomes):
            table.add_row(path, *self._counts([o for o in self.outcomes if o.path == path]))
        table.add_section()
        table.add_row("total", *self._counts(self.outcomes))
        return table

    def _counts(self, outcomes: Sequence[Outcome]) -> list[str]:
        counts = Counter(self._column(outcome) for outcome in outcomes)
        visible = len(outcomes) - counts["equivalent"]
        share = f"{100 * counts['caught'] / visible:.1f} %" if visible else "-"
        columns = [counts[name] for name in ("caught", "equivalent", "survivors")]
        return [*map(str, [len(outcomes), *columns]), share]

    def _column(self, outcome: Outcome) -> str:
        """What the outcome counts as: caught, equivalent, survivors or unjudged."""
        if outcome.verdict != SURVIVED:
            return "caught" if outcome.caught else "unjudged"
        listed = any(entry.matches(outcome.path, outcome.fault) for entry in self.equivalents)
        return "equivalent" if listed else "survivors"


@contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Shows how many of `total` faults are judged: a bar in a terminal, else lines now and then."""
    if not console.is_terminal:
        yield _lines(console, total)
        return
    columns = (TextColumn("Faults"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("faults", total=total)
        yield lambda count: bar.advance(task, count)


def _lines(console: Console, total: int) -> Callable[[int], None]:
    done, printed = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, printed
        done += count
        if done == total or time.monotonic() - printed > _SECONDS_BETWEEN_LINES:
            printed = time.monotonic()
            console.print(f"{done} of {total} faults judged", highlight=False)

    return advance


def _print_fault(console: Console, title: str, outcome: Outcome) -> None:
    fault = outcome.fault
    function = fault.function or "at module level"
    heading = f"{title}: {outcome.path}:{fault.line}, {function} ({fault.operator})"
    console.print(heading, markup=False, highlight=False, style="bold", soft_wrap=True)
    for line in filter(None, (f"- {fault.before}", f"+ {fault.after}", outcome.detail)):
        console.print(Text(f"    {line}"), soft_wrap=True)
