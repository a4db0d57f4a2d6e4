"""The learning-rate schedules, as functions of the epoch: all of the first thirty."""

import numpy as np

from shared.bounds import OfOptions, Ulps
from shared.catalogue.concept import NOTES, Concept
from shared.samples import Sample

INITIAL = {"initial_learning_rate": 0.1}  # the notes' first rate
EPOCHS = np.arange(31.0)[:, None]
COSINE = "Loshchilov & Hutter 2017, SGDR"
WARMUP = "Goyal et al. 2017, Accurate, Large Minibatch SGD"


def _row(
    name, formula, *options, conventions="t counts epochs, or steps", bound=None, source=NOTES
):
    return Concept(
        name,
        "schedules",
        formula=formula,
        gradient="none: nothing is learned through a rate",
        conventions=conventions,
        bounds={"h": bound or OfOptions()},
        source=source,
        sample=lambda: Sample(EPOCHS, {"epochs": slice(0, len(EPOCHS))}),
        inner=(1,),
        x="t",
        options=options,
        shipped=False,  # some ship in each, by other names; the tests set them to agree
    )


SCHEDULES = (
    _row("exponential_decay", "α₀ exp(−k t)", {**INITIAL, "decay_rate": 0.01}),
    _row("inverse_decay", "α₀ / (1 + k t)", {**INITIAL, "decay_rate": 0.01}),
    _row("step_decay", "α₀ factor^⌊t / every⌋", {**INITIAL, "factor": 0.5, "every": 5},
         {**INITIAL, "factor": 0.3, "every": 3}),
    _row("polynomial_decay", "α₀ (e + (1 − e) (1 − t/T)^power)",
         {**INITIAL, "decay_epochs": 12, "power": 1.7, "end_factor": 0.2},
         {**INITIAL, "decay_epochs": 30}, conventions="α₀ e from T on"),
    _row("cosine_decay", "α₀ (e + (1 − e) (1 + cos(π t/T)) / 2)",
         {**INITIAL, "decay_epochs": 12, "end_factor": 0.05}, {**INITIAL, "decay_epochs": 30},
         conventions="α₀ e from T on", source=COSINE),
    _row("linear_warmup", "α₀ (s + (1 − s) t/T)",
         {**INITIAL, "warmup_epochs": 8, "start_factor": 0.2}, conventions="α₀ from T on",
         source=WARMUP),
    _row("manual", "table[e], e the last epoch of the table up to t",
         {"table": {0: 0.1, 3: 0.03, 9: 0.3}}, conventions="the table has an epoch 0",
         bound=Ulps(1)),
)  # fmt: skip
