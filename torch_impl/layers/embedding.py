"""Embedding: a row of a learned table for each id.

ids  integers of any shape    E  table (N, D)    h = E[ids]  output (…, D)
"""

import torch
from torch import nn

from torch_impl.framework import differentiable


def embedding_gradient(g, h, ids, weight):
    # g_E = Σ g over the places where each id stands
    rows = torch.reshape(g, (ids.numel(), weight.shape[1]))
    return torch.zeros_like(weight, dtype=g.dtype).index_add(0, torch.flatten(ids), rows)


@differentiable(embedding_gradient, tensors=("weight",))
def embedding(ids, weight):
    """E[ids]: one-hot vectors times E without the zeros, from ids of any shape to (…, D).

    The gradients of an id that occurs twice are added. Ids are whole numbers from 0 to N − 1; what
    others give is up to the device: an IndexError on the CPU, a failed assertion on a GPU, which
    the process does not survive. Raises TypeError for ids that are not int32 or int64.

    >>> embedding(torch.tensor([1, 0, 1]), torch.tensor([[0.5], [2.0]])).tolist()
    [[2.0], [0.5], [2.0]]
    """
    if ids.dtype not in (torch.int32, torch.int64):
        raise TypeError(f"embedding needs ids of int32 or int64, got {ids.dtype}")
    # h = E[ids]
    return torch.reshape(weight.index_select(0, torch.flatten(ids)), (*ids.shape, weight.shape[1]))


class Embedding(nn.Module):
    """Module of embedding, its table `weight` (num_embeddings, embedding_dim) learned.

    Weights move to and from torch.nn.Embedding, and start as its do: standard normal.
    """

    def __init__(self, num_embeddings, embedding_dim):
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.normal_(self.weight)

    def forward(self, ids):
        return embedding(ids, self.weight)

    def extra_repr(self):
        return f"num_embeddings={self.num_embeddings}, embedding_dim={self.embedding_dim}"
