"""The accuracy report shows what was measured: lines, verdicts, columns, and 80 on a terminal."""

import io
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from parity_tests.accuracy.judging import ULPS
from reports import accuracy_figure, accuracy_frame, accuracy_report, accuracy_terminal, environment
from shared.evidence import FAIL, KNOWN, PASS
from shared.floats import FLOAT16, FLOAT32
from shared.tallies import BRINK, INFINITY, NAN, NORMAL, SMALL, SUBNORMAL, ZERO, Tally

DESCRIBED = environment.describe(["cpu"], seconds=1.0)
PARTIES = ("TensorFlow", "torch", "TensorFlow built-in", "torch built-in")
ONE = 0x3C00  # the bits of 1.0 in float16


def row(party="torch", name=NORMAL, binade=15, verdict=PASS, why="", concept="tanh", tensor="h",
        dtype="float16", **tally):  # fmt: skip
    where = {"concept": concept, "tensor": tensor, "dtype": dtype, "mode": "eager"}
    found = {"party": party, "binade": binade, "class": name, "verdict": verdict, "why": why}
    return {**where, **found, **asdict(Tally(**{"numbers": 1024, "at": ONE, **tally}))}


def all_classes(party, **more):
    """A row of each class, of 0 and ∞ with their two numbers, and of all that are NaN."""
    sizes = {NORMAL: 61_440 - 50, BRINK: 20, SMALL: 30, SUBNORMAL: 2046, ZERO: 2, INFINITY: 2,
             NAN: 2046}  # fmt: skip
    return [
        row(party, name, **{"numbers": size, "payloads": size * (name == NAN), **more})
        for name, size in sizes.items()
    ]


def line(rows, party="torch"):
    table = accuracy_frame.lines(rows)
    return table[table["party"] == party].iloc[0]


def test_a_line_is_the_worst_and_the_mean_of_all_binades():
    rows = [
        row(worst=1.5, total=512.0, at=ONE + 7),
        row(worst=2.5, total=1024.0, at=ONE + 1024 + 3, binade=16),
        row(worst=9.0, total=9.0, name=BRINK, numbers=1, at=2 * 1024, binade=2),
        row(name=NAN, numbers=4, payloads=3, binade=31),
    ]
    found = line(rows)
    assert (found.worst_ulp, found.mean_ulp) == (2.5, 0.75)
    assert found.worst_x == 2 * (1 + 3 / 1024) and int(found.worst_bits, 16) == ONE + 1024 + 3
    assert (found.brink_ulp, found.brink_x) == (9.0, 2 * FLOAT16.tiny)
    assert (found.numbers, found.payloads) == (2048 + 1 + 4, 0.75)


def test_zeros_infinities_and_nan_are_columns():
    rows = [
        row(name=SMALL, subnormal=10, flushed=4, signs=1),
        row(name=SUBNORMAL, subnormal=6, flushed=6, binade=0),
        row(name=ZERO, numbers=2, signs=1, binade=0),
        row(name=INFINITY, numbers=2, strange=1, binade=31),
        row(name=NAN, numbers=8, strange=2, payloads=6, binade=31),
        row(strange=3),
    ]
    found = line(rows)
    assert (found.subnormal, found.flushed, found.zero_signs) == (16, 10, 2)
    assert (found.infinities, found.nans, found.spoilt, found.payloads) == (1, 2, 3, 0.75)


def test_a_payload_that_none_is_asked_for_is_no_share():
    rows = [row(concept="identity", tensor=t) for t in ("h", "g_x")]
    rows += [row(concept="identity", tensor=t, name=NAN, numbers=2) for t in ("h", "g_x")]
    table = accuracy_frame.lines(rows).set_index("tensor")
    assert table.payloads["h"] == 0 and np.isnan(table.payloads["g_x"])


def test_the_gravest_verdict_speaks_and_its_worst_input_is_named():
    rows = [
        *all_classes("torch", verdict=PASS),
        row(worst=200.0, verdict=KNOWN, why="magnified", binade=16, at=ONE + 1024),
        row(worst=9.0, verdict=FAIL, at=ONE + 5),
        row(worst=8.0, verdict=FAIL, binade=14, at=ONE - 5),
    ]
    found = line(rows)
    assert (found.verdict, found.why, found.worst_ulp) == (FAIL, "magnified", 200.0)
    assert (found.unstated_ulp, found.unstated_x) == (9.0, 1 + 5 / 1024)
    strange = [*rows, row(strange=1, strange_at=ONE + 9, verdict=FAIL, worst=1.0, binade=17)]
    assert line(strange).unstated_ulp == 9.0
    assert line([*rows[:-2], strange[-1]]).unstated_x == 1 + 9 / 1024


def test_a_built_in_does_not_fail_and_says_so():
    party = "torch built-in"
    found = line([*all_classes(party), row(party, worst=9.0, verdict=FAIL)], party)
    assert (found.verdict, found.why) == (KNOWN, accuracy_frame.UNSTATED)


