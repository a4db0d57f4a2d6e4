"""Which source files faults are planted in, and the check of `parity_tests.coverage` for each."""

HALVES = ("tf_impl", "torch_impl")
EVERYWHERE = (*HALVES, "shared/reference")
MODULES = {  # name of the module, and of its check: the folders that hold one
    "framework": HALVES,
    "activations": HALVES,
    "losses": EVERYWHERE,
    "backprop": EVERYWHERE,
    "graph": EVERYWHERE,
    "initializers": EVERYWHERE,
    **{
        f"layers/{name}": EVERYWHERE
        for name in ("linear", "regularization", "normalization", "convolution", "pooling",
                     "embedding", "recurrent")
    },
    **{
        f"builtins/{name}": HALVES
        for name in ("activations", "losses", "layers", "backprop", "graph", "models", "optimizers")
    },
    **{
        f"optimizers/{name}": HALVES
        for name in ("updates", "base", "descent", "adaptive", "adam", "flat")
    },
    **{
        f"schedules/{name}": HALVES
        for name in ("schedule", "decay", "manual", "plateau", "warmup")
    },
    **{f"preprocessing/{name}": HALVES for name in ("base", "scaling", "whitening")},
    "training": HALVES,
    "scheduled": HALVES,
    "checkpoints": HALVES,
    **{
        f"models/{name}": HALVES
        for name in ("logistic_regression", "linear_regression", "mlp", "cnn", "rnn",
                     "feedforward", "autoencoder", "gan")
    },
}  # fmt: skip
CHECKS = {
    "scheduled": "training",
    "builtins/models": "models",
    "builtins/optimizers": "optimizers",
    "models/logistic_regression": "models",
    "models/linear_regression": "training",
    "models/mlp": "training",
    "models/rnn": "sequences",
    "models/feedforward": "feedforward",
}


def _check(module):
    folder, _, name = module.rpartition("/")
    named = folder if folder in ("builtins", "optimizers", "schedules", "preprocessing") else name
    return f"parity_tests.coverage:{CHECKS.get(module, named)}"


FILES = {
    f"{folder}/{module}.py": _check(module)
    for module, folders in MODULES.items()
    for folder in folders
} | {
    "shared/reference/activations.py": "parity_tests.coverage:reference_activations",
    "shared/reference/logistic_regression.py": "parity_tests.coverage:models",
    "shared/reference/optimizers.py": "parity_tests.coverage:optimizers",
    "shared/reference/networks.py": "parity_tests.coverage:networks",
    "shared/reference/schedules.py": "parity_tests.coverage:schedules",
    "shared/reference/preprocessing.py": "parity_tests.coverage:preprocessing",
    "shared/hyperparameters.py": "parity_tests.coverage:optimizers",
    "shared/tuning.py": "parity_tests.coverage:tuning",
    "shared/checkpoints.py": "parity_tests.coverage:checkpoints",
    "shared/noise.py": "parity_tests.coverage:gan",
    "shared/adversarial.py": "parity_tests.coverage:gan",
    "shared/adversarial_cases.py": "parity_tests.coverage:gan",
    **{
        f"shared/{name}.py": "parity_tests.coverage:training"
        for name in ("reference/training", "batches", "early_stopping", "runs")
    },
    **{
        f"shared/weights/{name}.py": "parity_tests.coverage:weights"
        for name in ("checking", "disk", "drawing", "layouts", "moving", "sizes", "tensors")
    },
}
