"""Which rows to keep: a condition over columns, read with Python's grammar and never run."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune import checks
from autotune.errors import InputError
from autotune.quantities import parse_count

Mask: TypeAlias = NDArray[np.bool_]
Operand: TypeAlias = NDArray[Any]

_TEXT = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_COUNT = r"(?<![\w.])(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[KMBGTkmbgt]\b"
_SUFFIXED = re.compile(f"({_TEXT})|({_COUNT})")

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Operand, Operand], Operand]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_EQUALITY: Mapping[type[ast.cmpop], Callable[[Operand, Operand], Mask]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ORDER: Mapping[type[ast.cmpop], Callable[[Operand, Operand], Mask]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def select(expression: str, columns: Mapping[str, Operand], *, n_rows: int) -> Mask:
    """Evaluate a condition on every row.

    Comparisons, `and`, `or`, `not`, `in (...)`, parentheses, + - * / on numbers, quoted text,
    and counts such as 20B. A comparison with a missing number is false, and `!=` true.

    Args:
        expression: Such as `tokens >= 20B and router in ('Dense', 'Hash')`.
        columns: Arrays of shape (n_rows,), of numbers or of text, by the names to use.
        n_rows: Length of the columns.

    Returns:
        Where the condition holds, shape (n_rows,).

    Raises:
        InputError: If it cannot be read, names an unknown column, or mixes text and numbers.
    """
    plain = _SUFFIXED.sub(lambda m: m[1] or repr(parse_count(m[2])), expression)
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
        found = _Evaluation(expression, columns).mask(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        hint = "Write == to compare. " if re.search(r"(?<![=<>!])=(?!=)", plain) else ""
        raise InputError(
            f"cannot read the condition {expression!r}. {hint}"
            "Examples: tokens >= 20B and loss < 4; router in ('Dense', 'Hash')."
        ) from error
    return np.broadcast_to(found, (n_rows,))


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """Walks one condition; every node is a mask, numbers or text."""

    expression: str
    columns: Mapping[str, Operand]

    def mask(self, node: ast.expr) -> Mask:
        match node:
            case ast.BoolOp(op=ast.And()):
                return reduce(operator.and_, map(self.mask, node.values))
            case ast.BoolOp():
                return reduce(operator.or_, map(self.mask, node.values))
            case ast.UnaryOp(op=ast.Not()):
                return ~self.mask(node.operand)
            case ast.Compare():
                sides = [node.left, *node.comparators]
                pairs = zip(sides, node.ops, sides[1:], strict=False)
                return reduce(operator.and_, (self._compare(*pair) for pair in pairs))
        raise self._refusal(node, "is not a condition. Compare it with something, as in loss < 4.")

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Mask:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                raise self._refusal(right, "cannot follow `in`. Write a list, as in (1, 2).")
            equal = (self._compare(left, ast.Eq(), item) for item in right.elts)
            found = reduce(operator.or_, equal)
            return ~found if isinstance(op, ast.NotIn) else found
        one, other = self._operand(left), self._operand(right)
        texts = [a.dtype.kind == "U" for a in (one, other)]
        if texts[0] != texts[1]:
            text, number = (left, right) if texts[0] else (right, left)
            raise self._refusal(
                text, f"is text and {ast.unparse(number)} a number: they cannot be compared."
            )
        if type(op) in _EQUALITY:
            return np.asarray(_EQUALITY[type(op)](one, other))
        if type(op) not in _ORDER or texts[0]:
            raise self._refusal(left, "is compared in an unknown way. Text has ==, != and in.")
        return np.asarray(_ORDER[type(op)](one, other))

    def _operand(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=str() as text):
                return np.asarray(text)
            case ast.Constant(value=(int() | float()) as number):
                return np.asarray(float(number))
            case ast.Name():
                checks.one_of("column in the condition", node.id, self.columns)
                return self.columns[node.id]
            case ast.UnaryOp(op=ast.USub()):
                return -self._number(node.operand)
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                one, other = self._number(node.left), self._number(node.right)
                with np.errstate(all="ignore"):
                    return np.asarray(_ARITHMETIC[type(node.op)](one, other))
        raise self._refusal(node, "is neither a column, a number nor a quoted text.")

    def _number(self, node: ast.expr) -> Operand:
        value = self._operand(node)
        if value.dtype.kind == "U":
            raise self._refusal(node, "is text, and cannot be calculated with.")
        return value

    def _refusal(self, node: ast.AST, why: str) -> InputError:
        return InputError(f"condition {self.expression!r}: {ast.unparse(node)} {why}")
