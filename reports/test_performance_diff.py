"""`make report-diff`: what changed between two reports by more than noise explains."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from reports import performance_diff, performance_report
from reports.costs import results
from reports.test_performance_report import BUILT_IN, ENVIRONMENT, OURS, ROWS, with_ratio

COUNTS = r"(\d+) ratios? changed, and (\d+) by 5% or less, in (\d+) common rows?\."


@pytest.fixture
def said(tmp_path):
    """What is said of two reports, each of rows, and the second with changes to its environment."""

    def run(before, after, **changes):
        paths = tmp_path / "a.csv", tmp_path / "b.csv"
        described = ENVIRONMENT, replace(ENVIRONMENT, **changes)
        for path, rows, environment in zip(paths, (before, after), described, strict=True):
            path.write_text(performance_report.csv(results(rows), environment), encoding="utf-8")
        file = io.StringIO()
        console = Console(file=file, width=80, highlight=False)
        performance_diff.print_diff(*map(performance_diff.read, paths), console)
        text = file.getvalue()
        assert max(map(len, text.splitlines())) <= 80
        return " ".join(text.split())

    return run


def counts(text):
    return tuple(map(int, re.search(COUNTS, text).groups()))


def test_nothing_has_changed_between_a_report_and_itself(said):
    assert said(ROWS, ROWS, time="2031-01-01", seconds=9.0) == (
        "0 ratios changed, and 0 by 5% or less, in 8 common rows."
    )


@pytest.mark.parametrize(
    "before, after, found",
    [
        ((1.0, 0.02), (1.2, 0.02), (1, 0, 1)),
        ((1.2, 0.02), (1.0, 0.02), (1, 0, 1)),
        ((1.0, 0.20), (1.15, 0.20), (0, 0, 1)),  # their quartiles overlap
        ((1.0, 0.01), (1.04, 0.01), (0, 1, 1)),  # a tie
    ],
)
def test_a_change_is_one_that_noise_does_not_explain(said, before, after, found):
    text = said([with_ratio(*before)], [with_ratio(*after)])
    assert counts(text) == found
    if found[0]:
        numbers = f"{before[0]:.2f} {after[0]:.2f} {after[0] / before[0] - 1:+.0%}"
        assert f"ours / built-in {numbers.replace('-', '−')}" in text
        assert "relu, forward+backward, large, TensorFlow" in text


def test_the_largest_change_comes_first(said):
    names = {"relu": 1.2, "elu": 0.4, "silu": 1.3}
    before = [with_ratio(1.0, concept=name) for name in names]
    text = said(before, [with_ratio(ratio, concept=name) for name, ratio in names.items()])
    assert sorted(names, key=lambda name: text.index(f" {name},")) == ["elu", "silu", "relu"]


def test_the_ratio_between_frameworks_counts_too(said):
    after = replace(OURS, to_torch=3.1, to_torch_low=3.0, to_torch_high=3.2)
    text = said([OURS], [after])
    assert "TF / torch 1.57 3.10 +97%" in text and counts(text) == (1, 0, 1)


def test_rows_that_came_or_went_and_results_that_are_none_any_more(said):
    other = replace(OURS, concept="elu")
    text = said([OURS, BUILT_IN], [replace(OURS, complaint="work dropped: all of it"), other])
    assert "Only in A, 1 row of TensorFlow built-in: relu (forward+backward; large;" in text
    assert "Only in B, 1 row of TensorFlow: elu (forward+backward; large; compiled)." in text
    assert "compiled): a result in A, work dropped in B." in text
    assert counts(text) == (0, 0, 1)


def test_a_row_of_another_shape_is_another_row(said):
    text = said([OURS], [replace(OURS, shape="(1, 1)")])
    assert "Only in A" in text and "Only in B" in text and counts(text) == (0, 0, 0)


def test_another_machine_is_said_first(said):
    text = said(ROWS, ROWS, processor="Abacus 9", cores=64)
    assert text.startswith("Other processor:")
    assert "Abacus 9 in B." in text and "64 in B." in text


def test_what_is_no_report_is_one_sentence(tmp_path, capsys):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    for name in ("other.csv", "missing.csv"):
        assert performance_diff.main([str(tmp_path / name)] * 2) == 2
        said = capsys.readouterr()
        assert name in said.err and said.out == "" and said.err.count("\n") == 1
