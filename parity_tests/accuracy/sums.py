"""Sums, products, softmax and losses over 10 to 10⁶ float32 numbers, against exact arithmetic.

The frameworks' own sums stand beside what is summed by them: no formula can do better. Numbers are
normal ones; those of "sum" are made positive, so that nothing cancels, and those of "sum of both
signs" are not, so that the result is small beside its terms.
"""

import numpy as np
import tensorflow as tf
import torch

from parity_tests import parties
from parity_tests.accuracy.jobs import Sum
from shared.bounds import Evaluated, RunningError
from shared.catalogue import ACTIVATIONS, LAYERS, LOSSES
from shared.catalogue.losses import PRIMITIVE
from shared.exact import EXACT
from shared.floats import FLOAT32
from shared.reference.activations import sigmoid, softmax

CLASSES = 10  # along which a softmax cross-entropy is taken
CONCEPTS = {c.name: c for c in (*ACTIVATIONS, *LAYERS, *LOSSES) if c.name in EXACT}
PRIMITIVES = {"TensorFlow": tf.reduce_sum, "torch": torch.sum}


@np.errstate(all="ignore")
def run(job: Sum) -> list[dict]:
    """A row for each party: its worst and mean error in ULP, and the share of its bound used."""
    found = {party: [] for party in _parties(job.name)}
    for seed in range(job.draws):
        tensors = _draw(job.name, job.numbers, seed)
        inputs = tuple(tensors.values())
        truth = np.asarray(EXACT[job.name](*inputs))
        at = Evaluated(EXACT[job.name], inputs, truth)
        bound = _bound(job.name).size(at, "float32")
        for party in found:
            apart = np.abs(_result(party, job, tensors).reshape(truth.shape) - truth)
            error = np.nan_to_num(apart, nan=np.inf)
            found[party].append((error / FLOAT32.gap(truth), error / bound))
    return [
        {
            "sum": job.name, "numbers": job.numbers, "draws": job.draws, "mode": job.mode,
            "party": party,
            "worst": max(float(np.max(ulps)) for ulps, _ in errors),
            "mean": float(np.mean([np.mean(ulps) for ulps, _ in errors])),
            "used": max(float(np.max(used)) for _, used in errors),
        }
        for party, errors in found.items()
    ]  # fmt: skip


def _parties(name):
    everyone = {party.name: party for party in parties.five()}
    if name in CONCEPTS:
        return everyone
    return {name: party for name, party in everyone.items() if name.endswith("built-in")}


def _result(party_name, job, tensors):
    """What a party makes of the tensors, in float32."""
    party = _parties(job.name)[party_name]
    if job.name not in CONCEPTS:
        function, order = PRIMITIVES[party.adapter.NAME], tuple(tensors)
    else:
        concept = CONCEPTS[job.name]
        tensors = {n: party.dialect.forth(concept, n, v) for n, v in tensors.items()}
        function, order = party.find(concept, {}), party.dialect.order(tuple(tensors))
    inputs = [_single(tensors[name]) for name in order]
    ((output, *_),) = party.adapter.evaluate([(function, inputs, None, None)], job.mode)
    return np.asarray(output, np.float64)


def _single(values):
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def _draw(name, n, seed):
    """Name -> tensor, float32 numbers in float64, in the order that the reference takes them."""
    rng = np.random.default_rng([17, n, seed])

    def normal(*shape):
        return rng.normal(size=shape).astype(np.float32).astype(np.float64)

    def fractions(*shape):
        return sigmoid(normal(*shape)).astype(np.float32).astype(np.float64)

    rows = n // CLASSES
    draws = {
        "sum": lambda: {"x": np.abs(normal(n))},
        "sum of both signs": lambda: {"x": normal(n)},
        "linear": lambda: {"x": normal(1, n), "kernel": normal(n, 1), "bias": normal(1)},
        "softmax": lambda: {"x": normal(1, n)},
        "log_softmax": lambda: {"x": normal(1, n)},
        "l2_penalty": lambda: {"W": normal(n, 1)},
        "squared_error": lambda: {"y_true": normal(n, 1), "y_pred": normal(n, 1)},
        "mean_squared_error": lambda: {"y_true": normal(n, 1), "y_pred": normal(n, 1)},
        "binary_cross_entropy": lambda: {"y_true": fractions(n, 1), "y_pred": fractions(n, 1)},
        "binary_cross_entropy_with_logits": (
            lambda: {"y_true": fractions(n, 1), "y_pred": 2 * normal(n, 1)}
        ),
        "softmax_cross_entropy": (
            lambda: {
                "y_true": rng.integers(0, CLASSES, rows),
                "y_pred": 2 * normal(rows, CLASSES),
            }
        ),
    }
    return draws[name]()


def _bound(name):
    return OF_ROWS.get(name) or CONCEPTS[name].bounds["h"]


def _softmax_terms(x):
    # h, and what the rounding of z moves it by: h (|z| + Σ h |z|)
    h, z = softmax(x), np.max(x) - x
    return h * (1 + z + np.sum(h * z))


def _log_softmax_terms(x):
    # z, the logarithm, and what the rounding of z moves it by
    h, z = softmax(x), np.max(x) - x
    return 2 * z + np.log(np.sum(np.exp(-z))) + 1 + np.sum(h * z)


# γ_n Σ |terms|, where the catalogue moves one input after the other, which takes n times as long
OF_ROWS = {
    **dict.fromkeys(
        ("sum", "sum of both signs"), RunningError(lambda x: np.sum(np.abs(x)), lambda x: x.size)
    ),
    "softmax": RunningError(_softmax_terms, lambda x: x.size + 2 * PRIMITIVE + 2),
    "log_softmax": RunningError(_log_softmax_terms, lambda x: x.size + 2 * PRIMITIVE + 2),
}
