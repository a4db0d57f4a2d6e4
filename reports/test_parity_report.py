"""The tables are right, and a report is replaced whole or not at all. All rows are made up."""

import io
import math
import os
import re
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from reports import environment, frame, parity_report, terminal, writing
from shared.evidence import ABSENT, COLUMNS, FAIL, KNOWN, Row

PASSING = Row(
    family="activations", concept="tanh", options="", check="value", tensor="h", sample="drawn",
    left="TensorFlow", right="torch", dtype="float32", mode="eager", device="cpu",
    shape="(24, 12)", index="[3, 7]", left_value=0.1, right_value=0.3, max_abs=0.2, max_rel=2 / 3,
    max_ulp=1.0, bound=0.4, used=0.5,
)  # fmt: skip
FAILING = replace(
    PASSING, left="torch", right="reference", right_value=math.nan, max_ulp=math.inf,
    used=math.inf, verdict=FAIL, kind="other formula", apart="torch", note="<b>[red] | & \u2265",
)  # fmt: skip
DEPARTING = replace(
    PASSING, concept="gelu", right="TensorFlow built-in", max_ulp=41_234.0, used=12.0,
    verdict=KNOWN, note="TensorFlow built-in: rounds the tail",
)  # fmt: skip
MISSING = replace(PASSING, concept="relu", used=0.0, max_ulp=0.0, verdict=ABSENT, note="no GPU")
ROWS = [
    PASSING,
    replace(PASSING, left="torch", right="TensorFlow", dtype="float64", max_ulp=2.5, used=0.25),
    replace(PASSING, right="reference", max_ulp=0.5, used=0.75),
    FAILING,
    DEPARTING,
    replace(DEPARTING, max_ulp=50_000.0),
    MISSING,
]
TIME = "2030-01-31T12:00:00+00:00"
ENVIRONMENT = replace(environment.describe(["cpu"], seconds=2.0), time=TIME)
OLD = {"parity.csv": "old rows", "parity.md": "old words", "parity.html": "old page"}
NEW = {name: text.replace("old", "new") for name, text in OLD.items()}


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def printed(rows: list[Row], encoding: str = "utf-8", **options) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=80, highlight=False, **options)
    terminal.print_summary(frame.to_frame(rows), ENVIRONMENT, "output", console)
    file.seek(0)
    return file.read()


def test_summary_takes_the_worst_of_each_pair_in_either_order():
    table = frame.summary(frame.to_frame(ROWS)).set_index("concept")
    tanh = table.loc["tanh"]
    assert list(table.index) == ["tanh", "gelu", "relu"]
    assert (tanh.checks, tanh.failures, tanh.verdict) == (4, 1, FAIL)
    assert (tanh.halves_ulp, tanh.tf_reference_ulp, tanh.used) == (2.5, 0.5, math.inf)
    assert tanh.torch_reference_ulp == math.inf and math.isnan(tanh.tf_builtin_ulp)


def test_summary_keeps_built_ins_out_of_the_bound_used():
    gelu = frame.summary(frame.to_frame([DEPARTING, PASSING])).iloc[0]
    assert (gelu.checks, gelu.known, gelu.verdict, gelu.tf_builtin_ulp) == (1, 1, KNOWN, 41_234)
    assert math.isnan(gelu.used)


def test_what_was_not_measured_is_no_agreement():
    relu = frame.summary(frame.to_frame([MISSING])).iloc[0]
    assert (relu.checks, relu.absent, relu.verdict) == (0, 1, ABSENT)
    assert math.isnan(relu.halves_ulp) and math.isnan(relu.used)


def test_a_distance_that_is_not_a_number_is_infinite():
    rows = [PASSING, replace(FAILING, right="TensorFlow", max_ulp=math.nan, used=math.nan)]
    tanh = frame.summary(frame.to_frame(rows)).iloc[0]
    assert (tanh.halves_ulp, tanh.used) == (math.inf, math.inf)


