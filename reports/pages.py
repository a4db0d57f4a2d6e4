"""What the pages of all reports have in common: their templates, and how words stand in them."""

from collections.abc import Callable
from pathlib import Path

import jinja2


def templates(**filters: Callable) -> jinja2.Environment:
    """The templates of `reports/templates`, with `plural` and a report's own filters."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plural": plural, **filters}
    return environment


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "row"), plural(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def markdown_cell(value: str) -> str:
    r"""Text that stays within its cell of a Markdown table.

    >>> markdown_cell("a | b\n<i>")
    'a \\| b &lt;i>'
    """
    text = " ".join(value.split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
