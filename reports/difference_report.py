"""The catalogue of differences as CSV, Markdown and HTML, and the porting guide made from it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from parity_tests.differences import title
from parity_tests.differences.entry import DEFAULTS, SEVERITIES, STAGES
from parity_tests.differences.measuring import NAMES, Measured
from parity_tests.differences.outcomes import said
from parity_tests.differences.printing import check, program
from reports.environment import Environment
from reports.pages import markdown_cell, plural, templates
from reports.parity_report import markdown
from reports.writing import replace_whole

SIDES = dict(zip(DEFAULTS, ("TensorFlow/Keras", "PyTorch"), strict=True))
KINDS = {  # of a severity: which colour it has
    "silent-wrong": "fail", "slow-drift": "known", "crash": "known", "cosmetic": "absent",
    "none": "pass",
}  # fmt: skip
INTRODUCTIONS = {
    "weights": "Copy them first, and compare one forward pass before anything else.",
    "layers": "Layer by layer, on one batch, in float64: what differs there is another formula.",
    "losses": "One number and one gradient, before any step is taken.",
    "optimizer": "One step, then ten: what differs after one step is a setting.",
    "schedule": "The rate of each update, written down in both.",
    "training loop": "All around a step: order of rows, modes, clipping, what is reported.",
    "evaluation": "What is measured in the end, and in which mode.",
}
_formatter = HtmlFormatter(nowrap=True)


def write(found: Sequence[Measured], environment: Environment, folder: str | Path) -> pd.DataFrame:
    """Replace differences.csv, .md, .html, porting.md and porting.html, whole or not at all.

    Returns the frame of entries. Raises ValueError when there are none.
    """
    if not found:
        raise ValueError("no difference was measured; the last report is left as it was")
    frame = to_frame(found)
    content = {
        "environment": environment.labelled(),
        "time": environment.time,
        "sentence": sentence(frame),
        "counts": counts(frame),
        "kinds": KINDS,
        "areas": {area: title(area) for area in frame["area"].unique()},
        "found": found,
        "tables": dict(list(frame.groupby("area", sort=False))),
        "stages": stages(found),
        "introductions": INTRODUCTIONS,
        "names": NAMES,
        "sides": SIDES,
        "styles": styles(),
    }
    pages = templates(
        markdown=markdown, code=code, said=said, program=program, check=check, cell=markdown_cell,
        gap=gap_text, drift=drift_text,
    )  # fmt: skip
    names = "differences.md", "differences.html", "porting.md", "porting.html"
    texts = {name: pages.get_template(f"{name}.j2").render(content) for name in names}
    table = frame.assign(**asdict(environment)).to_csv(index=False)
    replace_whole(folder, {"differences.csv": table, **texts})
    return frame


def to_frame(found: Sequence[Measured]) -> pd.DataFrame:
    """A row for each entry, as a spreadsheet has it."""
    return pd.DataFrame([_row(each) for each in found])


def _row(found):
    entry = found.entry
    return {
        "id": entry.id,
        "area": entry.area,
        "stage": entry.stage,
        "item": entry.item,
        "tf_keras_behaviour": entry.keras,
        "torch_behaviour": entry.torch,
        "severity": entry.severity,
        "hits": entry.hits,
        "default_difference": gap_text(found.default),
        "drift": drift_text(found),
        "aligned_recipe": entry.recipe,
        **{name: gap_text(found.aligned[name]) if name in found.aligned else "" for name in NAMES},
        "unaligned": entry.unaligned,
        "evidence": "; ".join(entry.sources),
        "verified": "yes" if found.verified else "no",
        "complaints": "; ".join(found.complaints),
    }


def gap_text(gap) -> str:
    """A difference as a cell has it."""
    return str(gap)


def drift_text(found: Measured) -> str:
    """The difference by the number of steps, as in "1: 0.01, 10: 0.1"; empty where none are taken.

    >>> drift_text(Measured(None, None, {}, {1: "0.01", 10: "0.1"}))
    '1: 0.01, 10: 0.1'
    """
    return ", ".join(f"{steps}: {gap}" for steps, gap in found.drift.items())


def counts(frame: pd.DataFrame) -> dict[str, int]:
    """How many entries there are of each severity, all of them, none left out."""
    found = frame["severity"].value_counts()
    return {severity: int(found.get(severity, 0)) for severity in SEVERITIES}


def sentence(frame: pd.DataFrame) -> str:
    """What was found, in words."""
    differ = frame[frame["severity"] != "none"]
    aligned = differ[(differ[list(NAMES)] != "").any(axis=1)]
    wrong = int((frame["verified"] == "no").sum())
    return (
        f"{plural(len(differ), 'difference')} measured, {len(aligned):,} of which a setting or a "
        f"few lines remove; {plural(len(frame) - len(differ), 'suspicion')} not confirmed; "
        f"{plural(wrong, 'entry' if wrong == 1 else 'entrie')} not as said."
    )


def stages(found: Sequence[Measured]) -> dict[str, dict[str, list[Measured]]]:
    """What diverges, by area, in the order in which a port meets it."""
    ordered: dict[str, dict[str, list[Measured]]] = {stage: {} for stage in STAGES}
    for each in found:
        if each.entry.diverges:
            ordered[each.entry.stage].setdefault(each.entry.area, []).append(each)
    return {stage: areas for stage, areas in ordered.items() if areas}


def code(text: str) -> Markup:
    """Python in colours, for HTML."""
    return Markup(highlight(text, PythonLexer(), _formatter).rstrip("\n"))


def styles() -> Markup:
    """The colours of code, by day and by night."""
    day, night = (
        HtmlFormatter(style=style).get_token_style_defs(".code")
        for style in ("default", "github-dark")
    )
    dark = "\n".join(night)
    return Markup("\n".join(day) + f"\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}")
