"""Every small fault that can be planted in a piece of Python source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import shorten

from parity_tests.faults.rewrites import REWRITES
from parity_tests.faults.sites import Site, sites


@dataclass(frozen=True)
class Fault:
    """One change to one module.

    Attributes:
        line: where it stands, counted in the source as written.
        function: qualified name of the function or class around it, "" at module level.
        operator: kind of fault, a key of `rewrites.REWRITES`, or "default" in a default argument.
        before: the statement as written, in one line, a long one cut to the part that changes.
        after: the same with the fault in it.
        source: the whole module with the fault in it, without comments and layout.
    """

    line: int
    function: str
    operator: str
    before: str
    after: str
    source: str = field(repr=False)


def faults(source: str) -> list[Fault]:
    """Lists every fault that may be planted in a module, in the order of its lines.

    No two of them give the same module, and none gives back the module as written.

    Args:
        source: text of a Python module.

    Raises:
        SyntaxError: if `source` does not parse.

    Example:
        >>> for fault in faults("def relu(x):\\n    return where(x > 0, x, 0 * x)"):
        ...     print(fault.operator, "|", fault.after)
        swapped branch | return where(x > 0, 0 * x, x)
        comparison | return where(x >= 0, x, 0 * x)
        comparison | return where(x < 0, x, 0 * x)
        factor | return where(x > 1, x, 0 * x)
        arithmetic | return where(x > 0, x, 0 / x)
        dropped term | return where(x > 0, x, 0)
        dropped term | return where(x > 0, x, x)
        factor | return where(x > 0, x, 1 * x)
    """
    tree = ast.parse(source)
    statements = [ast.unparse(node) for node in tree.body]
    seen = {"\n".join(statements)}
    found = []
    for site in list(sites(tree)):
        for fault in _faults_at(site, statements):
            if fault.source not in seen:
                seen.add(fault.source)
                found.append(fault)
    return sorted(found, key=lambda fault: fault.line)


def unchanged(source: str, function: str) -> Fault:
    """The absence of a fault in `function`, to be planted like one."""
    return Fault(0, function, "none", "", "", ast.unparse(ast.parse(source)))


def _faults_at(site: Site, statements: list[str]) -> Iterator[Fault]:
    in_default = site.within("defaults", "kw_defaults")
    top, module = list(site.path)[-2:]
    for operator, rewrite in REWRITES.items():
        for node in rewrite(site):
            before = site.statement.snippet()
            site.put(node)
            # Where the statement itself was exchanged, `site` still holds the one taken out.
            after = ast.unparse(node) if site.statement is site else site.statement.snippet()
            # Of the module only the changed definition is written out anew, which is far faster.
            changed = ast.unparse(module.node.body[top.index])
            site.put(site.node)
            source = "\n".join([*statements[: top.index], changed, *statements[top.index + 1 :]])
            name = "default" if in_default else operator
            yield Fault(site.node.lineno, site.function, name, *_excerpts(before, after), source)


def _excerpts(before: str, after: str, width: int = 72, margin: int = 24) -> tuple[str, ...]:
    """Cuts two versions of a long line to what differs and a little on either side."""
    if max(len(before), len(after)) <= width:
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    same = next((i for i, (old, new) in pairs if old != new), min(len(before), len(after)))
    start = before.rfind(" ", 0, max(same - margin, 0)) + 1
    lead = "... " if start else ""
    room = width - len(lead)
    return tuple(lead + shorten(s[start:], room, placeholder=" ...") for s in (before, after))
