"""`make report`: time everything in both frameworks, and say in tables and figures what it costs.

Shows progress with the time left, and writes performance.csv, .md, .html and figures. Readings are
kept as they come: a run that was stopped goes on from them. The exit status is 1 if a self-check
failed or a row does not compute the same as the reference.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from parity_tests import timings
from parity_tests.timings.processes import WorkerError
from reports import environment, performance_report, performance_terminal
from reports.costs import reason
from shared.evidence import ABSENT
from shared.timings import Timing

OUTPUT = Path(__file__).parent / "output"
STORE = "timings.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    store = options.output / STORE
    started = time.monotonic()
    try:
        rows = measure(options.only, options.quick, store)
    except KeyError as unknown:
        print(unknown.args[0], file=sys.stderr)
        return 2
    except WorkerError as error:
        print(
            f"{error}\nNo report was written, and the last one is untouched. What was measured is "
            f"kept in {store}: `make report` goes on from there.",
            file=sys.stderr,
        )
        return 3
    except KeyboardInterrupt:
        print(
            f"Stopped: what was measured is kept in {store}, and the same command goes on from it.",
            file=sys.stderr,
        )
        return 130
    described = describe(rows, time.monotonic() - started)
    rows = performance_report.write(rows, described, options.output)
    performance_terminal.print_summary(rows, described, options.output)
    return int(any(map(reason, rows)))


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make report", description=__doc__)
    parser.add_argument("--only", help="a family or a concept; everything if not given")
    parser.add_argument("--quick", action="store_true", help="tiny and medium sizes alone")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the report")
    return parser.parse_args(arguments)


def measure(only: str | None, quick: bool, store: Path) -> list[Timing]:
    """Every row of a family, a concept or everything, with progress on the terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=console) as progress:
        task = progress.add_task("timing", total=None, left="")
        settings = timings.QUICK if quick else timings.FULL
        return timings.measure(only, settings, store, _reporter(progress, task), progress.print)


def _reporter(progress: Progress, task) -> Callable[[int, int, float], None]:
    def report(done: int, count: int, seconds: float) -> None:
        progress.update(task, completed=done, total=count, left=f"{remaining(seconds)} left")

    return report


def remaining(seconds: float) -> str:
    """How long something may yet take, as one would say it.

    >>> remaining(12.3), remaining(754), remaining(5400)
    ('12 s', '13 min', '1 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def describe(rows: Sequence[Timing], seconds: float) -> environment.Environment:
    """This machine, with the devices and threads that the rows were timed on."""
    timed = [row for row in rows if row.verdict != ABSENT]
    devices = list(dict.fromkeys(row.device for row in timed))
    threads = " or ".join(f"{n}" for n in sorted({row.threads for row in timed}))
    return replace(
        environment.describe(devices, seconds),
        threads=f"{threads} for each process that was timed",
    )


if __name__ == "__main__":
    sys.exit(main())