def test_totals_departures_and_absences():
    rows = frame.to_frame(ROWS)
    counts = {"rows": 7, "pass": 3, "known": 2, "absent": 1, "fail": 1, "concepts": 3}
    assert frame.totals(rows) == counts
    (departure,) = frame.departures(rows).to_dict("records")
    assert departure["party"] == "TensorFlow built-in"
    assert (departure["checks"], departure["worst_ulp"]) == (2, 50_000)
    (absence,) = frame.absences(rows).to_dict("records")
    assert (absence["note"], absence["rows"], absence["families"]) == ("no GPU", 1, "activations")


@pytest.mark.parametrize(
    "of_torch, note",
    [
        ("it cancels", "both: it cancels"),
        ("it sums", "TensorFlow built-in: it cancels; torch built-in: it sums"),
    ],
)
def test_what_departs_alike_in_both_built_ins_is_said_once(of_torch, note):
    stated = f"TensorFlow built-in: it cancels; torch built-in: {of_torch}"
    row = replace(DEPARTING, left="TensorFlow built-in", right="torch built-in", note=stated)
    (departure,) = frame.departures(frame.to_frame([row])).to_dict("records")
    assert departure["party"] == "TensorFlow built-in and torch built-in"
    assert departure["note"] == note


def test_a_reason_that_several_rows_give_is_said_once():
    notes = ["it cancels", "it cancels; it sums"]
    rows = [replace(DEPARTING, note=f"TensorFlow built-in: {note}") for note in notes]
    (departure,) = frame.departures(frame.to_frame(rows)).to_dict("records")
    assert departure["note"] == "it cancels; it sums"


def test_an_unknown_verdict_is_refused():
    with pytest.raises(ValueError, match="maybe"):
        frame.to_frame([replace(PASSING, verdict="maybe")])


def test_a_failure_is_described_in_full():
    assert parity_report.describe_failure(replace(FAILING, options="axis=0")).splitlines() == [
        "tanh(axis=0): value of h, sample drawn, worst at [3, 7]",
        "  torch        0.1",
        "  reference    nan",
        "  difference   0.2 absolute, 0.667 relative, inf ULP",
        "  bound        0.4; the difference is inf times that",
        "  measured in  float32, eager, cpu, shape (24, 12)",
        "  kind         other formula; torch stands apart",
        "  note         <b>[red] | & \u2265",
    ]
    exact = parity_report.describe_failure(replace(FAILING, dtype="float64"))
    assert "0.10000000000000001" in exact


@pytest.mark.parametrize("colour", [False, True])
def test_the_terminal_report_fits_80_columns_and_plain_ascii(colour):
    long = "binary_cross_entropy_with_logits"
    huge = replace(FAILING, concept=long, max_ulp=9.9e18, used=1e9)
    text = printed([*ROWS, *[huge] * 1200], "ascii", force_terminal=colour)
    assert ("\x1b" in text) is colour
    lines = re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(re.match(r"binary_cross_ +1,200 +- +- +1e19 +- +- +1G  fail 1200", x) for x in lines)
    assert sum(line.startswith("FAIL") for line in lines) == terminal.IN_FULL
    assert f"{1201 - terminal.IN_FULL:,} more failures, in full in output/parity.md." in lines
    assert r"  note         <b>[red] | & \u2265" in lines
    assert lines[-1] == "1,207 rows, 4 concepts: 3 pass, 2 known, 1 absent, 1,201 fail."


def test_the_terminal_report_says_what_departs_and_what_is_absent():
    text = " ".join(printed(ROWS).split())
    assert "<b>[red] | & \u2265" in text and "worst at [3, 7]" in text
    assert (
        "Known departures: 2 checks of 1 function; each with its reason in output/parity.md."
        in text
    )
    assert "Not measured: TensorFlow, eager on cpu (activations): no GPU." in text


def test_the_csv_reads_back_to_the_same_rows(tmp_path):
    rows = [*ROWS, replace(FAILING, left_value=-0.0, max_abs=5e-324, bound=0.1 + 0.2)]
    parity_report.write(rows, ENVIRONMENT, tmp_path)
    read = pd.read_csv(tmp_path / "parity.csv", keep_default_na=False, na_values=["nan"])
    written = frame.to_frame(rows)
    pd.testing.assert_frame_equal(read[list(COLUMNS)], written, check_exact=True)
    assert read["time"].unique() == [TIME]
    assert set(asdict(ENVIRONMENT)) == set(read.columns) - set(COLUMNS)


