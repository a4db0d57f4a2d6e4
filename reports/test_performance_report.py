"""Tables of costs say what the rows say and no more. All rows are made up."""

import io
import math
import os
import re
from dataclasses import asdict, replace

import matplotlib.image
import pandas as pd
import pytest
from rich.console import Console

from reports import environment, performance_figure, performance_report, performance_terminal
from reports.cost_cells import NO_TARGET, TITLES, cells, standing
from reports.costs import groups, lines, results
from reports.panels import DOTS_PER_INCH
from reports.performance_diff import read
from reports.targets import MET, MISSED, NO_RESULT, NOISY, TARGETS, summaries, target_of
from shared.evidence import ABSENT, FAIL, KNOWN, PASS
from shared.timings import COLUMNS, Timing

TIME = "2030-01-31T12:00:00+00:00"
ENVIRONMENT = replace(environment.describe(["cpu"], seconds=2.0), time=TIME)
OURS = Timing(
    "activations", "relu", "forward+backward", "large", "(4096, 768)", 3_145_728, "TensorFlow",
    "compiled", "float32", "cpu", 1, median=0.00234, low=0.00230, high=0.00237, rounds=75,
    processes=3, to_builtin=0.91, to_builtin_low=0.90, to_builtin_high=0.92, to_torch=1.57,
    to_torch_low=1.55, to_torch_high=1.58, limit="copy", limit_cost=0.00117, verdict=PASS,
)  # fmt: skip
NONE = dict.fromkeys(("to_builtin", "to_builtin_low", "to_builtin_high"), math.nan)
BUILT_IN = replace(OURS, **NONE, party="TensorFlow built-in", median=0.00257, low=0.0025,
                   high=0.0026, to_torch=4.43, to_torch_low=3.1, to_torch_high=5.2)  # fmt: skip
TORCH = replace(OURS, party="torch", median=0.00149, low=0.00145, high=0.00151, to_torch=math.nan,
                to_torch_low=math.nan, to_torch_high=math.nan)  # fmt: skip
TORCH_BUILT_IN = replace(TORCH, **NONE, party="torch built-in", median=0.00163, verdict=KNOWN,
                         note="torch built-in: rounds | the <tail>")  # fmt: skip
SMALL = [
    replace(row, size="tiny", shape="(8, 96)", elements=768, median=row.median / 100,
            low=row.low / 100, high=row.high / 100)
    for row in (OURS, BUILT_IN, TORCH, TORCH_BUILT_IN)
]  # fmt: skip
NO_GPU = Timing("", "", "", "", "", 0, "", "", "", "gpu", 1, verdict=ABSENT, note="no GPU here")
ROWS = [*SMALL, OURS, BUILT_IN, TORCH, TORCH_BUILT_IN, NO_GPU]
FAULTS = {
    "fails parity": {"verdict": FAIL},
    "work optimised away": {"complaint": "work optimised away: 0.1 of what copy alone costs"},
}
faults = pytest.mark.parametrize("words, changes", FAULTS.items(), ids=list(FAULTS))


def shown(rows):
    """What stands in the cells of the only line that the rows make, by title."""
    (line,) = lines(results(rows))
    return {of: cell.whole for of, cell in zip(TITLES, cells(line), strict=True)}


def written(rows, folder):
    performance_report.write(rows, ENVIRONMENT, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def printed(rows, encoding="utf-8", **options):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=80, highlight=False, **options)
    performance_terminal.print_summary(results(rows), ENVIRONMENT, "output", console)
    file.seek(0)
    return file.read()


def with_ratio(ratio, apart=0.0, **changes):
    low, high = ratio * (1 - apart / 2), ratio * (1 + apart / 2)
    return replace(OURS, to_builtin=ratio, to_builtin_low=low, to_builtin_high=high, **changes)


def test_every_number_of_a_line_is_a_rows():
    assert shown([OURS, BUILT_IN, TORCH, TORCH_BUILT_IN]) == {
        ("TensorFlow", "ours"): "2.34 ms (3%)",
        ("TensorFlow", "built-in"): "2.57 ms (4%)",
        ("TensorFlow", "ratio"): "0.91",
        ("TensorFlow", "limit"): "50% (copy)",
        ("torch", "ours"): "1.49 ms (4%)",
        ("torch", "built-in"): "1.63 ms (4%)",
        ("torch", "ratio"): "0.91",
        ("torch", "limit"): "79% (copy)",
        ("TF / torch", "ours"): "1.57",
        ("TF / torch", "built-in"): "4.43 (noisy)",
    }


