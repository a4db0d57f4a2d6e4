"""What the two algorithms on a computational graph cost as it grows deeper, measured in each half.

A network of fully connected layers has as many paths from its input to its output as there are ways
to pick one node in each layer, and only as many edges as there are pairs of neighbours.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby, pairwise
from types import ModuleType

import pandas as pd
import tensorflow as tf
from matplotlib.ticker import EngFormatter
from tabulate import tabulate
from torch.overrides import TorchFunctionMode

import tf_impl.framework
import tf_impl.graph
import torch_impl.framework
import torch_impl.graph
from parity_tests.graphs import network_weights
from reports.activation_table import number
from reports.environment import Environment

WIDTH = 2  # nodes in a layer, as in the notes' example of 10 layers
LAYERS = range(1, 11)
REPEATS = 3  # of each algorithm, by turns, after one that does not count; the median is taken
INPUT = 0.5


@dataclass(frozen=True)
class Cost:
    """One network in one half: its size, and what both algorithms took for ∂o/∂w."""

    half: str
    layers: int
    paths: int
    edges: int
    path_multiplications: int
    backward_multiplications: int
    path_seconds: float
    backward_seconds: float
    path_derivative: float
    backward_derivative: float


def _multiplications_tensorflow(run: Callable) -> int:
    """How many Mul operations a function of nothing is traced to, before any is optimized away."""
    traced = tf.function(run, autograph=False).get_concrete_function().graph
    return sum(operation.type == "Mul" for operation in traced.get_operations())


class _Multiplications(TorchFunctionMode):
    """Counts torch's multiplications while it is entered."""

    count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.count += function.__name__ in ("mul", "__mul__", "__rmul__", "multiply")
        return function(*args, **(kwargs or {}))


def _multiplications_torch(run: Callable) -> int:
    with _Multiplications() as counter:
        run()
    return counter.count


@dataclass(frozen=True)
class Half:
    """One framework, its graphs, and how its multiplications are counted."""

    framework: ModuleType
    graph: ModuleType
    multiplications: Callable[[Callable], int]


HALVES = (
    Half(tf_impl.framework, tf_impl.graph, _multiplications_tensorflow),
    Half(torch_impl.framework, torch_impl.graph, _multiplications_torch),
)


def measure(layers: int, half: Half, repeats: int = REPEATS) -> Cost:
    """Both algorithms on a network of this many layers, in float64."""
    tensor, module = half.framework.tensor, half.graph
    graph = module.network(tensor(INPUT), [tensor(W) for W in network_weights(layers, WIDTH)])
    by_paths = partial(module.sum_over_paths, graph, "w", "o")
    by_edges = partial(module.backward, graph, "o")
    path_seconds, backward_seconds = seconds(half.framework.clock, (by_paths, by_edges), repeats)
    return Cost(
        half=half.framework.NAME,
        layers=layers,
        paths=module.count_paths(graph, "w", "o"),
        edges=sum(map(len, graph.A.values())),
        path_multiplications=half.multiplications(by_paths),
        backward_multiplications=half.multiplications(by_edges),
        path_seconds=path_seconds,
        backward_seconds=backward_seconds,
        path_derivative=float(by_paths()),
        backward_derivative=float(by_edges()["w"]),
    )


def seconds(clock: Callable, runs: Sequence[Callable], repeats: int) -> list[float]:
    """The median time of each run, the runs taking turns; the first turn warms up."""
    turns = []
    for _ in range(repeats + 1):
        started = [clock()]
        for run in runs:
            run()
            started.append(clock())
        turns.append([later - earlier for earlier, later in pairwise(started)])
    return [statistics.median(taken) for taken in zip(*turns[1:], strict=True)]


def table(layers: Iterable[int], halves: Sequence[Half] = HALVES) -> list[Cost]:
    """The costs of these numbers of layers, of each in both halves."""
    return [measure(count, half) for count in layers for half in halves]


TEXT = """\
# The cost of a derivative on a graph

![Multiplications and time of both algorithms by depth](path_costs.png)

The derivative ∂o/∂w of a network: from the input w through fully connected layers of {width} nodes
each to the output o. `sum_over_paths` multiplies the local derivatives along every path, `backward`
once for each edge. The 2^10 = 1024 terms that the notes count in 10 layers of 2 nodes are paths.

{table}

One entry in a cell is what both halves gave; where they differ, it is TensorFlow's / torch's.
The derivatives of one network, two in each half, are at most {apart:.0e} of their size apart.

- multiplications: operations of the framework, counted as it runs the algorithm on a graph that
  stands already (TensorFlow's: as it traces it). The one by S(o, o) = 1 counts too.
- time: of the same, operation by operation as Python calls them, on single numbers in float64; the
  median of {repeats} runs.

## Measured with

{environment}
"""
SECONDS = EngFormatter("s", places=1)
COLUMNS: dict[str, Callable[[Cost], str]] = {
    "layers": lambda c: f"{c.layers}",
    "paths": lambda c: f"{c.paths:,}",
    "edges": lambda c: f"{c.edges:,}",
    "multiplications, sum_over_paths": lambda c: f"{c.path_multiplications:,}",
    "multiplications, backward": lambda c: f"{c.backward_multiplications:,}",
    "time, sum_over_paths": lambda c: SECONDS(c.path_seconds),
    "time, backward": lambda c: SECONDS(c.backward_seconds),
    "∂o/∂w": lambda c: number(c.backward_derivative),
}


def markdown(costs: Sequence[Cost], environment: Environment) -> str:
    """The report. Both halves' costs of a depth stand next to each other in `costs`."""
    pairs = [list(pair) for _, pair in groupby(costs, key=lambda cost: cost.layers)]
    rows = [
        [" / ".join(dict.fromkeys(map(say, pair))) for say in COLUMNS.values()] for pair in pairs
    ]
    return TEXT.format(
        width=WIDTH,
        table=tabulate(rows, list(COLUMNS), "pipe", disable_numparse=True),
        apart=max(map(apart, pairs)),
        repeats=REPEATS,
        environment="\n".join(f"- {k}: {v}" for k, v in environment.labelled().items()),
    )


def csv(costs: Sequence[Cost], environment: Environment) -> str:
    """One line for each depth and half, with the environment as further, constant columns."""
    return pd.DataFrame(map(asdict, costs)).assign(**asdict(environment)).to_csv(index=False)


def apart(pair: Sequence[Cost]) -> float:
    """By how much the derivatives of one network differ, relative to their size."""
    found = [d for cost in pair for d in (cost.path_derivative, cost.backward_derivative)]
    return (max(found) - min(found)) / max(map(abs, found))
