"""Hyperparameter search over any objective: grid, random or Bayesian, by Optuna; kept on disk.

An objective takes the parameters of a trial as a dict and `report`, and gives back what is to be as
low as can be, the loss on a validation split say. `report(metric)` notes the metric of an epoch and
answers whether to stop early.

What a trial tries follows from the seed and from the trials before it, not from the process that
asks: a search that was killed goes on as if it had not been, and objectives that agree, as those of
two frameworks do, are searched alike.

Sources: J. Bergstra, Y. Bengio, Random search for hyper-parameter optimization, 2012 (random, and
in log space); J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl, Algorithms for hyper-parameter
optimization, 2011 (the tree-structured Parzen estimator that "bayesian" is).
"""

import contextlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.batches import check_count
from shared.early_stopping import EarlyStopping

SAMPLERS = {"random": optuna.samplers.RandomSampler, "bayesian": optuna.samplers.TPESampler}
STRATEGIES = ("grid", *SAMPLERS)
_WHY = "why"  # on a failed trial; one that a kill or Ctrl-C ended has none, and is made once more


def search(
    objective: Callable[[dict, Callable[[float], bool]], float],
    space: Mapping[str, Sequence | BaseDistribution],
    *,
    strategy: str = "bayesian",
    trials: int | None = None,
    seed: int = 0,
    early_stopping: EarlyStopping | None = None,
    storage: str | None = None,
    name: str = "search",
    progress: bool = False,
) -> optuna.Study:
    """Try parameters until there are so many trials, and give back the study, `best_trial` in it.

    Args:
        objective: see above. A trial of which it returns NaN, or raises FloatingPointError as a
            diverging run does, has failed, and the search goes on. Other errors end the search.
        space: for each parameter a list of choices, or a distribution of Optuna's, such as
            FloatDistribution(1e-4, 1.0, log=True). A grid takes lists alone.
        strategy: "grid" tries every combination in order, "random" draws, "bayesian" draws where
            earlier trials did well.
        trials: how many in all, those found in the storage included; a grid tries all by default.
        seed: of the draws.
        early_stopping: when `report` answers that a run should stop; never by default.
        storage: an SQLite file, made if need be, that keeps every trial under the study's `name`.
        progress: whether to show a bar, with the lowest value so far.

    Ctrl-C ends the search: the study so far comes back. Raises ValueError for an unknown strategy,
    an empty space or list, a distribution in a grid, and fewer than one trial.

    >>> study = search(lambda p, report: (p["x"] - 2) ** 2, {"x": [1, 2, 3]}, strategy="grid")
    >>> study.best_params, len(study.trials)
    ({'x': 2}, 3)
    """
    distributions = _distributions(space, strategy)
    grid = _grid(space) if strategy == "grid" else []
    wanted = check_count("trials", len(grid) if grid and trials is None else trials)
    study = _study(storage, name)
    _set_aside(study)
    with _bar(progress, wanted, study) as advance:
        while len(_tried(study)) < (min(wanted, len(grid)) if grid else wanted):
            if grid and not study.get_trials(states=[TrialState.WAITING]):
                study.enqueue_trial(_first_untried(grid, study))
            elif not grid:
                study.sampler = SAMPLERS[strategy](seed=_seed(seed, len(_tried(study))))
            if not _try(objective, study, study.ask(distributions), early_stopping):
                break
            advance()
    return study


def table(study: optuna.Study) -> list[dict]:
    """A row for each trial: number, parameters, epochs reported, value, seconds, state, and why.

    >>> study = search(lambda p, report: -p["x"], {"x": [1, 2]}, strategy="grid")
    >>> [(row["trial"], row["x"], row["value"], row["state"]) for row in table(study)]
    [(0, 1, -1.0, 'complete'), (1, 2, -2.0, 'complete')]
    """
    return [
        {
            "trial": trial.number,
            **trial.params,
            "epochs": len(trial.intermediate_values),
            "value": math.nan if trial.value is None else trial.value,
            "seconds": trial.duration.total_seconds() if trial.duration else math.nan,
            "state": trial.state.name.lower(),
            "why": trial.user_attrs.get(_WHY, ""),
        }
        for trial in study.trials
    ]


def _distributions(space, strategy):
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, got {strategy!r}")
    if not space:
        raise ValueError("the space is empty: name at least one parameter and its choices")
    return {name: _distribution(name, choices, strategy) for name, choices in space.items()}


def _distribution(name, choices, strategy):
    if not isinstance(choices, BaseDistribution):
        if not len(choices):
            raise ValueError(f"parameter {name!r} has no choices: list at least one")
        return CategoricalDistribution(tuple(choices))
    if strategy == "grid":
        raise ValueError(f"a grid needs a list of choices for {name!r}, not {choices}")
    return choices


def _grid(space):
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]


def _study(storage, name):
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # that it made a study is no news
    try:
        url = storage and f"sqlite:///{storage}"
        return optuna.create_study(storage=url, study_name=name, load_if_exists=True)
    finally:
        optuna.logging.set_verbosity(level)


def _set_aside(study):
    """What a killed search left unfinished is not counted, and so made once more."""
    for trial in study.get_trials(states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)


def _tried(study) -> list[FrozenTrial]:
    """The trials that came to an end of their own."""
    ended = study.get_trials(states=[TrialState.COMPLETE, TrialState.FAIL])
    return [t for t in ended if t.state == TrialState.COMPLETE or _WHY in t.user_attrs]


def _first_untried(grid, study):
    tried = [trial.params for trial in _tried(study)]
    return next(parameters for parameters in grid if parameters not in tried)


def _seed(seed, tried):
    # a state of its own for each trial, so that nothing depends on how long this process has run
    return int(np.random.SeedSequence([seed, tried]).generate_state(1)[0])


def _try(objective, study, trial, early_stopping) -> bool:
    """One trial; whether the search goes on."""
    metrics: list[float] = []

    def report(metric):
        trial.report(metric, len(metrics))
        metrics.append(metric)
        return early_stopping is not None and early_stopping.stops(metrics)

    why = "it returned NaN"
    try:
        value = float(objective(dict(trial.params), report))
    except FloatingPointError as error:
        value, why = math.nan, str(error)
    except BaseException as error:
        study.tell(trial, state=TrialState.FAIL)
        if isinstance(error, KeyboardInterrupt):
            return False
        raise
    if math.isnan(value):
        trial.set_user_attr(_WHY, why)
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, value)
    return True


@contextlib.contextmanager
def _bar(shown, wanted, study):
    if not shown:
        yield lambda: None
        return
    columns = TextColumn("trial"), BarColumn(), MofNCompleteColumn()
    columns += TextColumn("lowest {task.fields[lowest]:.4g}"), TimeRemainingColumn()
    with Progress(*columns) as bar:
        task = bar.add_task("", total=wanted, completed=len(_tried(study)), lowest=_lowest(study))
        yield lambda: bar.update(task, advance=1, lowest=_lowest(study))


def _lowest(study):
    values = [trial.value for trial in _tried(study) if trial.value is not None]
    return min(values, default=math.nan)
