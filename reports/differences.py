"""`make differences`: measure where the frameworks disagree, and what aligns them.

Prints a table by area and writes differences.csv, .md and .html, and the porting guide. The exit
status is 1 if an entry is not as it says: no longer different, or not aligned.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from parity_tests import differences
from parity_tests.differences.entry import SEVERITIES
from parity_tests.differences.measuring import Measured, measure
from reports import difference_report, environment
from reports.parity import OUTPUT
from reports.terminal import RULE, STYLES
from shared.evidence import FAIL, PASS


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    started = time.monotonic()
    try:
        entries = differences.catalogue(*([options.only] if options.only else []))
    except KeyError as unknown:
        print(unknown.args[0], file=sys.stderr)
        return 2
    console = Console(stderr=True)
    found = [measure(entry) for entry in track(entries, "measuring", console=console)]
    described = environment.describe(["cpu"], time.monotonic() - started)
    frame = difference_report.write(found, described, options.output)
    print_summary(found, frame, options.output)
    return int(not all(each.verified for each in found))


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make differences", description=__doc__)
    parser.add_argument("--only", help="an area; all of them if not given")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the report")
    return parser.parse_args(arguments)


def print_summary(
    found: Sequence[Measured], frame, folder: Path, console: Console | None = None
) -> None:
    """How many there are by area and severity, and what is not as it was said."""
    console = console or Console(highlight=False)
    table = Table(box=RULE, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("area")
    for severity in SEVERITIES:
        table.add_column(severity, justify="right")
    for area, rows in frame.groupby("area", sort=False):
        counts = difference_report.counts(rows).values()
        table.add_row(differences.title(area), *(str(count or "-") for count in counts))
    console.print(table)
    for each in found:
        for complaint in each.complaints:
            console.print(Text(f"\n{each.entry.id}: {complaint}", style=STYLES[FAIL]))
    console.print(
        Text(f"\nBoth sides of each, to copy: {folder / 'differences.html'};", style="dim")
    )
    console.print(Text(f"in the order of a port: {folder / 'porting.html'}.", style="dim"))
    style = STYLES[PASS if all(each.verified for each in found) else FAIL]
    console.print(Text(difference_report.sentence(frame), style=style))


if __name__ == "__main__":
    sys.exit(main())
