"""The kinds of fault: each function takes a site and yields what could stand there by mistake."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from parity_tests.faults.nodes import (
    called_name,
    changed,
    is_number,
    is_result,
    joins_sequences,
    joins_text,
    negated,
    one_more,
    sets_attribute,
)
from parity_tests.faults.sites import Site

Nodes = Iterator[ast.AST]

_COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_PAIRS = (
    ("maximum", "minimum"),
    ("max", "min"),
    ("reduce_max", "reduce_min"),
    ("amax", "amin"),
    ("argmax", "argmin"),
    ("sum", "mean"),
    ("reduce_sum", "reduce_mean"),
    ("add_", "sub_"),
    ("mul_", "div_"),
    ("assign_add", "assign_sub"),
)
_FUNCTIONS = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}


def comparison(site: Site) -> Nodes:
    """A bound that is strict or not, or a comparison the other way round."""
    if isinstance(site.node, ast.Compare):
        for i, op in enumerate(site.node.ops):
            for other in _COMPARISONS.get(type(op), ()):
                ops = [*site.node.ops[:i], other(), *site.node.ops[i + 1 :]]
                yield changed(site.node, ops=ops)


def arithmetic(site: Site) -> Nodes:
    """``+`` for ``-``, ``*`` for ``/``, and a power one too high."""
    node = site.node
    if not isinstance(node, ast.BinOp | ast.AugAssign) or joins_sequences(node):
        return
    if type(node.op) in _ARITHMETIC:
        yield changed(node, op=_ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield changed(node, right=one_more(node.right))


def sign(site: Site) -> Nodes:
    """A minus lost, or one too many in front of a result."""
    if isinstance(site.node, ast.UnaryOp) and isinstance(site.node.op, ast.USub):
        yield site.node.operand
    if isinstance(site.node, ast.BinOp) and is_result(site) and not joins_sequences(site.node):
        yield ast.UnaryOp(ast.USub(), site.node)


def dropped_term(site: Site) -> Nodes:
    """A sum without one of its terms, or a product without one of its factors."""
    if isinstance(site.node, ast.BinOp) and not joins_text(site.node):
        if isinstance(site.node.op, ast.Add | ast.Sub | ast.Mult):
            yield site.node.left
        if isinstance(site.node.op, ast.Add | ast.Mult):
            yield site.node.right


def index(site: Site) -> Nodes:
    """The first axis or element for the last one, and subscripts off by one."""
    if isinstance(site.node, ast.UnaryOp) and ast.unparse(site.node) == "-1":
        yield ast.Constant(0)
    if site.within("slice") and is_number(site.node, int):
        yield ast.Constant(site.node.value + 1)


def factor(site: Site) -> Nodes:
    """A whole number one too large, a fraction a thousandth too large."""
    if is_number(site.node, int):
        yield ast.Constant(site.node.value + 1)
    elif is_number(site.node, float):
        larger = float(f"{site.node.value * 1.001:.12g}")
        yield ast.Constant(larger or 1.0)


def swapped_branch(site: Site) -> Nodes:
    """The value for "yes" where that for "no" belongs."""
    node = site.node
    if isinstance(node, ast.IfExp):
        yield changed(node, body=node.orelse, orelse=node.body)
    if isinstance(node, ast.Call) and called_name(node).endswith("where") and len(node.args) == 3:
        condition, chosen, otherwise = node.args
        yield changed(node, args=[condition, otherwise, chosen])
    if site.field == "test" and isinstance(site.parent.node, ast.If):
        yield negated(node)


def swapped_function(site: Site) -> Nodes:
    """The largest for the smallest, a mean for a sum, exp(x) - 1 for exp(x), x for abs(x)."""
    node, name = site.node, called_name(site.node)
    if not isinstance(node, ast.Call):
        return
    if name in _FUNCTIONS and isinstance(node.func, ast.Attribute):
        yield changed(node, func=changed(node.func, attr=_FUNCTIONS[name]))
    elif name in ("max", "min"):
        yield changed(node, func=ast.Name(_FUNCTIONS[name]))
    elif name == "exp":
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))
    elif name == "abs":
        yield node.args[0] if node.args else node.func.value


def flipped_flag(site: Site) -> Nodes:
    """``keepdims=False`` for ``keepdims=True``, and so for every flag."""
    if isinstance(site.node, ast.Constant) and isinstance(site.node.value, bool):
        yield ast.Constant(not site.node.value)


def dropped_statement(site: Site) -> Nodes:
    """A call whose effect is lost, a running value or an attribute that is never set."""
    node = site.node
    called = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    if called or isinstance(node, ast.AugAssign) or sets_attribute(node):
        yield ast.Pass()


REWRITES: dict[str, Callable[[Site], Nodes]] = {
    "comparison": comparison,
    "arithmetic": arithmetic,
    "sign": sign,
    "dropped term": dropped_term,
    "index": index,
    "factor": factor,
    "swapped branch": swapped_branch,
    "swapped function": swapped_function,
    "flipped flag": flipped_flag,
    "dropped statement": dropped_statement,
}
