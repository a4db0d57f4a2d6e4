"""`make sample`: put the sample's table of activations into README.md, between its markers."""

import re
import sys
from pathlib import Path

from reports.writing import replace_whole

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def sample_table(report: str) -> str:
    """The first table below the heading "activations" of a Markdown report."""
    found = re.search(r"^### activations\n\n((?:\|.*\n)+)", report, re.MULTILINE)
    if not found:
        raise ValueError("the report has no table below a heading '### activations'")
    return found[1]


def with_table(readme: str, table: str) -> str:
    """The README with the table in place of whatever stood between the markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md needs the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def main() -> int:
    report = (ROOT / "reports" / "sample" / "parity.md").read_text()
    readme = (ROOT / "README.md").read_text()
    replace_whole(ROOT, {"README.md": with_table(readme, sample_table(report))})
    return 0


if __name__ == "__main__":
    sys.exit(main())
