"""Read a small CSV or text file against a declared schema.

A table is declared as plain data: its file, its number of rows and, for each column, the numbers
it may hold; a text by its number of lines and the characters in them. `read_table` and `read_lines`
return what a file holds only if the whole of it meets that declaration; otherwise `DataError` says
in one sentence where it does not, what was expected and what was found.
"""

import csv
import io
import os
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).parent
_REMEDY = "correct the file or restore it from the repository"
# Stricter than float(), which also takes "nan", "1_000", " 22 " and digits of other scripts.
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]+")


class DataError(ValueError):
    """A data file is missing or is not what its schema declares."""


@dataclass(frozen=True)
class Column:
    """A column of numbers from `low` to `high`, both included.

    With `whole`, fractions are refused. With `known`, only that many rows at the top state a value,
    and the cells below them are empty.
    """

    name: str
    low: float
    high: float
    whole: bool = False
    known: int | None = None

    def parse(self, cell: str, row: int) -> float | None:
        """Return the value of `cell` in data row `row` (from 0), NaN if unknown, None if wrong."""
        if self.is_blank(row):
            return None if cell else np.nan
        if not (_WHOLE if self.whole else _DECIMAL).fullmatch(cell):
            return None
        value = float(cell)
        return value if self.low <= value <= self.high else None

    def is_blank(self, row: int) -> bool:
        """Say whether the cell in data row `row` (from 0) has to be empty."""
        return self.known is not None and row >= self.known

    def expects(self, row: int) -> str:
        """Describe in words what the cell in data row `row` (from 0) may hold."""
        if self.is_blank(row):
            return f"an empty cell (only the first {self.known} rows state a value)"
        kind = "whole number" if self.whole else "decimal number"
        return f"a {kind} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Table:
    """A CSV file beside this module: one header line, then exactly `rows` lines of numbers."""

    file: str
    rows: int
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The column names, in the order of the file."""
        return [column.name for column in self.columns]


def read_table(table: Table, path: str | os.PathLike | None = None) -> dict[str, np.ndarray]:
    """Return each column of `table` as a new float64 array of shape (rows,).

    A cell that the schema declares empty is NaN. `path` reads another file in the table's place.

    Raises:
        DataError: the file is missing, short, long or malformed, or a value is out of range.
    """
    path = _FOLDER / table.file if path is None else Path(path)
    records = _read_records(path)
    _check_header(path, records[0][1] if records else [], table)
    _check_size(path, records, table)
    rows = [_parse_row(path, row, *record, table) for row, record in enumerate(records[1:])]
    columns = np.array(rows, dtype=np.float64).T.copy()
    return dict(zip(table.names, columns, strict=True))


@dataclass(frozen=True)
class Text:
    """A text file beside this module: exactly `rows` lines, none of them blank."""

    file: str
    rows: int
    alphabet: str  # the characters a line may hold; a space stands between words alone


def read_lines(text: Text, path: str | os.PathLike | None = None) -> list[str]:
    """Return the lines of `text` without their ends. `path` reads another file in its place.

    Raises:
        DataError: the file is missing, short or long, or a line is blank or holds other characters.
    """
    path = _FOLDER / text.file if path is None else Path(path)
    lines = _read_text(path).splitlines()
    if len(lines) != text.rows:
        line = min(len(lines), text.rows) + 1
        raise _error(path, f"{text.rows} lines", f"{len(lines)}", line)
    for number, line in enumerate(lines, 1):
        if not line or line != " ".join(line.split()):
            raise _error(path, "words with one space between each two", repr(line), number)
        strange = next((letter for letter in line if letter not in text.alphabet), None)
        if strange is not None:
            raise _error(path, f"characters of {text.alphabet!r}", repr(strange), number)
    return lines


def _error(
    path: Path, expected: str, found: str, line: int | None = None, column: str | None = None
) -> DataError:
    place = str(path)
    place += f", line {line}" if line is not None else ""
    place += f", column {column}" if column is not None else ""
    return DataError(f"{place}: expected {expected}, found {found}; {_REMEDY}.")


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _error(path, "a readable file", f"'{error.strerror}'") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _error(path, "UTF-8 text", f"the byte 0x{raw[error.start]:02x}", line) from error


def _read_records(path: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of each record, with the number (from 1) of the line that it ends on."""
    text = _read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise _error(path, "comma-separated cells", f"'{error}'", reader.line_num) from error


def _check_header(path: Path, found: list[str], table: Table) -> None:
    differing = (a or b for a, b in zip_longest(table.names, found) if a != b)
    column = next(differing, None)
    if column is not None:
        header = f"the header '{','.join(table.names)}'"
        raise _error(path, header, f"'{','.join(found)}'", 1, column)


def _check_size(path: Path, records: list[tuple[int, list[str]]], table: Table) -> None:
    width = len(table.columns)
    for line, cells in records[1:]:
        if len(cells) != width:
            column = table.names[min(len(cells), width - 1)]
            raise _error(path, f"{width} cells", f"{len(cells)}", line, column)
    found = len(records) - 1
    if found != table.rows:
        line = records[-1][0] + 1 if found < table.rows else records[table.rows + 1][0]
        raise _error(path, f"{table.rows} rows of data", f"{found}", line, table.names[0])


def _parse_row(path: Path, row: int, line: int, cells: list[str], table: Table) -> list[float]:
    values = []
    for column, cell in zip(table.columns, cells, strict=True):
        value = column.parse(cell, row)
        if value is None:
            found = repr(cell) if cell else "an empty cell"
            raise _error(path, column.expects(row), found, line, column.name)
        values.append(value)
    return values
