"""The performance report on a terminal of 80 columns, with or without colour."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.cost_cells import to_builtin
from reports.cost_remarks import absences, called, faulty, not_there
from reports.costs import BUILT_IN, FAMILIES, FRAMEWORKS, MODES, digits
from reports.environment import Environment
from reports.pages import plural
from reports.performance_report import sentence
from reports.targets import MET, MISSED, NO_RESULT, NOISY, Judged, Summary, judge, summaries
from reports.terminal import IN_FULL, RULE, say
from shared.timings import Timing, noisy

STYLES = {MET: "green", MISSED: "yellow", NOISY: "dim", NO_RESULT: "bold red"}
NAME_WIDTH = 38  # keeps the table of targets within 80 columns


def print_summary(
    rows: Sequence[Timing],
    environment: Environment,
    folder: str | Path,
    console: Console | None = None,
) -> None:
    """Print what the run found; `rows` are results, and the written report is in `folder`.

    The ratios of each family, the targets, what missed them, each reason for which numbers are no
    results, what could not be measured, and the totals last.
    """
    console = console or Console(highlight=False)
    say(console, "\nours / built-in, median of all that is not noisy", "bold")
    console.print(family_table(rows))
    if found := summaries(rows):
        say(console, "\ntargets", "bold")
        console.print(target_table(found))
    missed = [one for one in judge(rows) if one.status == MISSED]
    for line in (*_missed(missed, Path(folder)), *_remarks(rows)):
        say(console, *line)
    for label, value in not_there(rows).items():
        say(console, f"\n{label}: {value}.")
    say(console, f"\nMeasured {environment.time} with {environment.versions}.", "dim")
    say(console, sentence(rows), "bold red" if faulty(rows) else "green")


def family_table(rows: Sequence[Timing]) -> Table:
    """A line for each family: the median ratio in every mode of both frameworks."""
    table = _table()
    columns = [(framework, mode) for framework in FRAMEWORKS for mode in MODES]
    columns.remove(("torch", "graph"))
    table.add_column("\nfamily", width=13)
    for framework, mode in columns:
        table.add_column(f"{framework.replace('TensorFlow', 'TF')}\n{MODES[mode]}", justify="right")
    for family in FAMILIES:
        own = [row for row in rows if row.family == family and not row.party.endswith(BUILT_IN)]
        if own:
            table.add_row(family, *(_median(own, *column) for column in columns))
    return table


def _median(rows: Sequence[Timing], framework: str, mode: str) -> str:
    sure = [
        row.to_builtin
        for row in rows
        if (row.party, row.mode) == (framework, mode) and not math.isnan(row.to_builtin)
        if not noisy(row.to_builtin, row.to_builtin_low, row.to_builtin_high)
    ]
    return digits(statistics.median(sure)) if sure else "-"


def target_table(found: Sequence[Summary]) -> Table:
    """A line for each target: how many rows keep to it, and the worst ratio that is a result."""
    table = _table()
    table.add_column("\ntarget", width=NAME_WIDTH)
    for title in ("at\nmost", "\nmet", "\nmissed", "\nnoisy", "no\nresult", "\nworst"):
        table.add_column(title, justify="right")
    for summary in found:
        counts = [_count(summary, status) for status in (MET, MISSED, NOISY, NO_RESULT)]
        worst = to_builtin(summary.worst).text
        table.add_row(summary.target.name, digits(summary.target.reach), *counts, worst)
    return table


def _table() -> Table:
    return Table(
        box=RULE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )


def _count(summary: Summary, status: str) -> Text:
    count = summary.count(status)
    return Text(f"{count:,}", STYLES[status]) if count else Text("-")


def _missed(missed: Sequence[Judged], folder: Path) -> list[tuple[str, str]]:
    said = [
        f"{to_builtin(one.row).text} where {digits(one.target.reach)} is the most: "
        f"{called(one.row)}"
        for one in missed[:IN_FULL]
    ]
    if len(missed) > IN_FULL:
        said.append(f"{plural(len(missed) - IN_FULL, 'more row')} in {folder / 'performance.md'}.")
    return [(f"\n{MISSED}", STYLES[MISSED]), *((line, "") for line in said)] if said else []


def _remarks(rows: Sequence[Timing]) -> list[tuple[str, str]]:
    return [
        *((f"\n{NO_RESULT}: {remark}", STYLES[NO_RESULT]) for remark in faulty(rows)),
        *((f"\nNot measured: {remark}.", "") for remark in absences(rows)),
    ]
