"""The preprocessing of features, by statistics of digits: of columns, three of them constant."""

from functools import partial

import numpy as np

from shared.bounds import RunningError, Ulps
from shared.catalogue.concept import NOTES, Concept
from shared.data import load_digits
from shared.reference import preprocessing as reference
from shared.samples import Sample

TRAINING = 600  # rows whose statistics are taken; the sample is of others
ROWS = 24
KEPT = 0.01  # of all variance that a direction has to have: the last ones differ by rounding


def _rounded(values):
    return np.asarray(values).astype(np.float32).astype(np.float64)


def _sample():
    rows = load_digits()[0][TRAINING : TRAINING + ROWS]
    return Sample(_rounded(rows), {"digits": slice(0, ROWS)})


def _statistic(estimate, place):
    """One statistic of the training rows."""
    return _rounded(estimate(load_digits()[0][:TRAINING])[place])


def _row(name, formula, estimate, names, bound, source=NOTES):
    return Concept(
        name,
        "preprocessing",
        formula=formula,
        gradient="none: it comes before the network",
        conventions="constant columns become 0",
        bounds={"h": bound},
        source=source,
        sample=_sample,
        inner=(64,),
        constants={n: partial(_statistic, estimate, place) for place, n in enumerate(names)},
        shipped=False,  # Keras ships one of the four and torch none
    )


def _whitening_terms(x, mean, directions, variances):
    return np.abs(x - mean) @ np.abs(directions) / np.sqrt(variances)


PREPROCESSING = (  # the roundings of each formula: of a difference, of a divisor, of the quotient
    _row("mean_centering", "x − μ", reference.column_means, ["mean"], Ulps(1)),
    _row("standardization", "(x − μ) / σ", reference.column_deviations, ["mean", "stddev"],
         Ulps(2)),
    _row("min_max_scaling", "(x − least) / (greatest − least)", reference.column_ranges,
         ["minimum", "maximum"], Ulps(3)),
    _row("pca_whitening", "(x − μ) V / √λ",
         partial(reference.principal_directions, min_variance_ratio=KEPT),
         ["mean", "directions", "variances"],
         RunningError(_whitening_terms, lambda x, mean, *_: len(mean) + 3), "Pearson 1901"),
)  # fmt: skip
