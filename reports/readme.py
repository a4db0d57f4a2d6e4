"""`make sample`: put tables into README.md, each between its markers.

One is the sample's of activations, the other a few entries of the catalogue of differences.
"""

import re
import sys
from pathlib import Path

import pandas as pd

from parity_tests import differences
from reports.pages import markdown_cell
from reports.writing import replace_whole

ROOT = Path(__file__).resolve().parents[1]
# those that most ports meet, and that nothing warns of
DISAGREEMENTS = (
    "initializers/dense-kernel",
    "activations/leaky-relu-slope",
    "batch_normalization/batch-norm-momentum",
    "batch_normalization/batch-norm-variance",
    "convolution/conv-same-stride",
    "pooling/average-pool-count",
    "recurrent/gru-reset-after",
    "attention_masks/mha-mask",
    "losses/binary-cross-entropy-clip",
    "reductions/sum-of-outputs",
    "adam/adam-epsilon-place",
    "optimizers/sgd-momentum-rate-change",
    "plateaus/plateau-patience",
    "gradients/maximum-of-equals",
    "singular_gradients/norm-of-zero",
    "statistics/standard-deviation",
)


def sample_table(report: str) -> str:
    """The first table below the heading "activations" of a Markdown report."""
    found = re.search(r"^### activations\n\n((?:\|.*\n)+)", report, re.MULTILINE)
    if not found:
        raise ValueError("the report has no table below a heading '### activations'")
    return found[1]


def disagreements() -> str:
    """The entries of `DISAGREEMENTS` as a Markdown table; KeyError where one is not there."""
    entries = {entry.id: entry for entry in differences.catalogue()}
    rows = [
        {"by default": e.item, "TensorFlow/Keras": e.keras, "PyTorch": e.torch, "remedy": e.recipe}
        for e in (entries[name] for name in DISAGREEMENTS)
    ]
    return pd.DataFrame(rows).map(markdown_cell).to_markdown(index=False) + "\n"


def with_table(readme: str, name: str, table: str) -> str:
    """The README with the table in place of whatever stood between the markers of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = readme.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"README.md needs the markers {begin} and {end}")
    return f"{before}{begin}\n\n{table}\n{end}{after}"


def filled(readme: str) -> str:
    """The README with all its tables as they are now."""
    report = (ROOT / "reports" / "sample" / "parity.md").read_text()
    readme = with_table(readme, "table", sample_table(report))
    return with_table(readme, "differences", disagreements())


def main() -> int:
    replace_whole(ROOT, {"README.md": filled((ROOT / "README.md").read_text())})
    return 0


if __name__ == "__main__":
    sys.exit(main())
