"""Embedding in float64: a row of a table for each id.

ids  integers of any shape    embeddings E (N, D)    h = E[ids]  (…, D)
"""

import numpy as np


def embedding(ids, embeddings):
    """E[ids]: one-hot vectors times E, without the zeros."""
    return embeddings[ids]


def embedding_gradient(g, ids, embeddings):
    """g_E: each row the sum of g over the places where its id stands; 0 where it stands nowhere."""
    g_embeddings = np.zeros_like(embeddings)
    for place in np.ndindex(ids.shape):
        g_embeddings[ids[place]] += g[place]
    return g_embeddings
