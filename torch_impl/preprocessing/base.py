"""What all preprocessing shares: statistics of the training split, and the module they lie in."""

import numpy as np
import torch
from torch import nn


def column_means(x):
    """(μ,), the mean of each column, and exactly its value where a column is constant.

    >>> column_means(torch.tensor([[1.0, 7.0], [2.0, 7.0]]))[0].tolist()
    [1.5, 7.0]
    """
    low, high = torch.amin(x, 0), torch.amax(x, 0)
    # μ = Σ x / n
    mean = torch.sum(x, 0) / len(x)
    # a sum of equal numbers rounds too, and what is left of them would be scaled up to 1
    return (torch.where(low == high, low, mean),)


def or_infinite(scale):
    """The divisor of each column: itself, or ∞ if it is 0, so that numbers become 0 and NaN stays.

    >>> or_infinite(torch.tensor([2.0, 0.0])).tolist()
    [2.0, inf]
    """
    return torch.where(scale == 0, torch.inf, scale)


def _training_split(name, x):
    """The training split in float64; ValueError where statistics would make no sense."""
    x = np.asarray(x.detach().cpu() if isinstance(x, torch.Tensor) else x, np.float64)
    if x.ndim != 2 or x.shape[0] == 0:
        raise ValueError(f"{name} needs a training split of (rows, features), got {x.shape}")
    wrong = np.argwhere(~np.isfinite(x))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"{name} cannot take statistics of {x[row, column]} in row {row}, column {column}: "
            f"drop or fill such rows ({len(set(wrong[:, 0]))} of {len(x)}) first"
        )
    return torch.from_numpy(x)


class _Preprocessing(nn.Module):
    """What the modules share: statistics, set by `fit` and by nothing else.

    They are buffers of the dtype and device of x, or of the default dtype if x has integers.
    """

    statistics = ("mean",)

    def __init__(self):
        super().__init__()
        for name in self.statistics:
            self.register_buffer(name, None)

    def fit(self, x):
        """Take the statistics of the training split x, (n, D), in float64; forget earlier ones."""
        found = self.estimate(_training_split(type(self).__name__, x))
        x = torch.as_tensor(x)
        dtype = x.dtype if x.dtype.is_floating_point else torch.get_default_dtype()
        for name, value in zip(self.statistics, found, strict=True):
            setattr(self, name, value.to(x.device, dtype))
        return self

    def forward(self, x):
        statistics = [getattr(self, name) for name in self.statistics]
        if statistics[0] is None:
            raise RuntimeError(
                f"{type(self).__name__} has no statistics yet: "
                f"call fit(x) with the training split first"
            )
        return self.transform(x.to(statistics[0].dtype), *statistics)

    def _load_from_state_dict(self, state_dict, prefix, *arguments):
        # the shapes of the statistics are those of the state
        for name in self.statistics:
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name]))
        super()._load_from_state_dict(state_dict, prefix, *arguments)
