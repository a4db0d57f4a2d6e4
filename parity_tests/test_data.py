"""The data sets hold what the course prints, and a damaged file is refused with its place named."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from shared import data
from shared.data import (
    DataError,
    load_digits,
    load_home_prices,
    load_insurance,
    load_line,
    load_poem,
    load_sunspots,
)

AGES = [22, 25, 47, 52, 46, 56, 55, 60, 62, 61, 18, 28, 27, 29, 49]
AFFORDABILITY = [1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0]
HAVE_INSURANCE = [0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1]

LOADERS = [load_insurance, load_home_prices, load_line, load_sunspots, load_digits]
CSV_LOADERS = {
    "insurance.csv": load_insurance,
    "home_prices.csv": load_home_prices,
    "line.csv": load_line,
    "sunspots.csv": load_sunspots,
}
FOLDER = Path(data.__file__).parent


def damaged(tmp_path, file, line, text):
    """Copy `file` with its line (from 1) replaced by `text`, or dropped where that is None."""
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    lines[line - 1 : line] = [] if text is None else text.split("\n")
    path = tmp_path / file
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def message(loader, path):
    """Return what `loader` says of `path`, having checked that it is one sentence naming it."""
    with pytest.raises(DataError) as caught:
        loader(path=path)
    said = str(caught.value)
    assert said.startswith(str(path)) and "\n" not in said
    assert said.endswith("correct the file or restore it from the repository.")
    return said


def test_insurance_by_age_is_the_table_of_15_people():
    x, y = load_insurance()
    np.testing.assert_array_equal(x, np.array(AGES)[:, np.newaxis])
    np.testing.assert_array_equal(y, HAVE_INSURANCE)


@pytest.mark.parametrize("features", [("age", "affordability"), ("affordability", "age")])
def test_insurance_with_affordability_is_the_table_of_13_people(features):
    x, y = load_insurance(features)
    expected = {"age": AGES[:13], "affordability": AFFORDABILITY}
    np.testing.assert_array_equal(x, np.transpose([expected[name] for name in features]))
    np.testing.assert_array_equal(y, HAVE_INSURANCE[:13])


@pytest.mark.parametrize("features", [("age", "height"), ("have_insurance",), (), "age"])
def test_a_feature_that_is_not_known_is_refused_with_those_that_are(features):
    with pytest.raises(ValueError, match=r"\['age', 'affordability'\]") as caught:
        load_insurance(features)
    assert repr(features) in str(caught.value)


def test_home_prices_are_the_table_of_six_homes():
    x, y = load_home_prices()
    expected = [[1200, 2], [1500, 3], [2100, 4], [1100, 3], [1300, 2], [900, 1]]
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_array_equal(y, [70, 120, 230, 105, 90, 55])


def test_line_is_the_table_of_five_points():
    x, y = load_line()
    np.testing.assert_array_equal(x, [[2], [3], [5], [7], [9]])
    np.testing.assert_array_equal(y, [-0.5, 0, 1, 2, 3])


def test_sunspots_are_the_yearly_numbers_from_1700_to_2008():
    years, sunspots = load_sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    assert sunspots[[0, -1]].tolist() == [5.0, 2.9]
    # the strongest cycle on record, and the years in which none was seen
    assert years[sunspots.argmax()] == 1957 and sunspots.max() == 190.2
    assert years[sunspots == 0].tolist() == [1711, 1712, 1810]


def test_the_poem_has_eighteen_stanzas_of_six_lines():
    lines = load_poem()
    assert len(lines) == 18 * 6 and load_poem() is not lines
    assert lines[::60] == [
        "The sun was shining on the sea,",
        '"The time has come," the Walrus said,',
    ]
    assert lines[64:66] == ["And why the sea is boiling hot--", 'And whether pigs have wings."']
    assert lines[-1] == "They'd eaten every one."
    words = " ".join(lines).replace("--", " ").split()
    told_of = {name: sum(name in word for word in words) for name in ("Walrus", "Carpenter")}
    assert told_of == {"Walrus": 9, "Carpenter": 7}


@pytest.mark.parametrize(
    "line, text, place, expected, found",
    [
        (2, None, "line 108", "108 lines", "107"),
        (108, "one\ntwo", "line 109", "108 lines", "109"),
        (3, "", "line 3", "one space between each two", "''"),
        (3, "He  did", "line 3", "one space between each two", "'He  did'"),
        (3, "He did ", "line 3", "one space between each two", "'He did '"),
        (3, "He did 2", "line 3", "characters of 'abc", "'2'"),
        (3, "smooth — and", "line 3", "characters of 'abc", "'—'"),
    ],
)
def test_a_damaged_poem_is_refused(tmp_path, line, text, place, expected, found):
    path = damaged(tmp_path, "walrus.txt", line, text)
    before, after = message(load_poem, path).removeprefix(f"{path}, ").split(", found ")
    assert before.startswith(f"{place}: expected ") and expected in before
    assert after.startswith(f"{found};")


def test_digits_are_the_set_that_uci_published():
    images, labels = load_digits()
    assert images.shape == (1797, 64)
    assert (images.min(), images.max(), images.sum() * 16) == (0, 1, 561718)
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    np.testing.assert_array_equal(np.bincount(labels), counts)


@pytest.mark.parametrize("loader", LOADERS)
def test_every_loader_returns_new_arrays_of_the_stated_type(loader):
    first, second, original = loader(), loader(), [array.copy() for array in loader()]
    for array in first:
        array[:] = 7
    for array, untouched in zip(second, original, strict=True):
        np.testing.assert_array_equal(array, untouched)
    assert second[0].dtype == np.float64
    assert second[1].dtype == (np.int64 if loader is load_digits else np.float64)
    assert len(second[0]) == len(second[1])


@pytest.mark.parametrize(
    "file, line, text, place, expected, found",
    [
        ("insurance.csv", 4, "abc,1,1", "line 4, column age", "0 to 120", "'abc'"),
        ("insurance.csv", 4, "nan,1,1", "line 4, column age", "a whole number", "'nan'"),
        ("insurance.csv", 4, "121,1,1", "line 4, column age", "0 to 120", "'121'"),
        ("insurance.csv", 4, "4.5,1,1", "line 4, column age", "a whole number", "'4.5'"),
        ("insurance.csv", 4, ",1,1", "line 4, column age", "0 to 120", "an empty cell"),
        ("insurance.csv", 4, "47,,1", "line 4, column affordability", "0 to 1", "an empty cell"),
        ("sunspots.csv", 4, "1702,x", "line 4, column sunspots", "a decimal number", "'x'"),
        ("sunspots.csv", 4, "1702.5,1", "line 4, column year", "a whole number", "'1702.5'"),
        ("insurance.csv", 15, "29,1,0", "line 15, column affordability", "first 13 rows", "'1'"),
        ("insurance.csv", 4, "47,1,2", "line 4, column have_insurance", "0 to 1", "'2'"),
        ("insurance.csv", 4, "47,1", "line 4, column have_insurance", "3 cells", "2"),
        ("insurance.csv", 4, "47,1,1,1", "line 4, column have_insurance", "3 cells", "4"),
        ("insurance.csv", 4, "", "line 4, column age", "3 cells", "0"),
        ("insurance.csv", 4, '"47,1,1', "line 16", "comma-separated", "'unexpected end"),
        (
            "insurance.csv",
            1,
            "age,have_insurance",
            "line 1, column affordability",
            "header",
            "'age",
        ),
        ("insurance.csv", 1, "age;affordability", "line 1, column age", "header", "'age;aff"),
        ("insurance.csv", 9, None, "line 16, column age", "15 rows", "14"),
        ("insurance.csv", 9, "60,0,1\n60,0,1", "line 17, column age", "15 rows", "16"),
        ("home_prices.csv", 7, None, "line 7, column area", "6 rows", "5"),
        ("home_prices.csv", 7, "900,1,55\n9,1,5", "line 8, column area", "6 rows", "7"),
        ("home_prices.csv", 7, "900,1,55\n", "line 8, column area", "3 cells", "0"),
        ("home_prices.csv", 3, "1500,0,120", "line 3, column bedrooms", "1 to 10", "'0'"),
        ("home_prices.csv", 3, "1500,3,-120", "line 3, column price", "1 to 1000", "'-120'"),
        ("line.csv", 2, "2,-0.5.0", "line 2, column y", "-5 to 5", "'-0.5.0'"),
        ("line.csv", 2, "2,inf", "line 2, column y", "a decimal number", "'inf'"),
        ("line.csv", 2, "1_0,0", "line 2, column x", "0 to 10", "'1_0'"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, file, line, text, place, expected, found):
    path = damaged(tmp_path, file, line, text)
    said = message(CSV_LOADERS[file], path)
    before, after = said.removeprefix(f"{path}, ").split(", found ")
    assert before.startswith(f"{place}: expected ")
    assert expected in before
    assert after.startswith(found)


@pytest.mark.parametrize("loader", [*CSV_LOADERS.values(), load_poem])
def test_a_missing_file_is_refused(tmp_path, loader):
    assert "expected a readable file, found 'No such file" in message(loader, tmp_path / "none.csv")
    assert "expected a readable file, found 'Is a directory'" in message(loader, tmp_path)


def test_a_file_of_other_bytes_is_refused(tmp_path):
    path = tmp_path / "line.csv"
    path.write_bytes(b"x,y\n2,-0.5\n3,\xff\n")
    assert ", line 3: expected UTF-8 text, found the byte 0xff" in message(load_line, path)
    path.write_bytes(b"")
    assert ", line 1, column x: expected the header 'x,y', found ''" in message(load_line, path)


def test_line_ends_and_a_byte_order_mark_make_no_difference(tmp_path):
    path = tmp_path / "line.csv"
    text = (FOLDER / "line.csv").read_text(encoding="utf-8")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    for array, original in zip(load_line(path), load_line(), strict=True):
        np.testing.assert_array_equal(array, original)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda images, labels: (images[:10], labels), r"images: expected shape \(1797, 64\)"),
        (lambda images, labels: (images, labels[:10]), r"labels: expected shape \(1797,\), found"),
        (lambda images, labels: (images + (images > 15), labels), r"images\[1, 12\]: .*found 17;"),
        (lambda images, labels: (images, labels + 1), r"labels\[9\]: .* 0 to 9, found 10;"),
        (lambda images, labels: (images * np.nan, labels), r"images\[0, 0\]: .*found nan;"),
    ],
)
def test_other_digits_are_refused(monkeypatch, change, said):
    changed = change(*datasets.load_digits(return_X_y=True))
    monkeypatch.setattr(datasets, "load_digits", lambda return_X_y: changed)
    with pytest.raises(DataError, match=said):
        load_digits()
