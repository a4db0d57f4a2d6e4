"""What has been measured so far, on disk, so that a run which is cut short goes on from there.

A file of lines of JSON. The first says what they were measured with; a last one that was cut off
in the middle does not count.
"""

import json
import os
from pathlib import Path


class Store:
    """The lines measured with these settings; those of other settings are thrown away.

    `said` is a sentence for the reader where lines were found or thrown away, else empty.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "timings.jsonl"
    >>> Store(path, {"rounds": 7}).add({"row": 1})
    >>> Store(path, {"rounds": 7}).lines
    [{'row': 1}]
    >>> Store(path, {"rounds": 9}).said
    'Starting anew: what was kept was measured with rounds 7, not 9.'
    """

    def __init__(self, path: str | Path, settings: dict):
        self.path, self.lines, self.said = Path(path), [], ""
        found = self._read()
        if found and found[0] == settings:
            self.lines = found[1:]
            self.said = f"Going on from {len(self.lines)} readings kept in {self.path}."
        elif found:
            self.said = (
                f"Starting anew: what was kept was measured with {_other(found[0], settings)}."
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # whole lines alone: what was cut off goes, and so does what others measured
        rewritten = self.path.with_name(f".{self.path.name}~new")
        rewritten.write_text("".join(map(_line, [settings, *self.lines])), encoding="utf-8")
        os.replace(rewritten, self.path)

    def _read(self):
        if not self.path.exists():
            return []
        whole = self.path.read_text(encoding="utf-8").split("\n")[:-1]
        try:
            return [json.loads(line) for line in whole]
        except json.JSONDecodeError:
            return []

    def add(self, line: dict) -> None:
        """Keep a line, on disk before this returns."""
        self.lines.append(line)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(line))
            file.flush()
            os.fsync(file.fileno())


def _line(values):
    return json.dumps(values, ensure_ascii=False) + "\n"


def _other(found, settings):
    names = [name for name in settings if found.get(name) != settings[name]]
    return ", ".join(f"{n} {found.get(n)}, not {settings[n]}" for n in names) or "other settings"
