"""Small real data sets, most as NumPy arrays, that both frameworks are handed alike.

Every loader checks the whole data set against its schema below and returns new values each time,
so that no caller can change what the next one gets. README.md in this folder gives the sources.
"""

import os
from collections.abc import Sequence
from string import ascii_letters

import numpy as np

from shared.data.table import Column, DataError, Table, Text, read_lines, read_table

__all__ = ["DataError", "load_digits", "load_home_prices", "load_insurance", "load_line",
           "load_poem", "load_sunspots"]  # fmt: skip

INSURANCE = Table(
    file="insurance.csv",
    rows=15,
    columns=(
        Column("age", 0, 120, whole=True),
        Column("affordability", 0, 1, whole=True, known=13),
        Column("have_insurance", 0, 1, whole=True),
    ),
)
HOME_PRICES = Table(
    file="home_prices.csv",
    rows=6,
    columns=(
        Column("area", 100, 10_000, whole=True),
        Column("bedrooms", 1, 10, whole=True),
        Column("price", 1, 1_000, whole=True),
    ),
)
LINE = Table(
    file="line.csv",
    rows=5,
    columns=(Column("x", 0, 10), Column("y", -5, 5)),
)
SUNSPOTS = Table(
    file="sunspots.csv",
    rows=309,
    columns=(Column("year", 1700, 2008, whole=True), Column("sunspots", 0, 200)),
)
POEM = Text(file="walrus.txt", rows=108, alphabet=ascii_letters + " !\"',-.:;?")

DIGITS_SHAPE = (1797, 64)
DIGITS_BRIGHTEST = 16


def load_insurance(
    features: Sequence[str] = ("age",), path: str | os.PathLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Who has insurance, by age in years and, for the first 13 people, by affordability (0 or 1).

    Args:
        features: the columns of x, in this order. Only rows that state all of them are returned:
            15 for ("age",), 13 where "affordability" is among them.
        path: a file to read in place of the project's own.

    Returns:
        x of shape (rows, len(features)) and y, 0.0 or 1.0, of shape (rows,); both float64.

    Raises:
        ValueError: a feature is unknown, or none is asked for.
        DataError: the file does not meet its schema.

    >>> x, y = load_insurance(("age", "affordability"))
    >>> x.shape, y.shape
    ((13, 2), (13,))
    >>> x[0], y[0]
    (array([22.,  1.]), np.float64(0.0))
    """
    known = INSURANCE.names[:-1]
    unknown = [name for name in features if name not in known]
    if unknown or not features or isinstance(features, str):
        raise ValueError(
            f"load_insurance: expected features to be a sequence of names among {known}, "
            f"found {features!r}; name one or more of these."
        )
    columns = read_table(INSURANCE, path)
    x = np.stack([columns[name] for name in features], axis=1)
    complete = ~np.isnan(x).any(axis=1)
    return x[complete], columns["have_insurance"][complete]


def load_home_prices(path: str | os.PathLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Six homes: x of shape (6, 2) with area and bedrooms, y of shape (6,) with the price.

    Both are float64; the course states no unit for area or price.

    Raises:
        DataError: the file, or the one at `path`, does not meet its schema.

    >>> x, y = load_home_prices()
    >>> x[0], y[0]
    (array([1200.,    2.]), np.float64(70.0))
    """
    columns = read_table(HOME_PRICES, path)
    return np.stack([columns["area"], columns["bedrooms"]], axis=1), columns["price"]


def load_line(path: str | os.PathLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Five points on y = 0.5 x - 1.5: x of shape (5, 1) and y of shape (5,), both float64.

    Raises:
        DataError: the file, or the one at `path`, does not meet its schema.

    >>> x, y = load_line()
    >>> bool((y == 0.5 * x[:, 0] - 1.5).all())
    True
    """
    columns = read_table(LINE, path)
    return columns["x"][:, np.newaxis], columns["y"]


def load_sunspots(path: str | os.PathLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The years 1700 to 2008 and the mean number of sunspots in each: (309,) both, float64.

    Raises:
        DataError: the file, or the one at `path`, does not meet its schema.

    >>> years, sunspots = load_sunspots()
    >>> float(years[0]), float(sunspots[0])
    (1700.0, 5.0)
    """
    columns = read_table(SUNSPOTS, path)
    return columns["year"], columns["sunspots"]


def load_poem(path: str | os.PathLike | None = None) -> list[str]:
    """The 108 lines of "The Walrus and the Carpenter", of 18 stanzas of six lines each.

    Raises:
        DataError: the file, or the one at `path`, is not of so many lines, or holds characters
            other than the poem's.

    >>> load_poem()[0]
    'The sun was shining on the sea,'
    """
    return read_lines(POEM, path)


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits of 8 by 8 pixels, as they come with scikit-learn.

    Returns:
        Images of shape (1797, 64), float64 from 0 (background) to 1 (ink), one row of pixels
        after the other; and their labels 0 to 9 of shape (1797,), int64.

    Raises:
        DataError: scikit-learn's copy is not the one described here.

    >>> images, labels = load_digits()
    >>> images.shape, labels[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    # Imported here, since it takes a second that the loaders above need not wait for.
    from sklearn import datasets

    images, labels = datasets.load_digits(return_X_y=True)
    _check_digits("images", images, DIGITS_SHAPE, DIGITS_BRIGHTEST)
    _check_digits("labels", labels, DIGITS_SHAPE[:1], 9)
    return images.astype(np.float64) / DIGITS_BRIGHTEST, labels.astype(np.int64)


def _check_digits(name: str, values: np.ndarray, shape: tuple[int, ...], high: int) -> None:
    place, remedy = f"scikit-learn's digits, {name}", "install the version in constraints.txt"
    if values.shape != shape:
        raise DataError(f"{place}: expected shape {shape}, found {values.shape}; {remedy}.")
    wrong = ~((values >= 0) & (values <= high) & (values == np.floor(values)))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise DataError(
            f"{place}{list(at)}: expected a whole number from 0 to {high}, "
            f"found {values[at]:g}; {remedy}."
        )
