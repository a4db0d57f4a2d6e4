"""`make parity`: compare all five parties and say, in a table, who agrees with whom.

Measures in two worker processes, shows progress, prints one table for each family and writes
parity.csv, parity.md and parity.html. The exit status is 1 if any comparison failed.
"""

import argparse
import sys
import time
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from reports import environment, parity_report, terminal
from reports.workers import workers
from shared import catalogue
from shared.evidence import FAIL

OUTPUT = Path(__file__).parent / "output"


def main(arguments=None) -> int:
    options = _parse(arguments)
    started = time.monotonic()
    try:
        catalogue.select(options.only)
    except KeyError as unknown:
        print(unknown.args[0], file=sys.stderr)
        return 2
    try:
        rows, devices, kernels = measure(options.only)
    except BrokenProcessPool:
        print(
            "A worker process died before its measurements were done (out of memory, or killed). "
            "No report was written; the previous one is untouched. Run `make parity` again.",
            file=sys.stderr,
        )
        return 3
    except KeyboardInterrupt:
        print("Stopped. No report was written; the previous one is untouched.", file=sys.stderr)
        return 130
    described = environment.describe(devices, time.monotonic() - started, kernels)
    frame = parity_report.write(rows, described, options.output)
    terminal.print_summary(frame, described, options.output)
    return int(any(row.verdict == FAIL for row in rows))


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make parity", description=__doc__)
    parser.add_argument("--only", help="a family or a concept; everything if not given")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the report")
    return parser.parse_args(arguments)


def measure(only=None):
    """(rows, devices, kernels) of the whole suite, or of one family or concept."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress,
        workers() as pool,
    ):
        task = progress.add_task("loading TensorFlow and torch", total=None)
        jobs, devices, kernels = pool.submit(_plan, only).result()
        progress.update(task, total=len(jobs), description="measuring")
        rows = []
        for done in as_completed([pool.submit(_run, job) for job in jobs]):
            rows += done.result()
            progress.advance(task)
        return pool.submit(_conclude, rows, only).result(), devices, kernels


# Only the workers import the frameworks: the suite is imported where it is run.


def _plan(only):
    from parity_tests import suite

    return suite.jobs(only), suite.devices(), suite.kernels()


def _run(job):
    from parity_tests import suite

    return suite.run(job)


def _conclude(rows, only):
    from parity_tests import suite

    return suite.conclude(rows, only)


if __name__ == "__main__":
    sys.exit(main())
