"""Which public functions and classes of a module a fault can reach."""

from __future__ import annotations

import ast
from functools import lru_cache

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def touched(source: str, function: str) -> list[str]:
    """Names the public functions and classes of a module that a fault inside `function` can reach.

    They are the one that the fault is in, if it is public, and those that use it, directly or
    through others. Where none is known the list is empty, which means all of them.

    Args:
        source: text of the module.
        function: qualified name, as in ``PReLU.build``; "" for a fault at module level.

    Example:
        >>> module = "def _power(x): return x * x\\ndef area(x): return _power(x)"
        >>> touched(module, "_power"), touched(module, "area.inner"), touched(module, "")
        (['area'], ['area'], [])
    """
    own = function.partition(".")[0]
    if not own:
        return []
    defined = {node.name for node in ast.parse(source).body if isinstance(node, _DEFINITIONS)}
    public = {name for name in _reach(source, own) & defined if not name.startswith("_")}
    return sorted(public, key=lambda name: (name != own, name))


def _reach(source: str, name: str) -> set[str]:
    """The top-level names of a module that depend on `name`, and `name` itself."""
    mentions = _mentions(source)
    reached, waiting = {name}, [name]
    while waiting:
        used = waiting.pop()
        users = {user for user, names in mentions.items() if used in names} - reached
        reached |= users
        waiting += users
    return reached


@lru_cache(maxsize=1)
def _mentions(source: str) -> dict[str, set[str]]:
    """For each top-level name of a module, the names that its definition mentions."""
    mentions: dict[str, set[str]] = {}
    for statement in ast.parse(source).body:
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if isinstance(statement, _DEFINITIONS):
            mentions[statement.name] = names
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                mentions[ast.unparse(target)] = names
    return mentions
