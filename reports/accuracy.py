"""`make accuracy`: how far each function is from the truth, over all the numbers there are.

Measures in two worker processes, keeps what it has after each job, shows progress with the time
left, prints a table and writes accuracy.csv, .md, .html and .png and accuracy_sums.csv. All 2^32
float32 inputs of every function take about an hour on two cores; --quick samples each binade in
one minute. A run that was stopped or killed goes on where it was. The exit status is 1 if one of
our own functions is further off than 4 ULP and no reason is known.
"""

import argparse
import random
import sys
import time
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from parity_tests.accuracy import jobs as plan
from reports import accuracy_report, accuracy_terminal, environment
from reports.accuracy_store import OtherMeasurementsError, Store, made_with
from reports.parity import OUTPUT
from reports.workers import workers

STORE = "accuracy.sqlite"
GO_ON = "What was measured is kept: run `make accuracy` again to go on from there."


def main(arguments=None) -> int:
    options = _parse(arguments)
    started = time.monotonic()
    try:
        jobs = plan.jobs(options.only, options.quick, options.mode)
    except KeyError as unknown:
        print(unknown.args[0], file=sys.stderr)
        return 2
    try:
        rows, kernels, seconds = measure(jobs, options.output / STORE, options.fresh)
    except OtherMeasurementsError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenProcessPool:
        print(f"A worker process died (out of memory, or killed). {GO_ON}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print(f"Stopped. {GO_ON}", file=sys.stderr)
        return 130
    described = environment.describe(["cpu"], time.monotonic() - started, kernels)
    report = accuracy_report.write(rows, described, seconds, options.output)
    accuracy_terminal.print_summary(report, options.output)
    return int(report.failed)


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="make accuracy", description=__doc__)
    parser.add_argument("--only", help="a function, a sum, activations or sums; all if not given")
    parser.add_argument("--quick", action="store_true", help="sample each binade of float32")
    parser.add_argument("--mode", default="eager", choices=("eager", "graph", "compiled"))
    parser.add_argument("--fresh", action="store_true", help="drop what was measured before")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the report")
    return parser.parse_args(arguments)


def measure(jobs, path, fresh=False) -> tuple[list[dict], str, float]:
    """(rows, kernels, seconds the jobs took), measuring those that the store does not have yet."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
               TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn())  # fmt: skip
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        workers() as pool,
    ):
        task = progress.add_task("loading TensorFlow and torch", total=None)
        kernels = pool.submit(_kernels).result()
        if fresh:
            path.unlink(missing_ok=True)
        with Store(path, made_with(kernels)) as store:
            done = store.done
            left = [job for job in jobs if job.key not in done]
            before, after = (sum(job.size for job in some) for some in (left, jobs))
            progress.update(task, description="measuring", total=after, completed=after - before)
            for job, rows, seconds in _measured(pool, left):
                store.keep(job.key, rows, seconds)
                progress.advance(task, job.size)
            keys = [job.key for job in jobs]
            return store.rows(keys), kernels, store.seconds(keys)


def _measured(pool, jobs):
    """(job, rows, seconds) of each, as they are done."""
    # in a random order, so that the time left is told from jobs of all kinds
    shuffled = random.Random(0).sample(jobs, len(jobs))
    running = {pool.submit(_run, job): job for job in shuffled}
    for future in as_completed(running):
        yield running.pop(future), *future.result()


# Only the workers import the frameworks.


def _kernels():
    from parity_tests.accuracy import running

    return running.kernels()


def _run(job):
    from parity_tests.accuracy import running

    started = time.perf_counter()
    rows = running.run(job)
    return rows, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
