"""Feature preprocessing: functions of x and its statistics, and Keras layers that keep these.

Call `adapt` with the training split alone: the statistics are taken there, in float64, and are
constants in every call after it. A column that is constant there comes out as 0.

`adapt` raises ValueError unless x has two axes and a row, and where it holds NaN or an infinity,
naming the row. One row is a split whose columns are all constant: zeros, but for PCAWhitening, for
which no direction is left. In a call NaN stays NaN, an empty batch stays empty, and integers become
floating-point. A layer called before that raises RuntimeError, and another number of features
ValueError.
"""

from tf_impl.preprocessing.base import column_means
from tf_impl.preprocessing.scaling import (
    MeanCentering,
    MinMaxScaling,
    Standardization,
    column_deviations,
    column_ranges,
    mean_centering,
    min_max_scaling,
    standardization,
)
from tf_impl.preprocessing.whitening import PCAWhitening, pca_whitening, principal_directions

__all__ = [
    "MeanCentering",
    "MinMaxScaling",
    "PCAWhitening",
    "Standardization",
    "column_deviations",
    "column_means",
    "column_ranges",
    "mean_centering",
    "min_max_scaling",
    "pca_whitening",
    "principal_directions",
    "standardization",
]
