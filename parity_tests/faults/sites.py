"""The places of a module where a fault may be planted."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_DECLARATIONS = ("annotation", "returns", "msg")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_STATEMENTS = (ast.stmt, ast.match_case)


@dataclass(frozen=True, eq=False)
class Site:
    """A node of a syntax tree, and the way up from it to the module."""

    node: ast.AST
    field: str = ""
    index: int | None = None
    parent: Site | None = None

    @property
    def path(self) -> Iterator[Site]:
        """This site and those around it, from the inside out."""
        site: Site | None = self
        while site is not None:
            yield site
            site = site.parent

    @property
    def function(self) -> str:
        """Qualified name of the enclosing function or class, "" at module level."""
        names = [site.node.name for site in self.path if isinstance(site.node, _SCOPES)]
        return ".".join(reversed(names))

    @property
    def statement(self) -> Site:
        """The innermost statement around this site, or the decorator that it is in."""
        return next(
            site
            for site in self.path
            if isinstance(site.node, _STATEMENTS) or site.field == "decorator_list"
        )

    def within(self, *fields: str) -> bool:
        """Whether the way up passes through one of these fields of a node."""
        return any(site.field in fields for site in self.path)

    def put(self, node: ast.AST) -> None:
        """Puts `node` where this site's own node stands in the tree."""
        if self.index is None:
            setattr(self.parent.node, self.field, node)
        else:
            getattr(self.parent.node, self.field)[self.index] = node

    def snippet(self) -> str:
        """The node in one line of source; of a compound statement only the line that opens it."""
        head = copy.copy(self.node)
        for field in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
            if isinstance(getattr(head, field, None), list):
                setattr(head, field, [])
        return ast.unparse(head).strip().splitlines()[0]


def sites(tree: ast.Module) -> Iterator[Site]:
    """Yields every place inside `tree` that decides what is computed.

    Left out are imports, annotations, text, what a ``raise`` says, ``__all__``, how a dataclass is
    declared, whether a ``zip`` is strict, and the branches that only a type checker or a direct
    call of the file would enter.
    """
    yield from _below(Site(tree))


def _below(parent: Site) -> Iterator[Site]:
    for field, value in ast.iter_fields(parent.node):
        if field in _DECLARATIONS:
            continue
        listed = isinstance(value, list)
        for index, node in enumerate(value if listed else [value]):
            if isinstance(node, ast.AST) and not _is_declaration(node):
                site = Site(node, field, index if listed else None, parent)
                yield site
                yield from _below(site)


def _is_declaration(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.JoinedStr):
        return True
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).endswith("dataclass")
    if isinstance(node, ast.keyword):
        return node.arg == "strict"  # of zip: it is a check of lengths itself, and computes nothing
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    if isinstance(node, ast.If):
        names = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
        return not names.isdisjoint(("TYPE_CHECKING", "__name__"))
    return False