def test_what_was_not_timed_is_a_dash():
    assert set(shown([replace(OURS, **NONE, to_torch=math.nan)]).values()) == {
        "2.34 ms (3%)", "50% (copy)", "-",
    }  # fmt: skip


@faults
@pytest.mark.parametrize("place", range(4))
def test_a_number_that_is_no_result_is_shown_nowhere(tmp_path, words, changes, place):
    rows = [OURS, BUILT_IN, TORCH, TORCH_BUILT_IN]
    planted = {"median": 0.123, "low": 0.123, "high": 0.123, "limit_cost": 0.123}
    ratios = {name: 9.87 for name in COLUMNS if name.startswith("to_")}
    rows[place] = replace(rows[place], **planted, **ratios, **changes)
    texts = [text for text in written(rows, tmp_path).values() if text[:4] != b"\x89PNG"]
    for text in (*map(bytes.decode, texts), printed(rows)):
        assert not re.search(r"123 ms|0\.123|9\.87", text)
    assert words in shown(rows).values()
    assert standing(lines(results(rows))) == NO_RESULT


@faults
def test_nor_is_a_ratio_to_it(words, changes):
    found = shown([OURS, replace(BUILT_IN, **changes), TORCH, TORCH_BUILT_IN])
    assert found["TensorFlow", "ratio"] == found["TF / torch", "built-in"] == "-"
    assert found["torch", "ratio"] == "0.91" and found["TF / torch", "ours"] == "1.57"
    found = shown([OURS, BUILT_IN, replace(TORCH, **changes), TORCH_BUILT_IN])
    assert found["TF / torch", "ours"] == "-" and found["TensorFlow", "ratio"] == "0.91"


@pytest.mark.parametrize(
    "ratio, apart, status, text",
    [
        (1.05, 0.0, MET, "1.05"),
        (1.0501, 0.0, MISSED, ">1.05"),
        (1.31, 0.09, MISSED, "1.31"),
        (0.98, 0.11, NOISY, "0.98 (noisy)"),
        (1.98, 0.11, NOISY, "1.98 (noisy)"),
    ],
)
def test_a_ratio_says_how_it_stands_to_its_target(ratio, apart, status, text):
    row = with_ratio(ratio, apart)
    found = lines(results([row, BUILT_IN]))
    cell = cells(found[0])[2]
    assert (cell.look, cell.whole, standing(found)) == (status, text, status)
    (summary,) = (s for s in summaries([row, BUILT_IN]) if s.judged)
    assert summary.target.name == "activations, XLA" and summary.count(status) == 1
    assert (summary.worst is None) is (status == NOISY)


def test_aims_beyond_a_target_are_counted():
    rows = [with_ratio(ratio, concept=name) for name, ratio in (("relu", 0.75), ("elu", 0.76))]
    (summary,) = (s for s in summaries(rows) if s.judged)
    assert (summary.count(MET), summary.beyond, summary.worst.concept) == (2, 1, "elu")


def test_a_row_without_a_built_in_has_no_target():
    alone = [replace(OURS, **NONE)]
    assert target_of(alone[0]) is None and standing(lines(alone)) == NO_TARGET


def test_the_first_target_that_covers_a_row_counts():
    names = [
        target_of(replace(TORCH, concept=concept, family=family, work=work, mode=mode))
        for concept, family, work, mode in (
            ("tanh", "activations", "forward+backward", "compiled"),
            ("tanh", "activations", "forward", "compiled"),
            ("softmax_cross_entropy", "losses", "forward+backward", "compiled"),
            ("adam", "optimizers", "step", "eager"),
        )
    ]
    assert [t and t.name for t in names] == [
        "tanh, torch.compile", None, "softmax with cross-entropy, large", None,
    ]  # fmt: skip


def test_every_target_says_what_it_stands_for():
    assert all(target.why.endswith(".") and target.reach > 0 for target in TARGETS)
    assert len({target.name for target in TARGETS}) == len(TARGETS)


def test_the_most_work_stands_for_the_rest():
    rows = [replace(OURS, size="medium", work="forward"), OURS, replace(OURS, size="tiny")]
    (group,) = groups(lines(rows))
    assert [line.labels[1] for line in group] == [
        "forward+backward, large", "forward, medium", "forward+backward, tiny",
    ]  # fmt: skip


def test_the_report_says_where_it_was_measured_and_where_not(tmp_path):
    files = written(ROWS, tmp_path)
    for name in ("performance.md", "performance.html"):
        text = files[name].decode()
        assert ENVIRONMENT.versions in text and TIME in text and ENVIRONMENT.processor in text
        assert "gpu: no GPU here" in text and "2.34 ms" in text
    assert "Not measured: gpu: no GPU here." in printed(ROWS)


