"""What a function of the catalogue comes to, in NumPy's terms; how far two of them are apart."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
import torch

from shared.comparison import ulp

RELATIVE = 1e-12  # of the largest element, for results computed in float64
SHOWN = 6  # elements of an array or a list that are written out


class Raised(NamedTuple):
    """An error in the place of a result."""

    kind: str
    message: str


@dataclass(frozen=True)
class Gap:
    """How far two outcomes are apart.

    Attributes:
        absolute: largest difference of two elements; infinite where they cannot be subtracted.
        relative: the same, in parts of the largest finite element.
        ulps: largest difference in units of the last place, in the coarser of the two formats.
        words: the difference where it is no number: an error, a shape, a type; empty otherwise.
    """

    absolute: float
    relative: float
    ulps: float
    words: str = ""

    def within(self, ulps: float | None) -> bool:
        """Whether this is no more than `ulps`, or without them than `RELATIVE`."""
        return self.relative <= RELATIVE if ulps is None else self.ulps <= ulps

    def __str__(self) -> str:
        return self.words or f"{self.absolute:.3g}"


EQUAL = Gap(0.0, 0.0, 0.0)


def outcome(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What a function returns, as `plain` values, or the error that it raises."""
    with as_found():
        try:
            return plain(function(**arguments))
        except Exception as error:
            return Raised(type(error).__name__, " ".join(str(error).split()))


@contextmanager
def as_found() -> Iterator[None]:
    """Seed both frameworks, keep their warnings quiet, and put back what a function may set."""
    precision, policy = keras.config.floatx(), keras.config.dtype_policy()
    usual, told = torch.get_default_dtype(), tf.get_logger().level
    tf.get_logger().setLevel("ERROR")
    validated = torch.distributions.Distribution._validate_args
    # as torch comes: whatever was compiled before has switched it off
    torch.distributions.Distribution.set_default_validate_args(True)
    keras.utils.set_random_seed(0)
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        tf.get_logger().setLevel(told)
        torch.distributions.Distribution.set_default_validate_args(validated)
        keras.config.set_floatx(precision)
        keras.config.set_dtype_policy(policy)
        torch.set_default_dtype(usual)
        torch.set_flush_denormal(False)


def plain(value: Any) -> Any:
    """Tensors as arrays, of lists and tuples each; numbers, None and words as they are.

    >>> plain((torch.ones(2), "float32", None))
    [array([1., 1.], dtype=float32), 'float32', None]
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, torch.Tensor):
        if value.requires_grad:
            raise TypeError("detach what is returned: NumPy does not read what requires a gradient")
        value = value.float() if value.dtype == torch.bfloat16 else value
        return value.cpu().numpy().copy()
    if isinstance(value, tf.Tensor | tf.Variable | keras.Variable):
        return np.array(value)
    if isinstance(value, bool | int | float | complex | np.ndarray | np.generic):
        return np.array(value)
    raise TypeError(f"return arrays, tensors, numbers, words or None, not {type(value).__name__}")


def gap(left: Any, right: Any) -> Gap:
    """How far two outcomes are apart; two errors are no difference, nor are two NaN.

    >>> str(gap(np.array([1.0, np.nan]), np.array([1.5, np.nan])))
    '0.5'
    >>> str(gap(np.zeros(2), np.zeros(3))), str(gap(None, np.zeros(())))
    ('shape (2,) against (3,)', 'None against 0')
    """
    if isinstance(left, Raised) or isinstance(right, Raised):
        both = isinstance(left, Raised) and isinstance(right, Raised)
        return EQUAL if both else _unlike(left, right)
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        gaps = [gap(one, other) for one, other in zip(left, right, strict=True)]
        return max(gaps, key=lambda each: (each.relative, each.absolute), default=EQUAL)
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        if left.shape != right.shape:
            return _apart(f"shape {left.shape} against {right.shape}")
        return _numbers(left, right)
    return EQUAL if type(left) is type(right) and left == right else _unlike(left, right)


def said(value: Any) -> str:
    """An outcome in a few words: an array in full where it is as short as six elements.

    >>> said([np.ones(2), None]), said(np.zeros((2, 3, 4)))
    ('([1, 1], None)', 'float64 of shape (2, 3, 4)')
    """
    if isinstance(value, Raised):
        return value.kind
    if isinstance(value, list):
        shown = [*map(said, value[:SHOWN]), *(["…"] if len(value) > SHOWN else [])]
        return f"({', '.join(shown)})"
    if isinstance(value, np.ndarray):
        if value.size > SHOWN:
            return f"{value.dtype} of shape {value.shape}"
        shown = np.array2string(value, separator=", ", formatter={"float_kind": "{:.6g}".format})
        return " ".join(shown.split())
    return str(value)


def _unlike(left, right):
    return _apart(f"{said(left)} against {said(right)}")


def _apart(words):
    return Gap(np.inf, np.inf, np.inf, words)


def _numbers(left, right):
    coarser = max(left.dtype, right.dtype, np.dtype(float), key=_coarseness)
    wide = np.complex128 if np.iscomplexobj(left) or np.iscomplexobj(right) else np.float64
    left, right = left.astype(wide), right.astype(wide)
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    if same.all():
        return EQUAL
    if not (np.isfinite(left) & np.isfinite(right))[~same].all():
        place = np.argwhere(~same & ~(np.isfinite(left) & np.isfinite(right)))[0]
        return _apart(f"{left[tuple(place)]:g} against {right[tuple(place)]:g}")
    # infinities of one sign are the same, and have no difference
    apart = np.abs(np.subtract(left, right, where=~same, out=np.zeros_like(left)))
    largest = max(np.abs(v[np.isfinite(v)]).max(initial=0.0) for v in (left, right))
    steps = apart / ulp(np.maximum(np.abs(left), np.abs(right)), coarser)
    return Gap(float(apart.max()), float(apart.max() / largest), float(np.nanmax(steps)))


def _coarseness(dtype):
    return np.finfo(dtype).eps if np.issubdtype(dtype, np.inexact) else 0.0
