"""The parity report: every row as CSV, and what a reader asks of them as Markdown and HTML."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from reports.environment import Environment
from reports.frame import (
    CONCEPT,
    DETAIL,
    absences,
    compact,
    departures,
    failures,
    share,
    summary,
    to_frame,
    totals,
)
from reports.pages import markdown_cell, plural, templates
from reports.writing import replace_whole
from shared.evidence import Row

LEGEND = (
    "Worst ULP of values and gradients at ordinary inputs, float32 and float64 together; where "
    "cancellation or training allows many, judge by the halves' share of the bound used: up to 1 "
    "passes, and more is known only where a departure says so."
)


def write(rows: Sequence[Row], environment: Environment, folder: str | Path) -> pd.DataFrame:
    """Replace parity.csv, parity.md and parity.html in `folder`, whole or not at all.

    Returns the frame of rows they were made from. Raises ValueError when there are no rows: a
    run that compared nothing must not stand in the place of one that did.
    """
    if not rows:
        raise ValueError(
            "no rows of evidence, so nothing was compared; the last report is left as it was. "
            "Check which concepts the run selected."
        )
    frame = to_frame(rows)
    content = {
        "environment": environment.labelled(),
        "time": environment.time,
        "totals": totals(frame),
        "sentence": sentence(totals(frame)),
        "legend": LEGEND,
        "families": dict(list(summary(frame).groupby("family", sort=False))),
        "details": dict(list(summary(frame, DETAIL).groupby(list(CONCEPT), sort=False))),
        "departures": departures(frame),
        "absences": absences(frame),
        "failures": [(row, describe_failure(row)) for row in failures(frame)],
    }
    pages = templates(compact=compact, share=share, called=called, markdown=markdown)
    texts = {
        name: pages.get_template(f"{name}.j2").render(content)
        for name in ("parity.md", "parity.html")
    }
    replace_whole(folder, {"parity.csv": csv(frame, environment), **texts})
    return frame


def csv(frame: pd.DataFrame, environment: Environment) -> str:
    """All rows, with the environment as further, constant columns.

    So the file stands alone, and `pandas.read_csv(path, keep_default_na=False,
    na_values=["nan"])` gives back the same frame, bit for bit.
    """
    return frame.assign(**asdict(environment)).to_csv(index=False, na_rep="nan")


def sentence(counts: dict[str, int]) -> str:
    """The totals in words.

    >>> sentence({"rows": 1200, "pass": 1190, "known": 8, "absent": 2, "fail": 0, "concepts": 1})
    '1,200 rows, 1 concept: 1,190 pass, 8 known, 2 absent, 0 fail.'
    """
    verdicts = ", ".join(f"{counts[name]:,} {name}" for name in ("pass", "known", "absent", "fail"))
    return f"{plural(counts['rows'], 'row')}, {plural(counts['concepts'], 'concept')}: {verdicts}."


def describe_failure(row: Row) -> str:
    """A failing row in full, for a terminal or a failing test: what, where, how far, and why.

    Values are given to 9 digits in float32 and 17 in float64, enough to tell any two apart.
    """
    if not row.index and row.note:  # not a difference: something that ought to be there is not
        where = ", ".join(filter(None, (row.tensor, row.left, row.right, row.dtype, row.mode)))
        return f"{called(row)}: {row.check} ({where})\n  {row.note}"
    digits = 9 if row.dtype == "float32" else 17
    ulp = f"{row.max_ulp:,.1f}".removesuffix(".0")
    apart = f"; {row.apart} stands apart" if row.apart else ""
    place = f", worst at {row.index}" if row.index else ""
    lines = {
        row.left: f"{row.left_value:.{digits}g}",
        row.right: f"{row.right_value:.{digits}g}",
        "difference": f"{row.max_abs:.3g} absolute, {row.max_rel:.3g} relative, {ulp} ULP",
        "bound": f"{row.bound:.3g}; the difference is {row.used:,.4g} times that",
        "measured in": f"{row.dtype}, {row.mode}, {row.device}, shape {row.shape}",
        "kind": f"{row.kind or 'not determined'}{apart}",
        "note": row.note,
    }
    width = max(map(len, lines))
    head = f"{called(row)}: {row.check} of {row.tensor}, sample {row.sample}{place}"
    body = [f"  {name:<{width}}  {text}" for name, text in lines.items() if text]
    return "\n".join([head, *body])


def called(row: Row) -> str:
    """A concept with the options it was called with: "elu" or "elu(alpha=0.5)"."""
    return f"{row.concept}({row.options})" if row.options else row.concept


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with its counts, ULP and shares of a bound as short text."""
    shown = table.copy()
    for column in table:
        if column.endswith("_ulp"):
            shown[column] = table[column].map(compact)
        elif column == "used":
            shown[column] = table[column].map(share)
        elif pd.api.types.is_integer_dtype(table[column]):
            shown[column] = table[column].map("{:,}".format)
    return shown


def markdown(table: pd.DataFrame, titles: dict[str, str]) -> str:
    """The columns that `titles` names, under those titles, numbers to the right."""
    numeric = [pd.api.types.is_numeric_dtype(table[column]) for column in titles]
    cells = readable(table)[list(titles)].rename(columns=titles).map(markdown_cell)
    sides = ["right" if number else "left" for number in numeric]
    return tabulate(cells, "keys", "pipe", showindex=False, disable_numparse=True, colalign=sides)