def test_a_table_keeps_its_columns_and_a_page_escapes(tmp_path):
    files = {
        name: content for name, content in written(ROWS, tmp_path).items() if "png" not in name
    }
    page, text = files["performance.html"].decode(), files["performance.md"].decode()
    assert "rounds | the &lt;tail&gt;" in page and "<tail>" not in page
    assert r"rounds \| the &lt;tail>" in text
    assert not re.search(r"https?:|<link|@import|url\(", page)
    assert set(re.findall(r'\bsrc="([^"]{10})', page)) == {"data:image"}


def test_the_csv_reads_back_to_the_same_rows(tmp_path):
    rows = [*ROWS[:-1], replace(OURS, concept="elu", verdict=FAIL, complaint="work dropped: a, b")]
    written(rows, tmp_path)
    found = list(read(tmp_path / "performance.csv").rows.values())
    assert list(map(str, found)) == list(map(str, results(rows)))
    frame = pd.read_csv(tmp_path / "performance.csv")
    constant = set(asdict(ENVIRONMENT)) - {"threads"}
    assert set(frame) == {*COLUMNS, *constant} and set(frame["time"]) == {TIME}


def test_a_report_is_replaced_as_a_whole(tmp_path):
    (tmp_path / "performance_losses.png").write_text("of a report of more")
    (tmp_path / "parity.md").write_text("kept")
    for time in ("2029-01-01T00:00:00+00:00", TIME):
        performance_report.write(ROWS, replace(ENVIRONMENT, time=time), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "parity.md", "performance.csv", "performance.html", "performance.md",
        "performance_activations.png",
    ]  # fmt: skip
    for name in ("performance.csv", "performance.html", "performance.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert TIME in text and "2029" not in text


@pytest.mark.parametrize("nth", [1, 3])
def test_an_error_leaves_the_last_report(tmp_path, monkeypatch, nth):
    before = written(ROWS, tmp_path)
    original, calls = os.replace, iter(range(1, 100))

    def failing(*arguments):
        if next(calls) == nth:
            raise OSError("disk full")
        return original(*arguments)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="disk full"):
        written([with_ratio(0.5)], tmp_path)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_run_without_rows_leaves_the_last_report(tmp_path):
    before = written(ROWS, tmp_path)
    with pytest.raises(ValueError, match="nothing was timed"):
        performance_report.write([NO_GPU], ENVIRONMENT, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("colour", [False, True])
def test_the_terminal_report_fits_80_columns(colour):
    long = "softmax_cross_entropy_of_one_hot"
    rows = [with_ratio(9.99, concept=f"{long}_{k}") for k in range(12)]
    failed = replace(OURS, concept=long, complaint="captured anew: 2 [graphs] while the clock ran")
    text = printed([*rows, failed, NO_GPU], "ascii" if colour else "utf-8", force_terminal=colour)
    assert ("\x1b" in text) is colour
    said = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert max(map(len, said.splitlines())) <= 80
    assert "2 more rows in output/performance.md." in said
    assert "captured anew: 2 [graphs]" in " ".join(said.split())
    assert re.search(r"activations, XLA +1\.05 +- +12 +- +1 +9\.99", said)
    assert re.search(r"activations +- +- +9\.99 +- +-", said)
    (last,) = re.findall(r"13 costs.*", said, re.DOTALL)
    assert " ".join(last.split()) == (
        "13 costs measured, 1 of them no result. Of 13 ratios with a target: 0 met, 12 missed, "
        "0 noisy, 1 no result."
    )


def test_the_terminal_takes_medians_of_what_is_not_noisy():
    rows = [with_ratio(2.0, concept="a"), with_ratio(3.0, concept="b"), with_ratio(9.0, apart=0.2)]
    assert re.search(r"activations +- +- +2\.50 +- +-", printed(rows))


def test_a_figure_is_of_what_was_timed_at_several_sizes():
    slower = [replace(row, median=2 * row.median) for row in ROWS]
    apart = [replace(row, limit_cost=row.limit_cost / 2) for row in ROWS]
    pictures = [
        matplotlib.image.imread(io.BytesIO(picture))
        for rows in (ROWS, ROWS, slower, apart)
        for name, picture in performance_figure.files(rows).items()
        if name == "performance_activations.png"
    ]
    one, same, other, limits = pictures
    assert one.shape[1] == performance_figure.WIDTH * DOTS_PER_INCH
    assert (one == same).all() and (one != other).any() and (one != limits).any()
    assert performance_figure.files([OURS, BUILT_IN]) == {}