def test_the_page_escapes_and_stands_alone(tmp_path):
    parity_report.write(ROWS, ENVIRONMENT, tmp_path)
    page = (tmp_path / "parity.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;[red] | &amp; \u2265" in page and "<b>" not in page
    assert not re.search(r"https?:|\bsrc=|<link|@import|url\(", page)


def test_a_markdown_table_keeps_its_columns(tmp_path):
    parity_report.write(
        [replace(DEPARTING, note="TensorFlow built-in: a | b\n<i>")], ENVIRONMENT, tmp_path
    )
    lines = (tmp_path / "parity.md").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if "TensorFlow built-in |" in line]
    assert r"a \| b &lt;i>" in line
    assert len(re.findall(r"(?<!\\)\|", line)) == 9


def test_a_report_is_replaced_as_a_whole(tmp_path):
    (tmp_path / "figure.svg").write_text("kept")
    for time in ("2029-01-01T00:00:00+00:00", TIME):
        parity_report.write(ROWS, replace(ENVIRONMENT, time=time), tmp_path)
    files = contents(tmp_path)
    assert files.pop("figure.svg") == "kept"
    assert set(files) == set(OLD)
    assert all(TIME in text and "2029" not in text for text in files.values())
    assert len({(tmp_path / name).stat().st_mtime_ns for name in files}) == 1


def test_a_run_without_rows_leaves_the_last_report(tmp_path):
    writing.replace_whole(tmp_path, OLD)
    with pytest.raises(ValueError, match="nothing was compared"):
        parity_report.write([], ENVIRONMENT, tmp_path)
    assert contents(tmp_path) == OLD


@pytest.mark.parametrize("previous", [OLD, {}])
@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_error_leaves_the_last_report(tmp_path, monkeypatch, previous, name, nth):
    writing.replace_whole(tmp_path, previous)
    original, calls = getattr(os, name), iter(range(1, 100))

    def failing(*arguments):
        if next(calls) == nth:
            raise OSError("disk full")
        return original(*arguments)

    monkeypatch.setattr(os, name, failing)
    with pytest.raises(OSError, match="disk full"):
        writing.replace_whole(tmp_path, NEW)
    assert contents(tmp_path) == previous


KILLED = """
import os, signal, sys
from reports.writing import replace_whole
folder, name, nth = sys.argv[1:]
original, calls = getattr(os, name), iter(range(1, 100))
def dying(*arguments):
    if next(calls) == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)
setattr(os, name, dying)
replace_whole(folder, {new})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(("name", "nth"), [("fsync", 1), ("fsync", 3), ("replace", 2)])
def test_a_kill_leaves_the_last_report(tmp_path, name, nth):
    writing.replace_whole(tmp_path, OLD)
    script = KILLED.replace("{new}", repr(NEW))
    root = Path(__file__).parents[1]
    child = subprocess.run([sys.executable, "-c", script, tmp_path, name, str(nth)], cwd=root)
    assert child.returncode == -signal.SIGKILL
    left = contents(tmp_path)
    assert len(left) > len(OLD), "the kill came before anything was written"
    if name == "fsync":
        assert OLD.items() <= left.items()
    writing.recover(tmp_path)
    assert contents(tmp_path) == OLD
    writing.replace_whole(tmp_path, NEW)
    assert contents(tmp_path) == NEW


def test_the_environment_names_what_is_known(tmp_path, monkeypatch):
    for name in environment.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert environment.threads() == "no limit set"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert environment.threads() == "OMP_NUM_THREADS=2"
    assert environment.versions()["numpy"] == __import__("numpy").__version__
    assert environment.processor(tmp_path / "missing") != ""
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Abacus 9\n")
    assert environment.processor(tmp_path / "cpuinfo") == "Abacus 9"
