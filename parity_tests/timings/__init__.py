"""How long everything takes: each row of the catalogue, optimizers, networks, in both frameworks.

measure   the whole of it, to a list of shared.timings.Timing
FULL      settings for every size; QUICK for tiny and medium ones
"""

from parity_tests.timings.measuring import FULL, QUICK, Settings, measure

__all__ = ["FULL", "QUICK", "Settings", "measure"]
