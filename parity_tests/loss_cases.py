"""Each loss at float32 numbers, confident and doubtful, right and wrong, and its truth there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

import tf_impl.losses
import torch_impl.losses
from shared.bounds import Evaluated
from shared.catalogue.losses import BOUNDS, REDUCE
from shared.comparison import compare
from shared.reference import losses as reference
from shared.reference.activations import sigmoid

OURS = {"TensorFlow": tf_impl.losses, "torch": torch_impl.losses}
OF_LABELS = ("squared_error", "mean_squared_error", "binary_cross_entropy",
             "binary_cross_entropy_with_logits", "softmax_cross_entropy")  # fmt: skip
ELEMENTWISE = OF_LABELS[1:4]


@dataclass(frozen=True, eq=False)
class Case:
    """One loss with one set of options, at tensors after its labels, if it has any."""

    name: str
    kind: str
    labels: tuple[np.ndarray, ...]
    tensors: tuple[np.ndarray, ...]
    options: dict

    def __str__(self):
        return "-".join(filter(None, (self.name, self.kind, self.options.get("reduction"))))

    @property
    def inputs(self):
        return *self.labels, *self.tensors

    @cached_property
    def g(self):
        return normal(np.shape(self.reference("")), seed=2)

    def reference(self, order, *upstream):
        """The reference's value, "_gradient" or "_second" here."""
        return getattr(reference, self.name + order)(*upstream, *self.inputs, **self.options)

    @cached_property
    def truth(self):
        """[(tensor, inputs of the reference, what it gives)] of the value and each gradient."""
        gradients = self.reference("_gradient", self.g)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        value, *names = (name for name in BOUNDS[self.name] if name != "second")
        slopes = zip(names, gradients, strict=True)
        return [(value, self.inputs, self.reference("")),
                *((name, (self.g, *self.inputs), g) for name, g in slopes)]  # fmt: skip

    def assert_right(self, found, dtype):
        """The value and gradients found are the reference's, within the bounds."""
        for values, (tensor, inputs, expected) in zip(found, self.truth, strict=True):
            at = Evaluated(None, inputs, np.asarray(expected), self.options)
            bound = BOUNDS[self.name][tensor].size(at, dtype)
            worst = compare(values, expected, bound, dtype)
            assert worst.agrees, (tensor, worst)


def float32(values):
    """Numbers of float32, in float64."""
    return np.asarray(values).astype(np.float32).astype(np.float64)


def normal(shape, size=1.0, seed=1):
    return float32(size * np.random.default_rng(seed).normal(size=shape))


def drawn():
    """(name, kind, labels, tensors, options other than the reduction)"""
    p, x, h = normal((5, 3)), normal((5, 3), 5.0), float32(sigmoid(normal((5, 3))))
    x[:3] = [20, 0.5, -1], [-30, 40, 0.5], [2, 2, 2]
    h[0] = 2.0**-20, 1 - 2.0**-20, 1e-6
    shares = np.array([[1, 2, 5], [4, 4, 0], [3, 0, 5], [0, 8, 0], [2, 3, 3]]) / 8
    ids, soft = np.array([0, 2, 1, 0, 2]), float32(sigmoid(normal((5, 3), seed=3)))
    hard = np.round(soft)
    hard[:2] = [0, 1, 0]
    yield "squared_error", "", (normal((5, 3), seed=3),), (p,), {}
    yield "mean_squared_error", "", (normal((5, 3), seed=3),), (p,), {}
    for kind, y in (("hard", hard), ("soft", soft)):
        yield "binary_cross_entropy", kind, (y,), (h,), {}
        yield "binary_cross_entropy_with_logits", kind, (y,), (x,), {}
    of_rows = {"ids": ids, "one-hot": np.eye(3)[ids], "soft": shares, "weighted": soft}
    for kind, y in of_rows.items():
        yield "softmax_cross_entropy", kind, (y,), (x,), {}
    yield "l2_penalty", "", (), (x,), {"weight": 0.375}
    yield "sparsity_penalty", "", (), (h,), {"target": 0.1, "weight": 3.0}
    yield "contractive_penalty", "", (), (h[:, 1:], normal((4, 2))), {}


CASES = [
    Case(*row, options | reduction)
    for *row, options in drawn()
    for reduction in (
        [{}] if row[0] in ("l2_penalty", "sparsity_penalty") else [{"reduction": r} for r in REDUCE]
    )
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def of(half, case, function):
    """The half's function of the case's tensors alone, labels being constants."""
    labels = [half.framework.tensor(values) for values in case.labels]
    if half.framework.NAME == "torch":
        return lambda *tensors: function(*tensors, *labels, **case.options)
    return lambda *tensors: function(*labels, *tensors, **case.options)


def ours(half, case):
    return getattr(OURS[half.framework.NAME], case.name)
