"""The parity report on a terminal of 80 columns, with or without colour."""

import re
from pathlib import Path

import pandas as pd
from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.environment import Environment
from reports.frame import absences, compact, departures, failures, share, summary, totals
from reports.pages import plural
from reports.parity_report import LEGEND, describe_failure, sentence
from shared.evidence import ABSENT, FAIL, KNOWN, PASS

IN_FULL = 10  # failures described before the rest are only counted
NAME_WIDTH, VERDICT_WIDTH = 19, 10  # keep the table within 80 columns
STYLES = {PASS: "green", KNOWN: "yellow", ABSENT: "dim", FAIL: "bold red"}
# Only a rule below the titles, in ASCII, so that a log file shows what a terminal does.
RULE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


def print_summary(
    frame: pd.DataFrame,
    environment: Environment,
    folder: str | Path,
    console: Console | None = None,
) -> None:
    """Print what the run found; `folder` is where the written report is.

    One table per family, the failures, one line on the known departures, one on each reason
    for absence, and the totals last, where a reader of a long log looks first.
    """
    console = console or Console(highlight=False)
    for family, table in summary(frame).groupby("family", sort=False):
        console.print(Text(f"\n{family}", style="bold"))
        console.print(family_table(table))
    say(console, f"\n{LEGEND}", "dim")
    _print_failures(console, frame, Path(folder))
    _print_departures(console, frame, Path(folder))
    for row in absences(frame).itertuples():
        where = " ".join(filter(None, (row.modes, f"on {row.devices}")))
        say(console, f"\nNot measured: {row.parties}, {where} ({row.families}): {row.note}.")
    say(console, f"\nMeasured {environment.time} with {environment.versions}.", "dim")
    counts = totals(frame)
    say(console, sentence(counts), STYLES[FAIL if counts["fail"] else PASS])


def family_table(table: pd.DataFrame) -> Table:
    """The lines of `reports.frame.summary` for one family, in at most 80 columns."""
    lines = Table(
        box=RULE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    lines.add_column("\nconcept", width=NAME_WIDTH)
    lines.add_column("\nchecks", justify="right")
    lines.add_column("halves\nULP", justify="right")
    lines.add_column("reference\n   TF torch", justify="right")
    lines.add_column("built-in\n   TF torch", justify="right")
    lines.add_column("bound\nused", justify="right")
    lines.add_column("\nverdict", width=VERDICT_WIDTH)
    for row in table.itertuples():
        lines.add_row(
            broken(row.concept),
            f"{row.checks:,}",
            compact(row.halves_ulp),
            f"{compact(row.tf_reference_ulp):>5} {compact(row.torch_reference_ulp):>5}",
            f"{compact(row.tf_builtin_ulp):>5} {compact(row.torch_builtin_ulp):>5}",
            share(row.used),
            _verdict(row),
        )
    return lines


def broken(name: str, width: int = NAME_WIDTH) -> Text:
    """A long name broken after an underscore, where a reader would break it."""
    parts = re.findall(rf".{{1,{width}}}$|.{{1,{width - 1}}}_|.{{1,{width}}}", name)
    return Text("\n".join(parts))


def _verdict(row: tuple) -> Text:
    count = {KNOWN: row.known, ABSENT: row.absent, FAIL: row.failures}.get(row.verdict)
    return Text(f"{row.verdict} {count}" if count else row.verdict, style=STYLES[row.verdict])


def _print_failures(console: Console, frame: pd.DataFrame, folder: Path) -> None:
    rows = failures(frame)
    for row in rows[:IN_FULL]:
        head, _, body = describe_failure(row).partition("\n")
        say(console, f"\nFAIL {head}", STYLES[FAIL])
        say(console, body)
    rest = len(rows) - IN_FULL
    if rest > 0:
        say(console, f"\n{plural(rest, 'more failure')}, in full in {folder / 'parity.md'}.")


def _print_departures(console: Console, frame: pd.DataFrame, folder: Path) -> None:
    known = departures(frame)
    if len(known):
        functions = len(known[["concept", "party"]].drop_duplicates())
        say(
            console,
            f"\nKnown departures: {plural(known['checks'].sum(), 'check')} of "
            f"{plural(functions, 'function')}; each with its reason in {folder / 'parity.md'}.",
            STYLES[KNOWN],
        )


def say(console: Console, text: str, style: str = "") -> None:
    """Print a sentence, whatever brackets and characters are in it."""
    # As Text, so that the brackets of an index are not read as rich's markup. A character that
    # the terminal cannot show is escaped, lest it end the run with an error.
    shown = text.encode(console.encoding, "backslashreplace").decode(console.encoding)
    console.print(Text(shown, style=style))
