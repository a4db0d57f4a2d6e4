"""The accuracy report on a terminal of 80 columns, with or without colour."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parity_tests.accuracy.judging import ULPS
from reports.accuracy_frame import BUILT_IN, by_size, ours, sizes
from reports.accuracy_report import Report, by_precision, comparison, heading, percent
from reports.frame import compact, share
from reports.terminal import RULE, STYLES, broken
from shared.evidence import FAIL, PASS

NAME_WIDTH = 17  # of a sum
HALVES = ("TensorFlow", "torch")
LEGEND = (
    "Worst ULP over normal x with normal results. Flushed: of the results that should be "
    "subnormal, the share that is 0, in ours. Verdict: TensorFlow, torch."
)


def print_summary(report: Report, folder: str | Path, console: Console | None = None) -> None:
    """Print a table for each precision, one of the sums, and what has no known reason."""
    console = console or Console(highlight=False)
    for _, table in by_precision(report.functions):
        console.print(Text(f"\n{heading(table)}", style="bold"))
        console.print(precision_table(table))
    if not report.functions.empty:
        console.print(Text(f"\n{LEGEND}", style="dim"))
    if not report.sums.empty:
        console.print(Text("\nsums, worst ULP by how many numbers", style="bold"))
        console.print(sums_table(by_size(report.sums)))
    _print_failures(console, report.functions)
    where = Path(folder) / "accuracy.md"
    console.print(Text(f"\nWorst inputs, reasons, zeros, ∞ and NaN: {where}.", style="dim"))
    console.print(Text(comparison(report.functions)))
    console.print(Text(report.sentence, style=STYLES[FAIL if report.failed else PASS]))


def precision_table(table: pd.DataFrame) -> Table:
    """The functions of one precision: what both halves and both built-ins are off."""
    lines = _empty()
    lines.add_column("\nfunction", width=10)
    lines.add_column("\nof", width=3)
    lines.add_column("TensorFlow    \nours built-in", justify="right")
    lines.add_column("torch         \nours built-in", justify="right")
    lines.add_column("flushed \nTF torch", justify="right")
    lines.add_column("\nverdict", width=13)
    for (concept, tensor), found in table.groupby(["concept", "tensor"], sort=False):
        of = found.set_index("party")
        both = [
            f"{compact(of.worst_ulp[half]):>4} {compact(of.worst_ulp[half + BUILT_IN]):>8}"
            for half in HALVES
        ]
        shares = [percent(_flushed(of.loc[half])) for half in HALVES]
        lines.add_row(
            concept, tensor, *both, f"{shares[0]:>4} {shares[1]:>5}", _verdicts(of.verdict)
        )
    return lines


def _flushed(line):
    return line.flushed / line.subnormal if line.subnormal else float("nan")


def _verdicts(verdict):
    words = [Text(verdict[half], style=STYLES[verdict[half]]) for half in HALVES]
    return Text(", ").join(words)


def sums_table(wide: pd.DataFrame) -> Table:
    """The sums, a line for each party, in at most 80 columns; more than 4 ULP in colour."""
    lines = _empty()
    lines.add_column("sum", width=NAME_WIDTH)
    lines.add_column("party", width=14)
    for size in sizes(wide):
        lines.add_column(_power(size), justify="right", width=4)
    lines.add_column("bound", justify="right", width=5)
    for name, rows in wide.groupby("sum", sort=False):
        parts = broken(name, NAME_WIDTH).plain.split("\n")
        for place, row in enumerate(rows.to_dict("records")):
            off = STYLES[row["verdict"]]
            cells = [Text(compact(v), off if v > ULPS else "") for v in _values(row, wide)]
            label = parts[place] if place < len(parts) else ""
            short = row["party"].replace("TensorFlow", "TF")
            lines.add_row(label, short, *cells, share(row["used"]))
    return lines


def _values(row, wide):
    return [row[size] for size in sizes(wide)]


def _power(size: str) -> str:
    return f"1e{len(size.replace(',', '')) - 1}"


def _empty() -> Table:
    return Table(box=RULE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
                 header_style="bold")  # fmt: skip


def _print_failures(console: Console, functions: pd.DataFrame) -> None:
    failed = pd.DataFrame() if functions.empty else ours(functions).query("verdict == @FAIL")
    for line in failed.itertuples():
        console.print(Text(
            f"\nFAIL {line.concept} {line.tensor}, {line.party}, {line.dtype}: "
            f"{line.unstated_ulp:.2f} ULP at x = {line.unstated_x:.9g} (bits "
            f"{line.unstated_bits}), and neither a departure nor the formula's bound allows it.",
            style=STYLES[FAIL],
        ))  # fmt: skip
