"""Plants faults and prints the share that the parity checks catch.

In a file that is named every fault is planted; otherwise some of each file, evenly chosen, unless
all are asked for.

Exits with 0 if every fault is caught or listed in ``parity_tests/equivalents.py``, else with 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console

from parity_tests.faults.campaign import RedBeforePlantingError, plan, run, thinned
from parity_tests.faults.equivalents import Equivalent
from parity_tests.faults.judging import Batch
from parity_tests.faults.report import Report, progress

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 300  # faults, planted in about ten minutes on two cores


def main(
    arguments: Sequence[str] | None = None,
    root: Path = ROOT,
    files: Mapping[str, str] | None = None,
    equivalents: Sequence[Equivalent] | None = None,
) -> int:
    """Runs the command and returns its exit status.

    Args:
        arguments: of the command line; by default those of the process.
        root: folder of the project.
        files: maps each source file to its check; by default `parity_tests.covered.FILES`.
        equivalents: faults known to change no result; by default those of
            `parity_tests.equivalents`.
    """
    if files is None:
        files = import_module("parity_tests.covered").FILES
    if equivalents is None:
        equivalents = import_module("parity_tests.equivalents").EQUIVALENTS
    options = _parse(arguments, files)
    chosen = {path: files[path] for path in options.only or files}
    console = Console()
    everything = plan(root, chosen, options.limit)
    batches = everything if options.only or options.all else thinned(everything, SAMPLE)
    total, known = (sum(len(b.faults) for b in of) for of in (batches, everything))
    console.print(_announced(total, known, chosen), highlight=False)
    console.print("Checking the unchanged files first.")
    try:
        with progress(console, total) as advance:
            outcomes = run(batches, options.jobs, advance)
    except RedBeforePlantingError as error:
        console.print("Nothing was planted, because the checks of the unchanged files are red:")
        console.print(str(error), markup=False, highlight=False)
        return 1
    # An entry for a file that is no longer covered concerns every run.
    listed = [entry for entry in equivalents if entry.path in chosen or entry.path not in files]
    report = Report(
        outcomes, [entry for entry in listed if not _left_out(entry, everything, batches)]
    )
    report.print(console)
    return 0 if report.passed else 1


def _announced(total: int, known: int, chosen: Mapping[str, str]) -> str:
    if total < known:
        return f"{total} of {known} faults to plant, evenly chosen; --all plants every one."
    return f"{total} faults to plant in {', '.join(chosen)}."


def _left_out(entry: Equivalent, everything: Sequence[Batch], batches: Sequence[Batch]) -> bool:
    """Whether the entry is of a fault that there is, and that was not planted."""

    def among(of: Sequence[Batch]) -> bool:
        return any(entry.matches(batch.path, fault) for batch in of for fault in batch.faults)

    return among(everything) and not among(batches)


def _parse(arguments: Sequence[str] | None, files: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m parity_tests.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="FILE", help="plant in these files only")
    parser.add_argument(
        "--all", action="store_true", help=f"plant every fault, not about {SAMPLE} of all files"
    )
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default: 2)")
    parser.add_argument(
        "--limit", type=float, default=60.0, help="seconds of work before a step counts as hanging"
    )
    options = parser.parse_args(arguments)
    if options.jobs < 1 or options.limit <= 0:
        parser.error("--jobs and --limit must be above 0")
    unknown = [path for path in options.only or () if path not in files]
    if unknown:
        parser.error(f"no check covers {', '.join(unknown)}; covered are {', '.join(files)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
