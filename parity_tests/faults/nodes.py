"""Questions about a node of a syntax tree, and copies of it with a part exchanged."""

from __future__ import annotations

import ast
import copy

from parity_tests.faults.sites import Site

_OPPOSITES = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


def changed(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of the node in which these fields hold other values."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def one_more(node: ast.expr) -> ast.expr:
    """The expression plus one."""
    if is_number(node, int) or is_number(node, float):
        return ast.Constant(node.value + 1)
    return ast.BinOp(node, ast.Add(), ast.Constant(1))


def negated(test: ast.AST) -> ast.AST:
    """The condition that holds where `test` does not."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and type(test.ops[0]) in _OPPOSITES and len(test.ops) == 1:
        return changed(test, ops=[_OPPOSITES[type(test.ops[0])]()])
    return ast.UnaryOp(ast.Not(), test)


def called_name(node: ast.AST) -> str:
    """Last part of the name of the function that is called, "" if nothing is."""
    called = getattr(node, "func", None)
    return getattr(called, "attr", getattr(called, "id", ""))


def is_number(node: ast.AST, kind: type) -> bool:
    """Whether the node is a constant of exactly this type: True is no int."""
    return isinstance(node, ast.Constant) and type(node.value) is kind


def is_result(site: Site) -> bool:
    """Whether the node is a returned or assigned value, alone or in a tuple."""
    while isinstance(site.parent.node, ast.Tuple):
        site = site.parent
    if isinstance(site.parent.node, ast.Lambda):
        return site.field == "body"
    return site.field == "value" and isinstance(site.parent.node, (ast.Return, *_ASSIGNMENTS))


def joins_text(node: ast.AST) -> bool:
    """Whether an operand of + or another operator is text as written."""
    return any(
        isinstance(operand, ast.JoinedStr) or isinstance(getattr(operand, "value", None), str)
        for operand in _operands(node)
    )


def joins_sequences(node: ast.AST) -> bool:
    """Whether + or * joins or repeats sequences, for which no other operator is defined."""
    sequences = (ast.List, ast.Tuple, ast.ListComp)
    return joins_text(node) or any(isinstance(operand, sequences) for operand in _operands(node))


def _operands(node: ast.AST) -> list[ast.AST]:
    """Both sides of an operator, or the right side of one such as +=."""
    names = [name for name in ("left", "right", "value") if hasattr(node, name)]
    return [getattr(node, name) for name in names]


def sets_attribute(node: ast.AST) -> bool:
    """Whether the statement gives a value to an attribute, as in ``self.x = x``."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = getattr(node, "targets", None) or [node.target]
    return any(isinstance(target, ast.Attribute) for target in targets)