@pytest.mark.parametrize(
    "ours, theirs, worse", [(9.0, 8.0, 1), (8.0, 9.0, 0), (ULPS, 0.5, 0), (9.0, 9.0, 0)]
)
def test_ours_is_set_beside_its_own_frameworks_built_in(ours, theirs, worse):
    rows = all_classes("torch", worst=ours) + all_classes("torch built-in", worst=theirs)
    rows += all_classes("TensorFlow built-in", worst=0.0)
    table = accuracy_frame.lines(rows)
    assert accuracy_frame.counts(table) == {"lines": 1, PASS: 1, KNOWN: 0, FAIL: 0, "worse": worse}
    said = accuracy_report.comparison(table)
    assert said.startswith("Ours is" if worse else "None of ours")
    assert ("tanh h (torch float16)" in said) == bool(worse)


def sums():
    names = [("sum", "torch built-in", 0.5), ("binary_cross_entropy_with_logits", "torch", 12.0)]
    return [
        {"sum": name, "numbers": n, "draws": 2, "mode": "eager", "party": party, "worst": worst,
         "mean": worst / 2, "used": 0.25}
        for name, party, worst in names for n in (10, 10**6)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "party, worst, used, verdict",
    [("torch", 4.0, 0.5, PASS), ("torch", 5.0, 0.5, KNOWN), ("torch", 5.0, 1.5, FAIL),
     ("torch built-in", 5.0, 1.5, KNOWN), ("torch", np.inf, np.inf, FAIL)],
)  # fmt: skip
def test_a_sum_may_use_its_bound_and_no_more(party, worst, used, verdict):
    (found,) = [{**sums()[0], "party": party, "worst": worst, "used": used}]
    assert accuracy_frame.sums([found])["verdict"].tolist() == [verdict]


@pytest.fixture
def report(tmp_path):
    rows = [r for party in PARTIES for r in all_classes(party, worst=1.7e7, flushed=3, subnormal=9)]
    rows.append(row("torch", worst=9.25, verdict=FAIL, at=ONE + 5))
    rows += [row("TensorFlow", worst=4.5, verdict=KNOWN, why="a|b < c")]
    return accuracy_report.write(rows + sums(), DESCRIBED, 3600.0, tmp_path)


def test_every_file_holds_the_same_lines(report, tmp_path):
    table = pd.read_csv(tmp_path / "accuracy.csv", keep_default_na=False, na_values=["nan"])
    columns = list(report.functions.columns)
    pd.testing.assert_frame_equal(table[columns], report.functions, check_dtype=False)
    assert set(table["versions"]) == {DESCRIBED.versions}
    texts = {name: (tmp_path / f"accuracy.{name}").read_text() for name in ("md", "html")}
    for text in texts.values():
        assert report.sentence in text and "60 minutes" in report.sentence
        assert text.count("torch built-in") >= 2 and "17M" in text and "33%" in text
        assert "1,000,000" in text and DESCRIBED.versions in text
        assert "65,536 numbers of float16" in text or "numbers of float16, of each binade" in text
    assert "a\\|b &lt; c" in texts["md"] and "a|b &lt; c" in texts["html"]
    assert (tmp_path / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert report.failed


def test_the_terminal_is_eighty_columns_wide_and_names_what_fails(report, tmp_path):
    file = io.StringIO()
    accuracy_terminal.print_summary(report, tmp_path, Console(file=file, width=80))
    said = file.getvalue()
    assert max(map(len, said.splitlines())) <= 80 and "…" not in said
    assert "FAIL tanh h, torch, float16: 9.25 ULP at x = 1.00488281 (bits 0x3c05)" in " ".join(
        said.split()
    )
    assert "binary_cross_" in said and "known, fail" in said and "33%" in said


def test_sums_alone_make_a_report(tmp_path):
    report = accuracy_report.write(sums(), DESCRIBED, 1.0, tmp_path)
    assert not report.failed and report.functions.empty
    accuracy_terminal.print_summary(report, tmp_path, Console(file=io.StringIO(), width=80))
    assert "binary_cross_entropy_with_logits" in (tmp_path / "accuracy.md").read_text()


def test_the_figure_draws_each_binade_at_its_place():
    table = pd.DataFrame({"binade": [127, 128, 127 + 256, 5], "worst": [2.0, 0.0, 7.0, 9.0]})
    x, y = accuracy_figure._curve(table)
    zero = accuracy_figure._place(0)
    drawn = dict(zip(x, y, strict=True))
    assert drawn[zero] == 2.0 and drawn[-zero] == 7.0
    assert drawn[zero + 1] == accuracy_figure.FLOOR and np.isnan(drawn[0]) and len(x) == 4
    assert FLOAT32.exponent_of(127) == 0
