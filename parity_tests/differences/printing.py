"""The code of an entry as a program of its own: pasted into a fresh interpreter, it runs.

What a function reads beside its parameters is put above it: the imports it needs, and the helpers
of this project in full, so that nothing of the project is imported.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from functools import cache
from types import ModuleType

import numpy as np

from parity_tests.differences.entry import Difference
from parity_tests.differences.measuring import MODEL, Measured
from parity_tests.differences.outcomes import RELATIVE

PROJECT = ("parity_tests", "shared", "tf_impl", "torch_impl")


def program(entry: Difference, *functions: str) -> str:
    """A program that computes what these functions of an entry return, each under its own name.

    What one function returns is `result`; of two, the first's is `expected`.
    """
    written = _Program()
    data, sources = _parts(entry)
    module = sys.modules[entry.made_of.__module__]
    asked = {name for function in functions for name in entry.arguments(function, 1)}
    bodies = [*(data[n] for n in data if n in asked), *(sources[name] for name in functions)]
    for text in bodies:
        written.resolve(text, module)
    settings = list(dict.fromkeys(data[name] for name in data if name in asked))
    settings += [f"steps = {max(entry.steps)}"] if "steps" in asked else []
    calls = [_call(entry, name) for name in functions]
    named = ("expected", "result") if len(calls) == 2 else ("result",)
    last = [f"{name} = {call}" for name, call in zip(named, calls, strict=True)]
    if len(functions) == 2:
        written.imported["import numpy as np"] = None  # which compares the two
    given = ["\n".join(settings)] if settings else []
    head = "\n".join(written.imports())
    if given and not written.definitions:  # nothing that the settings call stands between
        head, given = f"{head}\n\n{given[0]}", []
    blocks = [head, *written.definitions, *given, *(sources[name] for name in functions)]
    return "\n\n\n".join([*blocks, "\n".join(last)]) + "\n"


def _call(entry, function):
    return f"{function}({', '.join(entry.arguments(function, 1))})"


def _parts(entry):
    """(its data, its functions), each the text that stands in the class, by name."""
    text = textwrap.dedent(inspect.getsource(entry.made_of))
    (tree,) = ast.parse(text).body
    data, functions = {}, {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = _segment(text, node)
        elif isinstance(node, ast.Assign):
            data |= dict.fromkeys(_defined(node), _segment(text, node))
    for name in entry.functions.keys() - functions.keys():
        function = entry.functions[name]
        raise ValueError(f"{entry.id}: {name} is {function!r}; write it in the class")
    return data, functions


class _Program:
    """Imports and definitions that a text needs, each once, what is needed first above."""

    def __init__(self):
        self.imported: dict[str, None] = {}
        self.definitions: list[str] = []
        self._seen: set[tuple[str, str]] = set()
        self._homes: dict[str, str] = {}

    def imports(self) -> list[str]:
        """As the project sorts them: whole modules first."""
        return sorted(self.imported, key=lambda line: (line.startswith("from"), line))

    def resolve(self, text: str, module: ModuleType) -> None:
        """Take up all that a text reads of the module it stands in."""
        names = [n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)]
        for name in dict.fromkeys(names):
            if hasattr(module, name) and (module.__name__, name) not in self._seen:
                self._seen.add((module.__name__, name))
                self._take(name, module, called=name)

    def _take(self, name, module, called):
        source, tree = _read(module)
        node, alias = _binding(tree, name)
        if alias is None:
            text = _segment(source, node)
            self.resolve(text, module)
            if (home := self._homes.setdefault(called, module.__name__)) != module.__name__:
                raise ValueError(f"{called} would be of {home} and of {module.__name__}")
            text = text.replace(f"def {name}(", f"def {called}(", 1)
            if text not in self.definitions:  # as one that gives two names their values is
                self.definitions.append(text)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith(PROJECT):
            home = sys.modules[node.module]
            if (home.__name__, alias.name) not in self._seen:
                self._seen.add((home.__name__, alias.name))
                self._take(alias.name, home, called)
        else:
            start = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
            renamed = f" as {alias.asname}" if alias.asname else ""
            self.imported[f"{start}import {alias.name}{renamed}"] = None


@cache
def _read(module):
    """(the text of a module, its tree)."""
    source = inspect.getsource(module)
    return source, ast.parse(source)


def _binding(tree, name):
    """(the statement of a module that gives a name its meaning, its alias if it is an import)."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if name == (alias.asname or alias.name.partition(".")[0]):
                    return node, alias
        elif name in _defined(node):
            return node, None
    raise LookupError(f"no statement of the module defines {name}")


def _defined(node):
    """The names that a definition or an assignment gives a meaning."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def _segment(text, node):
    """A statement as it is written, from its decorators on, without its indentation."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    return textwrap.dedent("\n".join(line.removesuffix("  # fmt: skip") for line in lines))


def check(found: Measured, direction: str) -> str:
    """A program that aligns an entry in one direction, and fails unless it has."""
    expected = found.outcomes[MODEL[direction]]
    text = program(found.entry, MODEL[direction], direction)
    return text + _assertion(found.entry, expected, found.default.words.startswith("shape"))


def _assertion(entry, expected, shape):
    if expected is None or isinstance(expected, str):
        return "assert result == expected\n"
    if isinstance(expected, list):
        body = textwrap.indent(_assertion(entry, expected[0], shape), "    ")
        body = body.replace("result", "one").replace("expected", "other")
        return f"for one, other in zip(result, expected, strict=True):\n{body}"
    if entry.ulp is not None:
        allowed = f"rtol={entry.ulp:g} * np.finfo(np.float32).eps"
    else:
        finite = np.abs(expected[np.isfinite(expected)])
        allowed = f"rtol={RELATIVE:g}, atol={RELATIVE * finite.max(initial=0.0):.2g}"
    first = "assert np.shape(result) == np.shape(expected)\n" if shape else ""
    return f"{first}np.testing.assert_allclose(result, expected, {allowed})\n"
