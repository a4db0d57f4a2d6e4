"""The performance report: every row as CSV; targets, tables and figures as Markdown and HTML."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from markupsafe import Markup, escape
from tabulate import tabulate

from reports import performance_figure
from reports.cost_cells import NO_TARGET, TITLES, WORST_LAST, Cell, cells, standing, to_builtin
from reports.cost_remarks import absences, called, faulty, not_there, notes
from reports.costs import FAMILIES, Line, digits, groups, lines, reason, results
from reports.environment import Environment
from reports.pages import markdown_cell, plural, templates
from reports.targets import MET, MISSED, NO_RESULT, NOISY, STATUSES, Judged, judge, summaries
from reports.writing import replace_whole
from shared.evidence import ABSENT
from shared.timings import COLUMNS, Timing

KINDS = {MET: "pass", MISSED: "known", NOISY: "absent", NO_TARGET: "absent", NO_RESULT: "fail"}
LEGEND = (
    "A cost is the median of rounds, in each of which the least of a few tries counts, and beside "
    "it stands how far its quartiles are apart. The ratio is ours / built-in, below 1 where ours "
    "costs less, taken round by round. The limit is the share of our cost that copying memory, "
    "multiplying matrices (sgemm) or calling the framework (dispatch) would take alone. Where "
    "quartiles of a ratio are more than 10% apart it is noisy, and no result. Compiled is XLA in "
    "TensorFlow and torch.compile in torch."
)


def write(rows: Sequence[Timing], environment: Environment, folder: str | Path) -> list[Timing]:
    """Replace performance.csv, .md, .html and figures in `folder`, whole or not at all.

    Returns the rows without the numbers that are no results. Raises ValueError when there are no
    rows: a run that timed nothing must not stand in the place of one that did.
    """
    rows = results(rows)
    if not lines(rows):
        raise ValueError(
            "no rows, so nothing was timed; the last report is left as it was. "
            "Check which families the run selected."
        )
    pictures = performance_figure.files(rows)
    content = contents(rows, environment)
    content["pictures"] = {name: _data(picture) for name, picture in pictures.items()}
    pages = templates(**FILTERS)
    texts = {
        name: pages.get_template(f"{name}.j2").render(content)
        for name in ("performance.md", "performance.html")
    }
    replace_whole(folder, {"performance.csv": csv(rows, environment), **texts, **pictures})
    for earlier in Path(folder).glob("performance_*.png"):
        if earlier.name not in pictures:  # of a family that this report is not of
            earlier.unlink()
    return rows


def contents(rows: Sequence[Timing], environment: Environment) -> dict:
    """What both templates show of `reports.costs.results`."""
    judged = judge(rows)
    return {
        "environment": environment.labelled() | not_there(rows),
        "time": environment.time,
        "sentence": sentence(rows),
        "counts": counts(judged),
        "summaries": summaries(rows),
        "missed": [one for one in judged if one.status == MISSED],
        "faulty": faulty(rows),
        "notes": notes(rows),
        "absences": absences(rows),
        "legend": LEGEND,
        "titles": [title for _, title in TITLES],
        "kinds": KINDS,
        "standings": WORST_LAST,
        "families": {
            family: groups(found)
            for family in FAMILIES
            if (found := lines(row for row in rows if row.family == family))
        },
    }


def csv(rows: Sequence[Timing], environment: Environment) -> str:
    """All rows, with the environment as further, constant columns.

    Threads are those of the rows. `reports.performance_diff.read` gives the rows back.
    """
    frame = pd.DataFrame([row.as_dict() for row in rows], columns=list(COLUMNS))
    constant = {name: value for name, value in asdict(environment).items() if name not in COLUMNS}
    return frame.assign(**constant).to_csv(index=False, na_rep="nan")


def counts(judged: Iterable[Judged]) -> dict[str, int]:
    """How many rows have each status."""
    found = [one.status for one in judged]
    return {status: found.count(status) for status in STATUSES}


def sentence(rows: Sequence[Timing]) -> str:
    """The report in a sentence."""
    timed = [row for row in rows if row.verdict != ABSENT]
    faulty = sum(bool(reason(row)) for row in timed)
    found = counts(judge(rows))
    judged = ", ".join(f"{found[s]:,} {s}" for s in STATUSES)
    return (
        f"{plural(len(timed), 'cost')} measured, {faulty or 'none'} of them no result. "
        f"Of {plural(sum(found.values()), 'ratio')} with a target: {judged}."
    )


def markdown(groups: Iterable[Sequence[Line]]) -> str:
    """The lines of a family as a table, in the order of their work and sizes."""
    titles = [f"{of.replace('TensorFlow', 'TF')} {title}" for of, title in TITLES]
    ordered = [line for group in groups for line in (*group[1:], group[0])]
    table = [
        [line.concept, *line.labels, line.shape, *map(_markdown_cell, cells(line)), line.verdict]
        for line in ordered
    ]
    sides = ["left"] * 4 + ["right"] * len(titles) + ["left"]
    heads = ["concept", "mode", "work", "shape", *titles, "parity"]
    return tabulate(table, heads, "pipe", disable_numparse=True, colalign=sides)


def _markdown_cell(cell: Cell) -> str:
    judged = f" {cell.look}" if cell.look in (MET, MISSED) else ""
    return markdown_cell(f"{cell.whole}{judged}")


def breaking(name: str) -> Markup:
    """A name that a page may break after an underscore.

    >>> breaking("leaky_relu")
    Markup('leaky_<wbr>relu')
    """
    return Markup(escape(name).replace("_", Markup("_<wbr>")))


FILTERS = {
    "cells": cells, "digits": digits, "standing": standing, "called": called,
    "markdown": markdown, "cell": markdown_cell, "breaking": breaking, "to_builtin": to_builtin,
}  # fmt: skip


def _data(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
