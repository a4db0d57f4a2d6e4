"""README.md shows what is there: the sample's table, entries, and code of both halves."""

import re

import pytest

from reports.readme import ROOT, filled, sample_table, with_table

README = (ROOT / "README.md").read_text()


def test_the_tables_are_those_of_the_sample_and_of_the_catalogue():
    assert filled(README) == README


def test_the_sample_has_no_failure():
    report = (ROOT / "reports" / "sample" / "parity.md").read_text()
    assert re.search(r"\d pass, .*, 0 fail\.", report)


def test_the_pair_is_code_of_both_halves():
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1].splitlines()
    halves = {"tf": slice(0, 48), "torch": slice(48, None)}
    for half, columns in halves.items():
        shown = [line[columns].strip() for line in block[1:] if line[columns].strip()]
        source = (ROOT / f"{half}_impl" / "activations.py").read_text()
        lines = {line.strip() for line in source.splitlines()}
        wrapped = "σ' is even: h = σ(−|x|) ≤ 1/2, where 1 − h does not cancel"
        assert f"# {wrapped}" in lines
        missing = [line for line in shown if line not in lines and line.lstrip("# ") not in wrapped]
        assert not missing and len(shown) > 10


def test_what_cannot_be_placed_is_refused():
    with pytest.raises(ValueError, match="markers"):
        with_table("no markers", "table", "| a |\n")
    with pytest.raises(ValueError, match="heading"):
        sample_table("# nothing here")
