"""How often `fit` has its functions captured: once for each size of batch, and run after run."""

import pytest
import tensorflow as tf
import torch

from parity_tests import fit_cases
from parity_tests.test_fit import insurance
from parity_tests.training_run import in_keras, model, module


def counted(monkeypatch, half):
    """How often each function that fit compiles was traced."""
    traces, training = [], module(half, "training")

    def keras_compiled(function, mode):
        def noting(x, y):
            traces.append(x.shape[0])
            return function(x, y)

        return tf.function(noting, jit_compile=mode == "compiled", autograph=False)

    def torch_compiled(function, mode):
        def backend(graph, inputs):
            traces.append(None)
            return graph

        return torch.compile(function, backend=backend, fullgraph=True, isolate_recompiles=True)

    replaced = keras_compiled if in_keras(half) else torch_compiled
    monkeypatch.setattr(training, "compiled", replaced)
    return traces


@pytest.mark.parametrize("rows, expected", [(10, 1), (11, 2)])
def test_a_step_is_traced_once_for_full_batches_and_once_for_the_rest(
    half, monkeypatch, rows, expected
):
    """Although the rate changes from step to step."""
    traces = counted(monkeypatch, half)
    made = model(half, insurance(), "float32")
    adam = fit_cases.optimizer(half, "adam", made, 0.5)  # which has state, too
    decay = module(half, "schedules").ExponentialDecay
    schedule = decay(0.5, 0.25) if in_keras(half) else decay(adam, 0.25)
    x, y = insurance().x[:rows], insurance().y[:rows]
    loss = half.families["losses"].binary_cross_entropy_with_logits
    module(half, "training").fit(
        made, x, y, loss=loss, optimizer=adam, epochs=4, batch_size=5, mode="graph",
        schedule=schedule, schedule_every="step",
    )  # fmt: skip
    assert len(traces) == expected


def test_many_runs_may_be_captured_one_after_the_other(half):
    """More than torch lets one function be compiled anew, unless each compilation stands alone."""
    for units in range(1, 11):
        case = insurance(units=(units, 1), epochs=1, batch_size=13, held_out=0)
        fit_cases.assert_follows(half, case, fit_cases.train(half, case, mode="graph"))
