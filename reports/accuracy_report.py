"""The accuracy report: CSV for every number, Markdown and HTML for a reader, and a figure."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from reports import accuracy_figure
from reports.accuracy_frame import (
    by_binade,
    by_size,
    counts,
    gravest,
    lines,
    of_functions,
    sizes,
    sums,
    worse,
)
from reports.environment import Environment
from reports.frame import compact, share
from reports.pages import plural, templates
from reports.parity_report import markdown
from reports.writing import replace_whole
from shared.evidence import FAIL
from shared.floats import FORMATS

LEGEND = (
    "ULP: units in the last place of the precision. Worst and mean are over normal x with normal "
    "results, each against the float64 reference, with g = 1 for gradients. Brink: the worst of "
    "results below |x| times the smallest normal number, where a number on the way may be "
    "subnormal. Subnormals to 0: of the results that should be subnormal. Signs of 0: zeros that "
    "have the other sign. ±∞ and NaN: results of another kind there; spoilt: NaN or ∞ for a "
    "number. Payloads: of NaN inputs, that come out. Of our own functions 4 ULP are asked; more "
    "is known where a primitive or the formula itself forbids it, and why is said."
)
SUMS = (
    "Worst ULP of the result over several draws of float32 numbers, by how many were summed, "
    "against exact arithmetic. What cancels (sum of both signs, linear) has a small result beside "
    "its terms. Bound: the largest share used of γₙ Σ |terms|."
)


@dataclass(frozen=True)
class Report:
    """What was found, as it was written."""

    functions: pd.DataFrame  # `accuracy_frame.lines`
    sums: pd.DataFrame  # `accuracy_frame.sums`
    environment: Environment
    sentence: str

    @property
    def failed(self) -> bool:
        """Whether one of our own is further off than it may be."""
        tables = (self.functions, self.sums)
        return any(FAIL in set(table["verdict"]) for table in tables if not table.empty)


def write(
    rows: Sequence[dict], environment: Environment, seconds: float, folder: str | Path
) -> Report:
    """Replace the report in `folder`, whole or not at all; `seconds` is what measuring took."""
    found = of_functions(rows)
    functions = lines(found) if found else pd.DataFrame()
    report = Report(functions, sums(rows), environment, sentence(functions, seconds))
    content = {
        "environment": environment.labelled(),
        "time": environment.time,
        "sentence": report.sentence,
        "comparison": comparison(functions),
        "legend": LEGEND,
        "of_sums": SUMS,
        "tables": {heading(t): shown(t) for _, t in by_precision(functions)},
        **_of_sums(by_size(report.sums)),
        "figure": bool(found),
    }
    pages = templates(compact=compact, share=share, markdown=markdown, gravest=gravest)
    files = {
        name: pages.get_template(f"{name}.j2").render(content)
        for name in ("accuracy.md", "accuracy.html")
    }
    for name, table in (("accuracy.csv", functions), ("accuracy_sums.csv", report.sums)):
        files[name] = table.assign(**asdict(environment)).to_csv(index=False, na_rep="nan")
    files["accuracy.png"] = accuracy_figure.draw(by_binade(found))
    replace_whole(folder, files)
    return report


def _of_sums(wide):
    of_sizes = sizes(wide)
    titles = ["sum", "party", *of_sizes, "used", "verdict"]
    return {
        "sums": wide,
        "sizes": of_sizes,
        "sums_text": wide.assign(**{size: wide[size].map(compact) for size in of_sizes}),
        "sums_titles": {title: "bound used" if title == "used" else title for title in titles},
    }


def sentence(functions: pd.DataFrame, seconds: float) -> str:
    """What was found of our own functions, in words, and how long it took to measure."""
    took = f"{_duration(seconds)} of work for one core."
    if functions.empty:
        return took
    n = counts(functions)
    return (
        f"Of {n['lines']} functions and gradients of ours, {n['pass']} are within 4 ULP, "
        f"{n['known']} further off for a known reason, {n['fail']} for none. {took}"
    )


def _duration(seconds):
    if seconds < 99.5:
        return plural(round(seconds), "second")
    return plural(round(seconds / 60), "minute")


def comparison(functions: pd.DataFrame) -> str:
    """Which of our own are worse than what their framework ships, in words."""
    if functions.empty:
        return ""
    further = worse(functions).groupby(["concept", "tensor"], sort=False)
    names = [
        f"{concept} {tensor} ({', '.join(f'{w.party} {w.dtype}' for w in found.itertuples())})"
        for (concept, tensor), found in further
    ]
    beyond = "further off than 4 ULP and than what the framework ships"
    return f"Ours is {beyond}: {'; '.join(names)}." if names else f"None of ours is {beyond}."


def by_precision(functions: pd.DataFrame):
    """(precision and mode, its lines) in the order measured."""
    return [] if functions.empty else functions.groupby(["dtype", "mode"], sort=False)


def heading(table: pd.DataFrame) -> str:
    """What a precision's table is of: "all 65,536 numbers of float16, eager"."""
    first = table.iloc[0]
    format = FORMATS[first["dtype"]]
    count = f"{first['numbers']:,} numbers of {format.name}"
    every = first["numbers"] == format.binades * format.length
    return f"all {count}, {first['mode']}" if every else f"{count}, of each binade, {first['mode']}"


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The lines of one precision as short text, beside what they are sorted by."""
    subnormal = table["subnormal"].where(table["subnormal"] > 0)
    return table.assign(
        worst_text=table["worst_ulp"].map(ulps),
        mean_text=table["mean_ulp"].map(ulps),
        brink_text=table["brink_ulp"].map(ulps),
        at=[
            f"{x:.9g}".replace("-", "−") if off else "-"
            for x, off in zip(table["worst_x"], table["worst_ulp"], strict=True)
        ],
        flushed_share=table["flushed"] / subnormal,
        flushed_text=(table["flushed"] / subnormal).map(percent),
        payloads_text=table["payloads"].map(percent),
    )


def ulps(count: float) -> str:
    """A count of ULP: to two digits after the point where they can be seen.

    >>> [ulps(count) for count in (0, 0.004, 0.07, 4.72, 41.2, 1.7e6, float("nan"))]
    ['0', '<0.01', '0.07', '4.72', '41.2', '1.7M', '-']
    """
    if not 0 < count < 99.95:
        return compact(count)
    return "<0.01" if count < 0.005 else f"{count:.2f}" if count < 9.995 else f"{count:.1f}"


def percent(part: float) -> str:
    """A share in percent; "-" of nothing. Neither 0% nor 100% is said of what is only nearly so.

    >>> [percent(part) for part in (0, 0.0001, 0.42, 0.9999, 1, float("nan"))]
    ['0%', '<1%', '42%', '>99%', '100%', '-']
    """
    if math.isnan(part):
        return "-"
    if 0 < part < 0.005 or 0.995 <= part < 1:
        return "<1%" if part < 0.5 else ">99%"
    return f"{part:.0%}"
