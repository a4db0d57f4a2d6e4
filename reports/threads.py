"""How many threads small computations are given."""

import contextlib

import torch


@contextlib.contextmanager
def one_thread():
    """torch on one thread: matrices this small take many times longer when several share them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
