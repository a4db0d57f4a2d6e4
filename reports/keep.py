"""`make keep`: put the last reports of costs, accuracy and differences into the committed sample.

They take up to an hour, so that `make sample`, which measures anew, leaves them out.
What is kept is Markdown and figures; tables of every row are too large to commit.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from reports.figures import OUTPUT, SAMPLE
from reports.writing import replace_whole

REPORTS = {
    "performance": "make report",
    "accuracy": "make accuracy",
    "differences": "make differences",
}


def main(output: Path = OUTPUT, sample: Path = SAMPLE, kept: Sequence[str] = tuple(REPORTS)) -> int:
    """Copy them, all or none; 2 where one has not been made."""
    missing = [name for name in kept if not (output / f"{name}.md").exists()]
    if missing:
        commands = " and ".join(REPORTS[name] for name in missing)
        names = " and no ".join(f"{name}.md" for name in missing)
        print(f"No {names} in {output}: run {commands} first.", file=sys.stderr)
        return 2
    files = [f for n in kept for f in (output / f"{n}.md", *sorted(output.glob(f"{n}*.png")))]
    replace_whole(sample, {file.name: file.read_bytes() for file in files})
    print(f"Wrote {', '.join(file.name for file in files)} to {sample}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
